/* criterion.h - what a rollout is judged by: guards, and lines of `advance_when`. */
#ifndef FFC_MODEL_CRITERION_H
#define FFC_MODEL_CRITERION_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct metric;

enum criterion_form {
    CRITERION_MAX,
    CRITERION_MIN,
    CRITERION_MAX_INCREASE,
    CRITERION_MAX_DECREASE
};
const char *criterion_form_text(enum criterion_form form); /* as in the definitions: "max" */
enum criterion_action { ACTION_ROLLBACK, ACTION_PAUSE, ACTION_ALERT, ACTION_INVESTIGATE };
enum nodata_policy { NODATA_HOLD, NODATA_ROLLBACK, NODATA_IGNORE };

/* A guard, or a line of `advance_when`: there `action` does not count. */
struct criterion {
    const struct metric *metric;
    enum criterion_form form;
    double threshold;    /* in the metric's own unit: a share as 0.05, a latency as logged */
    bool absolute;       /* of max_increase and max_decrease: {abs: …} */
    struct text written; /* the threshold as written, for reports: "5%" */
    enum criterion_action action;
    int64_t over;         /* trailing window; 0: the whole stage */
    uint32_t for_windows; /* how many windows in a row; 1 unless said */
    double confidence;    /* 0: judge the point estimate */
    bool versus_before;   /* else versus control */
    uint64_t min_samples; /* 0: the stage's */
    enum nodata_policy on_nodata;
    struct span span;
};
struct criteria {
    struct criterion *items;
    uint32_t count;
};

#endif
