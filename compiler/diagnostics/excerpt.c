/* excerpt.c - see excerpt.h. */
#include "excerpt.h"

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"

/* Columns shown of a source line: as many as there are beside the gutter, on a terminal. Elsewhere
 * all but the longest are kept whole, for what reads or pastes them. */
#define WINDOW          100
#define NARROWEST       24
#define GUTTER          8 /* "  123 | " */
#define ELLIPSES        2
#define LEAD_OF(window) ((window)*3 / 10) /* columns before the span, of a line that is cut */

static uint32_t window_of(size_t columns)
{
    if (columns == 0)
        return WINDOW;
    size_t window = columns > GUTTER + ELLIPSES ? columns - GUTTER - ELLIPSES : 0;
    return window < NARROWEST ? NARROWEST : window > WINDOW ? WINDOW : (uint32_t)window;
}

static uint32_t columns_between(const char *from, const char *to)
{
    uint32_t columns = 0;
    while (from < to) {
        struct character character = character_at(from, to);
        columns += *from == '\t' ? 1 : character.width;
        from += character.bytes;
    }
    return columns;
}

/* Where the visible part of a long line begins, so that it includes the span. */
static const char *window_start(const char *line, const char *mark, uint32_t window)
{
    const char *from = mark;
    for (uint32_t columns = 0; from > line && columns < LEAD_OF(window);) {
        const char *before = from - 1;
        while (before > line && ((unsigned char)*before & 0xC0) == 0x80)
            before--;
        columns += columns_between(before, from);
        from = before;
    }
    return from;
}

static const char *window_end(const char *from, const char *end, uint32_t window)
{
    uint32_t columns = 0;
    while (from < end) {
        struct character character = character_at(from, end);
        columns += *from == '\t' ? 1 : character.width;
        if (columns > window)
            break;
        from += character.bytes;
    }
    return from;
}

static void append_mark(struct buffer *out, const char *begin, const char *mark,
                        const char *mark_end)
{
    for (const char *at = begin; at < mark;) {
        struct character character = character_at(at, mark);
        if (character.code == '\t')
            buffer_append_text(out, "\t");
        else
            buffer_format(out, "%*s", (int)character.width, "");
        at += character.bytes;
    }
    uint32_t columns = columns_between(mark, mark_end);
    buffer_append_text(out, "^");
    for (uint32_t i = 1; i < columns; i++)
        buffer_append_text(out, "~");
}

static void append_line(struct buffer *out, const char *from, const char *to)
{
    for (struct character character; from < to; from += character.bytes) {
        character = character_at(from, to);
        if (*from == '\t')
            buffer_append_text(out, "\t");
        else
            terminal_append_bytes(out, from, character.bytes);
    }
}

void append_excerpt(struct buffer *out, const struct excerpt_style *style,
                    const struct source *source, struct span span, const struct position *position)
{
    const char *line = position->line_text;
    const char *end = position->line_end;
    const char *mark = source->text + span.begin;
    if (mark > end)
        mark = end;
    const char *mark_end = source->text + (span.end > span.begin ? span.end : span.begin);
    if (mark_end > end)
        mark_end = end;
    while (mark_end > mark && (mark_end[-1] == ' ' || mark_end[-1] == '\t'))
        mark_end--;

    const char *from = line, *to = end;
    /* A character has at most four bytes, so a longer line need not be counted. */
    uint32_t window = window_of(style->columns);
    if (end - line > 4 * (ptrdiff_t)window || columns_between(line, end) > window) {
        from = window_start(line, mark, window);
        to = window_end(from, end, window);
    }
    if (mark_end > to)
        mark_end = to;
    buffer_format(out, "%s%5u |%s %s", style->gutter, position->line, style->end,
                  from > line ? "…" : "");
    append_line(out, from, to);
    buffer_format(out, "%s\n%s      |%s %s%s", to < end ? "…" : "", style->gutter, style->end,
                  from > line ? " " : "", style->mark);
    append_mark(out, from, mark, mark_end);
    buffer_format(out, "%s\n", style->end);
}
