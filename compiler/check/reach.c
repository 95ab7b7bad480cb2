/*
 * reach.c - see reach.h.
 *
 * What a rule decides is a condition: its own, and one on places. A percentage that moves decides
 * at least for the units up to its lowest, and may reach those up to its highest.
 */
#include "reach.h"

#include <string.h>

#include "check.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/model/model.h"

#define MOST_EARLIER 64

/* A rule, or what is like one. */
struct decider {
    const struct condition *condition; /* what it decides for, surely; NULL: maybe nobody */
    const struct rule *rule;           /* NULL: a value override */
    struct span span;                  /* what shows it */
};

struct deciders {
    struct decider items[MOST_EARLIER];
    uint32_t count;
};

/* A stretch of the places of a salt and a key. */
struct stretch {
    const char *salt;
    const struct unit_key *key;
    uint32_t from, to;
};

/* Those that something can be for. */
struct wanted {
    const char *what;
    struct span span;
    const struct condition *condition; /* or NULL */
    const struct condition *units;     /* those of its percentage; NULL: all */
    struct span units_span;
    struct stretch stretch; /* of a percentage or a single range; from == to: of none */
    bool moves;             /* the percentage */
    uint32_t before;        /* rules */
};

/* -------------------------------------------------------------------------------- conditions -- */

static struct condition *new_condition(struct reach *reach, enum condition_kind kind,
                                       uint32_t children)
{
    struct condition *condition = ARENA_NEW(&reach->arena, struct condition);
    condition->kind = kind;
    condition->span = NO_SPAN;
    condition->children = ARENA_ARRAY(&reach->arena, struct condition *, children + 1);
    return condition;
}

static void add_child(struct reach *reach, struct condition *parent, const struct condition *child)
{
    struct condition *own = ARENA_NEW(&reach->arena, struct condition);
    *own = *child;
    parent->children[parent->child_count++] = own;
}

static struct condition *units_within(struct reach *reach, const struct stretch *stretch)
{
    struct condition *share = new_condition(reach, CONDITION_PERCENT, 0);
    share->share = (struct share_test){stretch->from, stretch->to, stretch->salt, stretch->key};
    return share;
}

/* Those that have a place. */
static struct condition *units_with_key(struct reach *reach, const struct stretch *stretch)
{
    struct stretch half = *stretch;
    struct condition *either = new_condition(reach, CONDITION_ANY, 2);
    half.from = 0;
    half.to = PERCENT_ALL / 2;
    add_child(reach, either, units_within(reach, &half));
    half.from = half.to;
    half.to = PERCENT_ALL;
    add_child(reach, either, units_within(reach, &half));
    return either;
}

static struct condition *units_in_ranges(struct reach *reach, struct stretch stretch,
                                         const struct unit_ranges *ranges)
{
    struct condition *any = new_condition(reach, CONDITION_ANY, ranges->count);
    for (uint32_t i = 0; i < ranges->count; i++) {
        stretch.from = ranges->items[i].from;
        stretch.to = ranges->items[i].to;
        add_child(reach, any, units_within(reach, &stretch));
    }
    return any;
}

static const struct condition *both(struct reach *reach, const struct condition *a,
                                    const struct condition *b)
{
    struct condition *all = new_condition(reach, CONDITION_ALL, 2);
    if (!a || !b)
        return a ? a : b;
    add_child(reach, all, a);
    add_child(reach, all, b);
    return all;
}

static uint32_t lowest(const struct ramp *ramp)
{
    return ramp->gradual && ramp->to < ramp->from ? ramp->to : ramp->from;
}

static uint32_t highest(const struct ramp *ramp)
{
    return ramp->gradual && ramp->to > ramp->from ? ramp->to : ramp->from;
}

static bool splits(const struct arm *arms, uint32_t count)
{
    uint32_t variant;
    return count > 0 && !is_whole_arm(arms, count, &variant);
}

