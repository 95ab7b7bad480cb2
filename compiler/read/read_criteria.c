/*
 * read_criteria.c - guards and `advance_when`: a metric, and the bound it must not cross.
 *
 * A threshold is converted to the metric's own unit here, exactly once, so that later code need not
 * know how it was written.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "compiler/base/percent.h"
#include "compiler/model/bounds.h"
#include "read_criteria.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "reader.h"

struct criterion_keys {
    struct criterion criterion;
    bool guard;
    struct node *threshold;
};

static void read_metric_name(struct reader *reader, struct node *node, void *target)
{
    ((struct criterion_keys *)target)->criterion.metric = resolve(reader, METRIC, node);
}

static void keep(struct criterion_keys *keys, struct node *node, enum criterion_form form)
{
    if (keys->threshold)
        return; /* two forms at once were reported as a conflict */
    keys->threshold = node;
    keys->criterion.form = form;
}

static void read_max(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    keep(target, node, CRITERION_MAX);
}

static void read_min(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    keep(target, node, CRITERION_MIN);
}

static void read_max_increase(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    keep(target, node, CRITERION_MAX_INCREASE);
}

static void read_max_decrease(struct reader *reader, struct node *node, void *target)
{
    (void)reader;
    keep(target, node, CRITERION_MAX_DECREASE);
}

static const char *const versus_words[] = {"control", "before", NULL};

static void read_versus(struct reader *reader, struct node *node, void *target)
{
    unsigned choice;
    if (read_choice(reader, node, versus_words, &choice))
        ((struct criterion_keys *)target)->criterion.versus_before = choice == 1;
}

static void read_for(struct reader *reader, struct node *node, void *target)
{
    uint64_t windows;
    if (!read_count(reader, node, &windows))
        return;
    ((struct criterion_keys *)target)->criterion.for_windows = (uint32_t)windows;
    if (windows >= 1 && windows <= 100000)
        return;
    diagnose(reader->diagnostics, FF0141, node->span,
             "'for' is a number of windows from 1 to 100000, found '%s'", node->text);
}

void read_confidence(struct reader *reader, const struct node *node, double *confidence)
{
    uint32_t percent;
    if (!read_percent(reader, node, &percent))
        return;
    *confidence = percent / (double)PERCENT_ALL;
    if (percent >= PERCENT_ALL / 2 && percent < PERCENT_ALL)
        return;
    diagnose(reader->diagnostics, FF0141, node->span,
             "a confidence of '%s', expected at least 50%% and below 100%%", node->text);
}

static void read_criterion_confidence(struct reader *reader, struct node *node, void *target)
{
    read_confidence(reader, node, &((struct criterion_keys *)target)->criterion.confidence);
}

/* -------------------------------------------------------------------------------- thresholds -- */

static const struct {
    const char *name;
    double seconds;
} time_units[] = {{"ns", 1e-9},
                  {"us", 1e-6},
                  {"µs", 1e-6},
                  {"ms", 1e-3},
                  {"s", 1},
                  {"m", 60},
                  {"h", 3600},
                  {"d", 86400},
                  {"seconds", 1},
                  {"milliseconds", 1e-3},
                  {"microseconds", 1e-6},
                  {"nanoseconds", 1e-9}};

static double unit_seconds(const char *unit)
{
    for (size_t i = 0; unit && i < sizeof time_units / sizeof *time_units; i++) {
        if (strcmp(time_units[i].name, unit) == 0)
            return time_units[i].seconds;
    }
    return 0;
}

static bool is_percent_unit(const char *unit)
{
    return unit && (strcmp(unit, "%") == 0 || strcmp(unit, "percent") == 0);
}

/* A quotient of units is exact where a product with 1e-3 is not. */
static double convert(double value, double from, double to)
{
    return from >= to ? value * (from / to) : value / (to / from);
}

