/*
 * edit_lines.c - a unified diff of two texts: Myers, "An O(ND) Difference Algorithm and Its
 * Variations", Algorithmica 1 (1986). See edit_told.h.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/common_ends.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/commands/edit_told.h"

#define CONTEXT          3
#define MOST_DIFFERENCES 1000 /* more are told as one block */

struct line {
    const char *text;
    size_t length; /* without its end */
};

struct lines {
    struct line *items;
    uint32_t count;
};

/* Where the first line begins that may be told: that of the first difference, or its context. */
static size_t first_told(struct file_side old, struct file_side new)
{
    size_t at =
        common_prefix(old.text, new.text, old.length < new.length ? old.length : new.length);
    for (uint32_t breaks = 0; at > 0; at--)
        if (old.text[at - 1] == '\n' && breaks++ == CONTEXT)
            break;
    return at;
}

/* How many bytes of both follow the last such line. */
static size_t untold_after(struct file_side old, struct file_side new, size_t first)
{
    const char *old_end = old.text + old.length, *new_end = new.text + new.length;
    size_t most = (old.length < new.length ? old.length : new.length) - first;
    size_t same = common_suffix(old_end, new_end, most);
    for (uint32_t breaks = 0; same > 0 && breaks <= CONTEXT; same--)
        breaks += *(old_end - same) == '\n';
    return same;
}

