/* entry.c - see entry.h. */
#include "entry.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "compiler/base/json.h"
#include "compiler/options.h"

#define HASH_SIZE 32

struct rollout rollout_of(const struct canary *canary)
{
    return (struct rollout){canary->state, canary->stages[canary->stage].name.text, canary->since,
                            canary->approved};
}

void entry_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    json_write_string(out, text);
}

void entry_time(struct buffer *out, const char *key, int64_t ms)
{
    char text[32];
    bool known = ms != INT64_MIN && ms != INT64_MAX;
    if (known)
        format_time(ms, text, sizeof text);
    entry_text(out, key, known ? text : NULL);
}

void entry_number(struct buffer *out, const char *key, int64_t number)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRId64, number);
}

void entry_begin(struct buffer *out, const struct entry_head *head)
{
    buffer_append_text(out, "{\"format_version\":1");
    entry_time(out, "time", head->time);
    entry_text(out, "actor", head->actor);
    entry_text(out, "flag", head->flag);
    entry_text(out, "environment", head->environment);
}

void entry_rollout(struct buffer *out, const char *key, const struct rollout *rollout)
{
    json_write_key(out, key);
    buffer_append_text(out, "{");
    entry_text(out, "state", canary_state_text(rollout->state));
    entry_text(out, "stage", rollout->stage);
    entry_time(out, "since", rollout->since);
    if (rollout->approved)
        entry_text(out, "approved", rollout->approved);
    buffer_append_text(out, "}");
}

void entry_manual(struct buffer *out, const char *action, const char *reason)
{
    entry_text(out, "verdict", action);
    entry_text(out, "rule", "manual");
    entry_text(out, "reason", reason);
    json_write_key(out, "evidence");
    buffer_append_text(out, "[]");
}

void entry_definitions(struct buffer *out, const struct project *project)
{
    crypto_generichash_state state;
    unsigned char hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const struct source *source = &project->sources.items[i];
        crypto_generichash_update(&state, (const unsigned char *)source->name,
                                  strlen(source->name) + 1);
        crypto_generichash_update(&state, (const unsigned char *)source->text, source->length + 1);
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    entry_text(out, "definitions", hex);
}
