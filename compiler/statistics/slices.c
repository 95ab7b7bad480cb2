/* slices.c - see slices.h. */
#include "slices.h"

#include <math.h>
#include <string.h>

#define STANDARD_ERRORS 3

void slices_init(struct slices *slices)
{
    *slices = (struct slices){.first = INT64_MAX, .last = INT64_MIN};
}

static struct slice *slice_at(struct slices *slices, int64_t stretch)
{
    return &slices->items[stretch & (SLICES_MOST - 1)];
}

/* Merges stretches in pairs. */
static void widen(struct slices *slices)
{
    struct slices wider = {.first = slices->first, .last = slices->last};
    wider.doublings = slices->doublings + 1;
    if (slices->first <= slices->last) {
        wider.first >>= 1;
        wider.last >>= 1;
    }
    for (int64_t i = slices->first; i <= slices->last; i++) {
        struct slice *to = slice_at(&wider, i >> 1), *from = slice_at(slices, i);
        to->n += from->n;
        to->events += from->events;
    }
    *slices = wider;
}

static bool is_too_long(int64_t first, int64_t last)
{
    return last - first >= SLICES_MOST;
}

/* Makes room for the stretches from `from` to `to`, widening them as often as needed. */
static void cover(struct slices *slices, int64_t from, int64_t to)
{
    for (;;) {
        int64_t first = from < slices->first ? from : slices->first;
        int64_t last = to > slices->last ? to : slices->last;
        if (!is_too_long(first, last)) {
            slices->first = first;
            slices->last = last;
            return;
        }
        widen(slices);
        from >>= 1;
        to >>= 1;
    }
}

int64_t slices_reserve(struct slices *slices, int64_t time)
{
    int64_t at = time >> (SLICE_BITS + slices->doublings);
    cover(slices, at, at);
    return time >> (SLICE_BITS + slices->doublings);
}

void slices_merge(struct slices *slices, const struct slices *other)
{
    if (other->first > other->last)
        return;
    struct slices addend = *other;
    while (slices->doublings < addend.doublings)
        widen(slices);
    while (addend.doublings < slices->doublings)
        widen(&addend);
    cover(slices, addend.first, addend.last);
    unsigned shift = slices->doublings - addend.doublings;
    for (int64_t i = addend.first; i <= addend.last; i++) {
        struct slice *to = slice_at(slices, i >> shift), *from = slice_at(&addend, i);
        to->n += from->n;
        to->events += from->events;
    }
}

static void add_slice(struct proportion *seen, const struct slices *slices, int64_t at)
{
    if (at < slices->first || at > slices->last)
        return;
    const struct slice *slice = &slices->items[at & (SLICES_MOST - 1)];
    seen->n += (double)slice->n;
    seen->events += (double)slice->events;
}

/* Whether the canary's share is the same in both, within sampling error. */
static bool is_still(const struct stratum *a, const struct stratum *b)
{
    double m = a->canary.n + a->control.n, n = b->canary.n + b->control.n;
    double share = (a->canary.n + b->canary.n) / (m + n);
    double off = a->canary.n / m - b->canary.n / n;
    return !(off * off > STANDARD_ERRORS * STANDARD_ERRORS * share * (1 - share) * (1 / m + 1 / n));
}

static void join(struct stratum *to, const struct stratum *other)
{
    to->canary.n += other->canary.n;
    to->canary.events += other->canary.events;
    to->control.n += other->control.n;
    to->control.events += other->control.events;
}

size_t slices_strata(const struct slices *canary, const struct slices *control,
                     struct stratum strata[SLICES_MOST])
{
    struct slices a = *canary, b = *control, both = a;
    slices_merge(&both, control); /* widens both to the same stretches */
    while (a.doublings < both.doublings)
        widen(&a);
    while (b.doublings < both.doublings)
        widen(&b);
    size_t count = 0;
    for (int64_t i = both.first; i <= both.last; i++) {
        struct stratum next = {{0, 0}, {0, 0}};
        add_slice(&next.canary, &a, i);
        add_slice(&next.control, &b, i);
        if (next.canary.n + next.control.n == 0)
            continue;
        if (count > 0 && is_still(&strata[count - 1], &next))
            join(&strata[count - 1], &next);
        else
            strata[count++] = next;
    }
    return count;
}
