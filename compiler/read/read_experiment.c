/* read_experiment.c - experiments: who takes part, with which shares, and what is measured. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "draft.h"
#include "read_clock.h"
#include "read_condition.h"
#include "read_criteria.h"
#include "read_experiment.h"
#include "read_map.h"
#include "read_names.h"
#include "read_rules.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"

struct experiment_keys {
    struct experiment experiment;
    struct draft *draft;
    struct node *control;
    struct node *winner;
    struct node *baseline;
    bool split_sound;
};

/* Variants are compared, and each has one share of the units. */
static bool has_no_arm_twice(struct reader *reader, const struct experiment *experiment,
                             const struct draft *draft)
{
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct arm *first = &experiment->arms[j], *second = &experiment->arms[i];
            if (first->variant != second->variant)
                continue;
            diagnose(reader->diagnostics, FF0394, second->span,
                     "'%s' has two shares of the experiment",
                     draft->targeting.variants[first->variant].name.text);
            diagnose_note(reader->diagnostics, first->span, "the first is here");
            diagnose_help(reader->diagnostics, "an experiment compares variants: give each one "
                                               "share, or split in a rule");
            return false;
        }
    return true;
}

static void read_experiment_split(struct reader *reader, struct node *node, void *target)
{
    struct experiment_keys *keys = target;
    struct experiment *experiment = &keys->experiment;
    keys->split_sound =
        read_split(reader, node, keys->draft, &experiment->arms, &experiment->arm_count) &&
        has_no_arm_twice(reader, experiment, keys->draft);
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        compare_variant(reader, keys->draft, experiment->arms[i].variant, experiment->arms[i].span,
                        "an experiment");
}

static void keep_control(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct experiment_keys *)target)->control = node;
}

static void keep_winner(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct experiment_keys *)target)->winner = node;
}

static void read_experiment_condition(struct reader *reader, struct node *node, void *target)
{
    ((struct experiment_keys *)target)->experiment.condition = read_condition(reader, node, false);
}

static void read_primary(struct reader *reader, struct node *node, void *target)
{
    ((struct experiment_keys *)target)->experiment.primary = resolve(reader, METRIC, node);
}

