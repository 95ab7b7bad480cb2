/* experiment.h - an experiment: its arms, and how it was sized. */
#ifndef FFC_MODEL_EXPERIMENT_H
#define FFC_MODEL_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis_method.h"
#include "condition.h"
#include "criterion.h"

struct arm;
struct node;
struct zone;

#define EXPERIMENT_STATES(X)         \
    X(EXPERIMENT_DRAFT, "draft")     \
    X(EXPERIMENT_RUNNING, "running") \
    X(EXPERIMENT_CONCLUDED, "concluded")
enum experiment_state { EXPERIMENT_STATES(WORDS_MEMBER) };
extern const char *const experiment_state_words[];

/* Of ANALYSIS_GROUP_SEQUENTIAL: as many as anybody plans; one look is a fixed test. */
#define EXPERIMENT_LOOKS_LEAST 2
#define EXPERIMENT_LOOKS_MOST  20

/* The primary metric without the experiment, for sizing it. */
struct experiment_baseline {
    bool given;
    double mean;      /* of a proportion: the share, 0 to 1 */
    double deviation; /* of the values, one a unit; 0 for a proportion, whose follows */
    struct span span;
};

struct experiment {
    const char *hypothesis;
    struct arm *arms;
    uint32_t arm_count;
    uint32_t control;
    uint32_t traffic;
    struct condition *condition;
    const struct metric *primary; /* or NULL */
    const struct metric **metrics;
    uint32_t metric_count;
    struct criteria guards;
    uint64_t min_samples;
    struct span min_samples_span;
    int64_t min_duration;
    enum analysis_method method;
    bool asks_method;        /* a command line asks for it, of all metrics */
    bool whole_weeks;        /* min_duration is rounded up to weeks */
    bool aa;                 /* its variants are the same */
    bool cuped;              /* judged less what units did before their exposure */
    struct text stratify;    /* a field or attribute, by whose values changes are post-stratified */
    const struct zone *zone; /* where a day begins; NULL: UTC */
    uint32_t looks;          /* ANALYSIS_GROUP_SEQUENTIAL: how many are planned, evenly apart */
    double alpha, power, mde;
    struct span mde_span;
    struct experiment_baseline baseline;
    uint64_t units_per_day; /* that could take part, before layer and traffic; 0: not given */
    enum experiment_state state;
    bool has_winner;
    uint32_t winner;
    struct span span;
    const struct node *node; /* the block, where edit.h finds state and winner */
};

#endif
