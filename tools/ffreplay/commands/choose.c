/* choose.c - see choose.h. */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
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

/* Frees the names. */
static void report_unknown(const struct command *command, const char *what, const char *name,
                           const char **names, size_t count)
{
    const char *near = nearest_name(name, names, count);
    if (near)
        job_error(command, "no %s is called '%s'; did you mean '%s'?", what, name, near);
    else
        job_error(command, "no %s is called '%s'", what, name);
    free(names);
}

const struct flag *choose_flag(const struct project *project, const struct command *command,
                               const char *name)
{
    const struct flag *flag = project_flag(project, name);
    if (flag)
        return flag;
    const char **names = xcalloc(project->flag_count + 1, sizeof *names);
    for (uint32_t i = 0; i < project->flag_count; i++)
        names[i] = project->flags[i]->name.text;
    report_unknown(command, "flag", name, names, project->flag_count);
    return NULL;
}

const struct metric *choose_metric(const struct project *project, const struct command *command,
                                   const char *name)
{
    const char **names = xcalloc(project->metric_count + 1, sizeof *names);
    for (uint32_t i = 0; i < project->metric_count; i++) {
        names[i] = project->metrics[i]->name.text;
        if (strcmp(names[i], name) == 0) {
            free(names);
            return project->metrics[i];
        }
    }
    report_unknown(command, "metric", name, names, project->metric_count);
    return NULL;
}

bool choose_environment(const struct project *project, const struct command *command,
                        const char *name, uint32_t *environment)
{
    *environment = project_environment(project, name);
    if (*environment == UINT32_MAX)
        job_error(command, "the project has no environment '%s'", name);
    return *environment != UINT32_MAX;
}

static bool add_named(const struct project *project, const struct command *command,
                      const char *name, uint32_t environment, struct analyses *chosen)
{
    const struct flag *flag = choose_flag(project, command, name);
    if (!flag)
        return false;
    if (flag->environments[environment].canary) {
        add(chosen, flag, environment);
        return true;
    }
    bool experiment = flag->environments[environment].experiment;
    job_error(command, "flag '%s' has no canary in environment '%s'%s", name,
              project->environments.items[environment].text,
              experiment ? ": it is an experiment, on which nothing is decided yet" : "");
    return false;
}

bool choose_canaries(struct project *project, const struct command *command, const char *flag,
                     const char *environment, struct analyses *chosen)
{
    uint32_t place;
    if (!choose_environment(project, command, environment, &place))
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