/* Of a rule's units: at least those that it decides for, or at most. NULL: all. */
enum bound { AT_LEAST, AT_MOST };
static const struct condition *units_of_rule(struct reach *reach, const struct targeting *targeting,
                                             const struct rule *rule, enum bound bound)
{
    struct stretch stretch = {rule_salt(targeting, rule), rule->by, 0, 0};
    if (rule->ranges.count)
        return units_in_ranges(reach, stretch, &rule->ranges);
    stretch.to = !rule->has_percent  ? PERCENT_ALL
                 : bound == AT_LEAST ? lowest(&rule->percent)
                                     : highest(&rule->percent);
    if (stretch.to < PERCENT_ALL)
        return units_within(reach, &stretch);
    return rule->split && splits(rule->arms, rule->arm_count) ? units_with_key(reach, &stretch)
                                                              : NULL;
}

/* ---------------------------------------------------------------------------------- deciders -- */

static struct span span_of(const struct rule *rule, const struct condition *units)
{
    if (units && rule->has_percent)
        return rule->percent.span;
    if (units && rule->ranges.count)
        return rule->ranges.span;
    return units || !rule->condition ? rule->span : rule->condition->span;
}

/* Those of the first rules that decide for somebody: by their conditions alone, or by places, too.
 * A rule for everybody is reported when it is read. */
enum sight { CONDITIONS_ALONE, PLACES_TOO };
static void find_deciders(struct reach *reach, const struct targeting *targeting, uint32_t count,
                          enum sight sight, struct deciders *found)
{
    found->count = 0;
    for (uint32_t i = 0; i < count && found->count < MOST_EARLIER; i++) {
        const struct rule *rule = &targeting->rules[i];
        bool placed = rule_samples(rule) || rule->split;
        if ((placed && sight == CONDITIONS_ALONE) || (placed && !rule->by) ||
            (rule->has_percent && lowest(&rule->percent) == 0))
            continue;
        const struct condition *units = units_of_rule(reach, targeting, rule, AT_LEAST);
        const struct condition *condition = both(reach, rule->condition, units);
        if (condition)
            found->items[found->count++] = (struct decider){condition, rule, span_of(rule, units)};
    }
}

static bool decide_for_all(struct reach *reach, const struct wanted *wanted,
                           const struct deciders *deciders, uint32_t without)
{
    const struct condition *holding[2], *failing[MOST_EARLIER];
    uint32_t holding_count = 0, failing_count = 0;
    if (wanted->condition)
        holding[holding_count++] = wanted->condition;
    if (wanted->units)
        holding[holding_count++] = wanted->units;
    for (uint32_t i = 0; i < deciders->count; i++)
        if (i != without)
            failing[failing_count++] = deciders->items[i].condition;
    return holding_count + failing_count > 0 &&
           prove_impossible(reach->prover, holding, holding_count, failing, failing_count);
}

/* Takes out those that it is true without. */
static void reduce(struct reach *reach, const struct wanted *wanted, struct deciders *deciders)
{
    for (uint32_t i = 0; i < deciders->count;) {
        if (!decide_for_all(reach, wanted, deciders, i)) {
            i++;
            continue;
        }
        deciders->count--;
        memmove(deciders->items + i, deciders->items + i + 1,
                (deciders->count - i) * sizeof *deciders->items);
    }
}

/* ----------------------------------------------------------------------------------- reports -- */

static const char *percent_text(struct reach *reach, uint32_t percent)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(percent, text);
    return arena_format(&reach->arena, "%s%%", text);
}

static const char *what_it_takes(struct reach *reach, const struct decider *decider)
{
    const struct rule *rule = decider->rule;
    if (!rule_samples(rule))
        return "whoever has a key";
    if (rule->ranges.count)
        return "these units";
    return arena_format(&reach->arena, "the first %s%s",
                        percent_text(reach, lowest(&rule->percent)),
                        rule->percent.gradual ? ", at least" : "");
}

