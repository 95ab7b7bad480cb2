/* trace_steps.c - the steps of an evaluation, in the order of docs/evaluation.md. */
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "trace.h"

#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/percent.h"
#include "compiler/model/flag.h"
#include "compiler/model/model.h"

struct walk {
    struct tracer *tracer;
    const struct flag *flag;
    const struct targeting *targeting;
    struct step *root;
    struct answer *answer;
    bool could_decide; /* something could have decided other than serving the default */
};

struct step *add_step(struct tracer *tracer, struct step *parent, struct span span,
                      const char *kind, bool holds, const char *title)
{
    struct step *step = ARENA_NEW(&tracer->arena, struct step);
    *step = (struct step){
        .mark = holds ? STEP_YES : STEP_NO, .kind = kind, .title = title, .span = span};
    *ARENA_APPEND(&tracer->arena, parent->steps, parent->count) = step;
    return step;
}

static const char *variant_text(struct tracer *tracer, const struct flag *flag, uint32_t variant)
{
    const char *name = flag->environments[tracer->environment].variants[variant].name.text;
    return name ? name : "its value";
}

#define MOST_NAMED 12

const char *variants_text(struct tracer *tracer, const struct flag *flag,
                          const struct variant_set *variants)
{
    struct buffer text = {0};
    uint32_t count = flag->environments[tracer->environment].variant_count;
    uint32_t named = 0;
    for (uint32_t i = 0; i <= count; i++)
        if (variant_set_has(variants, i) && named++ < MOST_NAMED)
            buffer_format(&text, "%s%s", text.length ? ", " : "", variant_text(tracer, flag, i));
    if (named > MOST_NAMED)
        buffer_format(&text, " and %u more", named - MOST_NAMED);
    const char *kept = arena_copy(&tracer->arena, text.bytes, text.length);
    buffer_release(&text);
    return kept;
}

struct answer trace_other(struct tracer *tracer, struct step *step, const struct flag *flag)
{
    struct answer **known = &tracer->answers[flag->index];
    bool above = *known != NULL;
    if (!above) {
        struct answer *answer = ARENA_NEW(&tracer->arena, struct answer);
        struct step *steps = trace_flag(tracer, flag, answer);
        step->steps = steps->steps;
        step->count = steps->count;
        *known = answer;
    }
    step->value = arena_format(&tracer->arena, "it serves %s%s",
                               variant_text(tracer, flag, (*known)->variant),
                               above ? ", as shown above" : "");
    return **known;
}

/* ---------------------------------------------------------------------------------- deciding -- */

/* Which parts of the variant's value are replaced, whatever serves it. */
static void trace_value_overrides(struct walk *walk, uint32_t variant)
{
    const struct targeting *targeting = walk->targeting;
    bool holds = false;
    uint32_t place = 0;
    for (uint32_t i = 0; i < targeting->value_override_count && !holds; i++) {
        const struct value_override *override = &targeting->value_overrides[i];
        if (override->variant != variant)
            continue;
        const char *title = arena_format(&walk->tracer->arena, "value_overrides[%u] of %s", place++,
                                         variant_text(walk->tracer, walk->flag, variant));
        struct step *step =
            add_step(walk->tracer, walk->root, override->span, "value override", false, title);
        holds = trace_condition(walk->tracer, step, override->condition);
        step->mark = holds ? STEP_YES : STEP_NO;
    }
}

static bool decide(struct walk *walk, struct step *step, uint32_t variant, enum fflag_reason reason,
                   const char *rule)
{
    struct tracer *tracer = walk->tracer;
    if (reason != FFLAG_REASON_OVERRIDE)
        trace_value_overrides(walk, variant);
    const char *name = variant_text(tracer, walk->flag, variant);
    bool usual = variant == walk->targeting->default_variant && walk->targeting->variant_count > 1;
    struct step *last = add_step(
        tracer, walk->root, step->span, "answer", true,
        arena_format(&tracer->arena, "serve %s%s", name, usual && !rule ? ", the default" : ""));
    last->mark = STEP_DECIDES;
    last->value = arena_format(&tracer->arena, "%s%s%s", fflag_reason_text(reason),
                               rule ? ", " : "", rule ? rule : "");
    *walk->answer = (struct answer){variant, reason, rule, step->span};
    return true;
}

static bool decide_default(struct walk *walk, struct step *step, enum fflag_reason reason)
{
    return decide(walk, step, walk->targeting->default_variant, reason, NULL);
}

