/* analysis_method.h - how changes that an experiment makes are judged. */
#ifndef FFC_MODEL_ANALYSIS_METHOD_H
#define FFC_MODEL_ANALYSIS_METHOD_H

#include "compiler/base/words.h"

/* docs/statistics.md has what each guarantees. */
#define ANALYSIS_METHODS(X)                          \
    X(ANALYSIS_SEQUENTIAL, "sequential")             \
    X(ANALYSIS_FIXED, "fixed")                       \
    X(ANALYSIS_GROUP_SEQUENTIAL, "group_sequential") \
    X(ANALYSIS_BAYESIAN, "bayesian")
enum analysis_method { ANALYSIS_METHODS(WORDS_MEMBER) };
extern const char *const analysis_method_words[];

/* What a metric may say of itself: one of these, or a test that only some metrics have. */
#define METRIC_METHODS(X)                          \
    X(METRIC_AS_EXPERIMENT, "as_experiment")       \
    X(METRIC_SEQUENTIAL, "sequential")             \
    X(METRIC_FIXED, "fixed")                       \
    X(METRIC_GROUP_SEQUENTIAL, "group_sequential") \
    X(METRIC_BAYESIAN, "bayesian")                 \
    X(METRIC_MANN_WHITNEY, "mann_whitney") /* `fixed`, by ranks */
enum metric_method { METRIC_METHODS(WORDS_MEMBER) };
extern const char *const metric_method_words[];

#endif
