/* entry.c - see entry.h. */
#include "entry.h"

#include <sodium.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"

#define HASH_SIZE 32

struct rollout rollout_of(const struct canary *canary)
{
    return (struct rollout){canary->state, canary->stages[canary->stage].name.text, canary->since,
                            canary->approved};
}

void rollout_show(struct buffer *out, const struct rollout *rollout)
{
    terminal_format(out, "%s", canary_state_words[rollout->state]);
    if (rollout->state == CANARY_RUNNING || rollout->state == CANARY_PAUSED)
        terminal_format(out, " in '%s'", rollout->stage);
    if (rollout->approved)
        terminal_format(out, ", '%s' approved", rollout->approved);
}

void entry_begin(struct buffer *out, const struct entry_head *head)
{
    buffer_append_text(out, "{\"format_version\":1");
    field_time(out, "time", head->time);
    field_text(out, "actor", head->actor);
    field_text(out, "flag", head->flag);
    field_text(out, "environment", head->environment);
}

void entry_also(struct buffer *out, const struct project *project, uint64_t environments)
{
    if (!environments)
        return;
    field_array(out, "also");
    for (uint32_t i = 0; i < project->environments.count; i++)
        if (environments >> i & 1) {
            json_write_comma(out);
            json_write_string(out, project->environments.items[i].text);
        }
    buffer_append_text(out, "]");
}

void entry_rollout(struct buffer *out, const char *key, const struct rollout *rollout)
{
    field_object(out, key);
    field_text(out, "state", canary_state_words[rollout->state]);
    field_text(out, "stage", rollout->stage);
    field_time(out, "since", rollout->since);
    if (rollout->approved)
        field_text(out, "approved", rollout->approved);
    buffer_append_text(out, "}");
}

void entry_manual(struct buffer *out, const char *action, const char *reason)
{
    field_text(out, "verdict", action);
    field_text(out, "rule", "manual");
    field_text(out, "reason", reason);
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
    field_text(out, "definitions", hex);
}
