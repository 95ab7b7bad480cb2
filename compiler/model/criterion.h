/* criterion.h - what a rollout is judged by: guards, and criteria of `advance_when`. */
#ifndef FFC_MODEL_CRITERION_H
#define FFC_MODEL_CRITERION_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "text.h"

struct flag;
struct metric;

#define CRITERION_FORMS(X)                    \
    X(CRITERION_MAX, "max")                   \
    X(CRITERION_MIN, "min")                   \
    X(CRITERION_MAX_INCREASE, "max_increase") \
    X(CRITERION_MAX_DECREASE, "max_decrease")
enum criterion_form { CRITERION_FORMS(WORDS_MEMBER) };
extern const char *const criterion_form_words[];

#define CRITERION_ACTIONS(X)       \
    X(ACTION_ROLLBACK, "rollback") \
    X(ACTION_PAUSE, "pause")       \
    X(ACTION_ALERT, "alert")       \
    X(ACTION_INVESTIGATE, "investigate")
enum criterion_action { CRITERION_ACTIONS(WORDS_MEMBER) };
extern const char *const criterion_action_words[];

#define NODATA_POLICIES(X)         \
    X(NODATA_HOLD, "hold")         \
    X(NODATA_ROLLBACK, "rollback") \
    X(NODATA_IGNORE, "ignore")
enum nodata_policy { NODATA_POLICIES(WORDS_MEMBER) };
extern const char *const nodata_policy_words[];

/* A guard, or a criterion of `advance_when`, where `action` is ignored. */
struct criterion {
    const struct metric *metric;
    enum criterion_form form;
    double threshold;           /* in the metric's own unit: a share as 0.05, a latency as logged */
    bool absolute;              /* of max_increase and max_decrease: {abs: …} */
    struct text written;        /* the threshold as written, for reports: "5%" */
    const struct flag *of_flag; /* whose value the threshold is; or NULL */
    enum criterion_action action;
    int64_t over;         /* trailing window; 0: the whole stage */
    uint32_t for_windows; /* how many windows in a row; 1 unless said */
    double confidence;    /* 0: judge the point estimate */
    bool versus_before;   /* else versus control */
    uint64_t min_samples; /* 0: the stage's */
    enum nodata_policy on_nodata;
    const char *runbook; /* of a guard: where to find what to do; or NULL */
    struct span span;
};
struct criteria {
    struct criterion *items;
    uint32_t count;
};

#endif
