/*
 * unit_shares.h - how many distinct units were seen in each group, and how many in several.
 *
 * Memory is bounded: beyond UNIT_SHARES_MOST units only every second one is kept, then every
 * fourth, chosen by their hashes. Which ones are kept depends on the units seen, not on their
 * order. High hash bits select, low bits place, so the two are independent, and neither has
 * anything to do with buckets: shares are those of all units.
 */
#ifndef FFREPLAY_UNIT_SHARES_H
#define FFREPLAY_UNIT_SHARES_H

#include <stdint.h>

#include "tools/ffreplay/logs/unit_set.h"

#define UNIT_GROUPS 64
/* Of a canary. */
enum unit_group { UNIT_IN_CANARY, UNIT_IN_CONTROL };

#define UNIT_SHARES_MOST (UINT64_C(1) << 16)

/* Of the units that are kept. */
struct unit_counts {
    uint64_t units;
    unsigned halvings;           /* kept are hashes whose so many highest bits are zero */
    uint64_t alone[UNIT_GROUPS]; /* those that were seen in this group alone */
    uint64_t several;            /* those that were seen in more than one */
};

#define UNIT_SHARES_WAITING 32

struct unit_shares {
    struct unit_share {
        struct unit_hash unit;
        uint64_t groups; /* as bits; none: a free slot */
    } * slots, *spare;
    uint64_t capacity; /* a power of two, or 0 */
    struct unit_counts counts;
    /* Units to be counted in batches, so that their slots are fetched meanwhile. */
    struct unit_share waiting[UNIT_SHARES_WAITING];
    uint32_t waiting_count; /* of which there is always room for one more */
};

/* `groups` are bits, 1 << UNIT_IN_CANARY, or of variants by their place; not none. */
void unit_shares_add(struct unit_shares *shares, struct unit_hash unit, uint64_t groups);
/* Of all that were added. Good until the next addition. */
const struct unit_counts *unit_shares_counts(struct unit_shares *shares);
/* `other` holds the same afterwards. */
void unit_shares_merge(struct unit_shares *shares, struct unit_shares *other);
void unit_shares_release(struct unit_shares *shares);

#endif