static void note_decider(struct reach *reach, const struct decider *decider, bool only)
{
    struct diagnostics *diagnostics = reach->checker->diagnostics;
    bool placed = decider->rule && (rule_samples(decider->rule) || decider->rule->split);
    if (placed)
        diagnose_note(diagnostics, decider->span, "this rule decides for %s",
                      what_it_takes(reach, decider));
    else
        diagnose_note(diagnostics, decider->span, "%s for %s of them",
                      decider->rule ? "this rule decides" : "this one is", only ? "all" : "some");
}

/* The rules before what is asked whose shares go by the same places. */
struct neighbours {
    const struct targeting *targeting;
    const struct wanted *wanted;
};

static bool goes_by(const struct targeting *targeting, const struct rule *rule,
                    const struct stretch *stretch)
{
    return rule_samples(rule) && rule->by == stretch->key &&
           strcmp(rule_salt(targeting, rule), stretch->salt) == 0;
}

/* The first place from `place` on that none of them has at any time. */
static uint32_t next_free(const struct neighbours *neighbours, uint32_t place)
{
    const struct wanted *wanted = neighbours->wanted;
    for (uint32_t i = 0; i < wanted->before; i++) {
        const struct rule *rule = &neighbours->targeting->rules[i];
        uint32_t to = place;
        if (!goes_by(neighbours->targeting, rule, &wanted->stretch))
            continue;
        if (rule->has_percent)
            to = highest(&rule->percent);
        for (uint32_t j = 0; j < rule->ranges.count; j++)
            if (rule->ranges.items[j].from <= place && place < rule->ranges.items[j].to)
                to = rule->ranges.items[j].to;
        if (to > place)
            return next_free(neighbours, to);
    }
    return place;
}

/* The first from there on that one of them has. */
static uint32_t next_taken(const struct neighbours *neighbours, uint32_t place)
{
    uint32_t next = PERCENT_ALL;
    const struct wanted *wanted = neighbours->wanted;
    for (uint32_t i = 0; i < wanted->before; i++) {
        const struct rule *rule = &neighbours->targeting->rules[i];
        bool same = goes_by(neighbours->targeting, rule, &wanted->stretch);
        for (uint32_t j = 0; same && j < rule->ranges.count; j++)
            if (rule->ranges.items[j].from >= place && rule->ranges.items[j].from < next)
                next = rule->ranges.items[j].from;
    }
    return next;
}

static bool same_places(const struct targeting *targeting, const struct stretch *stretch,
                        const struct deciders *deciders)
{
    bool same = stretch->to > stretch->from && deciders->count > 0;
    for (uint32_t i = 0; same && i < deciders->count; i++)
        same = deciders->items[i].rule && goes_by(targeting, deciders->items[i].rule, stretch);
    return same;
}

/* What may be done where places collide. */
static void help_with_places(struct reach *reach, const struct targeting *targeting,
                             const struct wanted *wanted, bool is_rule)
{
    static const char why[] = "percentages with one salt see a unit at one place";
    struct diagnostics *diagnostics = reach->checker->diagnostics;
    const struct neighbours neighbours = {targeting, wanted};
    uint32_t size = wanted->stretch.to - wanted->stretch.from;
    uint32_t free = next_free(&neighbours, 0), end = next_taken(&neighbours, free);
    bool full = free >= PERCENT_ALL || wanted->moves;
    end = end - free > size ? free + size : end;
    if (is_rule && full)
        diagnose_help(diagnostics, "%s: give this one a 'salt' of its own, or move it up", why);
    else if (is_rule)
        diagnose_help(diagnostics,
                      "%s: ask for those that are left, 'ranges: [[%s, %s]]', or give this one a "
                      "'salt' of its own",
                      why, percent_text(reach, free), percent_text(reach, end));
    else if (full)
        diagnose_help(diagnostics, "%s: give the rule a 'salt' of its own", why);
    else
        diagnose_help(diagnostics, "%s: go above %s here, or give the rule a 'salt' of its own",
                      why, percent_text(reach, free));
}

