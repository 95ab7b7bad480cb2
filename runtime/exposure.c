/* SPDX-License-Identifier: Apache-2.0 */
/* exposure.c - formats one evaluation as a log line. */
#include "bytes.h"
#include "store.h"
#include "text_writer.h"
#include "utf8.h"

/* Writes a JSON string. Every invalid byte becomes U+FFFD. */
static void write_string(struct text_writer *writer, const char *text, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    write_text(writer, "\"");
    for (size_t i = 0, size; i < length; i += size) {
        size = bytes[i] ? utf8_character(bytes + i, length - i) : 1;
        if (size == 0) {
            write_text(writer, "\xef\xbf\xbd");
            size = 1;
        } else if (bytes[i] == '"' || bytes[i] == '\\') {
            write_bytes(writer, "\\", 1);
            write_bytes(writer, text + i, 1);
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            char escape[] = "\\u0000";
            escape[4] = "0123456789abcdef"[bytes[i] >> 4];
            escape[5] = "0123456789abcdef"[bytes[i] & 15];
            write_text(writer, escape);
        } else {
            write_bytes(writer, text + i, size);
        }
    }
    write_text(writer, "\"");
}

static void write_member(struct text_writer *writer, const char *key, const char *text,
                         size_t length)
{
    write_text(writer, ",\"");
    write_text(writer, key);
    write_text(writer, "\":");
    write_string(writer, text, length);
}

static void write_member_text(struct text_writer *writer, const char *key, const char *text)
{
    if (text)
        write_member(writer, key, text, strlen(text));
}

static void write_lower_case(struct text_writer *writer, const char *key, const char *text)
{
    char lower[32];
    size_t length = 0;
    for (; text[length] && length < sizeof lower; length++)
        lower[length] = fold_ascii(text[length]);
    write_member(writer, key, lower, length);
}

/* OpenTelemetry requires the value if there is no variant. */
static void write_value(struct text_writer *writer, const fflag_result *result)
{
    write_text(writer, ",\"feature_flag.result.value\":");
    switch (result->type) {
    case FFLAG_TYPE_BOOLEAN:
        write_text(writer, result->value.boolean ? "true" : "false");
        break;
    case FFLAG_TYPE_INTEGER:
        write_integer(writer, result->value.integer);
        break;
    case FFLAG_TYPE_NUMBER:
        write_number(writer, result->value.number);
        break;
    case FFLAG_TYPE_STRING:
        write_string(writer, result->value.string.text, result->value.string.length);
        break;
    case FFLAG_TYPE_JSON:
        write_bytes(writer, result->value.string.text, result->value.string.length);
        break;
    }
}

size_t fflag_exposure(const fflag_view *view, const fflag_result *result, const char *unit,
                      size_t unit_length, int64_t ms, char *buffer, size_t size)
{
    if (!view || !result || !unit || (!buffer && size > 0))
        return 0;
    struct text_writer writer = {.buffer = buffer, .size = size};
    write_text(&writer, "{\"time\":");
    write_integer(&writer, ms);
    write_text(&writer, ",\"event.name\":\"feature_flag.evaluation\"");
    write_member_text(&writer, "feature_flag.key", result->flag);
    if (result->variant)
        write_member_text(&writer, "feature_flag.result.variant", result->variant);
    else if (!result->error && result->variant_index != FFLAG_NO_VARIANT)
        write_value(&writer, result);
    write_lower_case(&writer, "feature_flag.result.reason", fflag_reason_text(result->reason));
    if (result->error)
        write_lower_case(&writer, "error.type", fflag_error_code(result->error));
    write_member_text(&writer, "fflag.rule", result->rule);
    if (result->metadata) {
        write_text(&writer, ",\"fflag.metadata\":");
        write_text(&writer, result->metadata);
    }
    write_member(&writer, "feature_flag.context.id", unit, unit_length);
    write_member_text(&writer, "feature_flag.version", view->snapshot->build);
    write_text(&writer, ",\"feature_flag.provider.name\":\"fflag\"}\n");
    return end_text(&writer);
}
