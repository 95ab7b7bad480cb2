/* experiment_state.c - see experiment_state.h. */
#include "experiment_state.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/files/edit.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"

struct trial trial_of(const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    return (struct trial){.state = experiment->state,
                          .winner = experiment->has_winner
                                        ? targeting->variants[experiment->winner].name.text
                                        : NULL};
}

/* ------------------------------------------------------------------------------------- edits -- */

/* Quoted, unless it is the same text plain. */
static void write_variant(struct buffer *out, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool plain = strspn(name, letters) > 0 && strcasecmp(name, "null") != 0;
    for (const char *at = name; *at && plain; at++)
        plain = strchr(letters, *at) || strchr("0123456789_.-", *at);
    if (plain)
        buffer_append_text(out, name);
    else
        json_write_string(out, name);
}

static bool is_same(const char *left, const char *right)
{
    return left == right || (left && right && strcmp(left, right) == 0);
}

enum replaced trial_edit(const struct project *project, const struct targeting *targeting,
                         const struct trial *to, struct buffer *error)
{
    const struct trial from = trial_of(targeting);
    const struct node *block = targeting->experiment->node;
    struct buffer winner = {0};
    struct edit edits[2];
    size_t count = 0;
    if (to->state != from.state)
        edits[count++] = (struct edit){"state", experiment_state_words[to->state]};
    if (to->winner)
        write_variant(&winner, to->winner);
    if (!is_same(to->winner, from.winner) || (!to->winner && node_get(block, "winner")))
        edits[count++] = (struct edit){"winner", to->winner ? winner.bytes : NULL};
    enum replaced replaced =
        count == 0 ? REPLACED_SAFELY : edit_block(&project->sources, block, edits, count, error);
    buffer_release(&winner);
    return replaced;
}

/* ------------------------------------------------------------------------------------- entry -- */

static void write_trial(struct buffer *out, const char *key, const struct trial *trial)
{
    field_object(out, key);
    field_text(out, "state", experiment_state_words[trial->state]);
    field_text(out, "winner", trial->winner);
    buffer_append_text(out, "}");
}

void trial_entry(struct buffer *out, const struct targeting *targeting, const struct trial *from,
                 const struct trial *to)
{
    const struct metric *primary = targeting->experiment->primary;
    char digest[POLICY_DIGEST];
    field_object(out, "experiment");
    write_trial(out, "from", from);
    write_trial(out, "to", to);
    field_text(out, "primary", primary ? primary->name.text : NULL);
    if (primary) {
        metric_digest(primary, digest);
        field_text(out, "primary_digest", digest);
    }
    experiment_digest(targeting, digest);
    field_text(out, "terms", digest);
}

static const struct targeting *targeting_named(const struct project *project, const char *flag_name,
                                               const char *name)
{
    const struct flag *flag = flag_name ? project_flag(project, flag_name) : NULL;
    uint32_t environment = name ? project_environment(project, name) : UINT32_MAX;
    bool known = flag && flag->environments && environment != UINT32_MAX;
    return known && flag->environments[environment].experiment ? &flag->environments[environment]
                                                               : NULL;
}

bool trial_was_made(const struct project *project, const json_t *entry)
{
    const struct targeting *targeting =
        targeting_named(project, json_text_at(entry, "flag"), json_text_at(entry, "environment"));
    const json_t *to = json_object_get(json_object_get(entry, "experiment"), "to");
    const char *state = json_text_at(to, "state");
    if (!targeting || !state)
        return false;
    const struct trial now = trial_of(targeting);
    return strcmp(experiment_state_words[now.state], state) == 0 &&
           is_same(now.winner, json_text_at(to, "winner"));
}

/* ------------------------------------------------------------------------------------- start -- */

bool trial_is_of(const json_t *entry, const char *called, const struct project *project,
                 const struct flag *flag, uint32_t environment)
{
    const char *name = json_text_at(entry, "flag");
    if (!json_object_get(entry, "experiment") || !name || strcmp(name, called) != 0)
        return false;
    const struct targeting *targeting =
        targeting_named(project, flag->name.text, json_text_at(entry, "environment"));
    return targeting &&
           targeting->experiment->node == flag->environments[environment].experiment->node;
}

static bool makes(const json_t *entry, enum experiment_state state)
{
    const json_t *to = json_object_get(json_object_get(entry, "experiment"), "to");
    const char *text = json_text_at(to, "state");
    return text && strcmp(text, experiment_state_words[state]) == 0;
}

static void take_start(struct trial_start *start, const json_t *entry,
                       const struct targeting *targeting, struct arena *arena)
{
    const json_t *then = json_object_get(entry, "experiment");
    const char *time = json_text_at(entry, "time"), *primary = json_text_at(then, "primary");
    const char *digest = json_text_at(then, "primary_digest"), *terms = json_text_at(then, "terms");
    const struct metric *now = targeting->experiment->primary;
    char hex[POLICY_DIGEST] = "";
    if (!time || !parse_time(time, &start->at))
        return;
    start->ran_before = start->found;
    start->found = true;
    start->primary = primary ? arena_format(arena, "%s", primary) : NULL;
    if (now)
        metric_digest(now, hex);
    start->primary_changed =
        !is_same(primary, now ? now->name.text : NULL) || (now && !is_same(digest, hex));
    experiment_digest(targeting, hex);
    start->terms_changed = !is_same(terms, hex);
}

static void take_end(struct trial_start *start, const json_t *entry)
{
    const char *time = json_text_at(entry, "time");
    start->has_ended = makes(entry, EXPERIMENT_CONCLUDED) && time && parse_time(time, &start->end);
}

bool trial_start_find(const struct project *project, const struct flag *flag, uint32_t environment,
                      struct arena *arena, struct trial_start *start, struct buffer *error)
{
    const struct targeting *targeting = &flag->environments[environment];
    struct names_then names = {.count = 0};
    *start = (struct trial_start){.at = INT64_MIN};
    const struct ledger_entries *entries = ledger_look(project->directory, error);
    if (entries)
        names_then_find(&names, entries, flag, arena);
    for (uint32_t i = 0; entries && i < entries->count; i++) {
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        if (json && trial_is_of(json, called, project, flag, environment)) {
            if (makes(json, EXPERIMENT_RUNNING))
                take_start(start, json, targeting, arena);
            take_end(start, json);
        }
        json_decref(json);
    }
    return entries != NULL;
}
