/* lower_order.c - the order of flags in a snapshot: each after those it refers to. */
#include "lower.h"

#include <stdlib.h>

struct edge {
    uint32_t needed;
    uint32_t needing;
};

struct graph {
    const struct project *project;
    uint32_t environment;
    struct edge *edges;
    size_t edge_count;
    size_t edge_capacity;
    uint32_t needing;        /* the flag whose references are being gathered */
    uint32_t *seen_segments; /* by segment: 1 + the last flag it was followed for */
};

static void add_edge(struct graph *graph, const struct flag *needed)
{
    if (graph->edge_count == graph->edge_capacity) {
        graph->edge_capacity = graph->edge_capacity ? graph->edge_capacity * 2 : 64;
        graph->edges = xrealloc(graph->edges, graph->edge_capacity * sizeof *graph->edges);
    }
    graph->edges[graph->edge_count++] = (struct edge){needed->index, graph->needing};
}

static void follow(struct graph *graph, const struct condition *condition)
{
    if (!condition)
        return;
    if (condition->kind == CONDITION_FLAG)
        add_edge(graph, condition->flag);
    if (condition->kind == CONDITION_SEGMENT) {
        uint32_t *seen = &graph->seen_segments[condition->segment->index];
        if (*seen == graph->needing + 1)
            return;
        *seen = graph->needing + 1;
        follow(graph, condition->segment->condition);
    }
    for (uint32_t i = 0; i < condition->child_count; i++)
        follow(graph, condition->children[i]);
}

static void follow_flag(struct graph *graph, const struct flag *flag)
{
    const struct targeting *targeting = &flag->environments[graph->environment];
    graph->needing = flag->index;
    for (uint32_t i = 0; i < graph->project->override_count; i++) {
        const struct override *override = graph->project->overrides[i];
        if (override->condition && override->environments >> graph->environment & 1 &&
            override_selects(override, flag))
            follow(graph, override->condition);
    }
    for (uint32_t i = 0; i < targeting->requirement_count; i++)
        add_edge(graph, targeting->requirements[i].flag);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        follow(graph, targeting->rules[i].condition);
    if (targeting->canary)
        for (uint32_t i = 0; i < targeting->canary->stage_count; i++)
            follow(graph, targeting->canary->stages[i].condition);
    if (targeting->experiment)
        follow(graph, targeting->experiment->condition);
}

/* A heap of places in the project, which are in order of name: the least first. */
struct heap {
    uint32_t *items;
    uint32_t count;
};

static void heap_push(struct heap *heap, uint32_t item)
{
    uint32_t at = heap->count++;
    while (at > 0 && heap->items[(at - 1) / 2] > item) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = item;
}

static uint32_t heap_pop(struct heap *heap)
{
    uint32_t least = heap->items[0];
    uint32_t item = heap->items[--heap->count];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count && heap->items[child + 1] < heap->items[child])
            child++;
        if (heap->items[child] >= item)
            break;
        heap->items[at] = heap->items[child];
    }
    heap->items[at] = item;
    return least;
}

/* Kahn's algorithm: a flag is ready when all it needs are placed; the ready one least by name is
 * next. */
static uint32_t sort_flags(const struct graph *graph, uint32_t *order)
{
    uint32_t count = graph->project->flag_count;
    uint32_t *missing = xcalloc(count + 1u, sizeof *missing);
    size_t *first = xcalloc(count + 2u, sizeof *first); /* of a flag, in `needing` */
    uint32_t *needing = xcalloc(graph->edge_count + 1, sizeof *needing);
    struct heap ready = {xcalloc(count + 1u, sizeof(uint32_t)), 0};

    for (size_t i = 0; i < graph->edge_count; i++) {
        missing[graph->edges[i].needing]++;
        first[graph->edges[i].needed + 2]++;
    }
    for (uint32_t i = 2; i < count + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < graph->edge_count; i++)
        needing[first[graph->edges[i].needed + 1]++] = graph->edges[i].needing;

    uint32_t placed = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!missing[i])
            heap_push(&ready, i);
    while (ready.count) {
        uint32_t flag = heap_pop(&ready);
        order[placed++] = flag;
        for (size_t i = first[flag]; i < first[flag + 1]; i++)
            if (--missing[needing[i]] == 0)
                heap_push(&ready, needing[i]);
    }
    free(missing);
    free(first);
    free(needing);
    free(ready.items);
    return placed;
}

bool order_flags(const struct project *project, uint32_t environment, uint32_t *order)
{
    struct graph graph = {.project = project, .environment = environment};
    graph.seen_segments = xcalloc(project->segment_count + 1u, sizeof *graph.seen_segments);
    for (uint32_t i = 0; i < project->flag_count; i++)
        follow_flag(&graph, project->flags[i]);
    uint32_t placed = sort_flags(&graph, order);
    free(graph.seen_segments);
    free(graph.edges);
    return placed == project->flag_count;
}