static void report_threshold(struct reader *reader, const struct node *node)
{
    diagnose(reader->diagnostics, FF0112, node->span, "expected a threshold, found '%s'",
             node->text);
    diagnose_help(reader->diagnostics,
                  "write a number, a percentage, or a number with the metric's "
                  "unit: 5, 5%%, 1000ms");
}

static bool read_with_unit(struct reader *reader, const struct node *node, const char *unit,
                           double number, const struct metric *metric, double *value)
{
    double from = unit_seconds(unit), to = unit_seconds(metric->unit);
    if (metric->unit && strcmp(unit, metric->unit) == 0) {
        *value = number;
        return true;
    }
    if (from > 0 && to > 0) {
        *value = convert(number, from, to);
        return true;
    }
    if (from > 0) {
        if (metric->faulty)
            reader->silent++;
        if (metric->faulty || is_repeated(reader, FF0368, node->span, "", metric->name.text))
            return false;
        diagnose(reader->diagnostics, FF0368, node->span,
                 metric->unit ? "'%s' is a duration, but metric '%s' is in '%s'"
                              : "'%s' is a duration, but metric '%s' has no 'unit'",
                 node->text, metric->name.text, metric->unit ? metric->unit : "");
        diagnose_note(reader->diagnostics, metric->name.span, "'%s' is defined here",
                      metric->name.text);
        diagnose_help(reader->diagnostics, "give the metric 'unit: ms', or write a plain number");
        return false;
    }
    report_threshold(reader, node);
    return false;
}

static void check_share(struct reader *reader, const struct node *node,
                        const struct criterion *criterion)
{
    bool share = metric_traits(criterion->metric)->scale == SCALE_SHARE;
    bool constant = criterion->form <= CRITERION_MIN;
    if (!share || !constant || (criterion->threshold >= 0 && criterion->threshold <= 1))
        return;
    if (criterion->metric->faulty) {
        reader->silent++;
        return;
    }
    diagnose(reader->diagnostics, FF0369, node->span,
             "'%s' is not a share: metric '%s' is %s, from 0 to 1", node->text,
             criterion->metric->name.text, metric_traits(criterion->metric)->noun);
    if (criterion->threshold < 0 || is_percent_unit(criterion->metric->unit) ||
        strchr(node->text, '%'))
        diagnose_help(reader->diagnostics, "a share is at least 0%% and at most 100%%");
    else
        diagnose_help(reader->diagnostics, "write it as a percentage: %s%%", node->text);
}

/* `{flag: NAME}`: the value follows, once flags are read. */
static void read_flag_threshold(struct reader *reader, struct node *node,
                                struct criterion *criterion)
{
    const struct node *name = node_get(node, "flag");
    if (!name || node->count != 1) {
        expected(reader, node, "a threshold, or {flag: NAME}");
        return;
    }
    criterion->of_flag = resolve(reader, FLAG, name);
    criterion->threshold = NAN;
    reader->flag_thresholds |= criterion->of_flag != NULL;
    criterion->written =
        (struct text){arena_format(reader->arena, "flag %s", name->text), node->span};
}

static void read_threshold(struct reader *reader, struct node *node, struct criterion *criterion)
{
    const struct metric *metric = criterion->metric;
    if (node->kind == NODE_MAP) {
        read_flag_threshold(reader, node, criterion);
        return;
    }
    if (node->kind != NODE_SCALAR || is_null(node)) {
        expected(reader, node, "a threshold");
        return;
    }
    criterion->written = (struct text){node->text, node->span};
    if (!metric)
        return;
    size_t digits = strspn(node->text, "0123456789.-+eE");
    char *number_text = arena_copy(reader->arena, node->text, digits);
    const char *unit = node->text + digits;
    unit += strspn(unit, " ");
    double number;
    if (!parse_number(number_text, &number)) {
        report_threshold(reader, node);
        return;
    }
    bool relative = criterion->form >= CRITERION_MAX_INCREASE && !criterion->absolute;
    bool percent = is_percent_unit(metric->unit) && !relative;
    bool share = metric_traits(metric)->scale == SCALE_SHARE;
    if (strcmp(unit, "%") == 0) {
        criterion->threshold = percent && !share ? number : number / 100;
    } else if (!*unit) {
        /* A share is from 0 to 1, in whatever unit it is asked for. */
        criterion->threshold = percent && share ? number / 100 : number;
    } else if (relative) {
        diagnose(reader->diagnostics, FF0368, node->span,
                 "'%s' is an amount, but this threshold is relative", node->text);
        diagnose_help(reader->diagnostics, "write a percentage, or {abs: %s}", node->text);
    } else if (!read_with_unit(reader, node, unit, number, metric, &criterion->threshold)) {
        return;
    }
    check_share(reader, node, criterion);
}

