/*
 * groups.h - cells of every metric for each group of lines, found by the group's key.
 *
 * Memory grows with the groups, of which there are at most GROUPS_MOST: beyond, `too_many` is set
 * and lines of further groups are dropped. Whether that happens does not depend on their order.
 */
#ifndef FFREPLAY_GROUPS_H
#define FFREPLAY_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/metrics/metric.h"

#define GROUPS_MOST 100000

struct group {
    uint64_t hash;
    uint64_t events;
    struct cell *cells; /* one a measure */
    size_t length;
    unsigned char key[];
};

struct groups {
    const struct measure *measures;
    uint32_t measure_count;
    struct group **slots; /* by hash; NULL: free */
    size_t capacity;      /* a power of two, or 0 */
    size_t count;
    bool too_many;
    struct group *newest; /* the one found last; lines often come in runs */
};

void groups_init(struct groups *groups, const struct measure *measures, uint32_t measure_count);
/* NULL: there is none. */
const struct group *groups_look_up(const struct groups *groups, const unsigned char *key,
                                   size_t length);
/* The same, made if need be. NULL: there would be too many. */
struct group *groups_find(struct groups *groups, const unsigned char *key, size_t length);
void group_merge(const struct groups *groups, struct group *group, const struct group *other);
void groups_merge(struct groups *groups, const struct groups *other);
void groups_release(struct groups *groups);

/* All of them by key, in memory that the caller frees. */
struct group **groups_sorted(const struct groups *groups);

#endif
