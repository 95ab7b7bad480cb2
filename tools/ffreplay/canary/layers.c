/* layers.c - see layers.h. */
#include "layers.h"

#include <assert.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

/* Its cursors, so that there are no more of them with each look. */
static void pass_cursors(struct analysis *to, const struct analysis *from)
{
    for (uint32_t i = 0; i < to->log_count; i++)
        to->assigners[i].cursor = from->assigners[i].cursor;
}

void layers_open(struct layers *layers, struct analyses *below)
{
    struct analyses *opened = &layers->analyses;
    *layers = (struct layers){.below = below};
    opened->items = xcalloc(below->count + 1u, sizeof *opened->items);
    opened->count = below->count;
    for (uint32_t i = 0; i < opened->count; i++) {
        assert(!below->items[i].keeps_series);
        analysis_copy_empty(&opened->items[i], &below->items[i], UNIT_STORES_OWN);
        pass_cursors(&opened->items[i], &below->items[i]);
    }
}

/* Those of a log have taken something on one side at most. */
static void swap_accumulators(struct analysis *layer, struct analysis *below, const bool *anew)
{
    for (uint32_t i = 0; i < layer->accumulator_count; i++) {
        struct accumulator *above = &layer->accumulators[i], *under = &below->accumulators[i];
        for (int group = 0; group < ASSIGNED_GROUPS && !anew[above->log]; group++) {
            struct cell cell = above->cells[group];
            above->cells[group] = under->cells[group];
            under->cells[group] = cell;
        }
    }
    for (uint32_t i = 0; i < layer->judgement_count; i++) {
        struct judgement *above = &layer->judgements[i], *under = &below->judgements[i];
        if (anew[layer->accumulators[above->accumulator].log])
            continue;
        struct windows windows = above->windows;
        above->windows = under->windows;
        under->windows = windows;
    }
}

void layers_lay(struct layers *layers, const bool *anew)
{
    layers->anew = anew;
    for (uint32_t i = 0; i < layers->analyses.count; i++) {
        struct analysis *layer = &layers->analyses.items[i], *below = &layers->below->items[i];
        analysis_join_totals(layer, below);
        swap_accumulators(layer, below, anew);
    }
}

void layers_close(struct layers *layers)
{
    for (uint32_t i = 0; i < layers->analyses.count; i++) {
        struct analysis *layer = &layers->analyses.items[i], *below = &layers->below->items[i];
        pass_cursors(below, layer);
        if (layers->anew)
            swap_accumulators(layer, below, layers->anew);
        analysis_free_copy(layer);
    }
    free(layers->analyses.items);
    *layers = (struct layers){.below = NULL};
}
