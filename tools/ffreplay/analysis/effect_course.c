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
static uint64_t *exposed_by_slot(const struct conclusion *conclusion, const struct series *series)
{
    const struct exposures *exposures = conclusion->exposures;
    uint64_t *counts = xcalloc((size_t)series->count * ARMS_MOST + 1, sizeof *counts);
    for (uint64_t i = 0; series->count > 0 && i < exposures->capacity; i++) {
        const struct exposure *exposure = &exposures->slots[i];
        uint32_t arm = exposure_arm(exposure), low = 0, high = series->count - 1;
        if (!(exposure->arms | exposure->forced) || arm == NO_ARM)
            continue;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (series->items[middle].begin + series->width <= exposure->first)
                low = middle + 1;
            else
                high = middle;
        }
        counts[(size_t)low * ARMS_MOST + arm]++;
    }
    return counts;
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
            struct cell *before =
                adjusts ? &known->cells[conclusion->metric_count * arms + column] : NULL;
            arm_evidence_gather(&evidence[arm], measure, &known->cells[column], before,
                                known->exposed[arm], max_bad);
        }
        for (uint32_t arm = 0; arm < arms; arm++) {
            struct effect_point *point = effect_points(courses, conclusion, i, arm) + at;
            *point =
                (struct effect_point){.exposed = known->exposed[arm], .value = evidence[arm].value};
            if (arm != control)
                point->effect = effect_of(&conclusion->terms.judgement, &evidence[arm],
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
