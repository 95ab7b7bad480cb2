/* names.c - see names.h. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/diagnostics/registry.h"
#include "compiler/model/model.h"

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
        return;
    case NAMES_FLAGS:
        for (uint32_t i = 0; i < project->flag_count; i++)
            add(list, project->flags[i]->name.text);
        return;
    case NAMES_ENVIRONMENTS:
        for (uint32_t i = 0; i < project->environments.count; i++)
            add(list, project->environments.items[i].text);
        return;
    case NAMES_STAGES:
    case NAMES_VARIANTS:
    case NAMES_SERVED:
        add_of_flags(names, project, flags, flag_count, list);
        return;
    case NAMES_SEGMENTS:
        for (uint32_t i = 0; i < project->segment_count; i++)
            add(list, project->segments[i]->name.text);
        return;
    case NAMES_METRICS:
        for (uint32_t i = 0; i < project->metric_count; i++)
            add(list, project->metrics[i]->name.text);
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

void names_of(enum names names, const struct project *project, const char *const *flags,
              uint32_t flag_count, struct name_list *list)
{
    if (names == NAMES_CODES)
        for (unsigned code = 0; code < DIAGNOSTIC_COUNT; code++)
            add(list, diagnostic_info(code)->code);
    else if (names == NAMES_KINDS)
        add_words(list, flag_kind_words);
    else if (project)
        add_of_project(names, project, flags, flag_count, list);
    sort_once(list);
}
