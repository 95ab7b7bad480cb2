/* compile.c - compiles a project, for one environment, into the bytes of a snapshot. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/lower/lower.h"
#include "compiler/base/parallel.h"
#include "compiler/model/model.h"
#include "compiler/model/order.h"
#include "project.h"

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
                 "flags of environment '%s' depend on each other, in a long cycle",
                 project->environments.items[lowering->environment].text);
    free(order);
    return done;
}

struct compilation {
    struct lowering lowering;
    const struct label *labels;
    size_t label_count;
    struct annex annex;
    bool lowered;
    bool programs_only; /* the annex stays empty */
};

enum part { FLAGS, ANNEX, PART_COUNT };

/* The parts share only the project, which neither changes, apart from the cache for line
 * numbers. */
static void compile_part(void *context, uint32_t worker, uint32_t part)
{
    struct compilation *compilation = context;
    struct lowering *lowering = &compilation->lowering;
    (void)worker;
    if (part == FLAGS)
        compilation->lowered = lower_project(lowering);
    else
        emit_annex(lowering->project, lowering->environment, compilation->labels,
                   compilation->label_count, &compilation->annex);
}

/*
 * With `out` NULL, only lowers the flags, which shows whether they exceed limits. `diagnostics` has
 * its own arena, because others write to the project's meanwhile.
 */
static bool compile(struct compilation *compilation, struct buffer *out)
{
    struct lowering *lowering = &compilation->lowering;
    const struct project *project = lowering->project;
    lowering->flags = xcalloc(project->flag_count + 1u, sizeof *lowering->flags);
    lowering->segments = xcalloc(project->segment_count + 1u, sizeof(struct expression *));
    lowering->image.flags = xcalloc(project->flag_count + 1u, sizeof *lowering->image.flags);
    lowering->image.sources = xcalloc(project->flag_count + 1u, sizeof(const struct flag *));

    if (out && !compilation->programs_only)
        parallel_for(PART_COUNT, 1, compile_part, compilation);
    else
        compile_part(compilation, 0, FLAGS);
    if (compilation->lowered && out)
        image_write(&lowering->image, project, lowering->environment, &compilation->annex, out);

    buffer_release(&compilation->annex.people);
    buffer_release(&compilation->annex.labels);
    buffer_release(&compilation->annex.overrides);
    image_release(&lowering->image);
    arena_release(&lowering->arena);
    free(lowering->segments);
    free(lowering->flags);
    return compilation->lowered;
}

static bool compile_for(struct project *project, const char *environment,
                        const struct label *labels, size_t label_count, bool programs_only,
                        struct buffer *out)
{
    uint32_t index = project_environment(project, environment);
    if (index == UINT32_MAX) {
        diagnose(&project->diagnostics, FF0218, NO_SPAN, "unknown environment '%s'", environment);
        return false;
    }
    struct arena arena = {0};
    struct diagnostics diagnostics = {.arena = &arena};
    struct compilation compilation = {.lowering = {.project = project,
                                                   .project_name = project->name,
                                                   .diagnostics = &diagnostics,
                                                   .environment = index},
                                      .labels = labels,
                                      .label_count = label_count,
                                      .programs_only = programs_only};
    bool done = compile(&compilation, out);
    diagnostics_append(&project->diagnostics, &diagnostics);
    arena_adopt(&project->arena, &arena);
    return done;
}

bool project_compile(struct project *project, const char *environment, const struct label *labels,
                     size_t label_count, struct buffer *out)
{
    return compile_for(project, environment, labels, label_count, false, out);
}

bool project_compile_programs(struct project *project, const char *environment, struct buffer *out)
{
    return compile_for(project, environment, NULL, 0, true, out);
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
    struct compilation compilation = {.lowering = {.project = limits->project,
                                                   .project_name = limits->project->name,
                                                   .diagnostics = &limits->diagnostics[environment],
                                                   .environment = environment}};
    compile(&compilation, NULL);
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
        /* Only the first environment with errors is reported: what is too large is usually shared
         * by all. */
        if (!project->diagnostics.errors)
            diagnostics_append(&project->diagnostics, &limits.diagnostics[i]);
        arena_adopt(&project->arena, &limits.arenas[i]);
    }
    return project->diagnostics.errors == 0;
}
