/* json_input.c - see json_input.h. */
#include "json_input.h"

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"

void field_bad(struct buffer *out, const struct log_counts *counts)
{
    field_object(out, "bad");
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        field_count(out, bad_cause_words[cause], counts->bad[cause]);
    buffer_append_text(out, "}");
}

void field_input(struct buffer *out, const struct replay *replay, uint64_t used)
{
    struct log_counts counts = replay_counts(replay);
    field_count(out, "lines", counts.lines);
    field_count(out, "used", used);
    field_bad(out, &counts);
    if (counts.elsewhere > 0)
        field_count(out, "other_stream", counts.elsewhere);
}

void field_digest(struct buffer *out, const struct input_digest *digest)
{
    char hex[INPUT_DIGEST_TEXT];
    input_digest_text(digest, hex);
    field_text(out, "digest", hex);
}
