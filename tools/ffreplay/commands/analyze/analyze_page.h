/*
 * analyze_page.h - an experiment's analysis, written: for a terminal, a pull request, programs.
 */
#ifndef FFREPLAY_ANALYZE_PAGE_H
#define FFREPLAY_ANALYZE_PAGE_H

#include "compiler/rollout/experiment_state.h"
#include "tools/ffreplay/analysis/breakdown.h"
#include "tools/ffreplay/analysis/effect_course.h"
#include "tools/ffreplay/page/page.h"
#include "tools/ffreplay/replay/replay.h"

struct buffer;

/* What was settled when the experiment started, and what of that is another now. */
struct settled {
    bool is_experiment;
    char terms[POLICY_DIGEST]; /* of the experiment as it is defined now */
    struct trial_start start;
    struct sentence_list departures; /* what the command line says instead of the definition */
    int64_t from, to;                /* INT64_MIN, INT64_MAX: all */
};

struct analyze_page {
    const struct conclusion *conclusion;
    const struct breakdowns *breakdowns;
    const struct flag_variants *variants;
    const struct replay *replay;
    const char *environment;
    const char *build;
    const struct settled *settled;
    const struct effect_courses *courses; /* without a point unless they are kept */
};

/* What stands for a number that is not known. */
#define EFFECT_UNKNOWN "-"
/* What a row of a table says of a metric in a variant, in words: both tables are made of it. Texts
 * are the arena's. */
struct effect_words {
    const char *metric, *variant, *control_value, *value, *change, *interval, *p, *verdict;
};
struct effect_words effect_words_of(const struct analyze_page *page, uint32_t metric, uint32_t arm,
                                    struct arena *arena);
/* The same of a group, which is named where the variant is. */
struct effect_words group_words_of(const struct analyze_page *page,
                                   const struct breakdown *breakdown, uint32_t metric,
                                   uint32_t group, uint32_t arm, struct arena *arena);
/* "bought", "bought in green": a metric in a variant, which is named where there are several. */
const char *tested_name(const struct conclusion *conclusion, uint32_t metric, uint32_t arm,
                        struct arena *arena);
/* "the groups differ: Q = 12.3, 3 degrees of freedom, p = 0.012", or why nobody knows. */
const char *interaction_text(const struct conclusion *conclusion, const struct breakdown *breakdown,
                             uint32_t metric, uint32_t arm, struct arena *arena);
/* What a breakdown's groups are, and what its numbers hold for. */
const char *breakdown_text(const struct conclusion *conclusion, const struct breakdown *breakdown,
                           struct arena *arena);
/* What the interaction tests hold for; of days since exposure, why there are none. */
const char *interactions_hold_text(const struct breakdowns *breakdowns,
                                   const struct breakdown *breakdown);
/* "running: variant_a is …" */
const char *headline_of(const struct conclusion *conclusion, struct arena *arena);
/* "sequential, 95 %": how it was judged. */
const char *method_text(const struct conclusion *conclusion, struct arena *arena);
/* How long until it is decided; NULL: it is, or nobody knows. */
const char *left_text(const struct conclusion *conclusion, struct arena *arena);
/* "1013 control, 987 variant_a" and how likely that is. */
const char *units_text(const struct conclusion *conclusion, struct arena *arena);

void analyze_text(const struct analyze_page *page, const struct page *out);
void analyze_markdown(const struct analyze_page *page, struct buffer *out, struct arena *arena);
/* A row of CSV for each unit that counts, by its hash; without a value, an empty cell. */
void analyze_units(const struct conclusion *conclusion, struct buffer *out);
void analyze_json(const struct analyze_page *page, struct buffer *out);

#endif
