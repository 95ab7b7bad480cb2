/*
 * content.h - what was read of a file, so that a copy of it is known under any name, compressed or
 * not.
 *
 * It is the count of bytes, unpacked, and a hash of all of them: a file has been read already as
 * far as its first bytes are as many, and have that hash. The bytes at both ends are kept as they
 * are: the first tell most files apart without reading them, the last tell a file that grew from
 * one that was cut and has grown since.
 */
#ifndef FFREPLAY_CONTENT_H
#define FFREPLAY_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_BLOCK 4096u
#define CONTENT_ENDS  256u

struct bytes_read {
    uint64_t bytes;
    uint64_t hash;                      /* of the whole blocks */
    unsigned char block[CONTENT_BLOCK]; /* of the last one, as far as there is one */
    unsigned char first[CONTENT_ENDS];
    unsigned char last[CONTENT_ENDS]; /* up to `bytes`, at the end of the array */
};
#define CONTENT_INIT \
    {                \
        0            \
    }

/* However the bytes are cut into calls, the hash is the same. */
void content_add(struct bytes_read *content, const void *bytes, size_t size);
/* By their number and a hash, which does not resist an adversary. */
bool content_is_same(const struct bytes_read *one, const struct bytes_read *other);

/* Whether as many of the first bytes are equal as both have kept. */
bool content_begins_alike(const struct bytes_read *one, const struct bytes_read *other);
/* How many bytes before its end are known, and where. */
size_t content_end(const struct bytes_read *content, const unsigned char **bytes);

#endif
