/*
 * prove_clock.c - cuts time into regions.
 *
 * Times that tests name cut it into spans. In a short span, every minute is tried. In a long one,
 * whatever a week can be like happens sooner or later, in each time zone on its own; that zones
 * depend on each other is only seen of those that keep their offset, which count as one.
 */
#include "prove_clock.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/zone.h"
#include "prove_regions.h"

#define MINUTE       INT64_C(60000)
#define SHORT_SPAN   (9 * 1440 * MINUTE) /* longer than a week, with a change of the clocks in it */
#define MOST_MINUTES 60000               /* tried for one question */
#define MOST_ZONES   3

/* The tests of a time zone's local time, or of all fixed offsets; and what a week is like there. */
struct week {
    const struct zone *zone; /* NULL: fixed offsets; minutes are of UTC */
    struct subject regions;
};
struct cut {
    struct subject *subject;
    struct arena *arena;
    int64_t *times; /* sorted; whatever is not local is the same from one until the next */
    uint32_t time_count;
    struct week weeks[MOST_ZONES];
    uint32_t week_count;
    uint32_t minutes; /* tried */
};

static const struct clock_test *test_of(const struct cut *cut, uint32_t atom)
{
    return &cut->subject->atoms[atom]->clock;
}

static const struct zone *zone_of_week(const struct clock_test *test)
{
    return test->zone->change_count ? test->zone : NULL;
}

static uint64_t *new_region(const struct cut *cut)
{
    return ARENA_ARRAY(cut->arena, uint64_t, cut->subject->words);
}

/* ------------------------------------------------------------------------------------- times -- */

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void cut_times(struct cut *cut)
{
    cut->times = ARENA_ARRAY(cut->arena, int64_t, cut->subject->atom_count + 1);
    cut->times[cut->time_count++] = INT64_MIN;
    for (uint32_t i = 0; i < cut->subject->atom_count; i++)
        if (!clock_is_local(test_of(cut, i)))
            cut->times[cut->time_count++] = test_of(cut, i)->time;
    qsort(cut->times, cut->time_count, sizeof *cut->times, compare_times);
}

/* ------------------------------------------------------------------------------------- weeks -- */

/* The minute of the test's local week at one of its week. */
static uint32_t minute_there(const struct week *week, const struct clock_test *test,
                             uint32_t minute)
{
    if (week->zone)
        return minute;
    int32_t ahead = test->zone->offset / 60 + (int32_t)MINUTES_OF_WEEK;
    return (minute + (uint32_t)ahead) % MINUTES_OF_WEEK;
}

static bool add_minute(struct cut *cut, struct week *week, uint32_t minute)
{
    uint64_t *region = new_region(cut);
    for (uint32_t i = 0; i < cut->subject->atom_count; i++) {
        const struct clock_test *test = test_of(cut, i);
        if (clock_is_local(test) && zone_of_week(test) == week->zone &&
            clock_holds_locally(test, minute_there(week, test, minute)))
            region_mark(region, i);
    }
    return subject_add_region(&week->regions, cut->arena, region);
}

/* Tries the beginning of each day, and the ends of what is between. */
static bool add_minutes(struct cut *cut, struct week *week, const struct clock_test *test)
{
    uint32_t ahead = minute_there(week, test, 0);
    for (uint32_t day = 0; day < 7; day++) {
        const uint32_t ends[] = {0, test->from, test->until};
        for (int i = 0; i < 3; i++) {
            uint32_t local = day * MINUTES_OF_DAY + ends[i];
            if (!add_minute(cut, week, (local + MINUTES_OF_WEEK - ahead) % MINUTES_OF_WEEK))
                return false;
        }
    }
    return true;
}

static struct week *week_of(struct cut *cut, const struct clock_test *test)
{
    for (uint32_t i = 0; i < cut->week_count; i++)
        if (cut->weeks[i].zone == zone_of_week(test))
            return &cut->weeks[i];
    if (cut->week_count == MOST_ZONES)
        return NULL;
    struct week *week = &cut->weeks[cut->week_count++];
    *week = (struct week){.zone = zone_of_week(test), .regions = {.words = cut->subject->words}};
    return week;
}

static bool cut_weeks(struct cut *cut)
{
    for (uint32_t i = 0; i < cut->subject->atom_count; i++) {
        const struct clock_test *test = test_of(cut, i);
        struct week *week = clock_is_local(test) ? week_of(cut, test) : NULL;
        if (clock_is_local(test) && (!week || !add_minutes(cut, week, test)))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------- spans -- */

static uint64_t *region_at(const struct cut *cut, int64_t time)
{
    uint64_t *region = new_region(cut);
    for (uint32_t i = 0; i < cut->subject->atom_count; i++)
        if (!clock_is_local(test_of(cut, i)) && time >= test_of(cut, i)->time)
            region_mark(region, i);
    return region;
}

/* Every way in which the weeks, from one of them on, can go with what is given. */
static bool add_weeks(struct cut *cut, const uint64_t *given, uint32_t week)
{
    if (week == cut->week_count)
        return subject_add_region(cut->subject, cut->arena, given);
    const struct subject *regions = &cut->weeks[week].regions;
    for (uint32_t i = 0; i < regions->region_count; i++) {
        uint64_t *joined = new_region(cut);
        for (uint32_t word = 0; word < cut->subject->words; word++)
            joined[word] = given[word] | regions->regions[(size_t)i * regions->words + word];
        if (!add_weeks(cut, joined, week + 1))
            return false;
    }
    return true;
}

static bool add_moment(struct cut *cut, int64_t time)
{
    uint64_t *region = region_at(cut, time);
    for (uint32_t i = 0; i < cut->subject->atom_count; i++) {
        const struct clock_test *test = test_of(cut, i);
        if (clock_is_local(test) &&
            clock_holds_locally(test, zone_minute_of_week(test->zone, time)))
            region_mark(region, i);
    }
    return subject_add_region(cut->subject, cut->arena, region);
}

static bool add_span(struct cut *cut, int64_t begin, int64_t end)
{
    /* Only times that can be written are near each other without an overflow. */
    bool is_short = begin != INT64_MIN && end != INT64_MAX && end - begin <= SHORT_SPAN &&
                    cut->minutes + (end - begin) / MINUTE <= MOST_MINUTES;
    if (!cut->week_count || !is_short)
        return add_weeks(cut, region_at(cut, begin), 0);
    for (int64_t time = begin; time < end; time += MINUTE - ((time % MINUTE) + MINUTE) % MINUTE) {
        cut->minutes++;
        if (!add_moment(cut, time))
            return false;
    }
    return true;
}

bool clock_cut(struct subject *subject, struct arena *arena)
{
    struct cut cut = {.subject = subject, .arena = arena};
    cut_times(&cut);
    if (!cut_weeks(&cut))
        return false;
    for (uint32_t i = 0; i < cut.time_count; i++) {
        int64_t end = i + 1 < cut.time_count ? cut.times[i + 1] : INT64_MAX;
        if (!add_span(&cut, cut.times[i], end))
            return false;
    }
    return true;
}

bool clock_is_exact(const struct subject *subject)
{
    for (uint32_t i = 0; i < subject->atom_count; i++)
        if (clock_is_local(&subject->atoms[i]->clock))
            return false;
    return true;
}
