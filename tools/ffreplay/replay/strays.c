/*
 * strays.c - which lines are far from all the others in time. See traffic.h.
 *
 * There are two signs, because neither fits every log. The first is a few lines beyond a long gap,
 * which came from nowhere. The second is a drop in traffic to less than a quarter within one bin,
 * for more than ten minutes: one host of several, whose clock is ahead, continues alone where the
 * others end. Nights fall gradually, and traffic that only returns to its level of an hour ago does
 * not drop below a quarter of it.
 */
#include "compiler/base/memory.h"
#include "traffic.h"

#include <stdlib.h>

#define FEW            16 /* most lines that a gap can set apart */
#define LONG_GAP       INT64_C(3600000)
#define GAP_SPACINGS   20 /* times the average spacing of lines */
#define DENSE_SPACINGS 4  /* lines this many spacings apart are traffic, after whatever gap */

#define FULL_BIN     32                /* lines; enough that chance makes no quarter of them */
#define NARROW_SHIFT 16                /* a minute */
#define WIDE_SHIFT   40                /* 35 years */
#define LEVEL_TIME   INT64_C(10800000) /* the usual level is the traffic over this time before … */
#define LEVEL_BINS   16                /* … or over this many bins */
#define REACH        INT64_C(600000)
#define FRACTION     4

#define CHANCE_SPACINGS 6

struct view {
    const struct traffic_bin *bins;
    uint32_t count;
};

static uint64_t lines_of(const struct traffic_bin *bins, uint32_t from, uint32_t to)
{
    uint64_t lines = 0;
    for (uint32_t i = from; i < to; i++)
        lines += bins[i].lines;
    return lines;
}

static int64_t minus(int64_t later, int64_t earlier)
{
    int64_t difference;
    return __builtin_sub_overflow(later, earlier, &difference) ? INT64_MAX : difference;
}

/* ------------------------------------------------------------------------------------- gaps -- */

/* The average spacing of the middle half of the lines, which contains no strays. */
static int64_t spacing_of(const struct view *view)
{
    uint64_t all = lines_of(view->bins, 0, view->count), quarter = all / 4, before = 0;
    const struct traffic_bin *bin = view->bins;
    for (; before + bin->lines <= quarter; bin++)
        before += bin->lines;
    int64_t begin = bin->first;
    for (; before + bin->lines < all - quarter; bin++)
        before += bin->lines;
    return minus(bin->last, begin) / (int64_t)(all - 2 * quarter);
}

/* Whether a few lines beyond a gap are isolated, rather than a continuation of the traffic. */
static bool is_apart(int64_t gap, int64_t spacing, uint64_t lines, uint64_t all, int64_t span)
{
    if (lines > FEW || lines * FRACTION > all - lines || gap <= LONG_GAP)
        return false;
    bool dense = lines >= DENSE_SPACINGS && span / (int64_t)(lines - 1) / DENSE_SPACINGS <= spacing;
    return gap / GAP_SPACINGS > spacing && !dense;
}

/* How many bins precede what a gap sets apart at the end; all of them if nothing is. */
static uint32_t end_of(const struct view *view)
{
    const struct traffic_bin *bins = view->bins, *last = bins + view->count - 1;
    uint32_t end = view->count;
    uint64_t all = lines_of(bins, 0, view->count), late = 0;
    int64_t spacing = spacing_of(view);
    for (uint32_t i = view->count - 1; i > 0 && late <= FEW; i--) {
        late += bins[i].lines;
        if (is_apart(minus(bins[i].first, bins[i - 1].last), spacing, late, all,
                     minus(last->last, bins[i].first)))
            end = i;
    }
    return end;
}

/* The same at the beginning: the first bin that counts. */
static uint32_t begin_of(const struct view *view)
{
    const struct traffic_bin *bins = view->bins;
    uint32_t begin = 0;
    uint64_t all = lines_of(bins, 0, view->count), early = 0;
    int64_t spacing = spacing_of(view);
    for (uint32_t i = 0; i + 1 < view->count && early <= FEW; i++) {
        early += bins[i].lines;
        if (is_apart(minus(bins[i + 1].first, bins[i].last), spacing, early, all,
                     minus(bins[i].last, bins[0].first)))
            begin = i + 1;
    }
    return begin;
}

/* ------------------------------------------------------------------------------------- falls -- */

/* The bins at another width; the caller frees them. */
static struct traffic_bin *regroup(const struct view *view, unsigned shift, uint32_t *count)
{
    struct traffic_bin *bins = xcalloc(view->count + 1, sizeof *bins);
    *count = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        struct traffic_bin bin = view->bins[i];
        bin.place = bin.first >> shift;
        if (*count > 0 && bins[*count - 1].place == bin.place) {
            bins[*count - 1].lines += bin.lines;
            bins[*count - 1].last = bin.last;
        } else {
            bins[(*count)++] = bin;
        }
    }
    return bins;
}

/* Whether at least half of the lines are in full bins. */
static bool is_wide_enough(const struct traffic_bin *bins, uint32_t count)
{
    uint64_t full = 0;
    for (uint32_t i = 0; i < count; i++)
        full += bins[i].lines >= FULL_BIN ? bins[i].lines : 0;
    return full >= lines_of(bins, 0, count) - full;
}

