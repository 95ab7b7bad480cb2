/* edit_references.c - see edit_references.h. */
#include "edit_references.h"

#include <string.h>

#include "compiler/base/match.h"

struct search {
    const char *flag;
    const char *other; /* by patterns that select one of the two; NULL: by name */
    uint32_t skip;     /* still to be left out */
    struct reference *found;
    bool done;
};

static bool hit(struct search *search, const struct reference *reference)
{
    if (search->skip > 0) {
        search->skip--;
        return false;
    }
    *search->found = *reference;
    search->done = true;
    return true;
}

/* ----------------------------------------------------------- where one flag asks for another -- */

/* What asks, and who it is, for people. */
struct asker {
    struct search *search;
    struct edited *file;
    const char *who;
};
typedef bool node_search(const struct asker *asker, const struct node *node);

static bool each_item(const struct asker *asker, const struct node *list, node_search *search)
{
    for (uint32_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
        if (search(asker, list->items[i]))
            return true;
    return false;
}

static const struct node *key_of(const struct node *node, const char *key)
{
    return node && node->kind == NODE_MAP ? node_get(node, key) : NULL;
}

static bool is_name(const struct asker *asker, const struct node *name)
{
    const struct reference reference = {
        .kind = REFERENCE_ASKS, .file = asker->file, .name = name, .who = asker->who};
    return name && name->kind == NODE_SCALAR && strcmp(name->text, asker->search->flag) == 0 &&
           hit(asker->search, &reference);
}

/* `{FLAG: on}`. */
static bool in_keys(const struct asker *asker, const struct node *node)
{
    for (uint32_t i = 0; node && node->kind == NODE_MAP && i < node->count; i++)
        if (is_name(asker, node->entries[i].key))
            return true;
    return false;
}

/* Any other key is an attribute, whatever it is called. */
static bool in_condition(const struct asker *asker, const struct node *node)
{
    for (uint32_t i = 0; node && node->kind == NODE_MAP && i < node->count; i++) {
        const char *key = node->entries[i].key->text;
        const struct node *value = node->entries[i].value;
        bool lists = strcmp(key, "any") == 0 || strcmp(key, "all") == 0;
        if ((lists && each_item(asker, value, in_condition)) ||
            (strcmp(key, "not") == 0 && in_condition(asker, value)) ||
            (strcmp(key, "flag") == 0 && in_keys(asker, value)))
            return true;
    }
    return false;
}

static bool in_if(const struct asker *asker, const struct node *node)
{
    return in_condition(asker, key_of(node, "if"));
}

/* `{metric: errors, max: {flag: FLAG}}`. */
static bool in_criterion(const struct asker *asker, const struct node *node)
{
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
        if (is_name(asker, key_of(node->entries[i].value, "flag")))
            return true;
    return false;
}

/* Of a canary, a rollout, a stage, an experiment. */
static bool in_block(const struct asker *asker, const struct node *node)
{
    return in_if(asker, node) || each_item(asker, key_of(node, "stages"), in_block) ||
           each_item(asker, key_of(node, "guards"), in_criterion) ||
           each_item(asker, key_of(node, "advance_when"), in_criterion);
}

static bool in_step(const struct asker *asker, const struct node *node)
{
    return in_if(asker, key_of(node, "override"));
}

/* Of a flag, in all environments or in one. Names of variants and of environments are no keys. */
static bool in_flag(const struct asker *asker, const struct node *node)
{
    const struct node *replaced = key_of(node, "value_overrides");
    const struct node *environments = key_of(node, "environments");
    if (in_keys(asker, key_of(node, "requires")) ||
        each_item(asker, key_of(node, "rules"), in_if) || in_block(asker, key_of(node, "canary")) ||
        in_block(asker, key_of(node, "experiment")) ||
        each_item(asker, key_of(node, "rollback"), in_step))
        return true;
    for (uint32_t i = 0; replaced && replaced->kind == NODE_MAP && i < replaced->count; i++)
        if (each_item(asker, replaced->entries[i].value, in_if))
            return true;
    for (uint32_t i = 0; environments && environments->kind == NODE_MAP && i < environments->count;
         i++)
        if (in_flag(asker, environments->entries[i].value))
            return true;
    return false;
}

static bool in_named(struct search *search, struct edited *file, const struct entry *section,
                     node_search *in)
{
    for (uint32_t i = 0; section->value->kind == NODE_MAP && i < section->value->count; i++) {
        const struct entry *entry = &section->value->entries[i];
        const struct asker asker = {search, file, entry->key->text};
        if (in(&asker, entry->value))
            return false;
    }
    return true;
}

static bool in_segments(struct edits *edits, struct edited *file, const struct entry *section,
                        void *user)
{
    (void)edits;
    return in_named(user, file, section, in_if);
}

static bool in_rollouts(struct edits *edits, struct edited *file, const struct entry *section,
                        void *user)
{
    (void)edits;
    return in_named(user, file, section, in_block);
}

static bool in_flags_section(struct edits *edits, struct edited *file, const struct entry *section,
                             void *user)
{
    (void)edits;
    return in_named(user, file, section, in_flag);
}

/* -------------------------------------------------------------------------- tests, overrides -- */

static bool in_tests(struct edits *edits, struct edited *file, const struct entry *section,
                     void *user)
{
    struct search *search = user;
    (void)edits;
    for (uint32_t i = 0; section->value->kind == NODE_LIST && i < section->value->count; i++) {
        const struct node *test = section->value->items[i];
        const struct node *name = test->kind == NODE_MAP ? node_get(test, "flag") : NULL;
        const struct reference reference = {
            .kind = REFERENCE_TEST, .file = file, .name = name, .list = section, .index = i};
        if (name && name->kind == NODE_SCALAR && strcmp(name->text, search->flag) == 0 &&
            hit(search, &reference))
            return false;
    }
    return true;
}

static bool is_meant(const struct search *search, const char *name)
{
    if (!search->other)
        return strcmp(name, search->flag) == 0;
    return strcmp(name, search->flag) != 0 && strcmp(name, search->other) != 0 &&
           !glob_problem(name) && match_name(name, search->flag) != match_name(name, search->other);
}

static bool in_names(struct search *search, struct reference *reference, const struct node *node)
{
    uint32_t count = node->kind == NODE_LIST ? node->count : node->kind == NODE_SCALAR;
    for (uint32_t i = 0; i < count; i++) {
        reference->name = node->kind == NODE_LIST ? node->items[i] : node;
        if (reference->name->kind == NODE_SCALAR && is_meant(search, reference->name->text) &&
            hit(search, reference))
            return true;
    }
    return false;
}

/* Of an override, at the top or in a plan. */
static bool in_flags(struct search *search, struct reference *reference)
{
    const struct node *override = reference->select;
    for (uint32_t i = 0; override->kind == NODE_MAP && i < override->count; i++) {
        reference->names = &override->entries[i];
        if (strcmp(reference->names->key->text, "flags") == 0 &&
            in_names(search, reference, reference->names->value))
            return true;
    }
    return false;
}

static bool in_overrides(struct edits *edits, struct edited *file, const struct entry *section,
                         void *user)
{
    struct search *search = user;
    (void)edits;
    for (uint32_t i = 0; section->value->kind == NODE_LIST && i < section->value->count; i++) {
        const struct node *override = section->value->items[i];
        const struct asker asker = {search, file, "an override"};
        struct reference reference = {.kind = REFERENCE_OVERRIDE,
                                      .file = file,
                                      .list = section,
                                      .index = i,
                                      .select = override};
        if (in_flags(search, &reference) || (!search->other && in_if(&asker, override)))
            return false;
    }
    return true;
}

/* `rollback: [{override: {flags: [FLAG]}}]`, of any flag. */
static bool in_plans(struct edits *edits, struct edited *file, const struct entry *section,
                     void *user)
{
    struct search *search = user;
    (void)edits;
    for (uint32_t i = 0; section->value->kind == NODE_MAP && i < section->value->count; i++) {
        const struct node *flag = section->value->entries[i].value;
        for (uint32_t j = 0; flag->kind == NODE_MAP && j < flag->count; j++) {
            const struct entry *plan = &flag->entries[j];
            if (strcmp(plan->key->text, "rollback") != 0 || plan->value->kind != NODE_LIST)
                continue;
            for (uint32_t k = 0; k < plan->value->count; k++) {
                const struct node *step = plan->value->items[k];
                struct reference reference = {
                    .kind = REFERENCE_OVERRIDE,
                    .file = file,
                    .list = plan,
                    .index = k,
                    .owner = flag,
                    .who = section->value->entries[i].key->text,
                    .select = step->kind == NODE_MAP ? node_get(step, "override") : NULL};
                if (reference.select && in_flags(search, &reference))
                    return false;
            }
        }
    }
    return true;
}

bool find_reference(struct edits *edits, const char *flag, uint32_t skip,
                    struct reference *reference)
{
    struct search search = {.flag = flag, .skip = skip, .found = reference};
    edits_each_section(edits, "segments", in_segments, &search);
    if (!search.done)
        edits_each_section(edits, "rollouts", in_rollouts, &search);
    if (!search.done)
        edits_each_section(edits, "flags", in_flags_section, &search);
    if (!search.done)
        edits_each_section(edits, "flags", in_plans, &search);
    if (!search.done)
        edits_each_section(edits, "overrides", in_overrides, &search);
    if (!search.done)
        edits_each_section(edits, "tests", in_tests, &search);
    return search.done;
}

bool find_pattern(struct edits *edits, const char *flag, const char *other, uint32_t skip,
                  struct reference *reference)
{
    struct search search = {.flag = flag, .other = other, .skip = skip, .found = reference};
    edits_each_section(edits, "flags", in_plans, &search);
    if (!search.done)
        edits_each_section(edits, "overrides", in_overrides, &search);
    return search.done;
}
