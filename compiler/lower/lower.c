/* lower.c - a flag's program: the steps of docs/evaluation.md, in their order. */
#include "lower.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"

/* A flag being lowered. */
struct steps {
    struct lowering *lowering;
    const struct flag *flag;
    const struct targeting *targeting;
    struct program *program;
    /* Something in the definitions could decide, even if folding proved that it does not: then the
     * default is served with reason DEFAULT, because a reason must not depend on folding.
     * `could_decide` is about the part being lowered; `folded`, about the parts that left no
     * instruction to show it. */
    bool could_decide, folded;
};

/* What follows an unconditional decision is not lowered, and so does not count. */
static void end_part(struct steps *steps, uint32_t begun, bool ended)
{
    steps->folded |= steps->could_decide && !ended && steps->program->count == begun;
    steps->could_decide = false;
}

/* As the snapshot has it: see patched_variant(). */
static uint16_t served(const struct steps *steps, uint32_t variant)
{
    uint32_t none = steps->targeting->variant_count;
    return variant == none ? FFS_NO_VARIANT : (uint16_t)(variant - (variant > none));
}

static void serve(struct steps *steps, const struct expression *when, uint32_t variant,
                  enum fflag_reason reason, const char *rule)
{
    if (when->kind == EXPRESSION_NEVER || steps->program->ended)
        return;
    ffs_string name = rule ? image_text(&steps->lowering->image, rule) : FFS_NONE;
    program_decide(steps->program, when,
                   (struct ffs_instruction){.op = FFS_SERVE,
                                            .flags = (uint8_t)reason,
                                            .attribute = FFS_NO_ATTRIBUTE,
                                            .variant = served(steps, variant),
                                            .operand = name});
}

/* A variant, with the value that each unit gets. `at`: by the rule of that place, or NO_PATCH. */
static void serve_values(struct steps *steps, struct expression *when, uint32_t at,
                         uint32_t variant, enum fflag_reason reason, const char *rule)
{
    const struct targeting *targeting = steps->targeting;
    for (uint32_t i = 0; i < targeting->value_override_count; i++) {
        const struct value_override *override = &targeting->value_overrides[i];
        if (override->variant != variant)
            continue;
        struct expression *parts[] = {when, lower_condition(steps->lowering, override->condition)};
        serve(steps, expression_all(steps->lowering, parts, 2),
              patched_variant(targeting, at, i, variant), reason, rule);
    }
    serve(steps, when, patched_variant(targeting, at, NO_PATCH, variant), reason, rule);
}

static void serve_default(struct steps *steps, struct expression *when, enum fflag_reason reason)
{
    serve_values(steps, when, NO_PATCH, steps->targeting->default_variant, reason, NULL);
}

static struct expression *units_of_arm(struct lowering *lowering, const struct split *split,
                                       uint32_t from, uint32_t to)
{
    return lower_range(lowering, split->by, salt_hash(split->salt, split->suffix), from, to);
}

/*
 * A split in the snapshot has no arm for no variant. Those who get none are decided before it, by
 * ranges of the same buckets; what the split then gives in their place, nobody gets.
 */
static struct arm *serve_none_before_split(struct steps *steps, struct expression *when,
                                           const struct split *split, const char *rule)
{
    struct lowering *lowering = steps->lowering;
    struct arm *others = ARENA_ARRAY(&lowering->arena, struct arm, split->arm_count);
    uint32_t from = 0;
    for (uint32_t i = 0; i < split->arm_count; from += split->arms[i++].percent) {
        const struct arm *arm = &split->arms[i];
        others[i] = *arm;
        if (arm->variant != steps->targeting->variant_count)
            continue;
        others[i].variant = 0;
        struct expression *parts[] = {when,
                                      units_of_arm(lowering, split, from, from + arm->percent)};
        serve(steps, expression_all(lowering, parts, 2), arm->variant, FFLAG_REASON_SPLIT, rule);
    }
    return others;
}

static struct arm *served_arms(struct steps *steps, const struct split *split, uint32_t at)
{
    struct arm *numbered = ARENA_ARRAY(&steps->lowering->arena, struct arm, split->arm_count);
    for (uint32_t i = 0; i < split->arm_count; i++) {
        numbered[i] = split->arms[i];
        numbered[i].variant =
            served(steps, patched_variant(steps->targeting, at, NO_PATCH, split->arms[i].variant));
    }
    return numbered;
}

