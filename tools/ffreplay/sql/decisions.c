/* decisions.c - see decisions.h. */
#include "decisions.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

struct steps {
    struct table_columns *columns;
    const struct decided_flag *decided;
    const struct targeting *targeting;
    const struct sql_units *units;
    struct outcomes *outcomes;
    struct buffer sql;
    int indent;
    bool could_decide; /* otherwise than the default: see lower.c */
    bool ended;        /* something decides for everybody */
    bool failed;
};

static void fail(struct steps *steps, struct span span, const char *what)
{
    print_error_at(&steps->decided->project->sources, span, "%s cannot be said in a query", what);
    print_help("log what was served, and name its column: --variant-column");
    steps->failed = true;
}

static uint32_t number_of(struct outcomes *outcomes, struct arena *arena,
                          const struct outcome *outcome)
{
    for (uint32_t i = 0; i < outcomes->count; i++) {
        const struct outcome *known = &outcomes->items[i];
        bool same_rule = known->rule == outcome->rule ||
                         (known->rule && outcome->rule && !strcmp(known->rule, outcome->rule));
        if (known->reason == outcome->reason && known->variant == outcome->variant &&
            known->by == outcome->by && same_rule)
            return i;
    }
    *ARENA_APPEND(arena, outcomes->items, outcomes->count) = *outcome;
    return outcomes->count - 1;
}

static void comment_outcome(struct steps *steps, const struct outcome *outcome)
{
    const char *variant = steps->targeting->variants[outcome->variant].name.text;
    const char *rule = outcome->rule ? outcome->rule : fflag_reason_text(outcome->reason);
    sql_comment(&steps->sql,
                arena_format(steps->columns->arena, "%s: %s", rule, variant ? variant : "default"));
}

/* Whom `when` is for, gets it; NULL: reported. */
static void decide(struct steps *steps, const char *when, struct outcome outcome)
{
    if (!when)
        steps->failed = true;
    if (!when || steps->ended || strcmp(when, "false") == 0)
        return;
    uint32_t number = number_of(steps->outcomes, steps->columns->arena, &outcome);
    buffer_format(&steps->sql, "%*sWHEN %s THEN %u", steps->indent + 2, "", when, number);
    comment_outcome(steps, &outcome);
    steps->ended = strcmp(when, "true") == 0;
}

static void decide_default(struct steps *steps, const char *when, enum fflag_reason reason)
{
    decide(steps, when,
           (struct outcome){reason, steps->targeting->default_variant, BY_NOTHING, NULL});
}

static const char *both(struct steps *steps, const char *a, const char *b)
{
    if (!a || !b)
        return NULL;
    if (!strcmp(a, "false") || !strcmp(b, "false"))
        return "false";
    return !strcmp(a, "true")   ? b
           : !strcmp(b, "true") ? a
                                : arena_format(steps->columns->arena, "%s AND %s", a, b);
}

static const char *condition_of(struct steps *steps, const struct condition *condition)
{
    return sql_of_condition(steps->columns, condition, steps->units);
}

static const char *range(struct steps *steps, const struct unit_key *key, const char *salt,
                         const char *suffix, uint32_t from, uint32_t to, struct span span)
{
    if (from >= to || !key)
        return "false";
    const char *bucket = steps->units->bucket(steps->units, key, salt, suffix, span);
    return bucket ? sql_in_range(steps->columns->arena, bucket, from, to) : NULL;
}

static const char *exposure(struct steps *steps, const struct unit_key *key, const char *salt,
                            uint32_t percent, struct span span)
{
    if (percent == 0 || percent >= PERCENT_ALL)
        return percent ? "true" : "false";
    return range(steps, key, salt, "", 0, percent, span);
}

/* --------------------------------------------------------------------------------- overrides -- */

static const char *time_of(struct table_columns *columns, const struct override *override)
{
    struct arena *arena = columns->arena;
    bool from = override->from != INT64_MIN, until = override->until != INT64_MAX;
    if (override->until <= override->from)
        return "false";
    return from && until ? arena_format(arena, "ms >= %" PRId64 " AND ms < %" PRId64,
                                        override->from, override->until)
           : from        ? arena_format(arena, "ms >= %" PRId64, override->from)
           : until       ? arena_format(arena, "ms < %" PRId64, override->until)
                         : "true";
}

static void overrides(struct steps *steps)
{
    const struct selection *selected = overrides_of(steps->decided->project, steps->decided->flag);
    for (uint32_t i = 0; i < selected->count; i++) {
        const struct override *override = selected->items[i];
        if (!(override->environments >> steps->decided->environment & 1))
            continue;
        steps->could_decide |= override->from < override->until;
        decide(steps,
               both(steps, time_of(steps->columns, override),
                    condition_of(steps, override->condition)),
               (struct outcome){FFLAG_REASON_OVERRIDE,
                                override_variant(steps->targeting, override->serve.text),
                                BY_OVERRIDE, override->name});
    }
}

