/*
 * clocks.c - lines from a wrong clock, and times in a misread unit.
 *
 * A few such lines are left out, and noted; many are one host among several, so what remains is not
 * what was served. A whole log from another time than the rollout's is neither: nothing in it can
 * be trusted.
 */
#include "compiler/base/arena.h"
#include "verdict.h"

#include <inttypes.h>

#include "compiler/base/calendar.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"

#define YEAR   INT64_C(31556952000)
#define FAR    (10 * YEAR)
#define OLDEST (20 * YEAR) /* 1990 */
#define NEWEST (130 * YEAR)

static void add(const struct replay *replay, struct sentences *sentences, const char *text)
{
    *ARENA_APPEND(replay->texts, sentences->items, sentences->count) = text;
}

/* ------------------------------------------------------------------------------------ strays -- */

static const char *count_text(const struct replay *replay, uint64_t lines)
{
    return lines == 1 ? "1 line comes"
                      : arena_format(replay->texts, "%" PRIu64 " lines come", lines);
}

static void judge_late(const struct replay *replay, struct sentences *issues,
                       struct sentences *notes)
{
    const struct stray_lines *late = &replay->span.late;
    if (late->lines == 0)
        return;
    typedef unsigned __int128 wide;
    bool many = late->lines > 1 &&
                (wide)late->lines * PERCENT_ALL > (wide)replay->span.lines * replay->times.max_bad;
    const char *end = late->lines == 1 ? ", and is left out" : ", and are left out";
    if (replay->kept_strays)
        end = " on a pipe, which cannot be read again without them";
    const char *what =
        arena_format(replay->texts, "%s up to %s %s%s: a clock is wrong%s",
                     count_text(replay, late->lines), duration_text(replay->texts, late->by),
                     replay->now_given ? "ahead of now" : "after all others", end,
                     replay->now_given ? "" : ", unless --now says otherwise");
    add(replay, many || replay->kept_strays ? issues : notes, what);
}

static void note_early(const struct replay *replay, struct sentences *notes)
{
    const struct stray_lines *early = &replay->span.early;
    if (early->lines > 0)
        add(replay, notes,
            arena_format(replay->texts, "%s up to %s before all others: a clock is wrong",
                         count_text(replay, early->lines),
                         duration_text(replay->texts, early->by)));
}

/* ---------------------------------------------------------------------------- a unit misread -- */

static bool is_far(int64_t time, int64_t since)
{
    if (since == INT64_MIN)
        return time < OLDEST || time > NEWEST;
    int64_t distance;
    return __builtin_sub_overflow(time, since, &distance) || distance > FAR || distance < -FAR;
}

/* The unit that would bring the log's times near the rollout; NULL if no known unit does. */
static const char *likely_unit(const struct log *log, int64_t time, int64_t since)
{
    int64_t scaled = time;
    for (int unit = (int)log->time_unit + 1; unit <= TIME_NANOSECONDS; unit++)
        if (!is_far(scaled /= 1000, since))
            return time_unit_words[unit];
    scaled = time;
    for (int unit = (int)log->time_unit - 1; unit >= TIME_SECONDS; unit--)
        if (__builtin_mul_overflow(scaled, 1000, &scaled))
            return NULL;
        else if (!is_far(scaled, since))
            return time_unit_words[unit];
    return NULL;
}

static bool judge_unit(const struct replay *replay, int64_t since, struct sentences *issues)
{
    int64_t time = replay->times.now;
    if (replay->now_given || time == INT64_MIN || !is_far(time, since))
        return true;
    char text[32];
    format_time(time, text, sizeof text);
    const char *what =
        arena_format(replay->texts, "the logs end at %s, %s", text,
                     since == INT64_MIN ? "which no log does" : "years from when the stage began");
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        const struct log *log = replay->project->logs[i];
        const char *likely = log->time_unit == TIME_AUTO ? NULL : likely_unit(log, time, since);
        if (likely)
            what = arena_format(replay->texts, "%s: the times of log '%s' are in %s, not in %s",
                                what, log->name.text, likely, time_unit_words[log->time_unit]);
    }
    add(replay, issues, what);
    return false;
}

bool clocks_judge(const struct replay *replay, int64_t since, struct sentences *issues,
                  struct sentences *notes)
{
    judge_late(replay, issues, notes);
    note_early(replay, notes);
    return judge_unit(replay, since, issues);
}
