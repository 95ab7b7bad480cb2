/*
 * diagnostic_text.c - diagnostics for people: the message, the source line, a mark under the span.
 *
 * On a terminal, sentences are folded at its width. Elsewhere each is one line, so that it can be
 * searched for. Text from a file is untrusted: control characters are escaped.
 */
#include "registry.h"
#include "diagnostic_write.h"
#include "excerpt.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/wrap.h"

#include <string.h>

struct style {
    const char *path, *error, *warning, *note, *help, *end;
    struct excerpt_style excerpt;
};
static const struct style plain = {"", "", "", "", "", "", {.gutter = "", .mark = "", .end = ""}};
static const struct style colored = {.path = "\33[1m",
                                     .error = "\33[1;31m",
                                     .warning = "\33[1;35m",
                                     .note = "\33[1;36m",
                                     .help = "\33[1;32m",
                                     .end = "\33[0m",
                                     .excerpt = {.gutter = "\33[2m", "\33[1;32m", "\33[0m"}};

struct text {
    struct buffer out;
    const struct diagnostics *diagnostics;
    const struct style *style;
    struct excerpt_style excerpt;
};

/* "flags.yaml:3:5: ", and how wide it is. */
static size_t append_place(struct text *text, struct span span, struct position *position)
{
    if (span.file == NO_FILE)
        return 0;
    struct buffer place = {0};
    terminal_append(&place, text->diagnostics->sources->items[span.file].path);
    if (!span_is_file(span)) {
        *position = source_position(text->diagnostics->sources, span.file, span.begin);
        buffer_format(&place, ":%u:%u", position->line, position->column);
    }
    buffer_format(&text->out, "%s%s:%s ", text->style->path, place.bytes, text->style->end);
    size_t columns = terminal_width(place.bytes) + strlen(": ");
    buffer_release(&place);
    return columns;
}

static void append_line_of(struct text *text, struct span span, const struct position *position)
{
    if (span.file != NO_FILE && !span_is_file(span))
        append_excerpt(&text->out, &text->excerpt, &text->diagnostics->sources->items[span.file],
                       span, position);
}

/* A line such as "help: …", which is `column` columns in. */
static void append_sentence(struct text *text, size_t column, const char *style, const char *word,
                            const char *sentence)
{
    struct buffer shown = {0};
    terminal_format(&shown, " %s", sentence);
    buffer_format(&text->out, "%s%s:%s", style, word, text->style->end);
    append_wrapped(&text->out, message_width(text->excerpt.columns),
                   column + strlen(word) + strlen(":"), MESSAGE_INDENT, shown.bytes);
    buffer_append_text(&text->out, "\n");
    buffer_release(&shown);
}

static void append_message(struct text *text, size_t column, const struct diagnostic *item)
{
    const struct style *style = text->style;
    bool error = item->severity == SEVERITY_ERROR;
    struct buffer message = {0};
    buffer_format(&message, "%s [%s]", item->message, diagnostic_info(item->code)->code);
    append_sentence(text, column, error ? style->error : style->warning,
                    error ? "error" : "warning", message.bytes);
    buffer_release(&message);
}

static void append_one(struct text *text, const struct diagnostic *item)
{
    struct position position = {0};
    append_message(text, append_place(text, item->span, &position), item);
    if (!item->hides)
        append_line_of(text, item->span, &position);
    for (uint32_t i = 0; i < item->note_count; i++) {
        const struct diagnostic_note *note = &item->notes[i];
        size_t column = append_place(text, note->span, &position);
        append_sentence(text, column, text->style->note, "note", note->text);
        if (!item->hides)
            append_line_of(text, note->span, &position);
    }
    if (item->help)
        append_sentence(text, 0, text->style->help, "help", item->help);
    buffer_append_text(&text->out, "\n");
}

static void put_count(FILE *out, uint32_t count, const char *what)
{
    fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

void write_text(const struct diagnostics *diagnostics, bool color, FILE *out)
{
    struct text text = {.diagnostics = diagnostics, .style = color ? &colored : &plain};
    text.excerpt = text.style->excerpt;
    text.excerpt.columns = diagnostics->columns;
    for (uint32_t i = 0; i < diagnostics->count; i++)
        append_one(&text, &diagnostics->items[i]);
    fwrite(text.out.bytes ? text.out.bytes : "", 1, text.out.length, out);
    buffer_release(&text.out);
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
