/*
 * diagnostic_text.c - diagnostics for people: the message, the source line, a mark under the span.
 *
 * Text from a file is untrusted: control characters are escaped, and a long line shows only the
 * part around the span.
 */
#include "registry.h"
#include "diagnostic_write.h"

#include <string.h>
#include <wchar.h>

#define WINDOW 100 /* columns shown of a source line */
#define LEAD   30  /* of those, columns before the span */

struct style {
    const char *path, *error, *warning, *note, *help, *gutter, *mark, *end;
};
static const struct style plain = {"", "", "", "", "", "", "", ""};
static const struct style colored = {.path = "\33[1m",
                                     .error = "\33[1;31m",
                                     .warning = "\33[1;35m",
                                     .note = "\33[1;36m",
                                     .help = "\33[1;32m",
                                     .gutter = "\33[2m",
                                     .mark = "\33[1;32m",
                                     .end = "\33[0m"};

struct character {
    uint32_t code;
    uint32_t bytes;
    uint32_t width; /* columns of the terminal */
};

/* East Asian wide and emoji blocks, and zero-width marks; everything else takes one column. */
static uint32_t width_of(uint32_t code)
{
    static const struct {
        uint32_t first, last, width;
    } blocks[] = {
        {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x064B, 0x065F, 0},
        {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},   {0x200B, 0x200F, 0},
        {0x2028, 0x202E, 0},   {0x2060, 0x2064, 0},   {0x20D0, 0x20FF, 0},   {0x231A, 0x231B, 2},
        {0x23E9, 0x23EC, 2},   {0x2614, 0x2615, 2},   {0x2648, 0x2653, 2},   {0x26A1, 0x26A1, 2},
        {0x2705, 0x2705, 2},   {0x2728, 0x2728, 2},   {0x274C, 0x274C, 2},   {0x2753, 0x2757, 2},
        {0x2795, 0x2797, 2},   {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},   {0x3400, 0x4DBF, 2},
        {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},
        {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},
        {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1F9FF, 2},
        {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0}};
    size_t low = 0, high = sizeof blocks / sizeof *blocks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > blocks[middle].last)
            low = middle + 1;
        else if (code < blocks[middle].first)
            high = middle;
        else
            return blocks[middle].width;
    }
    return 1;
}

/* Escapes invalid UTF-8, control characters, and characters that change the writing direction. */
static bool is_escaped(const struct character *character)
{
    uint32_t code = character->code;
    return code == UINT32_MAX || (code < 0x20 && code != '\t') || (code >= 0x7F && code < 0xA0) ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xFEFF;
}

static struct character next_character(const char *at, const char *end)
{
    struct character character = {.code = UINT32_MAX, .bytes = 1, .width = 4};
    uint32_t length = utf8_length(at, (size_t)(end - at));
    if (!length)
        return character;
    character.bytes = length;
    character.code = (unsigned char)*at;
    if (length > 1)
        character.code &= 0x7Fu >> length;
    for (uint32_t i = 1; i < length; i++)
        character.code = character.code << 6 | ((unsigned char)at[i] & 0x3Fu);
    if (is_escaped(&character))
        character.width = character.code < 0x100 ? 4 : 8; /* <07>, <U+202E> */
    else
        character.width = width_of(character.code);
    return character;
}

static void put_character(FILE *out, const struct character *character, const char *at)
{
    if (character->code == UINT32_MAX)
        fprintf(out, "<%02X>", (unsigned)(unsigned char)*at);
    else if (!is_escaped(character))
        fwrite(at, 1, character->bytes, out);
    else if (character->code < 0x100)
        fprintf(out, "<%02X>", (unsigned)character->code);
    else
        fprintf(out, "<U+%04X>", (unsigned)character->code);
}

static void put_escaped(FILE *out, const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        struct character character = next_character(text, end);
        if (character.code == '\n')
            fputs("\\n", out);
        else if (character.code == '\t')
            fputs("\\t", out);
        else
            put_character(out, &character, text);
        text += character.bytes;
    }
}

static uint32_t columns_between(const char *from, const char *to)
{
    uint32_t columns = 0;
    while (from < to) {
        struct character character = next_character(from, to);
        columns += character.width;
        from += character.bytes;
    }
    return columns;
}

/* Where the visible part of a long line begins, so that it includes the span. */
static const char *window_start(const char *line, const char *mark)
{
    const char *from = mark;
    for (uint32_t columns = 0; from > line && columns < LEAD;) {
        const char *before = from - 1;
        while (before > line && ((unsigned char)*before & 0xC0) == 0x80)
            before--;
        columns += columns_between(before, from);
        from = before;
    }
    return from;
}

static const char *window_end(const char *from, const char *end)
{
    uint32_t columns = 0;
    while (from < end && columns < WINDOW) {
        struct character character = next_character(from, end);
        columns += character.width;
        from += character.bytes;
    }
    return from;
}

static void put_mark(FILE *out, const char *begin, const char *mark, const char *mark_end)
{
    for (const char *at = begin; at < mark;) {
        struct character character = next_character(at, mark);
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
    if (end - line > 4 * WINDOW || columns_between(line, end) > WINDOW) {
        from = window_start(line, mark);
        to = window_end(from, end);
    }
    if (mark_end > to)
        mark_end = to;
    fprintf(out, "%s%5u |%s %s", style->gutter, position->line, style->end, from > line ? "…" : "");
    for (const char *at = from; at < to;) {
        struct character character = next_character(at, to);
        put_character(out, &character, at);
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
    const struct style *style = color ? &colored : &plain;
    for (uint32_t i = 0; i < diagnostics->count; i++)
        put_one(out, diagnostics, style, &diagnostics->items[i]);
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
