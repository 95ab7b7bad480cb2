/*
 * perfect_hash.h - sends each of a number of hashes to a slot of its own.
 *
 * Hashes fall into buckets of about four; each bucket, the fullest first, gets the first pilot that
 * sends all that is in it to free slots. The result is a function of the hashes. The section NAMES
 * and large sets are read by it; docs/snapshot-format.md has the formulae.
 */
#ifndef FFC_PERFECT_HASH_H
#define FFC_PERFECT_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct perfect_hash {
    uint32_t bucket_count;
    uint32_t slot_count;
    uint16_t *pilots; /* by bucket */
    uint32_t *slots;  /* the place of a hash among those that were given; FFS_NONE: free */
};

/*
 * False, with nothing to release, where two hashes are equal, or, which is not likely, no pilots
 * were found. Time is linear except for the last buckets: some 0.3 us per hash.
 */
bool perfect_hash_make(const uint64_t *hashes, uint32_t count, struct perfect_hash *perfect);
void perfect_hash_release(struct perfect_hash *perfect);

uint32_t perfect_hash_bucket(uint64_t hash, uint32_t bucket_count);

#endif
