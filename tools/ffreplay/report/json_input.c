/* json_input.c - see json_input.h. */
#include "json_input.h"

#include "compiler/base/json.h"

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
