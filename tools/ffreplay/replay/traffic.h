/*
 * traffic.h - how many lines were written when, and the current time derived from that.
 *
 * Clocks are wrong: one line is hours ahead, or all those of one host. So the current time is not
 * that of the latest line, but of the latest with enough others near it.
 *
 * Lines are counted in a limited number of time bins: if there are too many, each is merged with
 * its neighbour. The final width, and so the bins, depend only on the set of times, not on their
 * order, nor on which thread counted which.
 */
#ifndef FFREPLAY_TRAFFIC_H
#define FFREPLAY_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct traffic_bin {
    int64_t place; /* time, divided by the width, downwards */
    uint64_t lines;
    int64_t first, last; /* times of the outermost of them */
};

/* Lines are read at several places of a file in turn, so that more than one bin is the last. */
#define TRAFFIC_HINTS 64

/* Of lines with a time, whatever becomes of them. To begin with, TRAFFIC_INIT. */
struct traffic {
    unsigned shift;           /* a bin is 2^shift milliseconds wide */
    struct traffic_bin *bins; /* that have lines, ascending */
    uint32_t count, capacity;
    uint32_t hints[TRAFFIC_HINTS]; /* where a place was among the bins, by its hash */
};
#define TRAFFIC_INIT \
    {                \
        .shift = 10  \
    }
void traffic_release(struct traffic *traffic);

static inline uint32_t traffic_hint(int64_t place)
{
    return (uint32_t)((uint64_t)place * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

/* The slow half of traffic_add(). */
void traffic_add_elsewhere(struct traffic *traffic, int64_t time);
/* Costs a few instructions where a line of that time came not long before. */
static inline void traffic_add(struct traffic *traffic, int64_t time)
{
    int64_t place = time >> traffic->shift;
    uint32_t at = traffic->hints[traffic_hint(place)];
    if (at >= traffic->count || traffic->bins[at].place != place) {
        traffic_add_elsewhere(traffic, time);
        return;
    }
    struct traffic_bin *bin = &traffic->bins[at];
    bin->lines++;
    if (time < bin->first)
        bin->first = time;
    if (time > bin->last)
        bin->last = time;
}
/* The same lines, in memory of its own. */
struct traffic traffic_copy(const struct traffic *traffic);
/* Adds what another one has counted. */
void traffic_join(struct traffic *traffic, const struct traffic *other);

/* Those from that time on, and what shares a bin with them. */
uint64_t traffic_lines_since(const struct traffic *traffic, int64_t since);
/* The latest time; INT64_MIN: there is none. */
int64_t traffic_latest(const struct traffic *traffic);

/* Lines that are out of all proportion to the others, at one end of them. */
struct stray_lines {
    uint64_t lines;
    int64_t by; /* so far the outermost is from those that count */
};

/* What time it is by the lines from `since` on. */
struct traffic_span {
    uint64_t lines; /* from `since` on */
    int64_t first;  /* of all lines, without early strays; INT64_MAX: there is none */
    int64_t last;   /* without late strays; INT64_MIN: there is none */
    struct stray_lines early, late;
};
/*
 * `since`: INT64_MIN for all. Where too few lines are as late as that to tell, all are looked at.
 * Strays are few lines beyond a gap; late ones are also less than a quarter of the traffic before
 * them, for longer than ten minutes.
 */
struct traffic_span traffic_span(const struct traffic *traffic, int64_t since);

#endif
