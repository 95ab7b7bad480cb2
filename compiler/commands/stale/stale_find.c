/* stale_find.c - which flags are stale by what is defined, and since when. */
#include "stale.h"

#include "compiler/model/model.h"

const char *const stale_kind_words[] = WORDS(STALE_KINDS);

bool is_stale(const struct stale_flag *flag)
{
    for (uint32_t i = 0; i < STALE_COUNT; i++)
        if (flag->found[i])
            return true;
    return false;
}

bool stale_shows_environment(const struct stale *stale, uint32_t environment)
{
    return stale->environment == UINT32_MAX || stale->environment == environment;
}

/* ----------------------------------------------------------------------------------- settled -- */

/* Flags that come and go. Of the others, it is the point that they stand. */
static bool is_temporary(const struct flag *flag)
{
    switch (flag->kind) {
    case KIND_RELEASE:
    case KIND_EXPERIMENT:
    case KIND_CANARY:
        return true;
    case KIND_OPS:
    case KIND_CONFIG:
    case KIND_PERMISSION:
        return false;
    }
    return false;
}

/* Whether everybody gets one variant in each environment, and did so a period ago by the same
 * definitions. */
static bool is_settled(const struct stale *stale, struct stale_flag *found)
{
    bool first = true;
    for (uint32_t i = 0; i < stale->project->environments.count; i++) {
        if (!stale_shows_environment(stale, i))
            continue;
        struct standing now = standing_of(&stale->standings, found->flag, i);
        struct standing before = standing_of(&stale->earlier, found->flag, i);
        uint32_t variant = standing_variant(&now);
        if (variant == UINT32_MAX || variant != standing_variant(&before))
            return false;
        found->same = first || (found->same && variant == found->variant);
        found->variant = variant;
        first = false;
    }
    return !first;
}

/* Itself, or a flag that it requires. */
static bool was_changed(const struct stale *stale, const struct flag *flag)
{
    bool changed = stale->flags[flag->index].changed;
    for (uint32_t i = 0; !flag->faulty && i < stale->project->environments.count; i++) {
        const struct targeting *targeting = &flag->environments[i];
        for (uint32_t j = 0; j < targeting->requirement_count; j++)
            if (targeting->requirements[j].flag)
                changed |= stale->flags[targeting->requirements[j].flag->index].changed;
    }
    return changed;
}

static bool is_concluded(const struct stale *stale, const struct flag *flag)
{
    bool concluded = false;
    for (uint32_t i = 0; i < stale->project->environments.count; i++) {
        const struct standing standing = standing_of(&stale->standings, flag, i);
        const struct experiment *experiment = flag->faulty ? NULL : standing.targeting->experiment;
        if (!stale_shows_environment(stale, i) || !experiment)
            continue;
        if (experiment->state != EXPERIMENT_CONCLUDED)
            return false;
        concluded = true;
    }
    return concluded;
}

void find_stale(struct stale *stale)
{
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        struct stale_flag *found = &stale->flags[i];
        const struct flag *flag = found->flag;
        found->found[STALE_EXPIRED] = flag->expires != INT64_MIN && flag->expires <= stale->now;
        found->found[STALE_CONCLUDED] = is_concluded(stale, flag);
        if (!is_temporary(flag) || !is_settled(stale, found))
            continue;
        found->found[STALE_SETTLED] = !was_changed(stale, flag);
    }
}