/* Those who get another value of their variant are decided before the split, likewise. */
static void serve_values_before_split(struct steps *steps, struct expression *when,
                                      const struct split *split, uint32_t at, const char *rule)
{
    struct lowering *lowering = steps->lowering;
    const struct targeting *targeting = steps->targeting;
    uint32_t from = 0;
    for (uint32_t i = 0; i < split->arm_count; from += split->arms[i++].percent) {
        const struct arm *arm = &split->arms[i];
        if (!has_value_override(targeting, arm->variant))
            continue;
        struct expression *in = units_of_arm(lowering, split, from, from + arm->percent);
        for (uint32_t j = 0; j < targeting->value_override_count; j++) {
            const struct value_override *override = &targeting->value_overrides[j];
            if (override->variant != arm->variant)
                continue;
            struct expression *parts[] = {when, in, lower_condition(lowering, override->condition)};
            serve(steps, expression_all(lowering, parts, 3),
                  patched_variant(targeting, at, j, override->variant), FFLAG_REASON_SPLIT, rule);
        }
    }
}

static bool has_arm(const struct split *split, uint32_t variant)
{
    bool found = false;
    for (uint32_t i = 0; i < split->arm_count; i++)
        found |= split->arms[i].variant == variant && split->arms[i].percent > 0;
    return found;
}

/* A flag's own salt for splits need not be said. */
static bool has_usual_salt(const struct steps *steps, const struct split *split)
{
    return split->salt == steps->targeting->salt && *split->suffix;
}

/* `at`: the place of the rule, or NO_PATCH. */
static void serve_split(struct steps *steps, struct expression *when, struct split split,
                        uint32_t at, const char *rule)
{
    struct image *image = &steps->lowering->image;
    if (when->kind == EXPRESSION_NEVER || steps->program->ended || !split.by)
        return;
    serve_values_before_split(steps, when, &split, at, rule);
    if (has_arm(&split, steps->targeting->variant_count))
        split.arms = serve_none_before_split(steps, when, &split, rule);
    if (steps->targeting->patched_count)
        split.arms = served_arms(steps, &split, at);
    uint64_t salt = salt_hash(split.salt, split.suffix);
    uint64_t operand = image_split(image, split.arms, split.arm_count,
                                   has_usual_salt(steps, &split) ? NULL : &salt);
    operand |= (uint64_t)image_text(image, rule) << 32;
    program_decide(
        steps->program, when,
        (struct ffs_instruction){.op = key_attribute(split.by) ? FFS_SPLIT : FFS_KEY_SPLIT,
                                 .flags = FFLAG_REASON_SPLIT,
                                 .attribute = lower_key(image, split.by),
                                 .operand = operand});
}

/* -------------------------------------------------------------------------- before the rules -- */

static void lower_override(struct steps *steps, const struct override *override)
{
    struct lowering *lowering = steps->lowering;
    uint32_t variant = override_variant(steps->targeting, override->serve.text);
    assert(variant != UINT32_MAX);
    steps->could_decide |= override->from < override->until;

    struct expression *parts[] = {lower_condition(lowering, override->condition),
                                  lower_clock(lowering, override->from, override->until)};
    serve(steps, expression_all(lowering, parts, 2), variant, FFLAG_REASON_OVERRIDE,
          override->name);
}

static void lower_overrides(struct steps *steps)
{
    const struct selection *overrides = overrides_of(steps->lowering->project, steps->flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        uint32_t begun = steps->program->count;
        bool ended = steps->program->ended;
        if (overrides->items[i]->environments >> steps->lowering->environment & 1)
            lower_override(steps, overrides->items[i]);
        end_part(steps, begun, ended);
    }
}

static void lower_requirements(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    struct lowering *lowering = steps->lowering;
    if (!targeting->requirement_count)
        return;
    steps->could_decide = true;
    struct expression **met =
        ARENA_ARRAY(&lowering->arena, struct expression *, targeting->requirement_count);
    for (uint32_t i = 0; i < targeting->requirement_count; i++)
        met[i] = lower_flag_is(lowering, targeting->requirements[i].flag,
                               targeting->requirements[i].variants);
    struct expression *all = expression_all(lowering, met, targeting->requirement_count);
    serve_default(steps, expression_not(lowering, all), FFLAG_REASON_PREREQUISITE_FAILED);
}

static void lower_user_lists(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    for (uint32_t i = 0; i < targeting->user_list_count; i++) {
        const struct user_list *list = &targeting->users[i];
        steps->could_decide |= (list->file ? list->file->count : list->users.count) > 0;
        serve_values(steps, lower_users(steps->lowering, targeting->bucket_by, list), NO_PATCH,
                     list->variant, FFLAG_REASON_TARGETING_MATCH, "users");
    }
}

