/*
 * plan_page.h - how much traffic and time a rollout or an experiment will take.
 */
#ifndef FFREPLAY_PLAN_PAGE_H
#define FFREPLAY_PLAN_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/check/sample_size.h"
#include "tools/ffreplay/canary/verdict.h"
#include "tools/ffreplay/page/page.h"

struct arena;
struct buffer;

/* What a metric is without the canary, as it was given: of a mean, its deviation, too. */
struct given_baseline {
    const struct metric *metric;
    double mean, deviation; /* 0: none */
};

struct plan_wish {
    double power;   /* 0 to 1 */
    double mde;     /* of an experiment, relative; 0: as its definition says */
    int method;     /* of an experiment, an enum analysis_method; -1: the same */
    double traffic; /* lines of the audience a second, or units of an experiment; 0: not given */
    const struct given_baseline *baselines;
    size_t baseline_count;
    bool has_log; /* the rest is measured */
};

/* One criterion at one stage. What is not known is NaN; what never comes is infinite. */
struct prospect {
    const struct judgement *judgement;
    const struct metric *metric;
    double baseline;
    double samples; /* of the canary, until it is settled */
    double seconds; /* the same */
    double effect;  /* the least one that is found until the stage's time is over; see forecast.h */
    const char *note;    /* or NULL */
    bool has_no_control; /* everybody is in the stage: it is not judged there */
};

struct stage_plan {
    const struct stage *stage;
    double canary_rate; /* lines of the canary a second */
    double seconds;     /* the stage takes at least so long */
    bool unknown;       /* a criterion that may hold it up longer could not be foreseen */
    struct prospect *prospects;
    uint32_t count;
    struct sentences warnings;
};

struct canary_plan {
    const struct flag *flag;
    const char *environment;
    const struct plan_wish *wish;
    double lines_per_second; /* of the first stage's audience */
    struct stage_plan *stages;
    uint32_t stage_count;
    double seconds; /* all stages, at least */
    bool unknown;   /* of a stage */
};

/* `analyses`: one per stage, of a log, or of nothing that was read. Texts are the arena's. */
void plan_canary(struct canary_plan *plan, const struct analysis *analyses, uint32_t count,
                 int64_t span, struct arena *arena);
void plan_canary_text(const struct canary_plan *plan, const struct page *page);
void plan_canary_json(const struct canary_plan *plan, struct buffer *out);

struct experiment_plan {
    const struct flag *flag;
    const char *environment;
    struct experiment experiment; /* with what was given */
    struct targeting targeting;   /* of it */
    bool known;                   /* the size can be told */
    const char *unknown;          /* else why, a clause */
    struct sample_size size;
    bool finds; /* the effects that some weeks find can be told */
};

/* What it finds after so many days; NaN: nothing. Only where `finds`. */
double plan_effect(const struct experiment_plan *plan, int days);
#define PLANNED_SPANS 3
extern const int planned_days[PLANNED_SPANS];

/* `plan` has the flag and the environment. */
void plan_experiment(struct experiment_plan *plan, const struct plan_wish *wish,
                     const struct flag *flag, uint32_t environment);
void plan_experiment_text(const struct experiment_plan *plan, const struct page *page);
void plan_experiment_json(const struct experiment_plan *plan, struct buffer *out);

#endif