static void report(struct reach *reach, const struct targeting *targeting,
                   const struct wanted *wanted, const struct deciders *deciders, bool is_rule)
{
    struct diagnostics *diagnostics = reach->checker->diagnostics;
    diagnose(diagnostics, FF0327, wanted->span, "this %s is never reached", wanted->what);
    for (uint32_t i = 0; i < deciders->count; i++)
        note_decider(reach, &deciders->items[i], deciders->count == 1);
    if (same_places(targeting, &wanted->stretch, deciders))
        help_with_places(reach, targeting, wanted, is_rule);
    else
        diagnose_help(diagnostics, "move it up, or remove it");
}

/* Its own condition leaves out all units that it is for. */
static void report_itself(struct reach *reach, const struct wanted *wanted)
{
    struct diagnostics *diagnostics = reach->checker->diagnostics;
    bool share = wanted->stretch.to > wanted->stretch.from;
    diagnose(diagnostics, FF0322, wanted->condition->span,
             share ? "no unit that this holds for is in the %s's share of the units"
                   : "no unit that this holds for has a key, by which the %s splits them",
             wanted->what);
    diagnose_note(diagnostics, wanted->units_span, share ? "the share" : "the split");
    diagnose_help(diagnostics, share ? "remove either, or give the share another 'salt' or key"
                                     : "remove either, or give the split another key");
}

/* --------------------------------------------------------------------------------- questions -- */

static void want_rule(struct reach *reach, const struct targeting *targeting, uint32_t at,
                      struct wanted *wanted)
{
    const struct rule *rule = &targeting->rules[at];
    *wanted = (struct wanted){
        .what = "rule", .span = rule->span, .condition = rule->condition, .units_span = NO_SPAN};
    if (!rule->by)
        return;
    wanted->units = units_of_rule(reach, targeting, rule, AT_MOST);
    wanted->units_span = span_of(rule, wanted->units);
    wanted->moves = rule->has_percent && rule->percent.gradual;
    wanted->stretch = (struct stretch){rule_salt(targeting, rule), rule->by, 0, 0};
    if (rule->has_percent)
        wanted->stretch.to = highest(&rule->percent);
    for (uint32_t i = 0; i < rule->ranges.count; i++)
        wanted->stretch.to += rule->ranges.items[i].to - rule->ranges.items[i].from;
}

static void want_share(struct reach *reach, const struct targeting *targeting, uint32_t percent,
                       struct wanted *wanted)
{
    wanted->stretch = (struct stretch){targeting->salt, targeting->bucket_by, 0, percent};
    wanted->units_span = wanted->span;
    if (percent < PERCENT_ALL && targeting->bucket_by)
        wanted->units = units_within(reach, &wanted->stretch);
}

static void want(struct reach *reach, const struct targeting *targeting, struct asked asked,
                 struct wanted *wanted)
{
    const struct canary *canary = targeting->canary;
    const struct experiment *experiment = targeting->experiment;
    switch (asked.kind) {
    case ASKED_RULE:
        want_rule(reach, targeting, asked.at, wanted);
        return;
    case ASKED_CANARY:
        *wanted = (struct wanted){.what = "canary", .span = canary->span};
        return;
    case ASKED_STAGE:
        *wanted = (struct wanted){.what = "stage",
                                  .span = canary->stages[asked.at].span,
                                  .condition = canary->stages[asked.at].condition};
        want_share(reach, targeting, canary->stages[asked.at].percent, wanted);
        return;
    case ASKED_EXPERIMENT:
        *wanted = (struct wanted){
            .what = "experiment", .span = experiment->span, .condition = experiment->condition};
        want_share(reach, targeting, experiment->traffic, wanted);
        if (!wanted->units && targeting->bucket_by &&
            splits(experiment->arms, experiment->arm_count))
            wanted->units = units_with_key(reach, &wanted->stretch);
        return;
    }
}

