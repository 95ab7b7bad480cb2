/* compile.c - a project, for one environment, to the bytes of a snapshot. */
#include "compiler/lower/lower.h"
#include "compiler/base/parallel.h"

#include <stdlib.h>

static bool lower_project(struct lowering *lowering)
{
    const struct project *project = lowering->project;
    uint32_t *order = xcalloc(project->flag_count + 1u, sizeof *order);
    bool done = order_flags(project, lowering->environment, order);
    if (done)
        done = lower_flags(lowering, order);
    else
        diagnose(lowering->diagnostics, FF0246, NO_SPAN,
                 "flags of environment '%s' that need each other, in a long circle",
                 project->environments.items[lowering->environment].text);
    free(order);
    return done;
}

/* With `out` NULL, the flags are lowered, which is where limits show, and nothing is written. */
static bool compile(const struct project *project, uint32_t environment, const struct label *labels,
                    size_t label_count, struct diagnostics *diagnostics, struct buffer *out)
{
    struct lowering lowering = {
        .project = project, .diagnostics = diagnostics, .environment = environment};
    lowering.flags = xcalloc(project->flag_count + 1u, sizeof *lowering.flags);
    lowering.segments = xcalloc(project->segment_count + 1u, sizeof(struct expression *));
    lowering.image.flags = xcalloc(project->flag_count + 1u, sizeof *lowering.image.flags);
    lowering.image.sources = xcalloc(project->flag_count + 1u, sizeof(const struct flag *));

    bool done = lower_project(&lowering);
    if (done && out)
        image_write(&lowering.image, project, environment, labels, label_count, out);

    image_release(&lowering.image);
    arena_release(&lowering.arena);
    free(lowering.segments);
    free(lowering.flags);
    return done;
}

bool project_compile(struct project *project, const char *environment, const struct label *labels,
                     size_t label_count, struct buffer *out)
{
    uint32_t index = project_environment(project, environment);
    if (index == UINT32_MAX) {
        diagnose(&project->diagnostics, FF0218, NO_SPAN, "unknown environment '%s'", environment);
        return false;
    }
    return compile(project, index, labels, label_count, &project->diagnostics, out);
}

struct limits {
    const struct project *project;
    struct arena arenas[MOST_ENVIRONMENTS]; /* by environment */
    struct diagnostics diagnostics[MOST_ENVIRONMENTS];
};

static void check_environment(void *context, uint32_t worker, uint32_t environment)
{
    struct limits *limits = context;
    (void)worker;
    compile(limits->project, environment, NULL, 0, &limits->diagnostics[environment], NULL);
}

bool project_check_limits(struct project *project)
{
    if (project->diagnostics.errors)
        return false;
    struct limits limits = {.project = project};
    for (uint32_t i = 0; i < project->environments.count; i++)
        limits.diagnostics[i].arena = &limits.arenas[i];
    parallel_for(project->environments.count, 1, check_environment, &limits);
    for (uint32_t i = 0; i < project->environments.count; i++) {
        /* The first that is at fault speaks for all: most often they share what is too large. */
        if (!project->diagnostics.errors)
            diagnostics_append(&project->diagnostics, &limits.diagnostics[i]);
        arena_adopt(&project->arena, &limits.arenas[i]);
    }
    return project->diagnostics.errors == 0;
}
