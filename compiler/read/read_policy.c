/*
 * read_policy.c - another canary block for a flag, from a separate file.
 *
 * The file is either definitions with that flag, or a fragment with `canary` at the top level. Its
 * block replaces the flag's, and its metrics replace those of the same name; the rest of the file
 * is ignored. Nodes know where they come from, so mistakes are shown in their own file.
 */
#include <string.h>

#include "compiler/base/arena.h"
#include "policy_file.h"
#include "read_files.h"
#include "reader.h"

static struct node *map_at(const struct node *map, const char *key)
{
    struct node *value = map && map->kind == NODE_MAP ? node_get(map, key) : NULL;
    return value && value->kind == NODE_MAP ? value : NULL;
}

static struct entry *entry_of(const struct node *map, const char *key)
{
    for (uint32_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    return NULL;
}

static const struct node *own_of(const struct node *flag, const char *environment)
{
    return map_at(map_at(flag, "environments"), environment);
}

static const struct entry *find_canary(const struct node *root, const struct policy_file *policy)
{
    const struct node *flag = map_at(map_at(root, "flags"), policy->flag);
    const struct entry *found = entry_of(own_of(flag, policy->environment), "canary");
    if (!found)
        found = entry_of(flag, "canary");
    return found ? found : entry_of(root, "canary");
}

static void replace_canary(struct reader *reader, struct node *flag, const char *environment,
                           const struct entry *canary)
{
    struct entry *old = entry_of(own_of(flag, environment), "canary");
    if (!old)
        old = entry_of(flag, "canary");
    if (old) {
        *old = *canary;
        return;
    }
    struct entry *entries = ARENA_ARRAY(reader->arena, struct entry, flag->count + 1);
    memcpy(entries, flag->entries, flag->count * sizeof *entries);
    entries[flag->count++] = *canary;
    flag->entries = entries;
}

static void remove_metrics(struct node *metrics, const struct node *others)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; metrics && i < metrics->count; i++)
        if (!entry_of(others, metrics->entries[i].key->text))
            metrics->entries[kept++] = metrics->entries[i];
    if (metrics)
        metrics->count = kept;
}

static void keep_metrics_alone(struct reader *reader, struct document *document)
{
    const struct entry *metrics = entry_of(document->root, "metrics");
    struct node *root = ARENA_NEW(reader->arena, struct node);
    *root = *document->root;
    root->entries = ARENA_NEW(reader->arena, struct entry);
    root->count = metrics != NULL;
    if (metrics)
        root->entries[0] = *metrics;
    document->root = root;
}

void put_policy(struct reader *reader, struct document *documents, uint32_t count)
{
    struct policy_file *policy = reader->policy;
    struct document *document = &documents[count - 1];
    const struct entry *canary = find_canary(document->root, policy);
    policy->found = canary != NULL;
    if (!canary) {
        document->root = NULL;
        return;
    }
    for (uint32_t i = 0; i + 1 < count; i++) {
        struct node *flag = map_at(map_at(documents[i].root, "flags"), policy->flag);
        if (flag)
            replace_canary(reader, flag, policy->environment, canary);
        remove_metrics(map_at(documents[i].root, "metrics"), map_at(document->root, "metrics"));
    }
    keep_metrics_alone(reader, document);
}
