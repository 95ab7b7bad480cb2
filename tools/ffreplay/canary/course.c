/* course.c - see course.h. */
#include "course.h"

#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"

#define GROUPS 2 /* canary and control: the columns of an accumulator */

/* What the verdict's analysis was at some time: the same, with cells and judgements of its own. */
struct course_past {
    struct analysis analysis;
    struct replay_times times;
    uint32_t *places; /* by judgement: that of its copy; UINT32_MAX: it has none */
};

static void begin_past(struct course_past *past, const struct analysis *analysis,
                       struct arena *arena)
{
    past->analysis = *analysis;
    past->times = *analysis->times;
    past->analysis.times = &past->times;
    past->analysis.accumulators =
        ARENA_ARRAY(arena, struct accumulator, analysis->accumulator_count + 1);
    past->analysis.judgements = ARENA_ARRAY(arena, struct judgement, analysis->judgement_count + 1);
    past->places = ARENA_ARRAY(arena, uint32_t, analysis->judgement_count + 1);
    past->analysis.judgement_count = 0;
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        struct accumulator *copy = &past->analysis.accumulators[i];
        *copy = analysis->accumulators[i];
        for (uint32_t group = 0; group < GROUPS; group++)
            series_cell_init(&analysis->series, i * GROUPS + group, &copy->cells[group]);
    }
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        bool windowed = analysis->judgements[i].windowed;
        past->places[i] = windowed ? UINT32_MAX : past->analysis.judgement_count;
        if (!windowed)
            past->analysis.judgements[past->analysis.judgement_count++] = analysis->judgements[i];
    }
}

static void end_past(struct course_past *past)
{
    for (uint32_t i = 0; i < past->analysis.accumulator_count; i++)
        for (uint32_t group = 0; group < GROUPS; group++)
            cell_release(&past->analysis.accumulators[i].cells[group]);
}

static void add_slot(struct course_past *past, const struct series_slot *slot)
{
    for (uint32_t i = 0; i < past->analysis.accumulator_count; i++) {
        struct accumulator *accumulator = &past->analysis.accumulators[i];
        for (uint32_t group = 0; group < GROUPS; group++)
            cell_merge(&accumulator->cells[group], &accumulator->measure,
                       &slot->cells[i * GROUPS + group]);
    }
}

static struct course_value value_of(const struct cell *cell, const struct measure *measure,
                                    int64_t duration)
{
    struct course_value value = {NAN, cell_samples(cell, measure)};
    if (!cell_estimate(cell, measure, duration, &value.value))
        value.value = NAN;
    return value;
}

/* What was seen in the slot alone. */
static void take_windowed(struct course_point *point, const struct course_past *past,
                          const struct judgement *judgement, const struct series_slot *slot,
                          int64_t from)
{
    const struct accumulator *accumulator = &past->analysis.accumulators[judgement->accumulator];
    const struct cell *cells = &slot->cells[judgement->accumulator * GROUPS];
    int64_t duration = analysis_served(&past->analysis, from, point->at);
    point->canary = value_of(&cells[ASSIGNED_CANARY], &accumulator->measure, duration);
    point->control = value_of(&cells[ASSIGNED_CONTROL], &accumulator->measure, duration);
    point->verdict = judgement->finding.verdict;
}

static void take_judged(struct course_point *point, const struct judgement *judged)
{
    point->canary =
        (struct course_value){judged->measured ? judged->estimate : NAN, judged->samples};
    point->control = (struct course_value){
        judged->control_measured ? judged->control_estimate : NAN, judged->control_samples};
    point->verdict = judged->finding.verdict;
    if (!judged->statistical || !judged->comparison.method)
        return;
    point->change = isfinite(judged->comparison.change) ? judged->comparison.change : NAN;
    point->interval = judged->comparison.interval;
}

/* In harm without a break until the end: since when. */
static uint32_t decided_at(const struct course *course)
{
    uint32_t at = course->count ? course->count - 1 : 0;
    if (course->count == 0 || course->judgement->windowed || course->judgement->finding.advances ||
        course->judgement->finding.verdict != CRITERION_HARM)
        return at;
    while (at > 0 && course->points[at - 1].verdict == CRITERION_HARM)
        at--;
    return at;
}