static void lower_holdouts(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    for (uint32_t i = 0; i < targeting->holdout_count; i++) {
        const struct holdout *holdout = targeting->holdouts[i];
        const struct unit_key *key = holdout->bucket_by ? holdout->bucket_by : targeting->bucket_by;
        steps->could_decide |= holdout->percent > 0;
        struct expression *held =
            holdout->percent >= PERCENT_ALL
                ? expression_constant(true)
                : lower_range(steps->lowering, key, salt_hash("holdout/", holdout->name.text), 0,
                              holdout->percent);
        serve_default(steps, held, FFLAG_REASON_HOLDOUT);
    }
}

static void lower_layer(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    const struct layer *layer = targeting->layer;
    if (!targeting_shares_layer(targeting))
        return;
    steps->could_decide = true;
    const struct unit_key *key = layer->bucket_by ? layer->bucket_by : targeting->bucket_by;
    uint64_t salt = salt_hash("layer/", layer->name.text);
    /* Both sides of the member's range, not its negation, which would hold without a key. */
    struct expression *outside[] = {
        lower_range(steps->lowering, key, salt, 0, targeting->layer_from),
        lower_range(steps->lowering, key, salt, targeting->layer_to, PERCENT_ALL)};
    serve_default(steps, expression_any(steps->lowering, outside, 2), FFLAG_REASON_LAYER);
}

static void lower_previous(struct steps *steps)
{
    if (!targeting_keeps(steps->targeting))
        return;
    steps->could_decide = true;
    program_decide(steps->program, expression_constant(true),
                   (struct ffs_instruction){.op = FFS_PREVIOUS,
                                            .flags = FFLAG_REASON_STICKY,
                                            .attribute = FFS_NO_ATTRIBUTE,
                                            .operand = FFS_NONE});
}

/* ------------------------------------------------------------------------ rules, experiments -- */

/* The units of a rule that match its condition, and are for it. */
static struct expression *lower_units(struct steps *steps, const struct rule *rule)
{
    struct lowering *lowering = steps->lowering;
    const struct unit_ranges *ranges = &rule->ranges;
    uint64_t own = rule->salt ? salt_hash(rule->salt, "") : 0;
    if (rule->has_percent)
        return lower_ramp(lowering, rule->by, rule->salt ? &own : NULL, &rule->percent);
    if (!ranges->count)
        return expression_constant(true);
    uint64_t salt = salt_hash(rule_salt(steps->targeting, rule), "");
    struct expression **in = ARENA_ARRAY(&lowering->arena, struct expression *, ranges->count);
    for (uint32_t i = 0; i < ranges->count; i++)
        in[i] = lower_range(lowering, rule->by, salt, ranges->items[i].from, ranges->items[i].to);
    return expression_any(lowering, in, ranges->count);
}

static void lower_rule(struct steps *steps, uint32_t at)
{
    struct lowering *lowering = steps->lowering;
    const struct rule *rule = &steps->targeting->rules[at];
    if (rule_is_for_nobody(rule))
        return;
    steps->could_decide = true;
    struct expression *parts[] = {lower_condition(lowering, rule->condition),
                                  lower_units(steps, rule)};
    struct expression *when = expression_all(lowering, parts, 2);
    uint32_t variant = rule->serve;
    if (rule->split && !is_whole_arm(rule->arms, rule->arm_count, &variant))
        serve_split(steps, when, rule_split(steps->targeting, rule), at, rule->name.text);
    else
        serve_values(steps, when, at, variant,
                     targeting_reason(rule_samples(rule), rule->condition), rule->name.text);
}

static const char *stage_rule(struct steps *steps, const struct stage *stage)
{
    return arena_format(&steps->lowering->arena, "canary:%s", stage->name.text);
}

static void lower_canary(struct steps *steps, const struct canary *canary)
{
    struct lowering *lowering = steps->lowering;
    if (canary->state == CANARY_PENDING || canary->state == CANARY_ROLLED_BACK)
        return;
    const struct stage *stage = &canary->stages[canary->stage];
    if (canary->state == CANARY_COMPLETE || canary->instant) {
        stage = &canary->stages[canary->stage_count - 1];
        steps->could_decide = true;
        serve_values(steps, expression_constant(true), NO_PATCH, canary->serve, FFLAG_REASON_STATIC,
                     stage_rule(steps, stage));
        return;
    }
    if (!stage->percent)
        return;
    steps->could_decide = true;
    struct expression *parts[] = {
        lower_condition(lowering, stage->condition),
        lower_exposure(lowering, steps->targeting->bucket_by, NULL, stage->percent)};
    serve_values(steps, expression_all(lowering, parts, 2), NO_PATCH, canary->serve,
                 targeting_reason(stage->percent < PERCENT_ALL, stage->condition),
                 stage_rule(steps, stage));
}

