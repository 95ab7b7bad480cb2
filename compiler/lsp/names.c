/* names.c - see names.h. */
#include "names.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/files/yaml.h"
#include "grammar.h"

const char *const named_words[NAMED_COUNT] = {
    [NAMED_NOTHING] = "",
    [NAMED_FLAG] = "flag",
    [NAMED_VARIANT] = "variant",
    [NAMED_SEGMENT] = "segment",
    [NAMED_ATTRIBUTE] = "attribute",
    [NAMED_METRIC] = "metric",
    [NAMED_LOG] = "log",
    [NAMED_LAYER] = "layer",
    [NAMED_HOLDOUT] = "holdout",
    [NAMED_ROLLOUT] = "rollout",
    [NAMED_STAGE] = "stage",
    [NAMED_ENVIRONMENT] = "environment",
};

static const char *const declaring[NAMED_COUNT] = {
    [NAMED_FLAG] = "flags",       [NAMED_SEGMENT] = "segments", [NAMED_ATTRIBUTE] = "attributes",
    [NAMED_METRIC] = "metrics",   [NAMED_LOG] = "logs",         [NAMED_LAYER] = "layers",
    [NAMED_HOLDOUT] = "holdouts", [NAMED_ROLLOUT] = "rollouts",
};

const char *name_section(enum named kind)
{
    return declaring[kind];
}

static enum named declared_in(const char *section)
{
    for (int kind = NAMED_FLAG; kind < NAMED_COUNT; kind++)
        if (declaring[kind] && strcmp(declaring[kind], section) == 0)
            return (enum named)kind;
    return NAMED_NOTHING;
}

static bool is_of_flag(enum named kind)
{
    return kind == NAMED_VARIANT || kind == NAMED_STAGE;
}

bool name_is_same(const struct name *left, const struct name *right)
{
    if (left->kind != right->kind || strcmp(left->text, right->text) != 0)
        return false;
    return !is_of_flag(left->kind) || !left->flag || !right->flag ||
           strcmp(left->flag, right->flag) == 0;
}

static const char *text_at(const struct node *map, const char *key)
{
    const struct node *value = map->kind == NODE_MAP ? node_get(map, key) : NULL;
    return value && value->kind == NODE_SCALAR ? value->text : NULL;
}

/* ----------------------------------------------------------------------------- all of a file -- */

struct walk {
    name_taker *take;
    void *user;
};

/* What the names of a node are about. */
struct about {
    const char *flag;
    enum named declares; /* the keys of the mapping are declared */
    bool stages;         /* it is the list of a canary's */
};

static bool is_name(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->count > 0 && strcmp(node->text, "null") != 0 &&
           strcmp(node->text, "~") != 0;
}

static void take_kinds(const struct walk *walk, const struct node *node, uint32_t named,
                       const struct about *about)
{
    for (int kind = NAMED_FLAG; kind < NAMED_COUNT && is_name(node); kind++) {
        const struct name_use use = {{(enum named)kind, node->text, about->flag}, node, false};
        if (grammar_names(named, (enum named)kind))
            walk->take(&use, walk->user);
    }
}

static void take_definition(const struct walk *walk, enum named kind, const struct node *node,
                            const char *flag)
{
    const struct name_use use = {{kind, node->text, flag}, node, true};
    if (is_name(node))
        walk->take(&use, walk->user);
}

static void walk_node(const struct walk *walk, const struct node *node,
                      const struct grammar_place *place, struct about about);

static void walk_entry(const struct walk *walk, const struct node *map, const struct entry *entry,
                       const struct grammar_place *place, struct about about)
{
    const char *key = entry->key->text;
    struct grammar_place below = grammar_key(place, key);
    struct about next = {.flag = about.flag};
    (void)map;
    if (about.declares != NAMED_NOTHING)
        take_definition(walk, about.declares, entry->key,
                        about.declares == NAMED_VARIANT ? about.flag : NULL);
    else if (!below.of_fields || !grammar_names(below.key_named, NAMED_ATTRIBUTE))
        take_kinds(walk, entry->key, below.key_named, &about);
    if (about.declares == NAMED_FLAG || grammar_names(below.key_named, NAMED_FLAG))
        next.flag = key;
    if (strcmp(key, "variants") == 0 && about.flag)
        next.declares = NAMED_VARIANT;
    next.stages = strcmp(key, "stages") == 0;
    if (about.stages && strcmp(key, "name") == 0)
        take_definition(walk, NAMED_STAGE, entry->value, about.flag);
    else
        walk_node(walk, entry->value, &below, next);
}

