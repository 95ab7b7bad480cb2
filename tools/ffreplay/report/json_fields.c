/* json_fields.c - see json_fields.h. */
#include "json_fields.h"

#include <inttypes.h>

#include "compiler/options.h"

void field_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    json_write_string(out, text);
}

void field_count(struct buffer *out, const char *key, uint64_t count)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRIu64, count);
}

void field_number(struct buffer *out, const char *key, bool given, double number)
{
    json_write_key(out, key);
    if (given)
        json_write_number(out, number);
    else
        buffer_append_text(out, "null");
}

void field_truth(struct buffer *out, const char *key, bool truth)
{
    json_write_key(out, key);
    buffer_append_text(out, truth ? "true" : "false");
}

void field_time(struct buffer *out, const char *key, int64_t ms)
{
    char text[32];
    bool known = ms != INT64_MIN && ms != INT64_MAX;
    if (known)
        format_time(ms, text, sizeof text);
    field_text(out, key, known ? text : NULL);
}

void field_object(struct buffer *out, const char *key)
{
    json_write_key(out, key);
    buffer_append_text(out, "{");
}

void field_array(struct buffer *out, const char *key)
{
    json_write_key(out, key);
    buffer_append_text(out, "[");
}

void field_input(struct buffer *out, const struct replay *replay, uint64_t used)
{
    struct log_counts all = {0};
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        log_counts_add(&all, &replay->counts[i]);
    field_count(out, "lines", all.lines);
    field_count(out, "used", used);
    field_object(out, "bad");
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        field_count(out, bad_cause_text((enum bad_cause)cause), all.bad[cause]);
    buffer_append_text(out, "}");
}

void field_digest(struct buffer *out, const struct input_digest *digest)
{
    char hex[INPUT_DIGEST_TEXT];
    input_digest_text(digest, hex);
    field_text(out, "digest", hex);
}
