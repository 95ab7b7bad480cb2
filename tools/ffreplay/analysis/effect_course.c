/* effect_course.c - see effect_course.h. */
#include "effect_course.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/memory.h"

/* What was known up to some time: cells by column of the series. */
struct known {
    const struct series *series;
    struct cell *cells;
    uint64_t exposed[ARMS_MOST];
};

static struct known known_of(const struct series *series)
{
    struct known known = {.series = series,
                          .cells = xcalloc(series->column_count + 1, sizeof(struct cell))};
    for (uint32_t i = 0; i < series->column_count; i++)
        series_cell_init(series, i, &known.cells[i]);
    return known;
}

static void release(struct known *known)
{
    for (uint32_t i = 0; i < known->series->column_count; i++)
        cell_release(&known->cells[i]);
    free(known->cells);
}

static void learn(struct known *known, const struct series_slot *slot)
{
    for (uint32_t i = 0; i < known->series->column_count; i++)
        cell_merge(&known->cells[i], known->series->columns[i].measure, &slot->cells[i]);
}

/* By arm, the first exposures in each slot: of a unit whose slot has no outcome, in the next. */
struct exposed_counts {
    const struct series *series;
    uint64_t *items;
};

static void count_unit(void *context, const struct exposure *exposure)
{
    const struct exposed_counts *counts = context;
    const struct series *series = counts->series;
    uint32_t arm = exposure_arm(exposure), low = 0, high = series->count - 1;
    if (arm == NO_ARM)
        return;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (series->items[middle].begin + series->width <= exposure->first)
            low = middle + 1;
        else
            high = middle;
    }
    counts->items[(size_t)low * ARMS_MOST + arm]++;
}

static uint64_t *exposed_by_slot(const struct conclusion *conclusion, const struct series *series)
{
    struct exposed_counts counts = {
        series, xcalloc((size_t)series->count * ARMS_MOST + 1, sizeof *counts.items)};
    if (series->count > 0)
        exposures_visit(conclusion->exposures, count_unit, &counts);
    return counts.items;
}

/* Of the units of one cell, in another. */
static void add_before(struct before_sums *sums, struct cell *before, struct cell *cell)
{
    const struct unit_store *store = unit_totals_store(before->totals),
                            *after = unit_totals_store(cell->totals);
    sums->beyond = before->totals->beyond;
    for (uint32_t shard = 0; shard < store->shard_count; shard++)
        for (uint32_t i = 0; i < store->shards[shard].count; i++) {
            const struct unit_row *row = unit_store_row(store, shard, i), *same;
            double value, outcome = 0, unused;
            if (!unit_totals_read(before->totals, row, &value, &unused))
                continue;
            same = unit_store_find(after, row->unit);
            if (same)
                unit_totals_read(cell->totals, same, &outcome, &unused);
            before_sums_add(sums, value, outcome);
        }
}

static void judge(const struct conclusion *conclusion, struct effect_courses *courses,
                  struct known *known, uint32_t at, uint32_t max_bad)
{
    uint32_t arms = conclusion->arms->count, control = conclusion->arms->control;
    bool adjusts = known->series->column_count > conclusion->metric_count * arms;
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        const struct measure *measure = conclusion->metrics[i].measure;
        struct arm_evidence evidence[ARMS_MOST];
        for (uint32_t arm = 0; arm < arms; arm++) {
            uint32_t column = i * arms + arm;
            struct cell *cell = &known->cells[column];
            struct before_sums before = {0};
            bool has_before = adjusts && conclusion->outcomes->columns[i].is_kept_before;
            if (has_before)
                add_before(&before, &known->cells[conclusion->metric_count * arms + column], cell);
            if (cell->totals && !isnan(conclusion->metrics[i].winsorized.cap))
                unit_totals_cap(cell->totals, conclusion->metrics[i].winsorized.cap);
            arm_evidence_gather(&evidence[arm], measure, cell, has_before ? &before : NULL,
                                known->exposed[arm], max_bad);
            evidence[arm].assigned = conclusion->arms->shares[arm];
        }
        for (uint32_t arm = 0; arm < arms; arm++) {
            struct effect_point *point = effect_points(courses, conclusion, i, arm) + at;
            *point =
                (struct effect_point){.exposed = known->exposed[arm], .value = evidence[arm].value};
            if (arm != control)
                point->effect = effect_of(&conclusion->metrics[i].judgement, &evidence[arm],
                                          &evidence[control], measure);
        }
    }
}

struct effect_courses effect_courses_of(const struct conclusion *conclusion, uint32_t max_bad,
                                        struct arena *arena)
{
    const struct series *series = &conclusion->outcomes->series;
    uint32_t arms = conclusion->arms->count, count = series->count;
    int64_t *times = ARENA_ARRAY(arena, int64_t, count + 1);
    struct effect_courses courses = {
        .times = times,
        .count = count,
        .width = series->width,
        .points = ARENA_ARRAY(arena, struct effect_point,
                              (size_t)conclusion->metric_count * arms * count + 1),
        .holds_once = conclusion->terms.judgement.method == ANALYSIS_FIXED ||
                      conclusion->terms.judgement.method == ANALYSIS_GROUP_SEQUENTIAL};
    struct known known = known_of(series);
    uint64_t *exposed = exposed_by_slot(conclusion, series);
    for (uint32_t i = 0; i < count; i++) {
        times[i] = series->items[i].begin + series->width;
        learn(&known, &series->items[i]);
        for (uint32_t arm = 0; arm < arms; arm++)
            known.exposed[arm] += exposed[(size_t)i * ARMS_MOST + arm];
        judge(conclusion, &courses, &known, i, max_bad);
    }
    free(exposed);
    release(&known);
    return courses;
}