static uint32_t count_lines(const char *text, size_t length)
{
    uint32_t count = 0;
    const char *end = text + length;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

static struct lines split(struct file_side side, size_t first, size_t after)
{
    size_t room = 64;
    struct lines lines = {.items = xcalloc(room, sizeof *lines.items)};
    const char *end = side.text + side.length - after;
    for (const char *at = side.text + first; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (lines.count == room) {
            room *= 2;
            lines.items = xrealloc(lines.items, room * sizeof *lines.items);
        }
        lines.items[lines.count++] = (struct line){at, (size_t)(stop - at)};
        at = stop + 1;
    }
    return lines;
}

static bool is_same(const struct line *a, const struct line *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* The part of both texts that is compared: without what they begin and end with. */
struct comparing {
    const struct line *old, *new;
    int32_t old_count, new_count;
    bool *goes, *comes; /* by line: in one text alone */
};

/* How far each diagonal reaches after `depth` differences, of all depths up to the last. */
static int32_t *find_depths(const struct comparing *it, int32_t most, int32_t *depth)
{
    int32_t width = 2 * most + 3;
    int32_t *reach = xcalloc((size_t)width * (size_t)(most + 1), sizeof *reach);
    for (*depth = 0; *depth <= most; ++*depth) {
        int32_t *row = reach + (size_t)*depth * (size_t)width + most + 1;
        const int32_t *before = *depth ? row - width : NULL;
        for (int32_t k = -*depth; k <= *depth; k += 2) {
            bool down = k == -*depth || (before && k != *depth && before[k - 1] < before[k + 1]);
            int32_t x = !before ? 0 : down ? before[k + 1] : before[k - 1] + 1;
            while (x < it->old_count && x - k < it->new_count && x - k >= 0 &&
                   is_same(&it->old[x], &it->new[x - k]))
                x++;
            row[k] = x;
            if (x >= it->old_count && x - k >= it->new_count)
                return reach;
        }
    }
    free(reach);
    return NULL;
}

static void mark(struct comparing *it)
{
    int32_t most = it->old_count + it->new_count, depth;
    most = most < MOST_DIFFERENCES ? most : MOST_DIFFERENCES;
    int32_t *reach = find_depths(it, most, &depth);
    if (!reach) {
        memset(it->goes, true, (size_t)it->old_count);
        memset(it->comes, true, (size_t)it->new_count);
        return;
    }
    int32_t width = 2 * most + 3, x = it->old_count, y = it->new_count;
    for (; depth > 0; depth--) {
        const int32_t *before = reach + (size_t)(depth - 1) * (size_t)width + most + 1;
        int32_t k = x - y;
        bool down = k == -depth || (k != depth && before[k - 1] < before[k + 1]);
        x = down ? before[k + 1] : before[k - 1];
        y = x - (down ? k + 1 : k - 1);
        if (down)
            it->comes[y] = true;
        else
            it->goes[x] = true;
    }
    free(reach);
}

static void put_line(char sign, const struct line *line, const char *color, struct buffer *out)
{
    buffer_append_text(out, color);
    buffer_append(out, &sign, 1);
    size_t length = line->length;
    length -= length > 0 && line->text[length - 1] == '\r';
    terminal_append_bytes(out, line->text, length);
    buffer_append_text(out, *color ? "\33[0m\n" : "\n");
}

/* A line of the result: in both texts, or in one of them. */
struct step {
    char sign;
    uint32_t old, new; /* the next line of each */
};

static struct step *list_steps(const struct lines *old, const struct lines *new, const bool *goes,
                               const bool *comes, uint32_t *count)
{
    struct step *steps = xcalloc((size_t)old->count + new->count + 1, sizeof *steps);
    uint32_t i = 0, j = 0;
    *count = 0;
    while (i < old->count || j < new->count) {
        char sign = i < old->count && goes[i] ? '-' : j < new->count &&comes[j] ? '+' : ' ';
        steps[(*count)++] = (struct step){sign, i, j};
        i += sign != '+';
        j += sign != '-';
    }
    steps[*count] = (struct step){0, i, j};
    return steps;
}

/* "14,3", "14" for one line; of none, the line before. */
static void put_range(uint32_t from, uint32_t count, struct buffer *out)
{
    buffer_format(out, count == 1 ? "%u" : "%u,%u", count ? from + 1 : from, count);
}

static void put_hunk(const struct step *steps, uint32_t begin, uint32_t end,
                     const struct lines *old, const struct lines *new, uint32_t above, bool color,
                     struct buffer *out)
{
    buffer_append_text(out, color ? "\33[36m@@ -" : "@@ -");
    put_range(above + steps[begin].old, steps[end].old - steps[begin].old, out);
    buffer_append_text(out, " +");
    put_range(above + steps[begin].new, steps[end].new - steps[begin].new, out);
    buffer_append_text(out, color ? " @@\33[0m\n" : " @@\n");
    for (uint32_t i = begin; i < end; i++) {
        const struct step *step = &steps[i];
        const struct line *line =
            step->sign == '+' ? &new->items[step->new] : &old->items[step->old];
        const char *paint = !color              ? ""
                            : step->sign == '-' ? "\33[31m"
                            : step->sign == '+' ? "\33[32m"
                                                : "";
        put_line(step->sign, line, paint, out);
    }
}

static void put_hunks(const struct step *steps, uint32_t count, const struct lines *old,
                      const struct lines *new, uint32_t above, bool color, struct buffer *out)
{
    for (uint32_t i = 0; i < count;) {
        while (i < count && steps[i].sign == ' ')
            i++;
        if (i == count)
            break;
        uint32_t begin = i < CONTEXT ? 0 : i - CONTEXT, end = i;
        /* As long as the next difference is near. */
        for (uint32_t at = i; at < count && at <= end + 2 * CONTEXT; at++)
            if (steps[at].sign != ' ')
                end = at;
        end = end + 1 + CONTEXT < count ? end + 1 + CONTEXT : count;
        put_hunk(steps, begin, end, old, new, above, color, out);
        i = end;
    }
}

void write_line_diff(const char *path, struct file_side old_side, struct file_side new_side,
                     bool color, struct buffer *out)
{
    const char *from = old_side.text ? path : "/dev/null";
    const char *to = new_side.text ? path : "/dev/null";
    old_side.text = old_side.text ? old_side.text : "";
    new_side.text = new_side.text ? new_side.text : "";
    size_t first = first_told(old_side, new_side);
    size_t after = untold_after(old_side, new_side, first);
    struct lines old = split(old_side, first, after), new = split(new_side, first, after);
    uint32_t head = 0, tail = 0;
    while (head < old.count && head < new.count &&is_same(&old.items[head], &new.items[head]))
        head++;
    while (tail + head < old.count &&
           tail + head < new.count &&is_same(&old.items[old.count - 1 - tail],
                                             &new.items[new.count - 1 - tail]))
        tail++;
    bool *goes = xcalloc(old.count + 1u, sizeof *goes), *comes = xcalloc(new.count + 1u, 1);
    struct comparing comparing = {.old = old.items + head,
                                  .new = new.items + head,
                                  .old_count = (int32_t)(old.count - head - tail),
                                  .new_count = (int32_t)(new.count - head - tail),
                                  .goes = goes + head,
                                  .comes = comes + head};
    mark(&comparing);
    uint32_t count;
    struct step *steps = list_steps(&old, &new, goes, comes, &count);
    if (head + tail < old.count || head + tail < new.count) {
        terminal_format(out, color ? "\33[1m--- %s\33[0m\n" : "--- %s\n", from);
        terminal_format(out, color ? "\33[1m+++ %s\33[0m\n" : "+++ %s\n", to);
        put_hunks(steps, count, &old, &new, count_lines(old_side.text, first), color, out);
    }
    free(steps);
    free(goes);
    free(comes);
    free(old.items);
    free(new.items);
}
