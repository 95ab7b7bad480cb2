/* compile.c - a project, for one environment, to the bytes of a snapshot. */
#include "lower.h"

#include <stdlib.h>

static bool lower_project(struct lowering *lowering, uint32_t *order)
{
    struct project *project = lowering->project;
    if (!order_flags(project, lowering->environment, order)) {
        diagnose(&project->diagnostics, FF0246, NO_SPAN,
                 "flags of environment '%s' that need each other, in a long circle",
                 project->environments.items[lowering->environment].text);
        return false;
    }
    return lower_flags(lowering, order);
}

bool project_compile(struct project *project, const char *environment, const struct label *labels,
                     size_t label_count, struct buffer *out)
{
    uint32_t index = project_environment(project, environment);
    if (index == UINT32_MAX) {
        diagnose(&project->diagnostics, FF0218, NO_SPAN, "unknown environment '%s'", environment);
        return false;
    }
    struct lowering lowering = {.project = project, .environment = index};
    uint32_t *order = xcalloc(project->flag_count + 1u, sizeof *order);
    lowering.flags = xcalloc(project->flag_count + 1u, sizeof *lowering.flags);
    lowering.segments = xcalloc(project->segment_count + 1u, sizeof(struct expression *));
    lowering.image.flags = xcalloc(project->flag_count + 1u, sizeof *lowering.image.flags);
    lowering.image.sources = xcalloc(project->flag_count + 1u, sizeof(const struct flag *));

    bool done = lower_project(&lowering, order);
    if (done)
        image_write(&lowering.image, project, index, labels, label_count, out);

    image_release(&lowering.image);
    arena_release(&lowering.arena);
    free(lowering.segments);
    free(lowering.flags);
    free(order);
    return done;
}
