/* policy.c - see policy.h. */
#include "policy.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/options.h"
#include "ledger.h"

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

void policy_digest(const struct subject *subject, const char *stage, char hex[POLICY_DIGEST])
{
    static const char *const of_canary[] = {"serve", "guards", "advance_when", "instant", NULL};
    static const char *const of_stage[] = {"percent",      "if",          "guards",
                                           "advance_when", "min_samples", NULL};
    const struct canary *canary = subject->canary;
    const struct targeting *targeting = subject->targeting;
    const struct node *stages = node_get(canary->node, "stages");
    crypto_generichash_state state;
    unsigned char hash[(POLICY_DIGEST - 1) / 2];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    hash_text(&state, targeting->salt);
    hash_text(&state, targeting->bucket_by ? targeting->bucket_by->name.text : "");
    hash_keys(&state, canary->node, of_canary);
    for (uint32_t i = 0; i < canary->stage_count; i++)
        if (strcmp(canary->stages[i].name.text, stage) == 0)
            hash_keys(&state, stages->items[i], of_stage);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, POLICY_DIGEST, hash, sizeof hash);
}

/* ------------------------------------------------------------------------------------ ledger -- */

/* The digest of this stage in a line of the ledger, if it began the stage or went on with it. */
static bool line_digest(const char *line, size_t length, const struct subject *subject,
                        const char *environment, char hex[POLICY_DIGEST])
{
    const char *flag, *where, *stage, *since, *digest;
    int64_t began;
    json_t *json = json_loadb(line, length, 0, NULL);
    bool about =
        json &&
        json_unpack(json, "{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "flag", &flag, "environment", &where,
                    "to", "stage", &stage, "since", &since, "digests", "policy", &digest) == 0 &&
        strcmp(flag, subject->flag->name.text) == 0 && strcmp(where, environment) == 0 &&
        strcmp(stage, subject->canary->stages[subject->canary->stage].name.text) == 0 &&
        parse_time(since, &began) && began == subject->canary->since;
    if (about)
        snprintf(hex, POLICY_DIGEST, "%s", digest);
    json_decref(json);
    return about;
}

bool policy_changed(const char *directory, const struct subject *subject, const char *environment)
{
    char then[POLICY_DIGEST] = "", now[POLICY_DIGEST];
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, LEDGER_FILE) < 0)
        return false;
    FILE *file = fopen(path, "re");
    free(path);
    if (!file)
        return false;
    while ((length = getline(&line, &size, file)) > 0)
        line_digest(line, (size_t)length, subject, environment, then);
    free(line);
    fclose(file);
    policy_digest(subject, subject->canary->stages[subject->canary->stage].name.text, now);
    return *then && strcmp(then, now) != 0;
}
