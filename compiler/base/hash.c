/* hash.c - see hash.h. */
#include "hash.h"
#include "runtime/hash.h"

uint64_t hash64(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

uint64_t hash64_seeded(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

struct hash128 hash128(const void *bytes, size_t length)
{
    XXH128_hash_t hash = hash_128(bytes, length);
    return (struct hash128){hash.low64, hash.high64};
}

void hash128_bytes(struct hash128 hash, uint8_t bytes[HASH128_SIZE])
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(hash.high >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(hash.low >> (56 - 8 * i));
    }
}
