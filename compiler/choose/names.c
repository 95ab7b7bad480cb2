/* names.c - see names.h. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/files/git.h"
#include "compiler/files/place.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/project/parsed.h"
#include "compiler/project/project.h"
#include "fflag.h"

static bool is_shown_as_is(const char *text)
{
    const char *end = text + strlen(text);
    for (const char *at = text; at < end;) {
        struct character character = character_at(at, end);
        if (character_is_unsafe(&character))
            return false;
        at += character.bytes;
    }
    return text < end;
}

static void add(struct name_list *list, const char *text)
{
    if (text && is_shown_as_is(text))
        *ARENA_APPEND(list->arena, list->items, list->count) =
            arena_copy(list->arena, text, strlen(text));
}

static void add_words(struct name_list *list, const char *const *words)
{
    for (; *words; words++)
        add(list, *words);
}

static void add_of_targeting(enum names names, const struct flag *flag,
                             const struct targeting *targeting, struct name_list *list)
{
    for (uint32_t i = 0; names == NAMES_STAGES && targeting->canary; i++) {
        if (i == targeting->canary->stage_count)
            break;
        add(list, targeting->canary->stages[i].name.text);
    }
    for (uint32_t i = 0; names != NAMES_STAGES && i < targeting->variant_count; i++) {
        const char *variant = targeting->variants[i].name.text;
        if (variant && names == NAMES_SERVED)
            add(list, arena_format(list->arena, "%s=%s", flag->name.text, variant));
        else
            add(list, variant);
    }
}

static void add_of_flag(enum names names, const struct project *project, const struct flag *flag,
                        struct name_list *list)
{
    for (uint32_t at = 0; flag->environments && at < project->environments.count; at++)
        add_of_targeting(names, flag, &flag->environments[at], list);
}

static void add_of_flags(enum names names, const struct project *project, const char *const *flags,
                         uint32_t flag_count, struct name_list *list)
{
    bool known = false;
    for (uint32_t i = 0; names != NAMES_SERVED && i < flag_count; i++) {
        const struct flag *flag = project_flag(project, flags[i]);
        if (flag)
            add_of_flag(names, project, flag, list);
        known |= flag != NULL;
    }
    for (uint32_t i = 0; !known && i < project->flag_count; i++)
        add_of_flag(names, project, project->flags[i], list);
}

static void add_of_project(enum names names, const struct project *project,
                           const char *const *flags, uint32_t flag_count, struct name_list *list)
{
    switch (names) {
    case NAMES_CODES:
    case NAMES_KINDS:
    case NAMES_FLAGS:
    case NAMES_ENVIRONMENTS:
    case NAMES_SEGMENTS:
    case NAMES_METRICS:
    case NAMES_ROLLOUTS:
    case NAMES_REVISIONS:
        return;
    case NAMES_STAGES:
    case NAMES_VARIANTS:
    case NAMES_SERVED:
        add_of_flags(names, project, flags, flag_count, list);
        return;
    case NAMES_OWNERS:
        for (uint32_t i = 0; i < project->flag_count; i++)
            add(list, project->flags[i]->owner);
        return;
    case NAMES_TAGS:
        for (uint32_t i = 0; i < project->flag_count; i++)
            for (uint32_t at = 0; at < project->flags[i]->tags.count; at++)
                add(list, project->flags[i]->tags.items[at].text);
        return;
    case NAMES_OVERRIDES:
        for (uint32_t i = 0; i < project->override_count; i++)
            add(list, project->overrides[i]->id.text);
        return;
    }
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void sort_once(struct name_list *list)
{
    uint32_t kept = 0;
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare);
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || strcmp(list->items[kept - 1], list->items[i]) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* What has its names as keys of a section; NULL: it has not. */
static const char *section_of(enum names names)
{
    switch (names) {
    case NAMES_FLAGS:
        return "flags";
    case NAMES_SEGMENTS:
        return "segments";
    case NAMES_METRICS:
        return "metrics";
    case NAMES_ROLLOUTS:
        return "rollouts";
    case NAMES_ENVIRONMENTS:
        return "project";
    case NAMES_CODES:
    case NAMES_KINDS:
    case NAMES_STAGES:
    case NAMES_VARIANTS:
    case NAMES_SERVED:
    case NAMES_OWNERS:
    case NAMES_TAGS:
    case NAMES_OVERRIDES:
    case NAMES_REVISIONS:
        break;
    }
    return NULL;
}

static void add_texts(const struct node *node, struct name_list *list)
{
    if (node && node->kind == NODE_SCALAR)
        add(list, node->text);
    for (uint32_t i = 0; node && node->kind == NODE_LIST && i < node->count; i++)
        if (node->items[i]->kind == NODE_SCALAR)
            add(list, node->items[i]->text);
}

/* Without understanding any of it. */
static void add_keys(enum names names, const char *section, const char *directory,
                     struct name_list *list)
{
    struct parsed *parsed = parsed_read(directory);
    uint32_t count = parsed_sources(parsed)->count;
    for (uint32_t i = 0; i < count; i++) {
        const struct node *root = parsed_root(parsed, i);
        const struct node *map = root && root->kind == NODE_MAP ? node_get(root, section) : NULL;
        if (!map || map->kind != NODE_MAP)
            continue;
        if (names == NAMES_ENVIRONMENTS)
            add_texts(node_get(map, "environments"), list);
        for (uint32_t j = 0; names != NAMES_ENVIRONMENTS && j < map->count; j++)
            add(list, map->entries[j].key->text);
    }
    parsed_free(parsed);
}

#define MOST_REVISIONS "200" /* the newest */

static void add_revisions(const char *directory, struct name_list *list)
{
    static const char *const arguments[] = {"for-each-ref",
                                            "--format=%(refname:short)",
                                            "--sort=-committerdate",
                                            "--count=" MOST_REVISIONS,
                                            "refs/heads",
                                            "refs/tags",
                                            "refs/remotes",
                                            NULL};
    struct buffer out = {0}, error = {0};
    char *place = project_place(directory);
    if (git_run(place, arguments, NULL, &out, &error) == GIT_DONE && out.length) {
        add(list, "HEAD");
        for (char *line = out.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            add(list, line);
        }
    }
    free(place);
    buffer_release(&out);
    buffer_release(&error);
}

void names_of(enum names names, const char *directory, const char *const *flags,
              uint32_t flag_count, struct name_list *list)
{
    const char *section = section_of(names);
    if (names == NAMES_CODES) {
        for (unsigned code = 0; code < DIAGNOSTIC_COUNT; code++)
            add(list, diagnostic_info(code)->code);
    } else if (names == NAMES_KINDS) {
        add_words(list, flag_kind_words);
    } else if (names == NAMES_REVISIONS) {
        add_revisions(directory, list);
    } else if (section) {
        add_keys(names, section, directory, list);
    } else {
        struct project *project = project_load_unproved(directory, INT64_MIN);
        add_of_project(names, project, flags, flag_count, list);
        project_free(project);
    }
    sort_once(list);
}

void names_of_snapshot(const char *path, struct name_list *list)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    fflag_store *store;
    options.no_thread = true;
    if (strcmp(path, "-") == 0 || fflag_open(&store, path, &options) != FFLAG_OK)
        return;
    const fflag_view *view = fflag_acquire(store);
    const char *name;
    for (uint32_t i = 0; (name = fflag_view_flag(view, i, NULL)); i++)
        add(list, name);
    fflag_release(view);
    fflag_close(store);
    sort_once(list);
}
