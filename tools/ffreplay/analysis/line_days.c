/* line_days.c - see line_days.h. */
#include "line_days.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"

#define DAY        INT64_C(86400000)
#define DATES_MOST 5

static int64_t offset_at(const struct zone *zone, int64_t time)
{
    return zone ? (int64_t)zone_offset(zone, time) * 1000 : 0;
}

int64_t local_day(const struct zone *zone, int64_t time)
{
    int64_t local = time + offset_at(zone, time), day = local / DAY;
    return local % DAY < 0 ? day - 1 : day;
}

int64_t local_day_begins(const struct zone *zone, int64_t day)
{
    int64_t local = day * DAY, begins = local - offset_at(zone, local);
    /* By the offset of then; an hour that is skipped there belongs to the day. */
    begins = local - offset_at(zone, begins);
    while (local_day(zone, begins) < day)
        begins += DAY / 96;
    return begins;
}

const char *local_date(const struct zone *zone, int64_t time, struct arena *arena)
{
    char text[32];
    format_time(time + offset_at(zone, time), text, sizeof text);
    return arena_format(arena, "%.10s", text);
}

/* Where it is, or belongs. */
static uint32_t place_of(const struct line_days *days, int64_t day)
{
    uint32_t low = 0, high = days->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (days->items[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* NULL: there are too many. */
static struct day_lines *find(struct line_days *days, int64_t day)
{
    uint32_t place = place_of(days, day);
    if (place < days->count && days->items[place].day == day)
        return &days->items[place];
    days->too_many |= days->count == LINE_DAYS_MOST;
    if (days->too_many)
        return NULL;
    if (!days->items)
        days->items = xcalloc(LINE_DAYS_MOST, sizeof *days->items);
    memmove(&days->items[place + 1], &days->items[place],
            (days->count - place) * sizeof *days->items);
    days->items[place] = (struct day_lines){day, 0};
    days->count++;
    return &days->items[place];
}

void line_days_change(struct line_days *days, int64_t time)
{
    int64_t day = local_day(days->zone, time);
    const struct day_lines *found = find(days, day);
    if (!found)
        return;
    days->current = (uint32_t)(found - days->items);
    days->begins = local_day_begins(days->zone, day);
    days->ends = local_day_begins(days->zone, day + 1);
}

void line_days_join(struct line_days *days, const struct line_days *other)
{
    days->too_many |= other->too_many;
    for (uint32_t i = 0; i < other->count; i++) {
        struct day_lines *found = find(days, other->items[i].day);
        if (found)
            found->lines += other->items[i].lines;
    }
    days->begins = days->ends = 0; /* places have moved */
}

void line_days_release(struct line_days *days)
{
    free(days->items);
    *days = (struct line_days){.zone = days->zone};
}

static int compare_lines(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static uint64_t median_of(const struct line_days *days)
{
    uint64_t *lines = xcalloc(days->count, sizeof *lines), median;
    for (uint32_t i = 0; i < days->count; i++)
        lines[i] = days->items[i].lines;
    qsort(lines, days->count, sizeof *lines, compare_lines);
    median = lines[days->count / 2];
    free(lines);
    return median;
}

static bool has_lines(const struct line_days *days, int64_t day)
{
    uint32_t place = place_of(days, day);
    return place < days->count && days->items[place].day == day;
}

/* Whether the same day of any other week has lines, or is without, so far as there are weeks. */
static bool is_usual(const struct line_days *days, int64_t day, bool wanted)
{
    int64_t first = days->items[0].day, last = days->items[days->count - 1].day;
    for (int64_t other = first + (day - first) % 7; other <= last; other += 7)
        if (other != day && has_lines(days, other) == wanted)
            return true;
    return false;
}

struct missed_days line_days_missed(const struct line_days *days, struct arena *arena)
{
    struct missed_days missed = {0};
    const char *unusual = "", *dates = "";
    if (days->count < 3 || days->too_many ||
        days->items[days->count - 1].day - days->items[0].day > LINE_DAYS_MOST)
        return missed;
    missed.median = median_of(days);
    if (missed.median < LINE_DAYS_BUSY)
        return missed;
    for (int64_t day = days->items[0].day + 1; day < days->items[days->count - 1].day; day++) {
        if (has_lines(days, day))
            continue;
        bool certain = is_usual(days, day, true);
        if (!certain && is_usual(days, day, false))
            continue; /* it never has any */
        const char **list = certain ? &dates : &unusual;
        uint32_t *count = certain ? &missed.count : &missed.unusual;
        if ((*count)++ <= DATES_MOST)
            *list = *count > DATES_MOST ? arena_format(arena, "%s, …", *list)
                                        : arena_format(arena, "%s%s%s", *list, **list ? ", " : "",
                                                       local_date(NULL, day * DAY, arena));
    }
    missed.dates = missed.count > 0 ? dates : unusual;
    return missed;
}
