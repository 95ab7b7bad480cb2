/*
 * analysis.h - one canary at one stage: gathers from lines what its criteria need, and judges them.
 */
#ifndef FFREPLAY_ANALYSIS_H
#define FFREPLAY_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "decision.h"
#include "past_stages.h"
#include "compiler/statistics/comparison.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/replay/replay.h"
#include "unit_shares.h"
#include "tools/ffreplay/metrics/evidence.h"
#include "tools/ffreplay/metrics/series.h"
#include "tools/ffreplay/metrics/windows.h"

/* What is gathered of a metric over the whole stage, by group. */
struct accumulator {
    struct measure measure;
    uint32_t log;
    struct cell cells[ASSIGNED_GROUPS];
    bool gathers_spread;
    bool windowed; /* some criterion judges it over trailing windows */
};

/* A criterion, and how it was judged. */
struct judgement {
    const struct criterion *criterion;
    uint32_t accumulator;
    bool windowed;          /* judged over trailing windows, not over the stage */
    struct windows windows; /* of the canary */

    struct finding finding;
    bool measured; /* `estimate` counts: of the stage, or of the newest look */
    double estimate;
    uint64_t samples;        /* behind the estimate */
    uint64_t fewest_samples; /* of all looks */
    uint64_t wanted_samples; /* what those have to reach */
    uint32_t looks;          /* of `for`, those there were */
    uint32_t looks_beyond;
    /* Of control, or of the time before. */
    bool control_measured;
    double control_estimate;
    uint64_t control_samples;
    bool has_no_control; /* the stage takes everybody */
    /* A group of which too much cannot be read: then there is no data. */
    struct spoilt {
        bool found;
        bool by_newest; /* it is the newest that cannot be read, however much else can */
        enum assignment group;
        uint64_t unreadable, samples; /* so many, of so many */
        const struct unreadable_value *shown;
    } spoilt;

    /* Of criteria that judge a bound. */
    bool statistical;
    double confidence;
    struct comparison comparison;
    const char *impossible; /* why there is no bound, a clause; or NULL */
    bool estimate_beyond;   /* the threshold, whatever the bound says */
    double design_effect;   /* so many samples count as one; at most 1: each counts */
    double growth;          /* of advance_when: how many times as much data would settle it */
    uint64_t look;          /* windows since the stage began */
};

struct analysis {
    struct consumer consumer; /* of the records of logs, once it is prepared */
    const struct replay_times *times;
    uint32_t log_count;
    struct subject subject;
    const struct stage *stage;
    int64_t since;              /* INT64_MIN: not given */
    struct assigner *assigners; /* one per log */
    struct accumulator *accumulators;
    uint32_t accumulator_count;
    struct judgement *judgements;
    uint32_t judgement_count;
    bool compares_before; /* the lines before the stage count, too */
    int64_t before_first; /* the time of the first such line; INT64_MAX: none */
    struct unit_shares shares;
    uint64_t assigned[ASSIGNMENT_COUNT];
    uint64_t of_other_share;      /* lines of the groups at times when the stage stood at another
                                percentage: they do not count towards `shares` */
    struct unreadable unassigned; /* lines that are left out as unreadable */
    struct unreadable unkeyed;    /* lines without a key, where a list or an object should be it */
    int64_t first, last; /* times of the lines that were used; INT64_MAX and INT64_MIN: none */
    struct input_digest digest; /* of those lines */
    bool keeps_series;          /* set before it is prepared: also over time, for a report */
    struct series_column *columns;
    struct series series;    /* by accumulator: the canary's, then control's; see course.h */
    struct past_stages past; /* where `keeps_series` */
    struct canary_lines {    /* by log: those of the canary, and the times of the outermost */
        uint64_t count;
        int64_t first, last;
    } * canary_lines;
};

/*
 * Chooses metrics and logs and compiles snapshots, for `analysis->subject.flag` and `.environment`.
 * `layouts`: one per log of the project. `times` are looked at until it is released. False: it has
 * been reported.
 */
