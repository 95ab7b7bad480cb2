/*
 * check_requirements.c - dependencies between flags: cycles, and chains that are too long.
 *
 * Flags and segments are the nodes of one graph per environment; `requires`, `flag:` and `segment:`
 * are its edges. A depth-first walk finds the first edge back to an open node and, if there is
 * none, the length of the longest chain of flags.
 */
#include <stdlib.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "fflag/snapshot.h"
#include "check.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

enum visit { UNSEEN, OPEN, DONE };

/* An edge: where it is written, and where it leads. */
struct edge {
    struct span span;
    const struct flag *flag;       /* either this, */
    const struct segment *segment; /* or this */
};

struct visited {
    enum visit state;
    uint32_t depth;  /* flags below it */
    struct edge via; /* the edge being followed, or the one that leads to the deepest chain */
};

#define DEEPEST_WALK 500 /* the walk recurses; no valid project comes near */

struct walk {
    const struct checker *checker;
    uint32_t environment;
    struct visited *flags;
    struct visited *segments;
    uint32_t steps;
    bool reported; /* for the flag that the walk started from */
};

static const char *edge_name(const struct edge *edge)
{
    return edge->flag ? edge->flag->name.text : edge->segment->name.text;
}

static struct visited *visited_of(struct walk *walk, const struct edge *edge)
{
    return edge->flag ? &walk->flags[edge->flag->index] : &walk->segments[edge->segment->index];
}

/* From the node that closes the cycle, along the open edges, back to that node. */
static void report_cycle(struct walk *walk, const struct edge *closing)
{
    struct diagnostics *diagnostics = walk->checker->diagnostics;
    struct buffer path = {0};
    const struct visited *end = visited_of(walk, closing);
    bool segments_only = closing->flag == NULL;
    const struct visited *at = end;
    buffer_append_text(&path, edge_name(closing));
    do {
        segments_only &= at->via.flag == NULL;
        buffer_format(&path, " → %s", edge_name(&at->via));
        at = visited_of(walk, &at->via);
    } while (at != end);
    if (segments_only)
        diagnose(diagnostics, FF0243, closing->span, "segments depend on each other: %s",
                 path.bytes);
    else
        diagnose(diagnostics, FF0246, closing->span, "flags depend on each other: %s", path.bytes);
    do {
        const char *from = edge_name(&at->via);
        const struct visited *next = visited_of(walk, &at->via);
        if (at->via.span.begin != closing->span.begin || at->via.span.file != closing->span.file)
            diagnose_note(diagnostics, at->via.span, "'%s' is needed here", from);
        at = next;
    } while (at != end);
    diagnose_help(diagnostics, "an answer cannot depend on itself: remove one of these");
    buffer_release(&path);
    walk->reported = true;
}

static void report_walk(struct walk *walk, const struct edge *edge)
{
    struct diagnostics *diagnostics = walk->checker->diagnostics;
    if (walk->reported)
        return;
    walk->reported = true;
    diagnose(diagnostics, edge->flag ? FF0247 : FF0871, edge->span,
             "flags and segments depend on each other more than %d deep", DEEPEST_WALK);
    diagnose_help(diagnostics, "name the common condition once, as a segment");
}

static uint32_t visit_edge(struct walk *walk, struct visited *from, const struct edge *edge);

static uint32_t deeper(struct walk *walk, struct visited *from, const struct edge *edge,
                       uint32_t deepest, struct edge *deepest_via)
{
    uint32_t depth = visit_edge(walk, from, edge);
    if (depth <= deepest)
        return deepest;
    *deepest_via = *edge;
    return depth;
}

static uint32_t visit_condition(struct walk *walk, struct visited *from,
                                const struct condition *condition, uint32_t deepest,
                                struct edge *via)
{
    if (!condition)
        return deepest;
    struct edge edge = {.span = condition->span};
    switch (condition->kind) {
    case CONDITION_TEST:
    case CONDITION_CLOCK:
    case CONDITION_PERCENT:
        break;
    case CONDITION_FLAG:
        edge.flag = condition->flag;
        return deeper(walk, from, &edge, deepest, via);
    case CONDITION_SEGMENT:
        edge.segment = condition->segment;
        return deeper(walk, from, &edge, deepest, via);
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
        for (uint32_t i = 0; i < condition->child_count; i++)
            deepest = visit_condition(walk, from, condition->children[i], deepest, via);
        break;
    }
    return deepest;
}

