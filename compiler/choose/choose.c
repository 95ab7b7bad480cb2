/* choose.c - see choose.h. */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/model/flag.h"
#include "compiler/model/metric.h"
#include "compiler/model/model.h"

int unknown_flag(const struct command *command, const struct project *project, const char *name)
{
    const char **names = xcalloc(project->flag_count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->flag_count; i++)
        names[i] = project->flags[i]->name.text;
    int status = report_unknown(command, "flag", name, names, project->flag_count);
    free(names);
    return status;
}

const struct flag *choose_flag(const struct command *command, const struct project *project,
                               const char *name)
{
    const struct flag *flag = project_flag(project, name);
    if (!flag)
        unknown_flag(command, project, name);
    return flag;
}

const struct metric *choose_metric(const struct command *command, const struct project *project,
                                   const char *name)
{
    const struct metric *metric = NULL;
    const char **names = xcalloc(project->metric_count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->metric_count; i++) {
        names[i] = project->metrics[i]->name.text;
        if (strcmp(names[i], name) == 0)
            metric = project->metrics[i];
    }
    if (!metric)
        report_unknown(command, "metric", name, names, project->metric_count);
    free(names);
    return metric;
}

uint32_t find_environment(const struct project *project, const char *name)
{
    return name                               ? project_environment(project, name)
           : project->environments.count == 1 ? 0
                                              : project->default_environment;
}

uint32_t choose_environment(const struct command *command, const struct project *project,
                            const char *name)
{
    uint32_t count = project->environments.count, index = find_environment(project, name);
    if (index != UINT32_MAX)
        return index;
    struct buffer list = {0};
    const char **names = xcalloc(count + 1u, sizeof *names);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = project->environments.items[i].text;
        buffer_format(&list, "%s%s", i ? ", " : "", names[i]);
    }
    if (name)
        report_unknown(command, "environment", name, names, count);
    else
        usage_error(command, "which environment? Say -e with one of: %s", count ? list.bytes : "");
    free(names);
    buffer_release(&list);
    return UINT32_MAX;
}