static int by_count(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The lower quartile of the latest bins up to this one, including empty ones. */
static uint64_t level_at(const struct traffic_bin *bins, uint32_t place, unsigned shift,
                         uint64_t *counts)
{
    int64_t width = LEVEL_TIME >> shift;
    if (width < LEVEL_BINS)
        width = LEVEL_BINS;
    uint32_t first = place;
    while (first > 0 && bins[place].place - bins[first - 1].place < width)
        first--;
    uint32_t count = place - first + 1;
    for (uint32_t i = 0; i < count; i++)
        counts[i] = bins[first + i].lines;
    qsort(counts, count, sizeof *counts, by_count);
    /* Before the very first line, nothing can be missing. */
    int64_t from = first == 0 ? bins[0].place : bins[place].place - width + 1;
    uint64_t all = (uint64_t)(bins[place].place - from + 1), empty = all - count;
    /* A single bin is no level: it may have been a burst. */
    return all < 2 || all / FRACTION < empty ? 0 : counts[all / FRACTION - empty];
}

/* The bin at which traffic drops, from *level; or `count`. */
static uint32_t fall_in(const struct traffic_bin *bins, uint32_t count, unsigned shift,
                        uint64_t *level)
{
    uint64_t *counts = xcalloc(count + 1, sizeof *counts);
    uint64_t all = lines_of(bins, 0, count), later = 0, most = 0;
    uint32_t found = count;
    for (uint32_t i = count; i-- > 0 && later * FRACTION <= all - later;) {
        bool reaches = i + 1 < count && bins[count - 1].place - bins[i].place >= 2 &&
                       minus(bins[count - 1].last, bins[i].last) > REACH;
        *level = reaches ? level_at(bins, i, shift, counts) : 0;
        if (most * FRACTION < *level && bins[i].lines * FRACTION >= *level) {
            found = i;
            break;
        }
        later += bins[i].lines;
        if (bins[i].lines > most)
            most = bins[i].lines;
    }
    free(counts);
    return found;
}

/* Traffic continues for a while in the bin after the last full one: as long as lines are no further
 * apart than chance explains. */
static int64_t extend(const struct view *view, int64_t end, uint64_t level, unsigned shift)
{
    int64_t apart = ((INT64_C(1) << shift) / (int64_t)level + 1) * CHANCE_SPACINGS;
    int64_t next = (end >> shift) + 1;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct traffic_bin *bin = &view->bins[i];
        if (bin->first <= end)
            continue;
        if (minus(bin->first, end) > apart || bin->last >> shift > next)
            break;
        end = bin->last;
    }
    return end;
}

/* When traffic drops; INT64_MAX if it does not. */
static int64_t fall_of(const struct view *view, unsigned own)
{
    unsigned shift = own > NARROW_SHIFT ? own : NARROW_SHIFT;
    for (bool found = false; shift <= WIDE_SHIFT && !found; shift++) {
        uint32_t count, place;
        uint64_t level;
        struct traffic_bin *bins = regroup(view, shift, &count);
        found = is_wide_enough(bins, count);
        place = found ? fall_in(bins, count, shift, &level) : count;
        int64_t end = place < count ? bins[place].last : INT64_MAX;
        free(bins);
        if (end < INT64_MAX)
            return extend(view, end, level, shift);
    }
    return INT64_MAX;
}

/* -------------------------------------------------------------------------------------- span -- */

/* The bins from `since` on; if these have too few lines, from `begin` on. */
static struct view view_of(const struct traffic *traffic, int64_t since, uint32_t begin)
{
    uint32_t from = begin;
    while (from < traffic->count && traffic->bins[from].last < since)
        from++;
    if (lines_of(traffic->bins, from, traffic->count) < FULL_BIN)
        from = begin;
    return (struct view){traffic->bins + from, traffic->count - from};
}

struct traffic_span traffic_span(const struct traffic *traffic, int64_t since)
{
    struct traffic_span span = {.first = INT64_MAX, .last = INT64_MIN};
    if (traffic->count == 0)
        return span;
    const struct traffic_bin *all = traffic->bins, *last = all + traffic->count - 1;
    uint32_t begin = begin_of(&(struct view){all, traffic->count});
    span.first = all[begin].first;
    if (begin > 0)
        span.early = (struct stray_lines){lines_of(all, 0, begin), minus(span.first, all->first)};
    if (since < span.first)
        since = span.first;
    struct view view = view_of(traffic, since, begin);
    span.lines = lines_of(view.bins, 0, view.count);
    int64_t end = fall_of(&view, traffic->shift);
    while (view.bins[view.count - 1].first > end)
        view.count--;
    view.count = end_of(&view);
    span.last = view.bins[view.count - 1].last;
    const struct traffic_bin *late = view.bins + view.count;
    span.late.lines = lines_of(late, 0, (uint32_t)(last + 1 - late));
    span.late.by = span.late.lines ? minus(last->last, span.last) : 0;
    return span;
}