static void walk_node(const struct walk *walk, const struct node *node,
                      const struct grammar_place *place, struct about about)
{
    if (node->kind == NODE_SCALAR)
        take_kinds(walk, node, place->named, &about);
    const struct grammar_place item = node->kind == NODE_LIST ? grammar_item(place) : *place;
    for (uint32_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        walk_node(walk, node->items[i], &item, about);
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
        walk_entry(walk, node, &node->entries[i], place, about);
}

/* An override names flags, and what they serve. */
static const char *only_flag(const struct node *item)
{
    const struct node *flags = item->kind == NODE_MAP ? node_get(item, "flags") : NULL;
    if (flags && flags->kind == NODE_LIST && flags->count == 1)
        flags = flags->items[0];
    return flags && flags->kind == NODE_SCALAR ? flags->text : NULL;
}

void names_in(const struct node *root, name_taker *take, void *user)
{
    const struct walk walk = {take, user};
    const struct grammar_place top = grammar_top();
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++) {
        const struct entry *section = &root->entries[i];
        const struct grammar_place place = grammar_key(&top, section->key->text);
        struct about about = {.declares = declared_in(section->key->text)};
        const struct node *list = section->value;
        if (about.declares != NAMED_NOTHING || list->kind != NODE_LIST) {
            walk_node(&walk, list, &place, about);
            continue;
        }
        const struct grammar_place item = grammar_item(&place);
        for (uint32_t j = 0; j < list->count; j++) {
            about.flag = text_at(list->items[j], "flag");
            if (!about.flag)
                about.flag = only_flag(list->items[j]);
            walk_node(&walk, list->items[j], &item, about);
        }
    }
}

/* -------------------------------------------------------------------------------- the cursor -- */

static const struct node *section_in(const struct node *root, const char *name)
{
    return root && root->kind == NODE_MAP ? node_get(root, name) : NULL;
}

/* Of the test or override that the cursor is in. */
static const char *flag_of_item(const struct node *root, const char *section, size_t offset)
{
    const struct node *list = section_in(root, section);
    for (uint32_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
        const struct node *item = list->items[i];
        if (offset < item->span.begin || offset > item->span.end)
            continue;
        const char *flag = text_at(item, "flag");
        return flag ? flag : only_flag(item);
    }
    return NULL;
}

static const char *flag_at(const struct cursor *cursor, const struct node *root)
{
    uint32_t depth = cursor->depth;
    while (depth > 0 && !cursor->steps[depth - 1])
        depth--;
    const char *above = depth > 1 ? cursor->steps[depth - 2] : NULL;
    if (above && (strcmp(above, "requires") == 0 || strcmp(above, "flag") == 0))
        return cursor->steps[depth - 1];
    if (cursor->depth == 0 || !cursor->steps[0])
        return NULL;
    if (strcmp(cursor->steps[0], "flags") == 0)
        return cursor->depth > 1 ? cursor->steps[1] : NULL;
    return flag_of_item(root, cursor->steps[0], cursor->begin);
}

static enum named first_of(uint32_t named)
{
    for (int kind = NAMED_FLAG; kind < NAMED_COUNT; kind++)
        if (grammar_names(named, (enum named)kind))
            return (enum named)kind;
    return NAMED_NOTHING;
}

static bool ends_in(const struct cursor *cursor, uint32_t skip, const char *key)
{
    const char *step = cursor->depth > skip ? cursor->steps[cursor->depth - 1 - skip] : NULL;
    return step && strcmp(step, key) == 0;
}

struct name name_at(const struct cursor *cursor, const struct node *root, struct arena *arena)
{
    struct name name = {.text = cursor->text, .flag = flag_at(cursor, root)};
    const struct grammar_place place = grammar_below(cursor->steps, cursor->depth);
    (void)arena;
    if (cursor->at == CURSOR_KEY || (cursor->at == CURSOR_ITEM && cursor->followed)) {
        const struct grammar_place below = grammar_key(&place, cursor->text);
        bool field = below.of_fields && grammar_names(below.key_named, NAMED_ATTRIBUTE);
        name.kind = field ? NAMED_NOTHING : first_of(below.key_named);
        if (cursor->depth == 1 && cursor->steps[0])
            name.kind = declared_in(cursor->steps[0]);
        else if (ends_in(cursor, 0, "variants") && name.flag)
            name.kind = NAMED_VARIANT;
    } else if (cursor->at == CURSOR_VALUE || cursor->at == CURSOR_ITEM) {
        name.kind = first_of(place.named);
        if (cursor->at == CURSOR_VALUE && ends_in(cursor, 0, "name") &&
            ends_in(cursor, 2, "stages"))
            name.kind = NAMED_STAGE;
    }
    return name;
}