static uint32_t visit_flag(struct walk *walk, struct visited *from, const struct flag *flag,
                           struct edge *via)
{
    const struct targeting *targeting = &flag->environments[walk->environment];
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < targeting->requirement_count; i++) {
        const struct requirement *requirement = &targeting->requirements[i];
        struct edge edge = {.span = requirement->span, .flag = requirement->flag};
        deepest = deeper(walk, from, &edge, deepest, via);
    }
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        deepest = visit_condition(walk, from, targeting->rules[i].condition, deepest, via);
    for (uint32_t i = 0; i < targeting->value_override_count; i++)
        deepest =
            visit_condition(walk, from, targeting->value_overrides[i].condition, deepest, via);
    for (uint32_t i = 0; targeting->canary && i < targeting->canary->stage_count; i++)
        deepest = visit_condition(walk, from, targeting->canary->stages[i].condition, deepest, via);
    if (targeting->experiment)
        deepest = visit_condition(walk, from, targeting->experiment->condition, deepest, via);
    const struct selection *overrides = overrides_of(walk->checker->project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (override->condition && (override->environments >> walk->environment & 1))
            deepest = visit_condition(walk, from, override->condition, deepest, via);
    }
    return deepest;
}

/* The length of the longest chain of flags through this edge. */
static uint32_t visit_edge(struct walk *walk, struct visited *from, const struct edge *edge)
{
    struct visited *node = visited_of(walk, edge);
    if (from)
        from->via = *edge;
    if (node->state == OPEN && !walk->reported)
        report_cycle(walk, edge);
    if (node->state == OPEN)
        return 0;
    if (node->state == UNSEEN && walk->steps == DEEPEST_WALK)
        report_walk(walk, edge);
    else if (node->state == UNSEEN) {
        struct edge deepest_via = {0};
        node->state = OPEN;
        walk->steps++;
        if (edge->flag)
            node->depth = visit_flag(walk, node, edge->flag, &deepest_via);
        else
            node->depth = visit_condition(walk, node, edge->segment->condition, 0, &deepest_via);
        walk->steps--;
        node->via = deepest_via;
        node->state = DONE;
    }
    return node->depth + (edge->flag != NULL);
}

static void report_depth(struct walk *walk, const struct flag *flag)
{
    struct diagnostics *diagnostics = walk->checker->diagnostics;
    const struct visited *at = &walk->flags[flag->index];
    if (at->depth <= FFS_MAX_DEPTH || walk->reported)
        return;
    /* Only where the chain first becomes too long: everything above has the same cause. */
    uint32_t through = at->depth;
    const struct visited *next = at;
    while (next->via.segment && !next->via.flag)
        next = visited_of(walk, &next->via);
    if (next->via.flag && walk->flags[next->via.flag->index].depth > FFS_MAX_DEPTH)
        return;
    diagnose(diagnostics, FF0247, flag->name.span,
             "flag '%s' depends on a chain of %u other flags, expected at most %d", flag->name.text,
             through, FFS_MAX_DEPTH);
    diagnose_note(diagnostics, at->via.span, "the chain begins here");
    diagnose_help(diagnostics, "put the common condition into a segment");
}

static void walk_environment(const struct checker *checker, uint32_t environment)
{
    const struct project *project = checker->project;
    struct walk walk = {.checker = checker, .environment = environment};
    walk.flags = xcalloc(project->flag_count, sizeof *walk.flags);
    walk.segments = xcalloc(project->segment_count, sizeof *walk.segments);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        struct edge edge = {.flag = project->flags[i]};
        walk.reported = false;
        visit_edge(&walk, NULL, &edge);
        report_depth(&walk, project->flags[i]);
    }
    free(walk.flags);
    free(walk.segments);
}

void check_requirements(const struct checker *checker)
{
    for (uint32_t i = 0; i < checker->project->environments.count; i++)
        walk_environment(checker, i);
}

/* Walks segments that no flag uses too, and reports them in the same words. */
void check_segments(const struct checker *checker)
{
    const struct project *project = checker->project;
    struct walk walk = {.checker = checker};
    walk.flags = xcalloc(project->flag_count, sizeof *walk.flags);
    walk.segments = xcalloc(project->segment_count, sizeof *walk.segments);
    /* Only cycles of segments alone: the walk ends at flags. */
    for (uint32_t i = 0; i < project->flag_count; i++)
        walk.flags[i].state = DONE;
    for (uint32_t i = 0; i < project->segment_count; i++) {
        struct edge edge = {.segment = project->segments[i]};
        walk.reported = false;
        visit_edge(&walk, NULL, &edge);
    }
    free(walk.flags);
    free(walk.segments);
}
