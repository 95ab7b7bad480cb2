/*
 * unit_shares.h - how many distinct units were seen in each group, and how many in several.
 *
 * Memory is bounded: beyond UNIT_SHARES_MOST units only every second one is kept, then every
 * fourth, chosen by their hashes. Which ones are kept depends on the units seen, not on their
 * order; and as these hashes have nothing to do with buckets, shares are those of all units.
 */
#ifndef FFREPLAY_UNIT_SHARES_H
#define FFREPLAY_UNIT_SHARES_H

#include "tools/ffreplay/logs/unit_set.h"

#define UNIT_GROUPS 64
/* Of a canary. */
enum unit_group { UNIT_IN_CANARY, UNIT_IN_CONTROL };

#define UNIT_SHARES_MOST (UINT64_C(1) << 16)

struct unit_shares {
    struct unit_share {
        struct unit_hash unit; /* zeros: a free slot */
        uint64_t groups;       /* as bits */
    } * slots;
    uint64_t capacity; /* a power of two, or 0 */
    uint64_t count;
    unsigned halvings;           /* kept are hashes whose so many highest bits are zero */
    uint64_t alone[UNIT_GROUPS]; /* the kept ones that were seen in this group alone */
    uint64_t several;            /* those that were seen in more than one */
};

/* That the unit is about to be added: what it needs is fetched meanwhile. */
void unit_shares_expect(const struct unit_shares *shares, struct unit_hash unit);
/* `groups` are bits, 1 << UNIT_IN_CANARY, or of variants by their place. */
void unit_shares_add(struct unit_shares *shares, struct unit_hash unit, uint64_t groups);
void unit_shares_merge(struct unit_shares *shares, const struct unit_shares *other);
void unit_shares_release(struct unit_shares *shares);

#endif