static void lower_experiment(struct steps *steps, const struct experiment *experiment)
{
    struct lowering *lowering = steps->lowering;
    const struct unit_key *unit = steps->targeting->bucket_by;
    if (experiment->state == EXPERIMENT_DRAFT)
        return;
    if (experiment->state == EXPERIMENT_CONCLUDED) {
        steps->could_decide |= experiment->has_winner;
        if (experiment->has_winner)
            serve_values(steps, expression_constant(true), NO_PATCH, experiment->winner,
                         FFLAG_REASON_STATIC, "experiment");
        return;
    }
    if (!experiment->traffic)
        return;
    steps->could_decide = true;
    struct expression *parts[] = {lower_condition(lowering, experiment->condition),
                                  lower_exposure(lowering, unit, NULL, experiment->traffic)};
    struct expression *when = expression_all(lowering, parts, 2);
    uint32_t variant;
    if (is_whole_arm(experiment->arms, experiment->arm_count, &variant))
        serve_values(steps, when, NO_PATCH, variant,
                     targeting_reason(experiment->traffic < PERCENT_ALL, experiment->condition),
                     "experiment");
    else
        serve_split(steps, when, experiment_split(steps->targeting), NO_PATCH, "experiment");
}

static void lower_steps(struct steps *steps)
{
    const struct targeting *targeting = steps->targeting;
    lower_overrides(steps);
    if (!targeting->enabled) {
        serve_default(steps, expression_constant(true), FFLAG_REASON_DISABLED);
        return;
    }
    uint32_t begun = steps->program->count;
    bool ended = steps->program->ended;
    lower_requirements(steps);
    lower_user_lists(steps);
    lower_holdouts(steps);
    lower_layer(steps);
    lower_previous(steps);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        lower_rule(steps, i);
    if (targeting->experiment)
        lower_experiment(steps, targeting->experiment);
    end_part(steps, begun, ended);

    begun = steps->program->count;
    ended = steps->program->ended;
    if (targeting->canary)
        lower_canary(steps, targeting->canary);
    end_part(steps, begun, ended);
    /* Even after a decision for everybody, which an emergency may take away. */
    bool several = has_value_override(targeting, targeting->default_variant);
    steps->program->ended &= !(steps->folded || several);
    if (steps->folded || several)
        serve_default(steps, expression_constant(true),
                      steps->folded || steps->program->count ? FFLAG_REASON_DEFAULT
                                                             : FFLAG_REASON_STATIC);
}

/* ------------------------------------------------------------------------------------- flags -- */

/* The flag's maximum cost and depth of evaluation, including the flags that its program asks. */
static void measure(struct lowering *lowering, const struct program *program, const uint32_t *order,
                    struct lowered_flag *lowered)
{
    lowered->cost = program->count;
    for (uint32_t i = 0; i < program->count; i++) {
        const struct ffs_instruction *instruction = &program->code[i];
        lowered->reads_clock |= (ffs_uses_of(instruction->op) & FFS_USES_CLOCK) != 0;
        lowered->features |= ffs_features_of(instruction->op);
        lowered->serves_none |=
            instruction->op == FFS_SERVE && instruction->variant == FFS_NO_VARIANT;
        lowered->cost += ffs_repeated_cost(instruction->op, instruction->operand);
        if (ffs_operand_of(instruction->op) != FFS_OPERAND_FLAG)
            continue;
        const struct lowered_flag *other = &lowering->flags[order[instruction->operand]];
        lowered->cost += other->cost;
        lowered->reads_clock |= other->reads_clock;
        lowered->features |= other->features;
        if (lowered->depth < other->depth + 1)
            lowered->depth = other->depth + 1;
    }
    /* Checked with the definitions, including whatever folding removed. */
    assert(lowered->depth <= FFS_MAX_DEPTH);
    assert(lowering->image.attributes.count <= FFS_FIRST_KEY);
}

