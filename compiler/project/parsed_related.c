/*
 * parsed_related.c - which flags have to do with each other, from the nodes alone: those that
 * depend on a flag, and all that these depend on. See parsed.h.
 */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"
#include "compiler/files/yaml.h"
#include "live_text.h"
#include "parsed.h"

struct relation {
    struct arena *arena;
    struct table flags;   /* by name, to their nodes: all that there are */
    const char **names;   /* of the same */
    struct node **bodies; /* of the same */
    uint32_t flag_count, body_count;
    const struct node **shared; /* conditions that several flags may use, and rollouts */
    uint32_t shared_count;
    struct table chosen;
    const char **found;
    uint32_t found_count;
};

typedef bool name_taker(struct relation *relation, const char *name);

static bool is_key(const struct node *key, const char *name)
{
    return key->count == strlen(name) && memcmp(key->text, name, key->count) == 0;
}

/* Calls `take` with each name that stands for a flag: `requires: {A: on}`, `flag: {A: on}`. */
static bool each_asked(struct relation *relation, const struct node *node, name_taker *take)
{
    for (uint32_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        if (each_asked(relation, node->items[i], take))
            return true;
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        bool asks = is_key(entry->key, "requires") || is_key(entry->key, "flag");
        for (uint32_t j = 0; asks && entry->value->kind == NODE_MAP && j < entry->value->count; j++)
            if (take(relation, entry->value->entries[j].key->text))
                return true;
        /* `max: {flag: NAME}`: the value of another flag. */
        if (asks && entry->value->kind == NODE_SCALAR && take(relation, entry->value->text))
            return true;
        if (each_asked(relation, entry->value, take))
            return true;
    }
    return false;
}

static void choose_name(struct relation *relation, const char *name)
{
    if (table_add(&relation->chosen, relation->arena, name, relation))
        return;
    *ARENA_APPEND(relation->arena, relation->found, relation->found_count) = name;
}

static bool is_chosen(struct relation *relation, const char *name)
{
    return table_get(&relation->chosen, name) != NULL;
}

static bool take_name(struct relation *relation, const char *name)
{
    if (table_get(&relation->flags, name))
        choose_name(relation, name);
    return false;
}

/* Those whose answer may change with the chosen ones, until there are no more. */
static void add_dependents(struct relation *relation)
{
    bool all = false;
    for (uint32_t i = 0; i < relation->shared_count; i++)
        all |= each_asked(relation, relation->shared[i], is_chosen);
    for (uint32_t before = UINT32_MAX; before != relation->found_count;) {
        before = relation->found_count;
        for (uint32_t i = 0; i < relation->flag_count; i++)
            if (!is_chosen(relation, relation->names[i]) &&
                (all || each_asked(relation, relation->bodies[i], is_chosen)))
                choose_name(relation, relation->names[i]);
    }
}

static void add_needed(struct relation *relation)
{
    for (uint32_t i = 0; i < relation->shared_count; i++)
        each_asked(relation, relation->shared[i], take_name);
    for (uint32_t i = 0; i < relation->found_count; i++) {
        const struct node *body = table_get(&relation->flags, relation->found[i]);
        if (body)
            each_asked(relation, body, take_name);
    }
}

static void add_file(struct relation *relation, const struct node *root)
{
    static const char *const shared[] = {"segments", "rollouts", "overrides", NULL};
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++) {
        const struct entry *entry = &root->entries[i];
        for (size_t j = 0; shared[j]; j++)
            if (strcmp(shared[j], entry->key->text) == 0)
                *ARENA_APPEND(relation->arena, relation->shared, relation->shared_count) =
                    entry->value;
        if (strcmp(entry->key->text, "flags") != 0 || entry->value->kind != NODE_MAP)
            continue;
        for (uint32_t j = 0; j < entry->value->count; j++) {
            const struct entry *flag = &entry->value->entries[j];
            table_add(&relation->flags, relation->arena, flag->key->text, flag->value);
            *ARENA_APPEND(relation->arena, relation->names, relation->flag_count) = flag->key->text;
            *ARENA_APPEND(relation->arena, relation->bodies, relation->body_count) = flag->value;
        }
    }
}

static const struct file_text *text_for(const struct file_text *texts, uint32_t count,
                                        const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(texts[i].name, name) == 0)
            return &texts[i];
    return NULL;
}

static const struct node *root_of(const struct parsed *parsed, const struct file_text *text,
                                  struct arena *arena)
{
    if (text->live)
        return text->live->document.root;
    const struct node *root = text->text ? parsed_text(parsed, text) : NULL;
    return !root && text->text ? yaml_parse(arena, text->text, text->length) : root;
}

static void add_files(struct relation *relation, const struct parsed *parsed,
                      const struct file_text *texts, uint32_t text_count)
{
    const struct sources *sources = parsed_sources(parsed);
    for (uint32_t i = 0; i < sources->count; i++)
        if (!text_for(texts, text_count, sources->items[i].name))
            add_file(relation, parsed_root(parsed, i));
    for (uint32_t i = 0; i < text_count; i++)
        add_file(relation, root_of(parsed, &texts[i], relation->arena));
}

const char **parsed_related(const struct parsed *parsed, enum relatives relatives,
                            const struct file_text *texts, uint32_t text_count,
                            const char *const *names, uint32_t name_count, struct arena *arena,
                            uint32_t *count)
{
    struct relation relation = {.arena = arena};
    add_files(&relation, parsed, texts, text_count);
    for (uint32_t i = 0; i < name_count; i++)
        choose_name(&relation, names[i]);
    if (relatives == RELATIVES_ALL)
        add_dependents(&relation);
    add_needed(&relation);
    *count = relation.found_count;
    return relation.found;
}
