/*
 * seal.h - adds a generation and a signature to a compiled snapshot before it is published.
 *
 * Neither is part of the content, so neither changes the build. The signature is minisign's, over
 * the bytes before it; docs/snapshot-format.md says where it stands.
 */
#ifndef FFC_SEAL_H
#define FFC_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

struct secret_key {
    uint8_t id[8];
    uint8_t bytes[64];
};

/*
 * Reads a secret key as minisign writes it. For one that is encrypted, asks for its password on the
 * terminal. False with a sentence in `error`. The caller forgets it with secret_key_forget().
 */
bool secret_key_read(const char *path, struct secret_key *key, struct buffer *error);
void secret_key_forget(struct secret_key *key);

/* Puts the generation into the header of a snapshot that is not signed yet. */
void seal_generation(struct buffer *snapshot, uint64_t generation);

/* Signs a sound snapshot, in place of the signature it may have, with a comment about it. */
void seal_sign(struct buffer *snapshot, const struct secret_key *key);

/*
 * Appends minisign's signature file of the unsigned snapshot to it. False, with a sentence in
 * `error`, if it is not one; only the public key can tell whether it fits the snapshot.
 */
bool seal_attach(struct buffer *snapshot, const struct buffer *signature, struct buffer *error);

/*
 * Removes the signature and appends it to `signature` as minisign's file. False: there is none.
 */
bool seal_detach(struct buffer *snapshot, struct buffer *signature);

#endif