static void read_absolute(struct reader *reader, struct node *node, struct criterion *criterion)
{
    struct node *amount = node_get(node, "abs");
    if (!amount || node->count != 1) {
        expected(reader, node, "a percentage or {abs: NUMBER}");
        return;
    }
    criterion->absolute = true;
    read_threshold(reader, amount, criterion);
}

/* ---------------------------------------------------------------------------------- criteria -- */

static const struct field of_flag_fields[] = {
    READ("flag", NULL, flag_name_form, "whose value it is", .needed = true),
};
static const struct form of_flag_form = KEYS(NULL, "a threshold", "`{flag: name}`", of_flag_fields);
static const struct form threshold_form = {.definition = "threshold",
                                           .kind = FORM_EITHER,
                                           .takes = "threshold, or `{flag: name}`",
                                           .of = {&quantity_form, &of_flag_form}};
static const struct field absolute_fields[] = {
    READ("abs", NULL, threshold_form, "in the metric's own unit", .needed = true),
};
static const struct form absolute_form =
    KEYS(NULL, "a difference", "`{abs: threshold}`", absolute_fields);
static const struct form increase_form = {.definition = "increase",
                                          .kind = FORM_EITHER,
                                          .takes =
                                              "percentage, `{abs: threshold}`, or `{flag: name}`",
                                          .help = "Relative (10%), or {abs: 0.005}",
                                          .of = {&quantity_form, &of_flag_form, &absolute_form}};
static const struct form versus_form = {.kind = FORM_CHOICE, .words = versus_words};
static const struct form confidence_form = ALIAS("percentage", percent_form);

static const struct field criterion_fields[] = {
    READ("metric", read_metric_name, metric_name_form, "what is measured",
         .missing = "name the metric that it watches"),
    READ("max", read_max, threshold_form, "it must not be above"),
    READ("min", read_min, threshold_form, "it must not be below"),
    READ("max_increase", read_max_increase, increase_form,
         "it must not rise by more against the control, relatively or absolutely"),
    READ("max_decrease", read_max_decrease, increase_form, "it must not fall by more"),
    FIELD("over", FIELD_DURATION, struct criterion_keys, criterion.over,
          "judges the trailing window; default the whole stage"),
    READ("for", read_for, positive_form, "how many windows in a row; default 1"),
    READ("confidence", read_criterion_confidence, confidence_form,
         "judges the bound of the interval, valid at every look, instead of the estimate"),
    READ("versus", read_versus, versus_form, "what is compared with; default `control`"),
    FIELD("min_samples", FIELD_COUNT, struct criterion_keys, criterion.min_samples,
          "default the stage's"),
    CHOICE("on_nodata", struct criterion_keys, criterion.on_nodata, nodata_policy_words,
           "what it does when nothing was measured; default `hold`"),
    /* Last, because `advance_when` has neither. */
    FIELD("runbook", FIELD_TEXT, struct criterion_keys, criterion.runbook,
          "for a guard: where to find what to do once it is violated, such as an address"),
    CHOICE("action", struct criterion_keys, criterion.action, criterion_action_words,
           "for a guard: what a violation does; default `rollback`"),
};
static const struct form guard_form = KEYS("guard", "a guard", "guard", criterion_fields);
static const struct form criterion_form = {
    .kind = FORM_KEYS,
    .definition = "criterion",
    .what = "a criterion of 'advance_when'",
    .fields = criterion_fields,
    .field_count = sizeof criterion_fields / sizeof *criterion_fields - 2,
    .reference = REFERENCE_NONE};
