/* override.h - what overrides the rules of many flags at once, for a time. */
#ifndef FFC_MODEL_OVERRIDE_H
#define FFC_MODEL_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "condition.h"

struct flag;
struct node;
struct project;

/* Those in files in OVERRIDES_FOLDER come before all others, the newest `at` first. */
#define OVERRIDES_FOLDER "overrides/"

struct override {
    struct text id;     /* what it is lifted by; text NULL: it has none */
    const char *name;   /* in results: "override:ID"; without an id its place among those that are
                           not in the folder, "override[0]" */
    struct texts flags; /* globs */
    struct texts tags;
    struct texts kinds;
    bool all;
    uint64_t environments;       /* as bits; all of them unless said */
    struct condition *condition; /* or NULL */
    struct text serve;           /* "default", or a variant every selected flag has */
    int64_t from, until;         /* INT64_MIN, INT64_MAX when not given */
    const char *reason, *by;     /* or NULL */
    int64_t at;                  /* INT64_MIN: not given */
    const struct node *node;
    struct span span;
    bool lifted; /* of an analysis of the past: it is in the definitions no more */
    bool dated;  /* likewise: `from` is `at` */
};
bool override_selects(const struct override *override, const struct flag *flag);
/* Whether it stands in OVERRIDES_FOLDER. It has a place in the definitions. */
bool override_is_hurried(const struct project *project, const struct override *override);

#endif
