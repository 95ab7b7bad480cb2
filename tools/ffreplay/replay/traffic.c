/* traffic.c - the bins. See traffic.h; strays.c judges them. */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

#define MOST_BINS 4096

void traffic_release(struct traffic *traffic)
{
    free(traffic->bins);
    *traffic = (struct traffic)TRAFFIC_INIT;
}

struct traffic traffic_copy(const struct traffic *traffic)
{
    struct traffic copy = *traffic;
    copy.bins = xcalloc(traffic->count + 1u, sizeof *copy.bins);
    copy.capacity = traffic->count + 1;
    if (traffic->count > 0)
        memcpy(copy.bins, traffic->bins, traffic->count * sizeof *copy.bins);
    return copy;
}

/* The first bin at or after a place. */
static uint32_t find(const struct traffic *traffic, int64_t place)
{
    uint32_t low = 0, high = traffic->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (traffic->bins[middle].place < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void join_bin(struct traffic_bin *bin, const struct traffic_bin *other)
{
    bin->lines += other->lines;
    if (other->first < bin->first)
        bin->first = other->first;
    if (other->last > bin->last)
        bin->last = other->last;
}

static void widen(struct traffic *traffic)
{
    uint32_t count = 0;
    traffic->shift++;
    for (uint32_t i = 0; i < traffic->count; i++) {
        struct traffic_bin bin = traffic->bins[i];
        bin.place >>= 1;
        if (count > 0 && traffic->bins[count - 1].place == bin.place)
            join_bin(&traffic->bins[count - 1], &bin);
        else
            traffic->bins[count++] = bin;
    }
    traffic->count = count;
}

/* The bin's place is at the current width. */
static void add_bin(struct traffic *traffic, const struct traffic_bin *added)
{
    uint32_t at = find(traffic, added->place);
    traffic->hints[traffic_hint(added->place)] = at;
    if (at < traffic->count && traffic->bins[at].place == added->place) {
        join_bin(&traffic->bins[at], added);
        return;
    }
    if (traffic->count == traffic->capacity) {
        traffic->capacity = traffic->capacity ? traffic->capacity * 2 : 64;
        traffic->bins = xrealloc(traffic->bins, traffic->capacity * sizeof *traffic->bins);
    }
    memmove(traffic->bins + at + 1, traffic->bins + at,
            (traffic->count - at) * sizeof *traffic->bins);
    traffic->bins[at] = *added;
    traffic->count++;
    while (traffic->count > MOST_BINS)
        widen(traffic);
}

void traffic_add_elsewhere(struct traffic *traffic, int64_t time)
{
    add_bin(traffic, &(struct traffic_bin){time >> traffic->shift, 1, time, time});
}

void traffic_join(struct traffic *traffic, const struct traffic *other)
{
    while (traffic->shift < other->shift)
        widen(traffic);
    for (uint32_t i = 0; i < other->count; i++) {
        struct traffic_bin bin = other->bins[i];
        bin.place = bin.first >> traffic->shift;
        add_bin(traffic, &bin);
    }
}

uint64_t traffic_lines_since(const struct traffic *traffic, int64_t since)
{
    uint64_t lines = 0;
    for (uint32_t i = traffic->count; i > 0 && traffic->bins[i - 1].last >= since; i--)
        lines += traffic->bins[i - 1].lines;
    return lines;
}

int64_t traffic_latest(const struct traffic *traffic)
{
    return traffic->count ? traffic->bins[traffic->count - 1].last : INT64_MIN;
}