const struct form guards_form = {.definition = "guards",
                                 .kind = FORM_LIST,
                                 .takes = "list of [criteria](#criteria)",
                                 .of = {&guard_form}};
const struct form criteria_form = {.definition = "criteria",
                                   .kind = FORM_LIST,
                                   .takes = "list of [criteria](#criteria)",
                                   .of = {&criterion_form}};

static bool check_forms(struct reader *reader, struct node *node, const struct form *form)
{
    const char *const *forms = criterion_form_words;
    for (size_t i = 0; forms[i]; i++) {
        for (size_t j = i + 1; forms[j]; j++) {
            if (!report_conflict(reader, node, forms[i], forms[j]))
                continue;
            diagnose_help(reader->diagnostics, "write two criteria, one for each");
            return false;
        }
    }
    for (size_t i = 0; forms[i]; i++) {
        if (node_get(node, forms[i]))
            return true;
        if (may_mean(reader, node, form, forms[i])) {
            reader->silent++;
            return false;
        }
    }
    diagnose(reader->diagnostics, FF0106, node->span, "%s without a bound", form->what);
    diagnose_help(reader->diagnostics, "give it a bound: max, min, max_increase or max_decrease");
    return false;
}

/* A test of a confidence bound needs a metric that varies, in whole. */
static void check_bound(struct reader *reader, const struct node *node,
                        const struct criterion *criterion)
{
    bool compares = criterion->form >= CRITERION_MAX_INCREASE;
    if (!criterion->metric || (!compares && !criterion->confidence))
        return;
    const struct node *asked = node_get(node, "confidence");
    if (compares)
        asked = node_get(node, criterion_form_words[criterion->form]);
    const struct metric_traits *traits = metric_traits(criterion->metric);
    if (traits->bound == BOUND_NONE) {
        diagnose(reader->diagnostics, FF0366, asked->span,
                 "metric '%s' is a single value: there is no bound for it",
                 criterion->metric->name.text);
        diagnose_note(reader->diagnostics, criterion->metric->name.span, "its kind is %s",
                      traits->name);
        diagnose_help(reader->diagnostics, "judge it as it is: 'max' or 'min', without confidence");
        return;
    }
    if (criterion->over == 0 && criterion->for_windows <= 1)
        return;
    const char *window = criterion->over > 0 ? "over" : "for";
    diagnose(reader->diagnostics, FF0366, node_get(node, window)->span,
             "'%s' judges a window, but a bound needs the whole stage", window);
    diagnose_note(reader->diagnostics, asked->span, "the bound is required here");
    diagnose_help(reader->diagnostics,
                  "leave it out, or judge the estimate: 'max' or 'min', without confidence");
}

/* Rare large values hit both arms alike; without a control, nothing warns of them before they
 * come. */
static void check_tail(struct reader *reader, const struct node *node,
                       const struct criterion *criterion)
{
    const struct metric *metric = criterion->metric;
    bool compares = criterion->form >= CRITERION_MAX_INCREASE;
    bool alone = compares ? criterion->versus_before : criterion->confidence > 0;
    if (!metric || !alone || metric->cap > 0 || metric_traits(metric)->bound != BOUND_MEAN)
        return;
    diagnose(reader->diagnostics, FF0372, node_get(node, compares ? "versus" : "confidence")->span,
             "a long tail of '%s' would make this bound wrong too often", metric->name.text);
    bool most = criterion->form == CRITERION_MAX || criterion->form == CRITERION_MAX_INCREASE;
    const char *increase =
        criterion_form_words[most ? CRITERION_MAX_INCREASE : CRITERION_MAX_DECREASE];
    if (metric_may_have(metric, METRIC_KEY_CAP)) {
        diagnose_note(reader->diagnostics, metric->name.span, "the metric has no 'cap'");
        diagnose_help(reader->diagnostics, "give it a 'cap', or compare it with control: '%s'",
                      increase);
    } else {
        diagnose_help(reader->diagnostics, "compare it with control: '%s'", increase);
    }
}

