/*
 * diagnostic_text.c - diagnostics for people: the message, the source line, a mark under the span.
 *
 * Text from a file is untrusted: control characters are escaped, and a long line shows only the
 * part around the span.
 */
#include "registry.h"
#include "diagnostic_write.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"

#include <string.h>

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

struct style {
    const char *path, *error, *warning, *note, *help, *gutter, *mark, *end;
    uint32_t window; /* columns shown of a source line */
};
static const struct style plain = {"", "", "", "", "", "", "", "", 0};
static const struct style colored = {.path = "\33[1m",
                                     .error = "\33[1;31m",
                                     .warning = "\33[1;35m",
                                     .note = "\33[1;36m",
                                     .help = "\33[1;32m",
                                     .gutter = "\33[2m",
                                     .mark = "\33[1;32m",
                                     .end = "\33[0m"};

/* Escapes invalid UTF-8, control characters, and characters that change the writing direction. */
static void put_bytes(FILE *out, const char *text, size_t length)
{
    struct buffer shown = {0};
    terminal_append_bytes(&shown, text, length);
    fwrite(shown.bytes, 1, shown.length, out);
    buffer_release(&shown);
}

static void put_escaped(FILE *out, const char *text)
{
    put_bytes(out, text, strlen(text));
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

static void put_mark(FILE *out, const char *begin, const char *mark, const char *mark_end)
{
    for (const char *at = begin; at < mark;) {
        struct character character = character_at(at, mark);
        if (character.code == '\t')
            fputc('\t', out);
        for (uint32_t i = 0; character.code != '\t' && i < character.width; i++)
            fputc(' ', out);
        at += character.bytes;
    }
    uint32_t columns = columns_between(mark, mark_end);
    fputc('^', out);
    for (uint32_t i = 1; i < columns; i++)
        fputc('~', out);
}

static void put_source_line(FILE *out, const struct style *style, const struct source *source,
                            struct span span, const struct position *position)
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
    uint32_t window = style->window;
    if (end - line > 4 * (ptrdiff_t)window || columns_between(line, end) > window) {
        from = window_start(line, mark, window);
        to = window_end(from, end, window);
    }
    if (mark_end > to)
        mark_end = to;
    fprintf(out, "%s%5u |%s %s", style->gutter, position->line, style->end, from > line ? "…" : "");
    for (const char *at = from; at < to;) {
        struct character character = character_at(at, to);
        if (*at == '\t')
            fputc('\t', out);
        else
            put_bytes(out, at, character.bytes);
        at += character.bytes;
    }
    fprintf(out, "%s\n%s      |%s %s%s", to < end ? "…" : "", style->gutter, style->end,
            from > line ? " " : "", style->mark);
    put_mark(out, from, mark, mark_end);
    fprintf(out, "%s\n", style->end);
}

static void put_place(FILE *out, const struct diagnostics *diagnostics, const struct style *style,
                      struct span span, struct position *position)
{
    if (span.file == NO_FILE)
        return;
    fputs(style->path, out);
    put_escaped(out, diagnostics->sources->items[span.file].path);
    if (!span_is_file(span)) {
        *position = source_position(diagnostics->sources, span.file, span.begin);
        fprintf(out, ":%u:%u", position->line, position->column);
    }
    fprintf(out, ":%s ", style->end);
}

static void put_line_of(FILE *out, const struct diagnostics *diagnostics, const struct style *style,
                        struct span span, const struct position *position)
{
    if (span.file != NO_FILE && !span_is_file(span))
        put_source_line(out, style, &diagnostics->sources->items[span.file], span, position);
}

static void put_one(FILE *out, const struct diagnostics *diagnostics, const struct style *style,
                    const struct diagnostic *item)
{
    struct position position = {0};
    bool error = item->severity == SEVERITY_ERROR;
    put_place(out, diagnostics, style, item->span, &position);
    fprintf(out, "%s%s:%s %s", error ? style->error : style->warning, error ? "error" : "warning",
            style->end, style->path);
    put_escaped(out, item->message);
    fprintf(out, "%s [%s]\n", style->end, diagnostic_info(item->code)->code);
    put_line_of(out, diagnostics, style, item->span, &position);
    for (uint32_t i = 0; i < item->note_count; i++) {
        put_place(out, diagnostics, style, item->notes[i].span, &position);
        fprintf(out, "%snote:%s ", style->note, style->end);
        put_escaped(out, item->notes[i].text);
        fputc('\n', out);
        put_line_of(out, diagnostics, style, item->notes[i].span, &position);
    }
    if (item->help) {
        fprintf(out, "%shelp:%s ", style->help, style->end);
        put_escaped(out, item->help);
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void put_count(FILE *out, uint32_t count, const char *what)
{
    fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

void write_text(const struct diagnostics *diagnostics, bool color, FILE *out)
{
    struct style style = color ? colored : plain;
    style.window = window_of(diagnostics->columns);
    for (uint32_t i = 0; i < diagnostics->count; i++)
        put_one(out, diagnostics, &style, &diagnostics->items[i]);
    if (count_omitted(diagnostics)) {
        put_omitted(out, diagnostics);
        fputs("\n\n", out);
    }
    if (!diagnostics->errors && !diagnostics->warnings)
        fputs("no problems", out);
    if (diagnostics->errors)
        put_count(out, diagnostics->errors, "error");
    if (diagnostics->errors && diagnostics->warnings)
        fputs(", ", out);
    if (diagnostics->warnings)
        put_count(out, diagnostics->warnings, "warning");
    fputs(" in ", out);
    put_count(out, diagnostics->sources->count, "file");
    fputc('\n', out);
}
