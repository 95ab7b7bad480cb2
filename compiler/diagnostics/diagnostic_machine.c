/* diagnostic_machine.c - diagnostics for programs: one JSON object, or GitHub annotations. */
#include "registry.h"
#include "diagnostic_write.h"
#include "compiler/base/columns.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"

#include <stdlib.h>
#include <string.h>

static void put_buffer(FILE *out, struct buffer *text)
{
    fwrite(text->bytes, 1, text->length, out);
    buffer_release(text);
}

void put_json_text(FILE *out, const char *text)
{
    struct buffer quoted = {0};
    json_write_string(&quoted, text);
    put_buffer(out, &quoted);
}

static void put_json_point(FILE *out, const struct diagnostics *diagnostics, uint32_t file,
                           uint32_t byte)
{
    struct position position = source_position(diagnostics->sources, file, byte);
    fprintf(out, "{\"line\":%u,\"column\":%u,\"byte\":%u}", position.line, position.column, byte);
}

static void put_json_place(FILE *out, const struct diagnostics *diagnostics, struct span span)
{
    fputs("\"file\":", out);
    if (span.file == NO_FILE) {
        fputs("null,\"range\":null", out);
        return;
    }
    put_json_text(out, diagnostics->sources->items[span.file].path);
    if (span_is_file(span)) {
        fputs(",\"range\":null", out);
        return;
    }
    fputs(",\"range\":{\"start\":", out);
    put_json_point(out, diagnostics, span.file, span.begin);
    fputs(",\"end\":", out);
    put_json_point(out, diagnostics, span.file, span.end > span.begin ? span.end : span.begin);
    fputc('}', out);
}

static void put_json_notes(FILE *out, const struct diagnostics *diagnostics,
                           const struct diagnostic *item)
{
    fputs(",\"notes\":[", out);
    for (uint32_t i = 0; i < item->note_count; i++) {
        fputs(i ? ",{\"message\":" : "{\"message\":", out);
        put_json_text(out, item->notes[i].text);
        fputc(',', out);
        put_json_place(out, diagnostics, item->notes[i].span);
        fputc('}', out);
    }
    fputs("],\"help\":", out);
    if (item->help)
        put_json_text(out, item->help);
    else
        fputs("null", out);
}

static void write_json(const struct diagnostics *diagnostics, FILE *out)
{
    fputs("{\"format_version\":1,\"diagnostics\":[", out);
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        const struct diagnostic_info *info = diagnostic_info(item->code);
        fprintf(out, "%s\n{\"code\":\"%s\",\"severity\":\"%s\",\"name\":\"%s\",\"message\":",
                i ? "," : "", info->code, item->severity == SEVERITY_ERROR ? "error" : "warning",
                info->name);
        put_json_text(out, item->message);
        fputc(',', out);
        put_json_place(out, diagnostics, item->span);
        put_json_notes(out, diagnostics, item);
        fputc('}', out);
    }
    fprintf(out, "%s],\"errors\":%u,\"warnings\":%u,\"omitted\":%u,\"files\":%u}\n",
            diagnostics->count ? "\n" : "", diagnostics->errors, diagnostics->warnings,
            count_omitted(diagnostics), diagnostics->sources->count);
}

static void put_github_text(FILE *out, const char *text)
{
    struct buffer escaped = {0};
    github_append(&escaped, text);
    put_buffer(out, &escaped);
}

static void put_github_place(FILE *out, const struct diagnostics *diagnostics, struct span span)
{
    if (span.file == NO_FILE)
        return;
    struct buffer file = {0};
    buffer_append_text(&file, "file=");
    github_append_property(&file, diagnostics->sources->items[span.file].path);
    buffer_append_text(&file, ",");
    put_buffer(out, &file);
    if (span_is_file(span))
        return;
    struct position start = source_position(diagnostics->sources, span.file, span.begin);
    struct position end = source_position(diagnostics->sources, span.file,
                                          span.end > span.begin ? span.end : span.begin);
    fprintf(out, "line=%u,endLine=%u,", start.line, end.line);
    /* GitHub refuses columns when the lines differ. */
    if (start.line == end.line)
        fprintf(out, "col=%u,endColumn=%u,", start.column, end.column);
}