const char *sql_held(struct table_columns *columns, const struct decided_flag *decided,
                     const struct sql_units *units)
{
    struct buffer sql = {0};
    const struct selection *selected = overrides_of(decided->project, decided->flag);
    for (uint32_t i = 0; i < selected->count; i++) {
        const struct override *override = selected->items[i];
        const char *time = time_of(columns, override);
        const char *some = units ? sql_of_condition(columns, override->condition, units) : "true";
        if (!(override->environments >> decided->environment & 1) || !strcmp(time, "false"))
            continue;
        if (!some) {
            buffer_release(&sql);
            return NULL;
        }
        buffer_format(&sql, "%s(%s%s%s)", sql.length ? " OR " : "", time,
                      strcmp(some, "true") ? " AND " : "", strcmp(some, "true") ? some : "");
    }
    const char *held = sql.length ? arena_copy(columns->arena, sql.bytes, sql.length) : "false";
    buffer_release(&sql);
    return held;
}

/* -------------------------------------------------------------------------- before the rules -- */

static void users(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    struct arena *arena = steps->columns->arena;
    for (uint32_t i = 0; i < targeting->user_list_count; i++) {
        const struct user_list *list = &targeting->users[i];
        uint32_t count = list->file ? list->file->count : list->users.count;
        struct buffer in = {0};
        const struct unit_key *key = targeting->bucket_by;
        const char *unit =
            key && !key->joined ? steps->units->text(steps->units, key, list->span) : "NULL";
        steps->could_decide |= count > 0;
        for (uint32_t j = 0; j < count && unit; j++) {
            const char *text = list->file ? list->file->values[j] : list->users.items[j].text;
            if (*text)
                buffer_format(&in, "%s%s", in.length ? ", " : "",
                              sql_text(arena, steps->columns->dialect, text));
        }
        decide(steps,
               !unit            ? NULL
               : in.length == 0 ? "false"
                                : arena_format(arena, "%s IN (%s)", unit, in.bytes),
               (struct outcome){FFLAG_REASON_TARGETING_MATCH, list->variant, BY_USERS, "users"});
        buffer_release(&in);
    }
}

static void holdouts(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    for (uint32_t i = 0; i < targeting->holdout_count; i++) {
        const struct holdout *holdout = targeting->holdouts[i];
        const struct unit_key *key = holdout->bucket_by ? holdout->bucket_by : targeting->bucket_by;
        steps->could_decide |= holdout->percent > 0;
        decide_default(steps,
                       holdout->percent >= PERCENT_ALL
                           ? "true"
                           : range(steps, key, "holdout/", holdout->name.text, 0, holdout->percent,
                                   holdout->name.span),
                       FFLAG_REASON_HOLDOUT);
    }
}

static void layer(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    const struct layer *layer = targeting->layer;
    if (!targeting_shares_layer(targeting))
        return;
    steps->could_decide = true;
    const struct unit_key *key = layer->bucket_by ? layer->bucket_by : targeting->bucket_by;
    struct span span = targeting->layer_span;
    decide_default(steps,
                   range(steps, key, "layer/", layer->name.text, 0, targeting->layer_from, span),
                   FFLAG_REASON_LAYER);
    decide_default(
        steps,
        range(steps, key, "layer/", layer->name.text, targeting->layer_to, PERCENT_ALL, span),
        FFLAG_REASON_LAYER);
}

/* ------------------------------------------------------------------------ rules, experiments -- */

/* Each arm's units, of those whom `when` is for. */
static void decide_split(struct steps *steps, const char *when, const struct split *split,
                         struct outcome outcome, struct span span)
{
    uint32_t from = 0;
    outcome.reason = FFLAG_REASON_SPLIT;
    for (uint32_t i = 0; i < split->arm_count; from += split->arms[i++].percent) {
        const struct arm *arm = &split->arms[i];
        outcome.variant = arm->variant;
        if (arm->percent > 0)
            decide(steps,
                   both(steps, when,
                        range(steps, split->by, split->salt, split->suffix, from,
                              from + arm->percent, span)),
                   outcome);
    }
}

static const char *units_of_rule(struct steps *steps, const struct rule *rule)
{
    const char *salt = rule_salt(steps->targeting, rule);
    const char *any = "false";
    if (rule->has_percent && rule->percent.gradual) {
        fail(steps, rule->percent.span, "a percentage that grows with time");
        return "false";
    }
    if (rule->has_percent)
        return exposure(steps, rule->by, salt, rule->percent.from, rule->span);
    if (!rule->ranges.count)
        return "true";
    for (uint32_t i = 0; i < rule->ranges.count; i++) {
        const char *in = range(steps, rule->by, salt, "", rule->ranges.items[i].from,
                               rule->ranges.items[i].to, rule->ranges.span);
        if (!in)
            return NULL;
        any = i == 0 ? in : arena_format(steps->columns->arena, "%s OR %s", any, in);
    }
    return rule->ranges.count > 1 ? arena_format(steps->columns->arena, "(%s)", any) : any;
}

