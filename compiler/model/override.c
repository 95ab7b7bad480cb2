/* override.c - which flags an override applies to. */
#include "override.h"

#include <string.h>

#include "compiler/base/match.h"
#include "model.h"

static bool contains(const struct texts *texts, const char *text)
{
    for (uint32_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i].text, text) == 0)
            return true;
    }
    return false;
}

bool override_selects(const struct override *override, const struct flag *flag)
{
    if (override->all || contains(&override->kinds, flag_kind_words[flag->kind]))
        return true;
    for (uint32_t i = 0; i < override->flags.count; i++) {
        if (match_name(override->flags.items[i].text, flag->name.text))
            return true;
    }
    for (uint32_t i = 0; i < flag->tags.count; i++) {
        if (contains(&override->tags, flag->tags.items[i].text))
            return true;
    }
    return false;
}

bool override_is_hurried(const struct project *project, const struct override *override)
{
    const char *file = project->sources.items[override->span.file].name;
    return strncmp(file, OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) == 0;
}
