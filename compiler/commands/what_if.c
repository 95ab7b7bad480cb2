/* what_if.c - a flag as it would be if its canary or experiment were in another state. */
#include "what_if.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/model/flag.h"
#include "compiler/model/model.h"
#include "compiler/model/test.h"

static void set_stage(struct canary *canary, const struct what_if *what_if)
{
    for (uint32_t i = 0; what_if->stage.text && i < canary->stage_count; i++)
        if (!strcmp(canary->stages[i].name.text, what_if->stage.text))
            canary->stage = i;
    canary->state = (enum canary_state)what_if->state;
}

struct flag *what_if_flag(struct arena *arena, const struct project *project,
                          const struct flag *flag, uint32_t environment,
                          const struct what_if *what_if)
{
    uint32_t count = project->environments.count;
    struct flag *copy = ARENA_NEW(arena, struct flag);
    *copy = *flag;
    copy->environments = ARENA_ARRAY(arena, struct targeting, count);
    memcpy(copy->environments, flag->environments, count * sizeof *copy->environments);
    struct targeting *targeting = &copy->environments[environment];
    if (targeting->canary) {
        struct canary *canary = ARENA_NEW(arena, struct canary);
        *canary = *targeting->canary;
        set_stage(canary, what_if);
        targeting->canary = canary;
    } else {
        struct experiment *experiment = ARENA_NEW(arena, struct experiment);
        *experiment = *targeting->experiment;
        experiment->state = (enum experiment_state)what_if->state;
        targeting->experiment = experiment;
    }
    return copy;
}

/* ------------------------------------------------------------------------------------- words -- */

static bool choose(const struct command *command, const char *what, const char *given,
                   const char *const *known, uint32_t count, uint32_t *chosen)
{
    for (uint32_t i = 0; i < count; i++) {
        *chosen = i;
        if (!strcmp(known[i], given))
            return true;
    }
    report_unknown(command, what, given, known, count);
    return false;
}

static bool choose_stage(const struct command *command, const struct canary *canary,
                         const char *stage)
{
    const char **names = xcalloc(canary->stage_count, sizeof *names);
    uint32_t ignored;
    for (uint32_t i = 0; i < canary->stage_count; i++)
        names[i] = canary->stages[i].name.text;
    bool found = choose(command, "stage", stage, names, canary->stage_count, &ignored);
    free(names);
    return found;
}

bool parse_what_if(const struct command *command, const struct flag *flag, uint32_t environment,
                   const char *state, const char *stage, struct what_if *what_if)
{
    const struct targeting *targeting = &flag->environments[environment];
    if (!targeting->canary && (stage || !targeting->experiment)) {
        usage_error(command, "'%s' has no canary%s", flag->name.text,
                    stage ? ", and so no stage" : " and no experiment");
        return false;
    }
    *what_if = (struct what_if){.given = true, .stage = {stage, NO_SPAN}};
    what_if->state = targeting->canary ? (uint32_t)CANARY_RUNNING : (uint32_t)EXPERIMENT_RUNNING;
    if (stage && !choose_stage(command, targeting->canary, stage))
        return false;
    if (!state)
        return true;
    const char *const *words = targeting->canary ? canary_state_words : experiment_state_words;
    return choose(command, "state", state, words, words_count(words), &what_if->state);
}