static void one_rule(struct steps *steps, const struct rule *rule)
{
    if (rule_is_for_nobody(rule))
        return;
    steps->could_decide = true;
    uint32_t variant = rule->serve;
    const char *when =
        both(steps, condition_of(steps, rule->condition), units_of_rule(steps, rule));
    if (rule->split && !is_whole_arm(rule->arms, rule->arm_count, &variant)) {
        const struct split split = rule_split(steps->targeting, rule);
        decide_split(steps, when, &split, (struct outcome){.by = BY_RULE, .rule = rule->name.text},
                     rule->span);
        return;
    }
    decide(steps, when,
           (struct outcome){targeting_reason(rule_samples(rule), rule->condition), variant, BY_RULE,
                            rule->name.text});
}

static void experiment(struct steps *steps, const struct experiment *experiment)
{
    const struct targeting *targeting = steps->targeting;
    if (experiment->state == EXPERIMENT_DRAFT)
        return;
    if (experiment->state == EXPERIMENT_CONCLUDED) {
        steps->could_decide |= experiment->has_winner;
        if (experiment->has_winner)
            decide(steps, "true",
                   (struct outcome){FFLAG_REASON_STATIC, experiment->winner, BY_EXPERIMENT,
                                    "experiment"});
        return;
    }
    if (!experiment->traffic)
        return;
    steps->could_decide = true;
    uint32_t variant;
    const char *when = both(steps, condition_of(steps, experiment->condition),
                            exposure(steps, targeting->bucket_by, targeting->salt,
                                     experiment->traffic, experiment->span));
    if (!is_whole_arm(experiment->arms, experiment->arm_count, &variant)) {
        const struct split split = experiment_split(targeting);
        decide_split(steps, when, &split,
                     (struct outcome){.by = BY_EXPERIMENT, .rule = "experiment"}, experiment->span);
        return;
    }
    decide(
        steps, when,
        (struct outcome){targeting_reason(experiment->traffic < PERCENT_ALL, experiment->condition),
                         variant, BY_EXPERIMENT, "experiment"});
}

static void canary(struct steps *steps, const struct canary *canary)
{
    struct arena *arena = steps->columns->arena;
    if (canary->state == CANARY_PENDING || canary->state == CANARY_ROLLED_BACK)
        return;
    bool whole = canary->state == CANARY_COMPLETE || canary->instant;
    const struct stage *stage = &canary->stages[whole ? canary->stage_count - 1 : canary->stage];
    const char *rule = arena_format(arena, "canary:%s", stage->name.text);
    struct outcome outcome = {FFLAG_REASON_STATIC, canary->serve, BY_CANARY, rule};
    steps->could_decide |= whole || stage->percent > 0;
    if (whole) {
        decide(steps, "true", outcome);
        return;
    }
    outcome.reason = targeting_reason(stage->percent < PERCENT_ALL, stage->condition);
    decide(steps,
           both(steps, condition_of(steps, stage->condition),
                exposure(steps, steps->targeting->bucket_by, steps->targeting->salt, stage->percent,
                         stage->span)),
           outcome);
}

static void all_steps(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    overrides(steps);
    if (!targeting->enabled) {
        decide_default(steps, "true", FFLAG_REASON_DISABLED);
        return;
    }
    if (targeting->requirement_count)
        fail(steps, targeting->requirements[0].span, "that another flag is required");
    if (targeting_keeps(targeting))
        fail(steps, targeting->sticky_span, "what a unit was served before");
    users(steps);
    holdouts(steps);
    layer(steps);
    for (uint32_t i = 0; i < targeting->rule_count && !steps->failed; i++)
        one_rule(steps, &targeting->rules[i]);
    if (targeting->experiment)
        experiment(steps, targeting->experiment);
    if (targeting->canary)
        canary(steps, targeting->canary);
}

const char *sql_decision(struct table_columns *columns, const struct decided_flag *decided,
                         const struct sql_units *units, struct outcomes *outcomes, int indent)
{
    struct steps steps = {.columns = columns,
                          .decided = decided,
                          .targeting = decided->targeting,
                          .units = units,
                          .outcomes = outcomes,
                          .indent = indent};
    all_steps(&steps);
    struct outcome none = {steps.could_decide ? FFLAG_REASON_DEFAULT : FFLAG_REASON_STATIC,
                           decided->targeting->default_variant, BY_NOTHING, NULL};
    const char *decision = NULL;
    if (!steps.failed && steps.ended && steps.sql.length) {
        decision = arena_format(columns->arena, "CASE\n%s%*sEND", steps.sql.bytes, indent, "");
    } else if (!steps.failed) {
        uint32_t number = number_of(outcomes, columns->arena, &none);
        if (steps.sql.length) {
            buffer_format(&steps.sql, "%*sELSE %u", indent + 2, "", number);
            comment_outcome(&steps, &none);
            decision = arena_format(columns->arena, "CASE\n%s%*sEND", steps.sql.bytes, indent, "");
        } else {
            decision = arena_format(columns->arena, "%u", number);
        }
    }
    buffer_release(&steps.sql);
    return decision;
}