static struct step *step_of(struct walk *walk, struct span span, const char *kind,
                            const char *title)
{
    return add_step(walk->tracer, walk->root, span, kind, false, title);
}

static bool mark(struct step *step, bool holds)
{
    step->mark = holds ? STEP_YES : STEP_NO;
    return holds;
}

/* --------------------------------------------------------------------------------- overrides -- */

static bool trace_bound(struct walk *walk, struct step *parent, const struct override *override,
                        int64_t bound, bool from)
{
    struct tracer *tracer = walk->tracer;
    char written[32], now[32];
    if (bound == (from ? INT64_MIN : INT64_MAX))
        return true;
    bool holds = from ? tracer->now >= bound : tracer->now < bound;
    format_time(bound, written, sizeof written);
    format_time(tracer->now, now, sizeof now);
    struct step *step =
        add_step(tracer, parent, override->span, "clock", holds,
                 arena_format(&tracer->arena, "%s %s", from ? "from" : "until", written));
    step->value = arena_format(&tracer->arena, "it is %s", now);
    return holds;
}

static bool trace_override(struct walk *walk, const struct override *override)
{
    struct tracer *tracer = walk->tracer;
    const char *name = override->name;
    const char *title =
        override->reason ? arena_format(&tracer->arena, "%s: %s", name, override->reason) : name;
    struct step *step = step_of(walk, override->span, "override", title);
    bool active = trace_bound(walk, step, override, override->from, true);
    active &= trace_bound(walk, step, override, override->until, false);
    active &= trace_condition(tracer, step, override->condition);
    active &= override->from < override->until;
    walk->could_decide |= override->from < override->until;
    return mark(step, active) &&
           decide(walk, step, override_variant(walk->targeting, override->serve.text),
                  FFLAG_REASON_OVERRIDE, name);
}

static bool trace_overrides(struct walk *walk)
{
    const struct selection *overrides = overrides_of(walk->tracer->project, walk->flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (override->environments >> walk->tracer->environment & 1 &&
            trace_override(walk, override))
            return true;
    }
    return false;
}

/* -------------------------------------------------------------------------- before the rules -- */

static const char *environment_name(const struct tracer *tracer)
{
    return tracer->project->environments.items[tracer->environment].text;
}

static bool trace_enabled(struct walk *walk)
{
    struct step *step = step_of(
        walk, walk->flag->name.span, "enabled",
        arena_format(&walk->tracer->arena, "enabled in %s", environment_name(walk->tracer)));
    return !mark(step, walk->targeting->enabled) &&
           decide_default(walk, step, FFLAG_REASON_DISABLED);
}

static bool trace_requirements(struct walk *walk)
{
    const struct targeting *targeting = walk->targeting;
    struct tracer *tracer = walk->tracer;
    struct step *unmet = NULL;
    for (uint32_t i = 0; i < targeting->requirement_count; i++) {
        const struct requirement *requirement = &targeting->requirements[i];
        struct step *step =
            step_of(walk, requirement->span, "requires",
                    arena_format(&tracer->arena, "requires %s: %s", requirement->flag->name.text,
                                 variants_text(tracer, requirement->flag, requirement->variants)));
        struct answer answer = trace_other(tracer, step, requirement->flag);
        if (!mark(step, variant_set_has(requirement->variants, answer.variant)) && !unmet)
            unmet = step;
    }
    walk->could_decide |= targeting->requirement_count > 0;
    return unmet && decide_default(walk, unmet, FFLAG_REASON_PREREQUISITE_FAILED);
}

static bool trace_user_lists(struct walk *walk)
{
    const struct targeting *targeting = walk->targeting;
    struct tracer *tracer = walk->tracer;
    for (uint32_t i = 0; i < targeting->user_list_count; i++) {
        const struct user_list *list = &targeting->users[i];
        uint32_t count = list->file ? list->file->count : list->users.count;
        struct step *step =
            step_of(walk, list->span, "users",
                    arena_format(&tracer->arena, "one of the %u users listed for %s", count,
                                 variant_text(tracer, walk->flag, list->variant)));
        if (targeting->bucket_by)
            step->value = key_text(tracer, targeting->bucket_by);
        walk->could_decide |= count > 0;
        if (mark(step, trace_users(tracer, targeting->bucket_by, list)))
            return decide(walk, step, list->variant, FFLAG_REASON_TARGETING_MATCH, "users");
    }
    return false;
}