bool analysis_prepare(struct analysis *analysis, struct project *project, struct layout *layouts,
                      const struct replay_times *times);
void analysis_release(struct analysis *analysis);

/* Those of the canaries that a command decides on. */
struct analyses {
    struct analysis *items;
    uint32_t count;
};
/* Prepares each, and names its stage to the replay. False: one cannot be, which was reported. */
bool analyses_prepare(struct analyses *analyses, struct replay *replay);
void analyses_release(struct analyses *analyses);

/* Resets to zero records; frees nothing. Done by analysis_prepare(). */
void analysis_begin(struct analysis *analysis);
/* Frees what was gathered. Done by analysis_release(). */
void analysis_forget(struct analysis *analysis);

/* Where a copy keeps its units: with those of what it is a copy of, as threads do, or apart. */
enum unit_stores { UNIT_STORES_SHARED, UNIT_STORES_OWN };
/*
 * Makes an empty one that is prepared in the same way, and that takes records as this one does;
 * which outlives it. Frees with analysis_free_copy().
 */
void analysis_copy_empty(struct analysis *copy, const struct analysis *analysis,
                         enum unit_stores stores);
void analysis_free_copy(struct analysis *copy);
/* Adds what the other one has taken, apart from its accumulators, windows and series. */
void analysis_join_totals(struct analysis *analysis, struct analysis *other);

/* Takes one record, which is used or left out. */
void analysis_take(struct analysis *analysis, const struct record *record);
/* Takes one of the canary or of control into the cells of its time. */
void analysis_gather_series(const struct analysis *analysis, struct series *series,
                            const struct assigner *assigner, const struct record *record,
                            enum assignment group);

/* The part of preparation for accumulators of which a bound is judged; see cell_gather_spread(). */
void analysis_gather_spreads(struct analysis *analysis);
/* The part for what is kept of units; see cell_share_units(). */
void analysis_share_units(struct analysis *analysis, const struct analysis *of);

/* An empty series of cells, of the analysis's own accumulators; none where it keeps none. */
void analysis_begin_series(struct analysis *analysis);

/* Whether to compute only the verdict, or also what would settle it (100 × slower). */
enum judging { JUDGE_TO_DECIDE, JUDGE_TO_EXPLAIN };

/*
 * Judges every criterion; `now` must be known. `begin`: when the stage began. May be repeated,
 * later and with more records.
 */
void analysis_judge(struct analysis *analysis, const struct replay_times *times, int64_t begin,
                    enum judging judging);

/* The part of that for unreadable values: too many mean no data, whatever the rest says. */
void judge_unreadable(const struct analysis *analysis, struct judgement *judgement,
                      const struct replay_times *times);
/* Notes that the cell, of that group's accumulator or of its windows, cannot be read. */
void note_spoilt(struct judgement *judgement, const struct accumulator *accumulator,
                 enum assignment group, const struct cell *cell, uint32_t max_bad);

/* The parts of that for criteria that judge a bound. */
void judge_bound(struct judgement *judgement, const struct measure *measure, struct observed canary,
                 struct observed control, enum judging judging);
void judge_without_control(struct judgement *judgement);

/* Returns true if the criterion's confidence bound is on a change. */
bool criterion_compares(const struct criterion *criterion);

/*
 * Its baseline, the side on which its threshold is exceeded, and the threshold as a signed change.
 */
enum baseline criterion_baseline(const struct criterion *criterion);
enum side criterion_harm_side(const struct criterion *criterion);
double criterion_margin(const struct criterion *criterion);

/* How long the canary was served: the time between, minus that under overrides. */
int64_t analysis_served(const struct analysis *analysis, int64_t from, int64_t to);

/* What lines were evaluated with. */
struct origins analysis_origins(const struct analysis *analysis);

/* Lines of the groups. */
uint64_t analysis_used(const struct analysis *analysis);

#endif