static bool check_limits(struct lowering *lowering, const struct flag *flag,
                         const struct program *program, const struct lowered_flag *lowered)
{
    struct diagnostics *diagnostics = lowering->diagnostics;
    const char *environment = lowering->project->environments.items[lowering->environment].text;
    uint32_t before = diagnostics->errors;
    if (lowering->segments_too_deep) {
        diagnose(diagnostics, FF0871, flag->name.span,
                 "flag '%s' uses segments that are nested more than 1000 deep", flag->name.text);
        lowering->segments_too_deep = false;
    }
    if (program->too_long) {
        diagnose(diagnostics, FF0823, flag->name.span,
                 "flag '%s' needs more than %u instructions in environment '%s'", flag->name.text,
                 FFS_MAX_PROGRAM, environment);
        diagnose_help(diagnostics, "put long lists into one 'in' or 'in_file' test of a string, or "
                                   "split the flag in two");
    } else if (lowered->cost > FFS_MAX_COST) {
        diagnose(diagnostics, FF0846, flag->name.span,
                 "flag '%s' and the flags it needs take up to %llu instructions in environment "
                 "'%s'; the limit is %u",
                 flag->name.text, (unsigned long long)lowered->cost, environment, FFS_MAX_COST);
        diagnose_help(diagnostics,
                      lowered->features & FFS_FEATURE_ELEMENTS
                          ? "what 'any', 'all' and 'none' ask counts for each of 32 entries: name "
                            "several texts in one test"
                          : "make it depend on fewer flags, or put long lists into one 'in' or "
                            "'in_file' test of a string");
    }
    return diagnostics->errors == before;
}

/* With those that are values of which a rule replaced parts. */
static const struct variant *all_variants(struct lowering *lowering,
                                          const struct targeting *targeting)
{
    uint32_t declared = targeting->variant_count;
    if (!targeting->patched_count)
        return targeting->variants;
    struct variant *all =
        ARENA_ARRAY(&lowering->arena, struct variant, declared + targeting->patched_count);
    memcpy(all, targeting->variants, declared * sizeof *all);
    for (uint32_t i = 0; i < targeting->patched_count; i++) {
        all[declared + i] = targeting->variants[targeting->patched[i].variant];
        all[declared + i].string = targeting->patched[i].value;
    }
    return all;
}

static void add_flag(struct lowering *lowering, const struct flag *flag,
                     const struct program *program, const struct lowered_flag *lowered)
{
    struct image *image = &lowering->image;
    const struct targeting *targeting = &flag->environments[lowering->environment];
    uint32_t variant_count = targeting->variant_count + targeting->patched_count;
    const struct variant *variants = all_variants(lowering, targeting);
    bool none_by_default = targeting->default_variant == targeting->variant_count;
    bool serves_none = lowered->serves_none || none_by_default;
    image->sources[lowered->index] = flag;
    image->flags[lowered->index] = (struct ffs_flag){
        .name = image_text(image, flag->name.text),
        .type = (uint8_t)flag->type,
        .flags = (uint8_t)((lowered->reads_clock ? FFS_FLAG_READS_CLOCK : 0) |
                           (serves_none ? FFS_FLAG_SERVES_NONE : 0) |
                           (flag->client ? FFS_FLAG_CLIENT : 0)),
        .default_variant = none_by_default ? FFS_NO_VARIANT : (uint16_t)targeting->default_variant,
        .first_variant = image_variants(image, flag->type, variants, variant_count),
        .variant_count = (uint16_t)variant_count,
        .depth = (uint8_t)lowered->depth,
        .kind = (uint8_t)(FFS_KIND_RELEASE + flag->kind),
        .first_code = image_program(image, program->code, program->count),
        .code_count = program->count,
        .exposure_salt = salt_hash(targeting->salt, ""),
        .split_salt = salt_hash(targeting->salt, SPLIT_SUFFIX),
        .features = lowered->features,
        .tags = image_tags(image, &flag->tags),
        .metadata = flag->metadata ? image_text(image, flag->metadata) : FFS_NONE};
    image->flag_count = lowered->index + 1;
}

bool lower_flags(struct lowering *lowering, const uint32_t *order)
{
    const struct project *project = lowering->project;
    struct program program = {0};
    bool fine = true;
    for (uint32_t i = 0; i < project->flag_count; i++) {
        const struct flag *flag = project->flags[order[i]];
        struct lowered_flag *lowered = &lowering->flags[order[i]];
        const struct targeting *targeting = &flag->environments[lowering->environment];
        lowering->targeting = targeting;
        program_reset(&program);
        struct steps steps = {lowering, flag, targeting, &program, false, false};
        lower_steps(&steps);
        program_finish(&program);
        lowered->index = i;
        measure(lowering, &program, order, lowered);
        /* A flag over a limit is reported once; its cost does not count towards flags that need
         * it. */
        if (!check_limits(lowering, flag, &program, lowered)) {
            fine = false;
            lowered->cost = 0;
        }
        if (fine)
            add_flag(lowering, flag, &program, lowered);
    }
    program_release(&program);
    return fine;
}
