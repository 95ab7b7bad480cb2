/* order.c - see order.h. */
#include "order.h"

#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/base/heap.h"
#include "compiler/model/model.h"
#include "references.h"

struct edge {
    uint32_t needed;
    uint32_t needing;
};

struct graph {
    const struct project *project;
    struct edge *edges;
    size_t edge_count;
    size_t edge_capacity;
    uint32_t needing; /* the flag whose references are being gathered */
};

static void add_edge(void *user, const struct flag *needed)
{
    struct graph *graph = user;
    if (graph->edge_count == graph->edge_capacity) {
        graph->edge_capacity = graph->edge_capacity ? graph->edge_capacity * 2 : 64;
        graph->edges = xrealloc(graph->edges, graph->edge_capacity * sizeof *graph->edges);
    }
    graph->edges[graph->edge_count++] = (struct edge){needed->index, graph->needing};
}

/* Kahn's algorithm: a flag is ready once all it needs are placed; next is the ready flag that comes
 * first by name, and so has the lowest index in the project. */
static uint32_t sort_flags(const struct graph *graph, uint32_t *order)
{
    uint32_t count = graph->project->flag_count;
    uint32_t *missing = xcalloc(count + 1u, sizeof *missing);
    size_t *first = xcalloc(count + 2u, sizeof *first); /* by flag: its first entry in `needing` */
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
    struct graph graph = {.project = project};
    struct references references;
    references_init(&references, project, environment);
    references.found = add_edge;
    references.user = &graph;
    for (uint32_t i = 0; i < project->flag_count; i++) {
        graph.needing = i;
        references_of(&references, project->flags[i]);
    }
    uint32_t placed = sort_flags(&graph, order);
    references_release(&references);
    free(graph.edges);
    return placed == project->flag_count;
}
