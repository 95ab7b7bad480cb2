/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.h - who published a snapshot.
 *
 * The signature follows the snapshot in the same file and is no part of it: it is over the bytes
 * that an unsigned file would have, as minisign makes it. Its structure is checked in every build,
 * the signature itself only in one that links libsodium: signature_sodium.c or signature_none.c is
 * the difference.
 */
#ifndef FFLAG_RUNTIME_SIGNATURE_H
#define FFLAG_RUNTIME_SIGNATURE_H

#include "snapshot.h"

struct public_key {
    uint8_t id[8];
    uint8_t bytes[32];
};

/* Reads a key as minisign writes it: base64, or a .pub file with a comment above it. */
bool read_public_key(const char *text, struct public_key *key);

#define KEY_ID_SIZE 17
void format_key_id(const uint8_t id[8], char text[KEY_ID_SIZE]);

/* Checks the structure of the bytes after the snapshot, and makes them snapshot->signature. */
enum fflag_error verify_signature_structure(struct snapshot *snapshot, struct problem *problem);

/* Whether this build can check signatures at all. */
bool can_check_signatures(void);
/* Whether the signature, its comment included, was made with the key. */
bool is_signed_with(const struct snapshot *snapshot, const struct public_key *key);

#endif
