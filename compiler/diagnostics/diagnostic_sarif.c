/*
 * diagnostic_sarif.c - diagnostics as SARIF 2.1.0, the input of code scanning services.
 *
 * Lists only the rules that were broken, in the order of their codes. Columns count code points, as
 * the run declares; a region's end is exclusive, like ours.
 */
#include "registry.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "diagnostic_write.h"

#include <string.h>

#include "fflag.h"

static void put_uri(FILE *out, const char *path)
{
    struct buffer uri = {0};
    uri_append(&uri, path);
    fprintf(out, "\"%s\"", uri.bytes);
    buffer_release(&uri);
}

static void put_location(FILE *out, const struct diagnostics *diagnostics, struct span span)
{
    fputs("\"physicalLocation\":{\"artifactLocation\":{\"uri\":", out);
    put_uri(out, diagnostics->sources->items[span.file].path);
    fputc('}', out);
    if (!span_is_file(span)) {
        uint32_t last = span.end > span.begin ? span.end : span.begin;
        struct position start = source_position(diagnostics->sources, span.file, span.begin);
        struct position end = source_position(diagnostics->sources, span.file, last);
        fprintf(out,
                ",\"region\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,"
                "\"endColumn\":%u,\"byteOffset\":%u,\"byteLength\":%u}",
                start.line, start.column, end.line, end.column, span.begin, last - span.begin);
    }
    fputc('}', out);
}

/* SARIF has no field for the help of a single result, so it follows the message. */
static void put_message(FILE *out, const struct diagnostic *item)
{
    struct buffer text = {0};
    buffer_append_text(&text, item->message);
    if (item->help)
        buffer_format(&text, "\nhelp: %s", item->help);
    put_json_text(out, text.bytes);
    buffer_release(&text);
}

static void put_related(FILE *out, const struct diagnostics *diagnostics,
                        const struct diagnostic *item)
{
    for (uint32_t i = 0; i < item->note_count; i++) {
        const struct diagnostic_note *note = &item->notes[i];
        fprintf(out, "%s{\"id\":%u,\"message\":{\"text\":", i ? "," : "", i);
        put_json_text(out, note->text);
        fputc('}', out);
        if (note->span.file != NO_FILE) {
            fputc(',', out);
            put_location(out, diagnostics, note->span);
        }
        fputc('}', out);
    }
}

static void put_result(FILE *out, const struct diagnostics *diagnostics,
                       const struct diagnostic *item, uint32_t rule)
{
    fprintf(out, "{\"ruleId\":\"%s\",\"ruleIndex\":%u,\"level\":\"%s\",\"message\":{\"text\":",
            diagnostic_info(item->code)->code, rule,
            item->severity == SEVERITY_ERROR ? "error" : "warning");
    put_message(out, item);
    fputs("},\"locations\":[", out);
    if (item->span.file != NO_FILE) {
        fputc('{', out);
        put_location(out, diagnostics, item->span);
        fputc('}', out);
    }
    fputs("],\"relatedLocations\":[", out);
    put_related(out, diagnostics, item);
    fputs("]}", out);
}

static void put_rule(FILE *out, const struct diagnostic_info *info)
{
    fprintf(out, "{\"id\":\"%s\",\"name\":\"%s\",\"shortDescription\":{\"text\":", info->code,
            info->name);
    put_json_text(out, info->title);
    fputs("},\"fullDescription\":{\"text\":", out);
    put_json_text(out, info->explanation);
    fputs("},\"help\":{\"text\":", out);
    struct buffer help = {0};
    buffer_format(&help, "%s\n\nFor example:\n\n%s\n\nInstead:\n\n%s", info->explanation,
                  info->example, info->fix);
    put_json_text(out, help.bytes);
    buffer_release(&help);
    fprintf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}}",
            info->severity == SEVERITY_ERROR ? "error" : "warning");
}

/* What the tool says of its own run. */
static void put_notification(FILE *out, const struct diagnostics *diagnostics)
{
    if (!count_omitted(diagnostics))
        return;
    fputs(",\"invocations\":[{\"executionSuccessful\":true,\"toolExecutionNotifications\":"
          "[{\"level\":\"note\",\"message\":{\"text\":\"",
          out);
    put_omitted(out, diagnostics);
    fputs("\"}}]}]", out);
}

void write_sarif(const struct diagnostics *diagnostics, FILE *out)
{
    bool broken[DIAGNOSTIC_COUNT] = {false};
    uint32_t places[DIAGNOSTIC_COUNT], count = 0;
    for (uint32_t i = 0; i < diagnostics->count; i++)
        broken[diagnostics->items[i].code] = true;
    fprintf(out,
            "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
            "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"ffc\",\"semanticVersion\":\"%d.%d.%d\","
            "\"rules\":[",
            FFLAG_VERSION_MAJOR, FFLAG_VERSION_MINOR, FFLAG_VERSION_PATCH);
    for (unsigned code = 0; code < DIAGNOSTIC_COUNT; code++) {
        if (!broken[code])
            continue;
        places[code] = count;
        fputs(count++ ? ",\n" : "\n", out);
        put_rule(out, diagnostic_info((enum diagnostic_code)code));
    }
    fputs("]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[", out);
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        fputs(i ? ",\n" : "\n", out);
        put_result(out, diagnostics, item, places[item->code]);
    }
    fputs("]", out);
    put_notification(out, diagnostics);
    fputs("}]}\n", out);
}