struct course *courses_of(const struct verdict *verdict, struct arena *arena)
{
    const struct analysis *analysis = verdict->analysis;
    const struct series *series = &analysis->series;
    struct course *courses = ARENA_ARRAY(arena, struct course, analysis->judgement_count + 1);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        courses[i] = (struct course){&analysis->judgements[i],
                                     ARENA_ARRAY(arena, struct course_point, series->count + 1),
                                     series->count,
                                     series->count ? series->items[0].begin : verdict->begin,
                                     series->width,
                                     0};
    struct course_past past;
    begin_past(&past, analysis, arena);
    for (uint32_t i = 0; i < series->count; i++) {
        const struct series_slot *slot = &series->items[i];
        int64_t end = slot->begin + series->width;
        bool last = i + 1 == series->count;
        past.times.now = last || end > verdict->now ? verdict->now : end;
        add_slot(&past, slot);
        analysis_judge(&past.analysis, &past.times, verdict->begin, JUDGE_TO_DECIDE);
        for (uint32_t j = 0; j < analysis->judgement_count; j++) {
            struct course_point *point = &courses[j].points[i];
            *point = (struct course_point){
                .at = past.times.now, .change = NAN, .interval = {-INFINITY, INFINITY}};
            if (past.places[j] == UINT32_MAX)
                take_windowed(point, &past, courses[j].judgement, slot,
                              slot->begin > verdict->begin ? slot->begin : verdict->begin);
            else
                take_judged(point, &past.analysis.judgements[past.places[j]]);
        }
    }
    end_past(&past);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        courses[i].decided = decided_at(&courses[i]);
    return courses;
}

/* ---------------------------------------------------------------------------- from the start -- */

static void follow(struct stage_course *course, const struct analysis *analysis,
                   const struct series *series, uint32_t accumulator, struct arena *arena)
{
    const struct measure *measure = &analysis->accumulators[accumulator].measure;
    struct cell cells[GROUPS];
    course->points = ARENA_ARRAY(arena, struct stage_point, series->count + 1);
    course->count = series->count;
    for (uint32_t group = 0; group < GROUPS; group++)
        series_cell_init(series, accumulator * GROUPS + group, &cells[group]);
    for (uint32_t i = 0; i < series->count; i++) {
        const struct series_slot *slot = &series->items[i];
        int64_t end = slot->begin + series->width;
        bool last = i + 1 == series->count;
        int64_t at = last || end > course->to ? course->to : end;
        int64_t served = analysis_served(analysis, course->from, at);
        for (uint32_t group = 0; group < GROUPS; group++)
            cell_merge(&cells[group], measure, &slot->cells[accumulator * GROUPS + group]);
        course->points[i] =
            (struct stage_point){at, value_of(&cells[ASSIGNED_CANARY], measure, served),
                                 value_of(&cells[ASSIGNED_CONTROL], measure, served)};
    }
    for (uint32_t group = 0; group < GROUPS; group++)
        cell_release(&cells[group]);
}

struct whole_course whole_course_of(const struct verdict *verdict, uint32_t accumulator,
                                    struct arena *arena)
{
    const struct analysis *analysis = verdict->analysis;
    const struct past_stages *past = &analysis->past;
    struct whole_course course = {ARENA_ARRAY(arena, struct stage_course, past->count + 1),
                                  past->count + 1};
    for (uint32_t i = 0; i < past->count; i++) {
        const struct past_stage *stage = &past->items[i];
        course.stages[i] =
            (struct stage_course){.from = stage->from, .to = stage->to, .stage = stage->stage};
        follow(&course.stages[i], analysis, &stage->series, accumulator, arena);
    }
    struct stage_course *now = &course.stages[past->count];
    *now = (struct stage_course){
        .from = verdict->begin, .to = verdict->now, .stage = analysis->subject.stage};
    follow(now, analysis, &analysis->series, accumulator, arena);
    return course;
}
