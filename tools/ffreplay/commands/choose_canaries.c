/* choose_canaries.c - see choose_canaries.h. */
#include "choose_canaries.h"

#include "compiler/base/arena.h"
#include "compiler/model/model.h"

static bool is_open(const struct flag *flag, uint32_t environment)
{
    const struct canary *canary = flag->environments[environment].canary;
    return canary && (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED);
}

static void add(struct analyses *chosen, const struct flag *flag, uint32_t environment)
{
    struct subject *subject = &chosen->items[chosen->count++].subject;
    subject->flag = flag;
    subject->environment = environment;
}

static bool add_named(const struct project *project, const struct command *command,
                      const char *name, uint32_t environment, struct analyses *chosen)
{
    const struct flag *flag = choose_flag(command, project, name);
    if (!flag)
        return false;
    if (flag->environments[environment].canary) {
        add(chosen, flag, environment);
        return true;
    }
    bool experiment = flag->environments[environment].experiment;
    job_error(command, "flag '%s' has no canary in environment '%s'%s", name,
              project->environments.items[environment].text,
              experiment ? ": it is an experiment, which cannot be decided on yet" : "");
    return false;
}

bool choose_canaries(struct project *project, const struct command *command, const char *flag,
                     const char *environment, struct analyses *chosen)
{
    uint32_t place = choose_environment(command, project, environment);
    if (place == UINT32_MAX)
        return false;
    *chosen = (struct analyses){
        .items = ARENA_ARRAY(&project->arena, struct analysis, project->flag_count + 1)};
    if (flag)
        return add_named(project, command, flag, place, chosen);
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (is_open(project->flags[i], place))
            add(chosen, project->flags[i], place);
    return true;
}
