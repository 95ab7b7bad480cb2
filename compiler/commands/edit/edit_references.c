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

/* Where names of keys are somebody's own. */
static bool is_data(const char *key)
{
    static const char *const keys[] = {"metadata", "variants", "value", "value_overrides", NULL};
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* `requires: {FLAG: on}`, `flag: {FLAG: on}`, `max: {flag: FLAG}`, anywhere in a node. */
static bool find_asked(struct search *search, struct edited *file, const struct node *node,
                       const char *who)
{
    for (uint32_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        if (find_asked(search, file, node->items[i], who))
            return true;
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        const struct node *value = entry->value;
        if (is_data(entry->key->text))
            continue;
        bool asks = strcmp(entry->key->text, "requires") == 0 || !strcmp(entry->key->text, "flag");
        const struct reference reference = {.kind = REFERENCE_ASKS, .file = file, .who = who};
        for (uint32_t j = 0; asks && value->kind == NODE_MAP && j < value->count; j++) {
            struct reference one = reference;
            one.name = value->entries[j].key;
            if (strcmp(one.name->text, search->flag) == 0 && hit(search, &one))
                return true;
        }
        if (asks && value->kind == NODE_SCALAR && strcmp(value->text, search->flag) == 0) {
            struct reference one = reference;
            one.name = value;
            if (hit(search, &one))
                return true;
        }
        if (find_asked(search, file, value, who))
            return true;
    }
    return false;
}

static bool in_definitions(struct edits *edits, struct edited *file, const struct entry *section,
                           void *user)
{
    struct search *search = user;
    (void)edits;
    for (uint32_t i = 0; section->value->kind == NODE_MAP && i < section->value->count; i++) {
        const struct entry *entry = &section->value->entries[i];
        if (find_asked(search, file, entry->value, entry->key->text))
            return false;
    }
    return true;
}

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
        const struct node *condition = override->kind == NODE_MAP ? node_get(override, "if") : NULL;
        struct reference reference = {.kind = REFERENCE_OVERRIDE,
                                      .file = file,
                                      .list = section,
                                      .index = i,
                                      .select = override};
        if (in_flags(search, &reference) ||
            (condition && !search->other && find_asked(search, file, condition, "an override")))
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
    static const char *const sections[] = {"segments", "rollouts", "flags"};
    for (size_t i = 0; i < 3 && !search.done; i++)
        edits_each_section(edits, sections[i], in_definitions, &search);
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