/* ------------------------------------------------------------------------------- definitions -- */

struct search {
    const struct name *name;
    const struct node *found;
    name_lister *take;
    void *user;
};

static void meet(struct search *search, const struct node *name, const struct node *body)
{
    if (name->kind != NODE_SCALAR)
        return;
    if (search->take)
        search->take(name->text, body, search->user);
    else if (!search->found && strcmp(name->text, search->name->text) == 0)
        search->found = name;
}

static void meet_keys(struct search *search, const struct node *map)
{
    for (uint32_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
        meet(search, map->entries[i].key, map->entries[i].value);
}

static void meet_stages(struct search *search, const struct node *canary)
{
    const struct node *stages =
        canary && canary->kind == NODE_MAP ? node_get(canary, "stages") : NULL;
    for (uint32_t i = 0; stages && stages->kind == NODE_LIST && i < stages->count; i++) {
        const struct node *item = stages->items[i];
        const struct node *name = item->kind == NODE_MAP ? node_get(item, "name") : NULL;
        if (name)
            meet(search, name, item);
    }
}

/* `stages` and `variants` stand with the flag, or in one of its environments. */
static void meet_in_flag(struct search *search, const struct node *body)
{
    if (body->kind != NODE_MAP)
        return;
    const struct node *environments = node_get(body, "environments");
    if (search->name->kind == NAMED_VARIANT)
        meet_keys(search, node_get(body, "variants"));
    else
        meet_stages(search, node_get(body, "canary"));
    for (uint32_t i = 0; search->name->kind == NAMED_STAGE && environments &&
                         environments->kind == NODE_MAP && i < environments->count;
         i++)
        if (environments->entries[i].value->kind == NODE_MAP)
            meet_stages(search, node_get(environments->entries[i].value, "canary"));
}

static void meet_of_flag(struct search *search, const struct node *root)
{
    const struct node *flags = section_in(root, "flags");
    const struct node *body = flags && flags->kind == NODE_MAP && search->name->flag
                                  ? node_get(flags, search->name->flag)
                                  : NULL;
    if (body)
        meet_in_flag(search, body);
    const struct node *rollouts = section_in(root, "rollouts");
    for (uint32_t i = 0; search->name->kind == NAMED_STAGE && rollouts &&
                         rollouts->kind == NODE_MAP && i < rollouts->count;
         i++)
        meet_stages(search, rollouts->entries[i].value);
}

static void meet_in(struct search *search, const struct node *root)
{
    const char *section = declaring[search->name->kind];
    if (section) {
        meet_keys(search, section_in(root, section));
    } else if (search->name->kind == NAMED_ENVIRONMENT) {
        const struct node *project = section_in(root, "project");
        const struct node *list =
            project && project->kind == NODE_MAP ? node_get(project, "environments") : NULL;
        for (uint32_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
            meet(search, list->items[i], list->items[i]);
    } else if (is_of_flag(search->name->kind)) {
        meet_of_flag(search, root);
    }
}

bool name_find(const struct workspace *workspace, const struct name *name, struct name_place *place)
{
    uint32_t count = workspace_file_count(workspace);
    for (uint32_t i = 0; name->kind != NAMED_NOTHING && i < count; i++) {
        struct search search = {.name = name};
        const struct workspace_file file = workspace_file(workspace, i);
        meet_in(&search, file.root);
        if (search.found) {
            *place = (struct name_place){file, search.found};
            return true;
        }
    }
    /* `on` and `off` of a boolean flag need not be written. */
    const struct name flag = {NAMED_FLAG, name->flag, NULL};
    return name->kind == NAMED_VARIANT && name->flag && name_find(workspace, &flag, place);
}

void names_each(const struct workspace *workspace, const struct name *like, name_lister *take,
                void *user)
{
    uint32_t count = workspace_file_count(workspace);
    for (uint32_t i = 0; i < count; i++) {
        struct search search = {.name = like, .take = take, .user = user};
        meet_in(&search, workspace_file(workspace, i).root);
    }
}