static void read_metric_list(struct reader *reader, struct node *node, void *target)
{
    struct experiment *experiment = &((struct experiment_keys *)target)->experiment;
    struct node **names;
    uint32_t count;
    if (!read_items(reader, node, "the name of a metric, or a list of them", &names, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct metric *metric = resolve(reader, METRIC, names[i]);
        if (metric)
            *ARENA_APPEND(reader->arena, experiment->metrics, experiment->metric_count) = metric;
    }
}

static void read_experiment_guards(struct reader *reader, struct node *node, void *target)
{
    read_criteria(reader, node, true, &((struct experiment_keys *)target)->experiment.guards);
}

/* A probability strictly between 0 and 1, as a number or a percentage. */
static void read_share(struct reader *reader, struct node *node, double *value)
{
    uint32_t percent;
    bool written_so =
        node->kind == NODE_SCALAR && node->count && node->text[node->count - 1] == '%';
    if (written_so && !read_percent(reader, node, &percent))
        return;
    if (!written_so && !read_number(reader, node, value))
        return;
    if (written_so)
        *value = percent / (double)PERCENT_ALL;
    if (*value > 0 && *value < 1)
        return;
    diagnose(reader->diagnostics, FF0141, node->span,
             "expected a share between 0 and 1, found '%s'", node->text);
}

static void read_min_samples(struct reader *reader, struct node *node, void *target)
{
    struct experiment *experiment = &((struct experiment_keys *)target)->experiment;
    experiment->min_samples_span = node->span;
    read_count(reader, node, &experiment->min_samples);
}

static void read_alpha(struct reader *reader, struct node *node, void *target)
{
    read_share(reader, node, &((struct experiment_keys *)target)->experiment.alpha);
}

static void read_power(struct reader *reader, struct node *node, void *target)
{
    read_share(reader, node, &((struct experiment_keys *)target)->experiment.power);
}

static void read_mde(struct reader *reader, struct node *node, void *target)
{
    struct experiment *experiment = &((struct experiment_keys *)target)->experiment;
    experiment->mde_span = node->span;
    read_share(reader, node, &experiment->mde);
}

static void keep_baseline(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    ((struct experiment_keys *)target)->baseline = node;
}

static void read_looks(struct reader *reader, struct node *node, void *target)
{
    uint64_t looks = 0;
    uint32_t before = faults(reader);
    read_count(reader, node, &looks);
    if (faults(reader) != before)
        return;
    if (looks >= EXPERIMENT_LOOKS_LEAST && looks <= EXPERIMENT_LOOKS_MOST) {
        ((struct experiment_keys *)target)->experiment.looks = (uint32_t)looks;
        return;
    }
    diagnose(reader->diagnostics, FF0141, node->span,
             "expected between %d and %d looks, found '%s'", EXPERIMENT_LOOKS_LEAST,
             EXPERIMENT_LOOKS_MOST, node->text);
    diagnose_help(reader->diagnostics,
                  "'method: fixed' looks once, 'method: sequential' as often as you like");
}

static void read_experiment_zone(struct reader *reader, struct node *node, void *target)
{
    ((struct experiment_keys *)target)->experiment.zone = read_zone_name(reader, node);
}

static bool is_arm(const struct experiment *experiment, uint32_t variant)
{
    for (uint32_t i = 0; i < experiment->arm_count; i++) {
        if (experiment->arms[i].variant == variant)
            return true;
    }
    return false;
}

static void settle_control(struct reader *reader, struct experiment_keys *keys)
{
    struct experiment *experiment = &keys->experiment;
    uint32_t variant = resolve_compared(reader, keys->draft, keys->control, "an experiment");
    if (variant == UINT32_MAX)
        return;
    experiment->control = variant;
    if (!keys->split_sound || is_arm(experiment, variant))
        return;
    diagnose(reader->diagnostics, FF0356, keys->control->span,
             "the control '%s' has no share of the split", keys->control->text);
    diagnose_help(reader->diagnostics,
                  "give it one in 'split', or there is nothing to compare with");
}

static const struct form deviation_form =
    FORM("number", "\"type\": \"number\", \"exclusiveMinimum\": 0");
static const struct field mean_fields[] = {
    FIELD("mean", FIELD_NUMBER, struct experiment_baseline, mean, "of a unit's value",
          .missing = "as in {mean: 30, sd: 12}"),
    FIELD("sd", FIELD_NUMBER, struct experiment_baseline, deviation, "its standard deviation",
          .form = &deviation_form,
          .missing = "the standard deviation of a unit's value: {mean: 30, sd: 12}"),
};
static const struct form mean_form = KEYS(NULL, "a baseline", "`{mean, sd}`", mean_fields);

static bool read_mean(struct reader *reader, struct node *node,
                      struct experiment_baseline *baseline)
{
    if (!expect_map(reader, node,
                    "the mean and standard deviation of the primary metric, as in "
                    "{mean: 30, sd: 12}"))
        return false;
    uint64_t given = read_fields(reader, node, &mean_form, node->span, baseline);
    return given == 3;
}

/* A zero mean has no relative effect, and what does not vary needs no experiment. */
static void check_mean(struct reader *reader, const struct node *node,
                       const struct experiment_baseline *baseline)
{
    const struct entry *mean = find_entry(node, "mean"), *deviation = find_entry(node, "sd");
    if (baseline->mean == 0)
        diagnose(reader->diagnostics, FF0141, mean->value->span,
                 "expected a mean other than 0, because effects are relative to it");
    if (!(baseline->deviation > 0))
        diagnose(reader->diagnostics, FF0141, deviation->value->span,
                 "expected a standard deviation above 0, found '%s'", deviation->value->text);
}

static void settle_baseline(struct reader *reader, struct experiment_keys *keys)
{
    struct node *node = keys->baseline;
    const struct metric *primary = keys->experiment.primary;
    struct experiment_baseline baseline = {.given = true};
    if (!node || !primary)
        return;
    baseline.span = node->span;
    uint32_t errors = reader->diagnostics->errors;
    switch (metric_traits(primary)->sizing) {
    case SIZED_BY_SHARE:
        if (node->kind != NODE_SCALAR)
            expected(reader, node, "the share of units or events, as in 4%");
        else
            read_share(reader, node, &baseline.mean);
        break;
    case SIZED_BY_DEVIATION:
        if (read_mean(reader, node, &baseline) && reader->diagnostics->errors == errors)
            check_mean(reader, node, &baseline);
        break;
    case SIZED_BY_NOTHING:
        diagnose(reader->diagnostics, FF0364, node->span,
                 "'baseline' has no meaning for the primary metric '%s', which is %s",
                 primary->name.text, metric_traits(primary)->noun);
        diagnose_help(reader->diagnostics,
                      "leave it out: no formula gives the size of such an experiment beforehand");
    }
    if (reader->diagnostics->errors == errors)
        keys->experiment.baseline = baseline;
}

static void settle_winner(struct reader *reader, struct experiment_keys *keys)
{
    struct experiment *experiment = &keys->experiment;
    if (!keys->winner || is_null(keys->winner))
        return;
    uint32_t variant = resolve_compared(reader, keys->draft, keys->winner, "an experiment");
    if (variant == UINT32_MAX)
        return;
    experiment->has_winner = true;
    experiment->winner = variant;
    if (experiment->state == EXPERIMENT_CONCLUDED)
        return;
    diagnose(reader->diagnostics, FF0354, keys->winner->span,
             "the winner of an experiment that is not concluded is not served");
    diagnose_help(reader->diagnostics, "set 'state: concluded', or remove the winner");
}

static const struct form baseline_form = {
    .kind = FORM_EITHER, .takes = "share, or `{mean, sd}`", .of = {&quantity_form, &mean_form}};
static const struct form probability_form =
    FORM("number or percentage",
         "\"type\": [\"number\", \"string\"], \"exclusiveMinimum\": 0, \"exclusiveMaximum\": 1");
static const struct form effect_form = ALIAS("number or percentage", quantity_form);
static const struct form winner_form = {
    .kind = FORM_EITHER, .takes = "variant or `null`", .of = {&variant_form, &null_form}};
static const struct field experiment_fields[] = {
    READ("split", read_experiment_split, split_form, "sums to exactly 100 %",
         .missing = "give each variant its share: split: {control: 50%, treatment: 50%}"),
    READ("control", keep_control, variant_form,
         "what the other variants are compared with; part of the split",
         .missing = "name the variant that the others are compared with"),
    READ("primary", read_primary, metric_name_form, "decides who wins"),
    FIELD("hypothesis", FIELD_TEXT, struct experiment_keys, experiment.hypothesis, "for people"),
    FIELD("traffic", FIELD_PERCENT, struct experiment_keys, experiment.traffic,
          "share of the units that take part; default 100 %. Changing it moves no unit between "
          "variants"),
    READ("if", read_experiment_condition, condition_form, "who can take part"),
    READ("metrics", read_metric_list, metrics_form, "are reported as well"),
    READ("guards", read_experiment_guards, guards_form, "must not get worse"),
    READ("min_samples", read_min_samples, count_form,
         "units per variant before there can be a winner"),
    FIELD("min_duration", FIELD_DURATION, struct experiment_keys, experiment.min_duration,
          "how long it runs before there can be a winner"),
    FIELD("whole_weeks", FIELD_BOOLEAN, struct experiment_keys, experiment.whole_weeks,
          "`min_duration` is rounded up to whole weeks, at least one, and only whole weeks are "
          "judged: "
          "weekends differ"),
    FIELD("aa", FIELD_BOOLEAN, struct experiment_keys, experiment.aa,
          "its variants do the same, to try assignment and metrics: a difference is a fault"),
    CHOICE("method", struct experiment_keys, experiment.method, analysis_method_words,
           "how `ffreplay analyze` judges it; default `sequential`, which holds at every look"),
    FIELD(
        "cuped", FIELD_BOOLEAN, struct experiment_keys, experiment.cuped,
        "take out what a unit's values before its exposure explain; logs have to reach back before "
        "the experiment"),
    FIELD("stratify", FIELD_PLACED, struct experiment_keys, experiment.stratify,
          "a field or attribute of the lines that expose units: what differs between arms only in "
          "how units are spread over its values is taken out (post-stratification)",
          .form = &field_name_form),
    READ("zone", read_experiment_zone, zone_form,
         "where a day begins: an IANA time zone, such as `Europe/Oslo`; default UTC"),
    READ("looks", read_looks, count_form,
         "of `group_sequential`: how many are planned, evenly apart, until every variant has "
         "`min_samples`; default 5"),
    READ("alpha", read_alpha, probability_form, "error rate; default 0.05"),
    READ("power", read_power, probability_form, "default 0.8"),
    READ("mde", read_mde, effect_form, "the smallest relative effect worth finding"),
    READ("baseline", keep_baseline, baseline_form,
         "the primary metric without the experiment: for a proportion its share; for a mean, the "
         "mean and standard deviation of a unit's value"),
    FIELD("units_per_day", FIELD_COUNT, struct experiment_keys, experiment.units_per_day,
          "how many units per day could take part, before the share of the layer and `traffic`"),
    CHOICE("state", struct experiment_keys, experiment.state, experiment_state_words,
           "default `draft`"),
    READ("winner", keep_winner, winner_form, "once concluded: that variant for everybody"),
};
const struct form experiment_form =
    KEYS("experiment", "an experiment", "[experiment](#experiment)", experiment_fields);

struct experiment *read_experiment(struct reader *reader, struct node *node, struct draft *draft)
{
    struct experiment_keys keys = {.draft = draft};
    struct span span = reader->key->span;
    struct experiment *experiment = &keys.experiment;
    if (!expect_map(reader, node, "a mapping for an experiment"))
        return NULL;
    experiment->traffic = PERCENT_ALL;
    experiment->alpha = 0.05;
    experiment->power = 0.8;
    experiment->span = span;
    experiment->node = node;
    uint32_t before = faults(reader);
    read_fields(reader, node, &experiment_form, span, &keys);
    bool sound = faults(reader) == before;
    if (keys.control)
        settle_control(reader, &keys);
    if (sound && !find_entry(node, "primary")) {
        diagnose(reader->diagnostics, FF0351, span,
                 "an experiment without a primary metric: nothing decides who wins");
        diagnose_help(reader->diagnostics, "name it: primary: conversion");
    }
    settle_baseline(reader, &keys);
    settle_winner(reader, &keys);
    struct experiment *kept = ARENA_NEW(reader->arena, struct experiment);
    *kept = *experiment;
    return kept;
}
