/*
 * line_days.h - how many lines of a log are of each day, where a day begins in some time zone: a
 * day without any, among others that have many, is a file that nobody gave.
 */
#ifndef FFREPLAY_LINE_DAYS_H
#define FFREPLAY_LINE_DAYS_H

#include <stdint.h>

#include "compiler/base/zone.h"

struct arena;

/* The number of the day that a time is in, since 1970; when it begins; "2023-11-19". `zone` may be
 * NULL: UTC. */
int64_t local_day(const struct zone *zone, int64_t time);
int64_t local_day_begins(const struct zone *zone, int64_t day);
const char *local_date(const struct zone *zone, int64_t time, struct arena *arena);

/* More than that are not counted: times are rubbish, and no day is missed. */
#define LINE_DAYS_MOST 2000

struct day_lines {
    int64_t day;
    uint64_t lines;
};

struct line_days {
    const struct zone *zone;
    struct day_lines *items; /* ascending */
    uint32_t count;
    uint32_t current; /* the last line's, whose day begins and ends then */
    int64_t begins, ends;
    bool too_many;
};

/* Another day than the last line's. */
void line_days_change(struct line_days *days, int64_t time);
/* Cost: two comparisons, as long as the day stays. */
static inline void line_days_add(struct line_days *days, int64_t time)
{
    if (time < days->begins || time >= days->ends)
        line_days_change(days, time);
    if (!days->too_many)
        days->items[days->current].lines++;
}
void line_days_join(struct line_days *days, const struct line_days *other);
void line_days_release(struct line_days *days);

/* Days without a line between the first and the last: where half of the others have at least
 * LINE_DAYS_BUSY. */
#define LINE_DAYS_BUSY 20
struct missed_days {
    uint32_t count; /* that lack though the same day of another week has lines, or every day has */
    uint32_t unusual;  /* that lack as no other day of their week can tell */
    const char *dates; /* of those counted, or else of the unusual ones: "2023-11-19, …" */
    uint64_t median;   /* lines of a day that has some */
};
struct missed_days line_days_missed(const struct line_days *days, struct arena *arena);

#endif