static const char *share_title(struct tracer *tracer, const char *what, const char *name,
                               uint32_t from, uint32_t to)
{
    char low[PERCENT_TEXT_SIZE], high[PERCENT_TEXT_SIZE];
    percent_format(from, low);
    percent_format(to, high);
    return arena_format(&tracer->arena, "%s %s, from %s%% to %s%%", what, name, low, high);
}

static bool trace_holdouts(struct walk *walk)
{
    const struct targeting *targeting = walk->targeting;
    struct tracer *tracer = walk->tracer;
    for (uint32_t i = 0; i < targeting->holdout_count; i++) {
        const struct holdout *holdout = targeting->holdouts[i];
        const struct unit_key *by = holdout->bucket_by ? holdout->bucket_by : targeting->bucket_by;
        struct step *step =
            step_of(walk, holdout->name.span, "holdout",
                    share_title(tracer, "holdout", holdout->name.text, 0, holdout->percent));
        const char *salt = arena_format(&tracer->arena, "holdout/%s", holdout->name.text);
        bool keyed;
        bool held = trace_range(tracer, step, by, salt, 0, holdout->percent, &keyed);
        walk->could_decide |= holdout->percent > 0;
        if (mark(step, held || holdout->percent >= PERCENT_ALL))
            return decide_default(walk, step, FFLAG_REASON_HOLDOUT);
    }
    return false;
}

static bool trace_layer(struct walk *walk)
{
    const struct targeting *targeting = walk->targeting;
    const struct layer *layer = targeting->layer;
    struct tracer *tracer = walk->tracer;
    if (!targeting_shares_layer(targeting))
        return false;
    walk->could_decide = true;
    struct step *step = step_of(
        walk, targeting->layer_span, "layer",
        share_title(tracer, "layer", layer->name.text, targeting->layer_from, targeting->layer_to));
    const char *salt = arena_format(&tracer->arena, "layer/%s", layer->name.text);
    bool keyed;
    bool inside =
        trace_range(tracer, step, layer->bucket_by ? layer->bucket_by : targeting->bucket_by, salt,
                    targeting->layer_from, targeting->layer_to, &keyed);
    /* A unit without a key passes. */
    return !mark(step, inside || !keyed) && decide_default(walk, step, FFLAG_REASON_LAYER);
}

static bool trace_previous(struct walk *walk)
{
    struct tracer *tracer = walk->tracer;
    const struct targeting *targeting = walk->targeting;
    if (!targeting_keeps(targeting))
        return false;
    walk->could_decide = true;
    struct step *step = step_of(walk, targeting->sticky_span, "sticky",
                                "sticky: the unit keeps the variant it had");
    const char *had = previous_variant(tracer->previous, walk->flag->name.text);
    uint32_t variant = had ? targeting_variant(targeting, had) : UINT32_MAX;
    bool kept = variant < targeting->variant_count;
    step->value =
        !had   ? "none is given"
        : kept ? arena_format(&tracer->arena, "it had %s", had)
               : arena_format(&tracer->arena, "it had %s, which the flag does not have", had);
    return mark(step, kept) && decide(walk, step, variant, FFLAG_REASON_STICKY, NULL);
}

/* -------------------------------------------------------------------------- rules and blocks -- */

static bool trace_rule(struct walk *walk, const struct rule *rule)
{
    struct tracer *tracer = walk->tracer;
    const char *salt = rule_salt(walk->targeting, rule);
    struct step *step =
        step_of(walk, rule->span, "rule",
                arena_format(&tracer->arena, "rule %s%s", rule->name.text,
                             rule->value_overrides ? ", which replaces parts of the value" : ""));
    bool holds = trace_condition(tracer, step, rule->condition);
    if (rule->has_percent)
        holds &= trace_ramp(tracer, step, rule->by, salt, &rule->percent);
    if (rule->ranges.count)
        holds &= trace_ranges(tracer, step, rule->by, salt, &rule->ranges);
    walk->could_decide |= !rule_is_for_nobody(rule);
    uint32_t variant = rule->serve;
    bool split = rule->split && !is_whole_arm(rule->arms, rule->arm_count, &variant);
    if (split && holds) {
        const struct split shares = rule_split(walk->targeting, rule);
        variant = trace_split(tracer, step, walk->flag, &shares);
        holds = variant != UINT32_MAX;
    }
    bool sampled = split || rule_samples(rule);
    return mark(step, holds) &&
           decide(walk, step, variant, targeting_reason(sampled, rule->condition), rule->name.text);
}