static void read_criterion(struct reader *reader, struct node *node, bool guard,
                           struct criteria *criteria)
{
    const struct form *form = guard ? &guard_form : &criterion_form;
    struct criterion_keys keys = {.guard = guard};
    struct criterion *criterion = &keys.criterion;
    if (!expect_map(reader, node, guard ? "a mapping for a guard" : "a mapping for a criterion"))
        return;
    criterion->span = node->span;
    criterion->for_windows = 1;
    read_fields(reader, node, form, node->span, &keys);
    if (!check_forms(reader, node, form))
        return;
    if (keys.threshold->kind == NODE_MAP && criterion->form >= CRITERION_MAX_INCREASE &&
        !find_entry(keys.threshold, "flag"))
        read_absolute(reader, keys.threshold, criterion);
    else
        read_threshold(reader, keys.threshold, criterion);
    check_bound(reader, node, criterion);
    check_tail(reader, node, criterion);
    *ARENA_APPEND(reader->arena, criteria->items, criteria->count) = *criterion;
}

/* No value of the metric satisfies both. */
static void check_bounds(struct reader *reader, const struct criteria *criteria)
{
    struct bounds bounds = {0};
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct criterion *second = &criteria->items[i];
        const struct criterion *first = bounds_conflict(&bounds, second);
        bounds_add(&bounds, reader->arena, second);
        if (first)
            bounds_report_conflict(reader->diagnostics, second, first, "the other bound");
    }
}

void read_criteria(struct reader *reader, struct node *node, bool guards, struct criteria *criteria)
{
    *criteria = (struct criteria){0};
    if (!expect_list(reader, node, guards ? "a list of guards" : "a list of criteria"))
        return;
    for (uint32_t i = 0; i < node->count; i++)
        read_criterion(reader, node->items[i], guards, criteria);
    check_bounds(reader, criteria);
}

/* ------------------------------------------------------------------- thresholds of a flag -- */

static void report_many_values(struct reader *reader, const struct criterion *criterion,
                               uint32_t environment, const char *why, struct span span)
{
    /* The same of the next environment is an exact repetition. */
    diagnose(reader->diagnostics, FF0365, criterion->written.span,
             "flag '%s' has no single value for everybody", criterion->of_flag->name.text);
    diagnose_note(reader->diagnostics, span, "in '%s', %s",
                  reader->project->environments.items[environment].text, why);
    diagnose_help(reader->diagnostics,
                  "a threshold is the same for everybody: name a flag that has "
                  "only a default, or one rule for all");
}

/* What the flag gives everybody; NULL: reported. */
static const struct variant *single_value(struct reader *reader, const struct criterion *criterion,
                                          uint32_t environment)
{
    const struct flag *flag = criterion->of_flag;
    const struct targeting *targeting = &flag->environments[environment];
    uint32_t served = targeting->default_variant;
    if (targeting->enabled) {
        const struct rule *rule = targeting->rule_count ? &targeting->rules[0] : NULL;
        bool all = rule && !rule->condition && !rule->split && !rule_samples(rule);
        if (targeting->canary || targeting->experiment || targeting->user_list_count ||
            targeting->requirement_count || targeting->sticky) {
            report_many_values(reader, criterion, environment, "more than a rule decides here",
                               flag->name.span);
            return NULL;
        }
        if (rule && !all) {
            report_many_values(reader, criterion, environment, "this rule is not for everybody",
                               rule->span);
            return NULL;
        }
        served = all ? rule->serve : served;
    }
    if (served < targeting->variant_count)
        return &targeting->variants[served];
    report_many_values(reader, criterion, environment, "it serves none", flag->name.span);
    return NULL;
}