static bool is_unreached(struct reach *reach, const struct targeting *targeting, struct asked asked,
                         struct wanted *wanted, struct deciders *deciders)
{
    uint32_t count = asked.kind == ASKED_RULE ? asked.at : targeting->rule_count;
    arena_clear(&reach->arena);
    want(reach, targeting, asked, wanted);
    wanted->before = count;
    reach->prover->bucket_by = targeting->bucket_by;
    reach->prover->salt = targeting->salt;
    find_deciders(reach, targeting, count, CONDITIONS_ALONE, deciders);
    bool unreached = deciders->count && decide_for_all(reach, wanted, deciders, UINT32_MAX);
    if (!unreached) {
        uint32_t few = deciders->count;
        find_deciders(reach, targeting, count, PLACES_TOO, deciders);
        unreached = (deciders->count > few || wanted->units) &&
                    decide_for_all(reach, wanted, deciders, UINT32_MAX);
    }
    if (unreached)
        reduce(reach, wanted, deciders);
    unreached &= deciders->count > 0 || wanted->condition;
    reach->prover->bucket_by = NULL;
    reach->prover->salt = NULL;
    return unreached;
}

/* Whether another environment has the same, with keys or a salt of its own. */
static bool has_likewise(const struct flag *flag, uint32_t environment, uint32_t other,
                         struct asked asked)
{
    const struct targeting *here = &flag->environments[environment];
    const struct targeting *there = &flag->environments[other];
    bool same_hash = here->bucket_by == there->bucket_by && strcmp(here->salt, there->salt) == 0;
    switch (asked.kind) {
    case ASKED_RULE:
        return asked.at < there->rule_count && !same_hash &&
               there->rules[asked.at].span.begin == here->rules[asked.at].span.begin &&
               there->rules[asked.at].span.file == here->rules[asked.at].span.file;
    case ASKED_CANARY:
    case ASKED_STAGE:
        return there->canary == here->canary;
    case ASKED_EXPERIMENT:
        return there->experiment == here->experiment;
    }
    return false;
}

/* At 0 %, on purpose, or over. */
static bool is_for_nobody(const struct targeting *targeting, struct asked asked)
{
    switch (asked.kind) {
    case ASKED_RULE:
        return rule_is_for_nobody(&targeting->rules[asked.at]);
    case ASKED_CANARY:
        return false;
    case ASKED_STAGE:
        return targeting->canary->stages[asked.at].percent == 0;
    case ASKED_EXPERIMENT:
        return targeting->experiment->traffic == 0 ||
               targeting->experiment->state == EXPERIMENT_CONCLUDED;
    }
    return false;
}

bool check_reach(struct reach *reach, const struct flag *flag, uint32_t environment,
                 struct asked asked)
{
    struct wanted wanted;
    struct deciders deciders;
    const struct targeting *targeting = &flag->environments[environment];
    if (is_for_nobody(targeting, asked))
        return false;
    if (!is_unreached(reach, targeting, asked, &wanted, &deciders))
        return false;
    uint32_t count = reach->checker->project->environments.count;
    for (uint32_t i = 0; i < count; i++)
        if (i != environment && has_likewise(flag, environment, i, asked) &&
            !is_unreached(reach, &flag->environments[i], asked, &wanted, &deciders))
            return false;
    (void)is_unreached(reach, targeting, asked, &wanted, &deciders);
    if (deciders.count)
        report(reach, targeting, &wanted, &deciders, asked.kind == ASKED_RULE);
    else
        report_itself(reach, &wanted);
    return true;
}

bool check_reach_of_value(struct reach *reach, const struct value_override *own,
                          const struct value_override *earlier, uint32_t count)
{
    struct deciders deciders = {.count = 0};
    const struct wanted wanted = {
        .what = "value override", .span = own->span, .condition = own->condition};
    for (uint32_t i = 0; i < count && deciders.count < MOST_EARLIER; i++)
        if (earlier[i].variant == own->variant && earlier[i].condition)
            deciders.items[deciders.count++] =
                (struct decider){earlier[i].condition, NULL, earlier[i].condition->span};
    if (!deciders.count || !decide_for_all(reach, &wanted, &deciders, UINT32_MAX))
        return false;
    reduce(reach, &wanted, &deciders);
    report(reach, NULL, &wanted, &deciders, false);
    return true;
}

void reach_release(struct reach *reach)
{
    arena_release(&reach->arena);
}
