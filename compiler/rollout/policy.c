/* policy.c - see policy.h. */
#include "policy.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

/* ------------------------------------------------------------------------------------ digest -- */

static void hash_text(crypto_generichash_state *state, const char *text)
{
    crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
}

static void hash_node(crypto_generichash_state *state, const struct node *node)
{
    if (!node)
        return;
    char shape[32];
    snprintf(shape, sizeof shape, "%d %d %u", node->kind, node->plain, node->count);
    hash_text(state, shape);
    if (node->kind == NODE_SCALAR)
        hash_text(state, node->text);
    for (uint32_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        hash_node(state, node->items[i]);
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        hash_text(state, node->entries[i].key->text);
        hash_node(state, node->entries[i].value);
    }
}

static void hash_keys(crypto_generichash_state *state, const struct node *map,
                      const char *const *keys)
{
    for (; *keys; keys++) {
        hash_text(state, *keys);
        hash_node(state, node_get(map, *keys));
    }
}

/* What flags that are thresholds say: their names are in the nodes. */
static void hash_thresholds(crypto_generichash_state *state, const struct criteria *criteria)
{
    for (uint32_t i = 0; i < criteria->count; i++)
        if (criteria->items[i].of_flag)
            hash_text(state, criteria->items[i].written.text);
}

static void finish(crypto_generichash_state *state, char hex[POLICY_DIGEST])
{
    unsigned char hash[(POLICY_DIGEST - 1) / 2];
    crypto_generichash_final(state, hash, sizeof hash);
    sodium_bin2hex(hex, POLICY_DIGEST, hash, sizeof hash);
}

void policy_digest(const struct targeting *targeting, const char *stage, char hex[POLICY_DIGEST])
{
    static const char *const of_canary[] = {"serve", "guards", "advance_when", "instant", NULL};
    static const char *const of_stage[] = {"percent",      "if",          "guards",
                                           "advance_when", "min_samples", NULL};
    const struct canary *canary = targeting->canary;
    const struct node *stages = node_get(canary->whole, "stages");
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, (POLICY_DIGEST - 1) / 2);
    hash_text(&state, targeting->salt);
    hash_text(&state, targeting->bucket_by ? targeting->bucket_by->text : "");
    hash_keys(&state, canary->whole, of_canary);
    hash_thresholds(&state, &canary->guards);
    hash_thresholds(&state, &canary->advance_when);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        if (strcmp(canary->stages[i].name.text, stage) != 0)
            continue;
        hash_keys(&state, stages->items[i], of_stage);
        hash_thresholds(&state, &canary->stages[i].guards);
        hash_thresholds(&state, &canary->stages[i].advance_when);
    }
    finish(&state, hex);
}

static void hash_metric(crypto_generichash_state *state, const struct metric *metric)
{
    static const char *const keys[] = {
        "kind",      "better", "where",       "log",      "of", "value",     "per",    "agg",
        "numerator", "cap",    "denominator", "accuracy", "q",  "winsorize", "method", NULL};
    hash_text(state, metric->name.text);
    if (metric->node)
        hash_keys(state, metric->node, keys);
}

void metric_digest(const struct metric *metric, char hex[POLICY_DIGEST])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, (POLICY_DIGEST - 1) / 2);
    hash_metric(&state, metric);
    finish(&state, hex);
}

void experiment_digest(const struct targeting *targeting, char hex[POLICY_DIGEST])
{
    static const char *const keys[] = {
        "split",       "control",      "traffic",  "if",    "primary", "metrics", "guards",
        "min_samples", "min_duration", "method",   "looks", "alpha",   "mde",     "cuped",
        "whole_weeks", "aa",           "stratify", "zone",  NULL};
    const struct experiment *experiment = targeting->experiment;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, (POLICY_DIGEST - 1) / 2);
    hash_text(&state, targeting->salt);
    hash_text(&state, targeting->bucket_by ? targeting->bucket_by->text : "");
    hash_keys(&state, experiment->node, keys);
    if (experiment->primary)
        hash_metric(&state, experiment->primary);
    for (uint32_t i = 0; i < experiment->metric_count; i++)
        hash_metric(&state, experiment->metrics[i]);
    for (uint32_t i = 0; i < experiment->guards.count; i++)
        hash_metric(&state, experiment->guards.items[i].metric);
    hash_thresholds(&state, &experiment->guards);
    finish(&state, hex);
}

/* ------------------------------------------------------------------------------------ ledger -- */

/* The environment of an entry with a digest for this stage, that is, one that started or continued
 * it; otherwise NULL. */
static const struct targeting *entry_digest(json_t *entry, const char *called,
                                            const struct project *project, const struct flag *flag,
                                            const struct canary *canary, const char **digest)
{
    const char *name, *where, *stage, *since;
    int64_t began;
    if (json_unpack(entry, "{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "flag", &name, "environment",
                    &where, "to", "stage", &stage, "since", &since, "digests", "policy",
                    digest) != 0 ||
        strcmp(name, called) != 0 || strcmp(stage, canary->stages[canary->stage].name.text) != 0 ||
        !parse_time(since, &began) || began != canary->since)
        return NULL;
    uint32_t environment = project_environment(project, where);
    const struct targeting *targeting =
        environment == UINT32_MAX ? NULL : &flag->environments[environment];
    bool shared = targeting && targeting->canary && targeting->canary->node == canary->node;
    return shared ? targeting : NULL;
}

bool policy_changed(const struct project *project, const struct flag *flag, uint32_t environment)
{
    const struct canary *canary = flag->environments[environment].canary;
    struct buffer problem = {0};
    bool changed = false;
    const struct ledger_entries *entries = ledger_look(project->directory, &problem);
    if (!entries) {
        print_warning("%s: whether the stage was edited is not known", problem.bytes);
        buffer_release(&problem);
        return false;
    }
    struct arena arena = {0};
    struct names_then names;
    names_then_find(&names, entries, flag, &arena);
    for (uint32_t i = 0; i < entries->count; i++) {
        const char *then, *called;
        char now[POLICY_DIGEST];
        json_t *json = ledger_json_of(entries, i, &names, &called);
        const struct targeting *targeting =
            json ? entry_digest(json, called, project, flag, canary, &then) : NULL;
        if (targeting) {
            policy_digest(targeting, canary->stages[canary->stage].name.text, now);
            changed = strcmp(then, now) != 0;
        }
        json_decref(json);
    }
    arena_release(&arena);
    return changed;
}