static bool trace_canary(struct walk *walk, const struct canary *canary)
{
    struct tracer *tracer = walk->tracer;
    const char *state = canary_state_words[canary->state];
    if (canary->state == CANARY_PENDING || canary->state == CANARY_ROLLED_BACK) {
        struct step *step = step_of(walk, canary->span, "canary", "the canary runs");
        step->value = arena_format(&tracer->arena, "it is %s",
                                   canary->state == CANARY_PENDING ? state : "rolled back");
        return false;
    }
    bool everywhere = canary->state == CANARY_COMPLETE || canary->instant;
    uint32_t at = everywhere ? canary->stage_count - 1 : canary->stage;
    const struct stage *stage = &canary->stages[at];
    const char *rule = arena_format(&tracer->arena, "canary:%s", stage->name.text);
    struct step *step = step_of(walk, stage->span, "canary",
                                arena_format(&tracer->arena, "canary stage %s, %u of %u, %s%s",
                                             stage->name.text, at + 1, canary->stage_count, state,
                                             canary->instant ? ", instant" : ""));
    walk->could_decide |= everywhere || stage->percent > 0;
    if (everywhere) {
        mark(step, true);
        return decide(walk, step, canary->serve, FFLAG_REASON_STATIC, rule);
    }
    bool holds = trace_condition(tracer, step, stage->condition);
    holds &= trace_exposure(tracer, step, stage->span, walk->targeting->bucket_by,
                            walk->targeting->salt, stage->percent);
    return mark(step, holds) &&
           decide(walk, step, canary->serve,
                  targeting_reason(stage->percent < PERCENT_ALL, stage->condition), rule);
}

static bool trace_running_experiment(struct walk *walk, const struct experiment *experiment)
{
    struct tracer *tracer = walk->tracer;
    const struct targeting *targeting = walk->targeting;
    struct step *step = step_of(walk, experiment->span, "experiment", "the experiment runs");
    bool holds = trace_condition(tracer, step, experiment->condition);
    holds &= trace_exposure(tracer, step, experiment->span, targeting->bucket_by, targeting->salt,
                            experiment->traffic);
    walk->could_decide |= experiment->traffic > 0;
    uint32_t variant = 0;
    bool whole = is_whole_arm(experiment->arms, experiment->arm_count, &variant);
    if (holds && !whole) {
        const struct split split = experiment_split(targeting);
        variant = trace_split(tracer, step, walk->flag, &split);
        holds = variant != UINT32_MAX;
    }
    bool sampled = !whole || experiment->traffic < PERCENT_ALL;
    return mark(step, holds) &&
           decide(walk, step, variant, targeting_reason(sampled, experiment->condition),
                  "experiment");
}

static bool trace_experiment(struct walk *walk, const struct experiment *experiment)
{
    if (experiment->state == EXPERIMENT_RUNNING)
        return trace_running_experiment(walk, experiment);
    bool won = experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner;
    struct step *step = step_of(walk, experiment->span, "experiment",
                                won ? "the experiment has a winner" : "the experiment runs");
    if (!won)
        step->value = experiment->state == EXPERIMENT_DRAFT ? "it is a draft"
                                                            : "it is concluded, without a winner";
    walk->could_decide |= won;
    return mark(step, won) &&
           decide(walk, step, experiment->winner, FFLAG_REASON_STATIC, "experiment");
}

static bool trace_decisions(struct walk *walk)
{
    const struct targeting *targeting = walk->targeting;
    if (trace_overrides(walk) || trace_enabled(walk) || trace_requirements(walk) ||
        trace_user_lists(walk) || trace_holdouts(walk) || trace_layer(walk) || trace_previous(walk))
        return true;
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        if (trace_rule(walk, &targeting->rules[i]))
            return true;
    if (targeting->canary && trace_canary(walk, targeting->canary))
        return true;
    return targeting->experiment && trace_experiment(walk, targeting->experiment);
}

struct step *trace_flag(struct tracer *tracer, const struct flag *flag, struct answer *answer)
{
    struct step *root = ARENA_NEW(&tracer->arena, struct step);
    *root = (struct step){.kind = "flag", .title = flag->name.text, .span = flag->name.span};
    struct walk walk = {.tracer = tracer,
                        .flag = flag,
                        .targeting = &flag->environments[tracer->environment],
                        .root = root,
                        .answer = answer};
    const struct targeting *before = tracer->targeting;
    tracer->targeting = walk.targeting;
    if (!trace_decisions(&walk))
        decide_default(&walk, root, walk.could_decide ? FFLAG_REASON_DEFAULT : FFLAG_REASON_STATIC);
    tracer->targeting = before;
    return root;
}
