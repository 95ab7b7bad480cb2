/*
 * course.h - how a stage went: its metrics, and what was known of them, over time.
 *
 * A point has everything from the beginning of the stage up to then, judged by the code and from
 * the structures that the verdict is: the last one is the verdict's own. A criterion that is judged
 * over trailing windows has what its slot alone has, since a slot is seldom as wide as its windows
 * are.
 */
#ifndef FFREPLAY_COURSE_H
#define FFREPLAY_COURSE_H

#include "verdict.h"

struct course_value {
    double value; /* NAN: not measured */
    uint64_t samples;
};
struct course_point {
    int64_t at; /* what there was before; the last one: now */
    struct course_value canary, control;
    /* Of a criterion that judges a bound. */
    double change;            /* NAN: there is none */
    struct interval interval; /* of it; what is not known is infinite */
    enum criterion_verdict verdict;
};
/* Of one criterion; points where nothing was added are left out. */
struct course {
    const struct judgement *judgement;
    struct course_point *points;
    uint32_t count;
    int64_t begin;    /* of the first slot */
    int64_t width;    /* of a slot */
    uint32_t decided; /* of one in harm: the point since which it has been; else the last one */
};

/*
 * Of each of the analysis's judgements, in their order, in memory of the arena. The analysis was
 * prepared with `keeps_series`, and the verdict is reached. Cost: a judgement for each slot.
 */
struct course *courses_of(const struct verdict *verdict, struct arena *arena);

/*
 * A metric from the first stage on. A point has everything from the beginning of its stage up to
 * then; nothing is judged.
 */
struct stage_point {
    int64_t at;
    struct course_value canary, control;
};
struct stage_course {
    int64_t from, to;
    uint32_t stage;
    struct stage_point *points;
    uint32_t count;
};
struct whole_course {
    struct stage_course *stages; /* ascending; the last is the one that is decided on */
    uint32_t count;
};

/* Of an accumulator, in memory of the arena; as for courses_of(). */
struct whole_course whole_course_of(const struct verdict *verdict, uint32_t accumulator,
                                    struct arena *arena);

#endif
