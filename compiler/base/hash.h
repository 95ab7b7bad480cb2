/*
 * hash.h - XXH3, compiled once: its header is large, and what it inlines larger.
 *
 * The output of XXH3 is frozen, and part of the format. It does not resist an adversary.
 */
#ifndef FFC_HASH_H
#define FFC_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash64(const void *bytes, size_t length);
uint64_t hash64_seeded(const void *bytes, size_t length, uint64_t seed);

struct hash128 {
    uint64_t low, high;
};
struct hash128 hash128(const void *bytes, size_t length);

/* The canonical, big-endian form. */
#define HASH128_SIZE 16
void hash128_bytes(struct hash128 hash, uint8_t bytes[HASH128_SIZE]);

#endif