static const char *value_text(struct reader *reader, const struct criterion *criterion,
                              const struct variant *value)
{
    switch (criterion->of_flag->type) {
    case FFLAG_TYPE_INTEGER:
        return arena_format(reader->arena, "%" PRId64, value->integer);
    case FFLAG_TYPE_NUMBER:
        return arena_format(reader->arena, "%.17g", value->number);
    case FFLAG_TYPE_STRING:
        return value->string;
    case FFLAG_TYPE_BOOLEAN:
    case FFLAG_TYPE_JSON:
        break;
    }
    diagnose(reader->diagnostics, FF0365, criterion->written.span,
             "flag '%s' is of type %s, which is no threshold", criterion->of_flag->name.text,
             flag_type_words[criterion->of_flag->type]);
    diagnose_note(reader->diagnostics, criterion->of_flag->name.span, "it is defined here");
    diagnose_help(reader->diagnostics,
                  "name a flag with a number, or with a text such as 5%% or 800ms");
    return NULL;
}

static void settle_threshold(struct reader *reader, struct criterion *criterion,
                             uint32_t environment)
{
    if (criterion->of_flag->faulty)
        return;
    const struct variant *value = single_value(reader, criterion, environment);
    const char *text = value ? value_text(reader, criterion, value) : NULL;
    if (!text)
        return;
    struct node node = {.kind = NODE_SCALAR,
                        .plain = true,
                        .span = criterion->written.span,
                        .count = (uint32_t)strlen(text),
                        .text = text};
    uint32_t before = faults(reader);
    read_threshold(reader, &node, criterion);
    if (faults(reader) > before)
        diagnose_note(reader->diagnostics, value->span, "the flag's value");
}

/* Whether any threshold is a flag's: then `criteria` are the environment's own from here on. */
static bool settle_criteria(struct reader *reader, struct criteria *criteria, uint32_t environment)
{
    bool any = false;
    for (uint32_t i = 0; i < criteria->count; i++)
        any |= criteria->items[i].of_flag != NULL;
    if (!any)
        return false;
    struct criterion *own = ARENA_ARRAY(reader->arena, struct criterion, criteria->count);
    memcpy(own, criteria->items, criteria->count * sizeof *own);
    criteria->items = own;
    for (uint32_t i = 0; i < criteria->count; i++)
        if (own[i].of_flag)
            settle_threshold(reader, &own[i], environment);
    check_bounds(reader, criteria);
    return true;
}

static void settle_canary(struct reader *reader, struct targeting *targeting, uint32_t environment)
{
    struct canary own = *targeting->canary;
    bool any = settle_criteria(reader, &own.guards, environment);
    any |= settle_criteria(reader, &own.advance_when, environment);
    own.stages = ARENA_ARRAY(reader->arena, struct stage, own.stage_count);
    memcpy(own.stages, targeting->canary->stages, own.stage_count * sizeof *own.stages);
    for (uint32_t i = 0; i < own.stage_count; i++) {
        any |= settle_criteria(reader, &own.stages[i].guards, environment);
        any |= settle_criteria(reader, &own.stages[i].advance_when, environment);
    }
    if (!any)
        return;
    targeting->canary = ARENA_NEW(reader->arena, struct canary);
    *targeting->canary = own;
}

static void settle_experiment(struct reader *reader, struct targeting *targeting,
                              uint32_t environment)
{
    struct experiment own = *targeting->experiment;
    if (!settle_criteria(reader, &own.guards, environment))
        return;
    targeting->experiment = ARENA_NEW(reader->arena, struct experiment);
    *targeting->experiment = own;
}

void settle_thresholds(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->project->flag_count && reader->flag_thresholds; i++) {
        struct flag *flag = reader->project->flags[i];
        for (uint32_t at = 0; at < reader->project->environments.count; at++) {
            struct targeting *targeting = &flag->environments[at];
            if (targeting->canary)
                settle_canary(reader, targeting, at);
            if (targeting->experiment)
                settle_experiment(reader, targeting, at);
        }
    }
}
