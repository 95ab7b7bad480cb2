/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature_sodium.c - Ed25519 as used by minisign: over the file's BLAKE2b-512 hash, and again
 * over that signature and the comment.
 */
#include <sodium.h>

#include "signature.h"

bool can_check_signatures(void)
{
    return true;
}

bool is_signed_with(const struct snapshot *snapshot, const struct public_key *key)
{
    struct ffs_signature signature;
    uint8_t hash[crypto_generichash_BYTES_MAX];
    uint8_t commented[sizeof signature.signature + FFS_MAX_COMMENT];
    if (sodium_init() < 0)
        return false;
    memcpy(&signature, snapshot->signature, sizeof signature);
    size_t size = sizeof signature.signature;
    memcpy(commented, signature.signature, size);
    memcpy(commented + size, snapshot->signature + sizeof signature, signature.comment_length);
    crypto_generichash(hash, sizeof hash, snapshot->bytes, snapshot->length, NULL, 0);
    return memcmp(signature.key_id, key->id, sizeof key->id) == 0 &&
           crypto_sign_verify_detached(signature.signature, hash, sizeof hash, key->bytes) == 0 &&
           crypto_sign_verify_detached(signature.comment_signature, commented,
                                       size + signature.comment_length, key->bytes) == 0;
}