static void put_github_notes(FILE *out, const struct diagnostic *item)
{
    for (uint32_t note = 0; note < item->note_count; note++) {
        fputs("%0Anote: ", out);
        put_github_text(out, item->notes[note].text);
    }
    if (item->help) {
        fputs("%0Ahelp: ", out);
        put_github_text(out, item->help);
    }
    fputc('\n', out);
}

static void write_github(const struct diagnostics *diagnostics, FILE *out)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        const struct diagnostic_info *info = diagnostic_info(item->code);
        fputs(item->severity == SEVERITY_ERROR ? "::error " : "::warning ", out);
        put_github_place(out, diagnostics, item->span);
        fprintf(out, "title=%s %s::", info->code, info->name);
        put_github_text(out, item->message);
        put_github_notes(out, item);
    }
    if (!count_omitted(diagnostics))
        return;
    fputs("::notice title=ffc::", out);
    put_omitted(out, diagnostics);
    fputc('\n', out);
}

static void write_format(const struct diagnostics *diagnostics, enum diagnostic_format format,
                         bool color, FILE *out)
{
    switch (format) {
    case DIAGNOSTIC_TEXT:
        write_text(diagnostics, color, out);
        return;
    case DIAGNOSTIC_JSON:
        write_json(diagnostics, out);
        return;
    case DIAGNOSTIC_GITHUB:
        write_github(diagnostics, out);
        return;
    case DIAGNOSTIC_SARIF:
        write_sarif(diagnostics, out);
        return;
    }
}

void put_omitted(FILE *out, const struct diagnostics *diagnostics)
{
    fprintf(out, "… and %u more%s", count_omitted(diagnostics),
            diagnostics->count == diagnostics->most ? " (ffc check --max-errors N)" : "");
}

static uint32_t most_of(const struct diagnostics *diagnostics, enum diagnostic_format format)
{
    if (diagnostics->most)
        return diagnostics->most;
    switch (format) {
    case DIAGNOSTIC_TEXT:
    case DIAGNOSTIC_GITHUB:
        return MOST_SHOWN;
    case DIAGNOSTIC_JSON:
    case DIAGNOSTIC_SARIF:
        break;
    }
    return UINT32_MAX;
}

/* In the order of their places, but no warning where an error would have had room. */
static void choose_shown(struct diagnostics *shown, uint32_t most)
{
    uint32_t errors = 0, count = 0, warnings = 0;
    for (uint32_t i = 0; i < shown->count; i++)
        errors += shown->items[i].severity == SEVERITY_ERROR;
    uint32_t most_warnings = errors < most ? most - errors : 0;
    struct diagnostic *items = ARENA_ARRAY(shown->arena, struct diagnostic, most);
    for (uint32_t i = 0; i < shown->count && count < most; i++) {
        bool warning = shown->items[i].severity == SEVERITY_WARNING;
        if (warning && warnings == most_warnings)
            continue;
        warnings += warning;
        items[count++] = shown->items[i];
    }
    shown->items = items;
    shown->count = count;
}

void diagnostics_write(struct diagnostics *all, enum diagnostic_format format, bool color,
                       FILE *out)
{
    diagnostics_sort(all);
    struct diagnostics shown = *all;
    const struct diagnostics *diagnostics = &shown;
    shown.most = most_of(all, format);
    shown.columns = terminal_columns(out);
    if (shown.count > shown.most)
        choose_shown(&shown, shown.most);
    /* stderr is unbuffered: format the text first, so that it goes out in one piece. */
    char *text = NULL;
    size_t length = 0;
    FILE *page = open_memstream(&text, &length);
    if (!page) {
        write_format(diagnostics, format, color, out);
        return;
    }
    write_format(diagnostics, format, color, page);
    if (fclose(page) == 0)
        fwrite(text, 1, length, out);
    free(text);
}
