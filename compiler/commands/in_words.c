/* in_words.c - see in_words.h. */
#include "in_words.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/base/zone.h"
#include "compiler/model/metric.h"
#include "compiler/model/model.h"

static void add_percent(struct buffer *text, uint32_t thousandths)
{
    char percent[PERCENT_TEXT_SIZE];
    percent_format(thousandths, percent);
    buffer_format(text, "%s%%", percent);
}

static void add_time(struct buffer *text, int64_t ms)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append_text(text, time);
}

/* -------------------------------------------------------------------------------- conditions -- */

/* What reads better than the language's own word, a row for each spelling. */
static const struct {
    const char *name, *words;
} better_words[] = {{"eq", "is"},
                    {"in", "is"},
                    {"ne", "is not"},
                    {"not_in", "is not"},
                    {"gt", ">"},
                    {"gte", ">="},
                    {"lt", "<"},
                    {"lte", "<="},
                    {"not_contains", "does not contain"},
                    {"in_file", "is in"},
                    {"not_in_file", "is not in"},
                    {"has_any", "has"},
                    {"has_all", "has all of"},
                    {"has_none", "has none of"},
                    {"any", "has an entry that"},
                    {"all", "has no entry but those that"},
                    {"none", "has no entry that"}};

/* "starts with" */
static void add_operator(const char *name, struct buffer *text)
{
    for (size_t i = 0; i < sizeof better_words / sizeof *better_words; i++)
        if (strcmp(better_words[i].name, name) == 0) {
            buffer_append_text(text, better_words[i].words);
            return;
        }
    for (; *name; name++)
        buffer_append(text, *name == '_' ? " " : name, 1);
}

static void add_private(uint32_t count, struct buffer *text)
{
    buffer_format(text, "%u private value%s", count, count == 1 ? "" : "s");
}

/* "NO, SE or DK"; "NO, SE, DK, FI or 12 more" */
static void add_operands(const struct condition *test, size_t most, struct buffer *text)
{
    if (test->attribute && test->attribute->is_private && most != SIZE_MAX) {
        add_private(test->operand_count, text);
        return;
    }
    uint32_t shown = test->operand_count <= most ? test->operand_count : (uint32_t)most;
    for (uint32_t i = 0; i < shown; i++) {
        bool last = i + 1 == test->operand_count;
        buffer_format(text, "%s%s",
                      i == 0 ? ""
                      : last ? " or "
                             : ", ",
                      test->operands[i].source.text);
    }
    if (shown < test->operand_count)
        buffer_format(text, " or %u more", test->operand_count - shown);
}

/* Most kinds have a spelling for their negation, too. */
static const struct operator_info *spelling_of(const struct condition *test, bool negate)
{
    unsigned type = test->attribute ? test->attribute->type : A_FIELD;
    uint32_t count = test->other ? 1 : test->operand_count;
    const struct operator_info *spelling =
        operator_spelling(test->operator_kind, negate, type, count);
    return spelling ? spelling : operator_spelling(test->operator_kind, !negate, type, count);
}

static void add_asked(const struct condition *test, bool negate, size_t most, struct buffer *text)
{
    const struct operator_info *spelling = spelling_of(test, negate);
    if (!spelling) { /* a test that no definition can ask, of a snapshot */
        buffer_format(text, "%s%s ", negate ? "not " : "",
                      operator_kinds[test->operator_kind].name);
        add_operands(test, most, text);
        return;
    }
    if (operand_forms[spelling->form].shape == SHAPE_PRESENCE) {
        if (test->operator_kind == OPERATOR_IS_NULL)
            buffer_append_text(text, negate ? "is not given as null" : "is given as null");
        else
            buffer_append_text(text, negate ? "is absent" : "is present");
        return;
    }
    /* The spelling has no negation of its own. */
    if (spelling->negate != negate)
        buffer_append_text(text, "not ");
    add_operator(spelling->name, text);
    if (test->divisor)
        buffer_format(text, " %" PRIu64 " is", test->divisor);
    if (test->file)
        buffer_format(text, " %s", test->file->path);
    if (test->other)
        buffer_format(text, " attribute %s", test->other->name.text);
    bool hidden = test->attribute && test->attribute->is_private && most != SIZE_MAX;
    for (uint32_t i = 0; test->file && !hidden && most >= ALL_SHOWN && i < test->file->count; i++)
        buffer_format(text, " %s", test->file->values[i]);
    if (test->within) {
        bool several = test->within->kind == CONDITION_ALL;
        for (uint32_t i = 0; i < (several ? test->within->child_count : 1); i++) {
            const struct condition *part = several ? test->within->children[i] : test->within;
            buffer_append_text(text, i ? " and " : " ");
            add_asked(part, part->negate, most, text);
        }
        return;
    }
    if (test->operand_count > 0) {
        buffer_append_text(text, " ");
        add_operands(test, most, text);
    }
    if (test->ignore_case)
        buffer_append_text(text, ", ignoring case");
}

void test_in_words(const struct condition *test, size_t most, struct buffer *text)
{
    buffer_format(text, "%s ", test->field.text);
    add_asked(test, test->negate, most, text);
}

static void add_variants(const struct condition *test, struct buffer *text)
{
    const struct targeting *targeting = &test->flag->environments[0];
    const char *separator = "";
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        if (!variant_set_has(test->variants, i))
            continue;
        buffer_append_text(text, separator);
        variant_in_words(test->flag, targeting, i, text);
        separator = " or ";
    }
}

static void add_minutes(struct buffer *text, uint32_t minutes)
{
    buffer_format(text, "%02u:%02u", minutes / 60, minutes % 60);
}

static void add_zone(struct buffer *text, const struct zone *zone)
{
    char offset[16];
    format_offset(zone->offset, offset, sizeof offset);
    buffer_format(text, " in %s", zone->name ? zone->name : offset);
}

static void add_clock(const struct clock_test *clock, struct buffer *text)
{
    const char *separator = "";
    switch (clock->kind) {
    case CLOCK_WEEKDAY:
        buffer_append_text(text, "it is ");
        for (unsigned day = 0; weekday_words[day]; day++)
            if (clock->weekdays >> day & 1) {
                buffer_format(text, "%s%s", separator, weekday_words[day]);
                separator = ", ";
            }
        add_zone(text, clock->zone);
        return;
    case CLOCK_BETWEEN:
        buffer_append_text(text, "it is between ");
        add_minutes(text, clock->from);
        buffer_append_text(text, " and ");
        add_minutes(text, clock->until);
        add_zone(text, clock->zone);
        return;
    case CLOCK_FROM:
        buffer_append_text(text, "it is not before ");
        break;
    case CLOCK_UNTIL:
    case CLOCK_BEFORE:
        buffer_append_text(text, "it is before ");
        break;
    case CLOCK_AFTER:
        buffer_append_text(text, "it is after ");
        break;
    }
    add_time(text, clock->time - (clock->kind == CLOCK_AFTER));
}

static void add_condition(const struct condition *condition, bool inner, size_t most,
                          struct buffer *text);

static void add_children(const struct condition *condition, const char *separator, bool inner,
                         size_t most, struct buffer *text)
{
    bool grouped = inner && condition->child_count > 1;
    buffer_append_text(text, grouped ? "(" : "");
    for (uint32_t i = 0; i < condition->child_count; i++) {
        buffer_append_text(text, i ? separator : "");
        add_condition(condition->children[i], condition->child_count > 1, most, text);
    }
    if (condition->child_count == 0)
        buffer_append_text(text, condition->kind == CONDITION_ALL ? "anybody" : "nobody");
    buffer_append_text(text, grouped ? ")" : "");
}

static void add_share(const struct share_test *share, struct buffer *text)
{
    add_percent(text, share->percent);
    buffer_append_text(text, " of units");
    if (share->by)
        buffer_format(text, " by %s", share->by->text);
    if (share->salt)
        buffer_format(text, " with salt %s", share->salt);
}

/* `inner`: among others, so that what has several parts needs brackets. */
static void add_condition(const struct condition *condition, bool inner, size_t most,
                          struct buffer *text)
{
    switch (condition->kind) {
    case CONDITION_ALL:
        add_children(condition, " and ", inner, most, text);
        return;
    case CONDITION_ANY:
        add_children(condition, " or ", inner, most, text);
        return;
    case CONDITION_NOT:
        buffer_append_text(text, "not (");
        add_condition(condition->children[0], false, most, text);
        buffer_append_text(text, ")");
        return;
    case CONDITION_SEGMENT:
        buffer_format(text, "segment %s", condition->segment->name.text);
        if (most >= ALL_SHOWN && condition->segment->condition) {
            buffer_append_text(text, " (");
            add_condition(condition->segment->condition, false, most, text);
            buffer_append_text(text, ")");
        }
        return;
    case CONDITION_FLAG:
        buffer_format(text, "flag %s is %s", condition->flag->name.text,
                      condition->negate ? "not " : "");
        add_variants(condition, text);
        return;
    case CONDITION_CLOCK:
        buffer_append_text(text, condition->negate ? "not " : "");
        add_clock(&condition->clock, text);
        return;
    case CONDITION_PERCENT:
        buffer_append_text(text, condition->negate ? "not in " : "in ");
        add_share(&condition->share, text);
        return;
    case CONDITION_TEST:
        test_in_words(condition, most, text);
        return;
    }
}

void condition_in_words(const struct condition *condition, size_t most, struct buffer *text)
{
    if (condition)
        add_condition(condition, false, most, text);
}

/* ------------------------------------------------------------------------------------- rules -- */

#define LONGEST_VALUE 40

void variant_in_words(const struct flag *flag, const struct targeting *targeting, uint32_t variant,
                      struct buffer *text)
{
    if (variant >= targeting->variant_count) {
        buffer_append_text(text, NO_VARIANT_NAME);
        return;
    }
    const struct variant *value = &targeting->variants[variant];
    if (value->name.text)
        buffer_append_text(text, value->name.text);
    else if (flag->type == FFLAG_TYPE_BOOLEAN)
        buffer_append_text(text, value->boolean ? "true" : "false");
    else if (flag->type == FFLAG_TYPE_INTEGER)
        buffer_format(text, "%" PRId64, value->integer);
    else if (flag->type == FFLAG_TYPE_NUMBER)
        json_write_number(text, value->number);
    else if (strlen(value->string) <= LONGEST_VALUE)
        buffer_append_text(text, value->string);
    else
        buffer_append_text(text, "its value");
}

/* "20%", "20% to 50% from 2026-12-01T00:00:00Z to …" */
static void ramp_in_words(const struct ramp *ramp, struct buffer *text)
{
    add_percent(text, ramp->from);
    if (!ramp->gradual)
        return;
    buffer_append_text(text, " to ");
    add_percent(text, ramp->to);
    buffer_append_text(text, " from ");
    add_time(text, ramp->start);
    if (ramp->step) {
        struct arena arena = {0};
        buffer_append_text(text, ", by ");
        add_percent(text, ramp->step);
        buffer_format(text, " every %s", duration_text(&arena, ramp->every));
        arena_release(&arena);
    } else {
        buffer_append_text(text, " until ");
        add_time(text, ramp->end);
    }
}

static void add_arms(const struct flag *flag, const struct targeting *targeting,
                     const struct arm *arms, uint32_t count, struct buffer *text)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(text, i ? ", " : "");
        variant_in_words(flag, targeting, arms[i].variant, text);
        buffer_append_text(text, " ");
        add_percent(text, arms[i].percent);
    }
}

static void add_units(const struct rule *rule, struct buffer *text)
{
    if (rule->has_percent) {
        buffer_append_text(text, " for ");
        ramp_in_words(&rule->percent, text);
    }
    for (uint32_t i = 0; i < rule->ranges.count; i++) {
        buffer_append_text(text, i ? " and " : " for the units from ");
        add_percent(text, rule->ranges.items[i].from);
        buffer_append_text(text, " to ");
        add_percent(text, rule->ranges.items[i].to);
    }
}

#define MOST_REPLACED 60 /* bytes */

/* A merge patch, as JSON; a long one is not shown unless `most` is SIZE_MAX. */
static void replaced_in_words(const char *replaces, size_t most, struct buffer *text)
{
    bool whole = most >= ALL_SHOWN || strlen(replaces) <= MOST_REPLACED;
    buffer_append_text(text, whole ? replaces : "other parts");
}

/* "on for 20% where country is NO" */
static void rule_in_words(const struct flag *flag, const struct targeting *targeting,
                          const struct rule *rule, size_t most, struct buffer *text)
{
    if (rule->split) {
        buffer_append_text(text, "split ");
        add_arms(flag, targeting, rule->arms, rule->arm_count, text);
    } else {
        variant_in_words(flag, targeting, rule->serve, text);
    }
    add_units(rule, text);
    if (rule->condition) {
        buffer_append_text(text, " where ");
        condition_in_words(rule->condition, most, text);
    }
    if (rule->by && rule->by != targeting->bucket_by)
        buffer_format(text, ", by %s", rule->by->text);
    if (rule->salt)
        buffer_format(text, ", with salt %s", rule->salt);
    if (rule->keep.given)
        buffer_append_text(text, ", keeping exposure");
    if (!rule->replaces)
        return;
    buffer_append_text(text, ", with ");
    replaced_in_words(rule->replaces, most, text);
    buffer_append_text(text, " in its value");
}

void override_in_words(const struct override *override, size_t most, struct buffer *text)
{
    buffer_append_text(text, override->serve.text);
    if (override->condition) {
        buffer_append_text(text, " where ");
        condition_in_words(override->condition, most, text);
    }
    if (override->from != INT64_MIN) {
        buffer_append_text(text, " from ");
        add_time(text, override->from);
    }
    if (override->until != INT64_MAX) {
        buffer_append_text(text, " until ");
        add_time(text, override->until);
    }
}

/* --------------------------------------------------------------------------------- all of it -- */

struct telling {
    struct statements *statements;
    struct arena *arena;
    const struct flag *flag;
    const struct targeting *targeting;
    size_t most;
    struct buffer text; /* of the next statement */
};

/* Says what stands in the text. */
static void tell(struct telling *telling, const char *what, struct span span)
{
    struct statement *said =
        ARENA_APPEND(telling->arena, telling->statements->items, telling->statements->count);
    *said = (struct statement){
        .what = arena_copy(telling->arena, what, strlen(what)),
        .text = telling->text.length
                    ? arena_copy(telling->arena, telling->text.bytes, telling->text.length)
                    : NULL,
        .span = span};
    telling->text.length = 0;
}

static void tell_requirements(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    for (uint32_t i = 0; i < targeting->requirement_count; i++) {
        const struct requirement *requirement = &targeting->requirements[i];
        const struct condition test = {
            .kind = CONDITION_FLAG, .flag = requirement->flag, .variants = requirement->variants};
        add_variants(&test, &telling->text);
        tell(telling, arena_format(telling->arena, "needs %s", requirement->flag->name.text),
             requirement->span);
    }
}

static void tell_users(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    for (uint32_t i = 0; i < targeting->user_list_count; i++) {
        const struct user_list *list = &targeting->users[i];
        struct buffer name = {0};
        uint32_t count = list->file ? list->file->count : list->users.count;
        bool hidden = key_is_private(targeting->bucket_by) && telling->most != SIZE_MAX;
        if (list->file)
            buffer_format(&telling->text, "%u in %s", count, list->file->path);
        else if (hidden)
            add_private(count, &telling->text);
        if (hidden)
            count = 0;
        for (uint32_t j = 0; j < count && (!list->file || telling->most >= ALL_SHOWN); j++) {
            if (j == telling->most) {
                buffer_format(&telling->text, " and %u more", count - j);
                break;
            }
            buffer_format(&telling->text, "%s%s", j ? ", " : "",
                          list->file ? list->file->values[j] : list->users.items[j].text);
        }
        buffer_append_text(&name, "users ");
        variant_in_words(telling->flag, targeting, list->variant, &name);
        tell(telling, name.bytes, list->span);
        buffer_release(&name);
    }
}

static void tell_layer(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    struct buffer *text = &telling->text;
    for (uint32_t i = 0; i < targeting->holdout_count; i++) {
        const struct holdout *holdout = targeting->holdouts[i];
        add_percent(text, holdout->percent);
        if (holdout->bucket_by)
            buffer_format(text, " by %s", holdout->bucket_by->text);
        tell(telling, arena_format(telling->arena, "holdout %s", holdout->name.text),
             holdout->name.span);
    }
    if (!targeting->layer)
        return;
    buffer_format(text, "%s from ", targeting->layer->name.text);
    add_percent(text, targeting->layer_from);
    buffer_append_text(text, " to ");
    add_percent(text, targeting->layer_to);
    if (targeting->layer->bucket_by)
        buffer_format(text, " by %s", targeting->layer->bucket_by->text);
    tell(telling, "layer", targeting->layer_span);
}

/* "max 1%, else pause, over 10m, for 3 windows" */
static void add_criterion(const struct criterion *criterion, bool guards, struct buffer *text)
{
    struct arena arena = {0};
    buffer_append_text(text, criterion->of_flag ? "the value of flag " : "");
    buffer_append_text(text, criterion->of_flag ? criterion->of_flag->name.text
                                                : criterion->written.text);
    buffer_append_text(text, criterion->absolute ? " absolute" : "");
    buffer_append_text(text, criterion->versus_before ? " versus before" : "");
    if (guards)
        buffer_format(text, ", else %s", criterion_action_words[criterion->action]);
    if (criterion->over)
        buffer_format(text, ", over %s", duration_text(&arena, criterion->over));
    if (criterion->for_windows > 1)
        buffer_format(text, ", for %u windows", criterion->for_windows);
    if (criterion->confidence > 0) {
        buffer_append_text(text, ", with confidence ");
        json_write_number(text, criterion->confidence);
    }
    if (criterion->min_samples)
        buffer_format(text, ", from %" PRIu64 " samples on", criterion->min_samples);
    if (criterion->on_nodata != NODATA_HOLD)
        buffer_format(text, ", without data %s", nodata_policy_words[criterion->on_nodata]);
    arena_release(&arena);
}

/* `of`: " of stage early" */
static void tell_criteria(struct telling *telling, const struct criteria *criteria, bool guards,
                          const char *of)
{
    for (uint32_t i = 0; i < criteria->count; i++) {
        const struct criterion *criterion = &criteria->items[i];
        add_criterion(criterion, guards, &telling->text);
        tell(telling,
             arena_format(telling->arena, "%s %s %s%s", guards ? "guard" : "advances when",
                          criterion->metric->name.text, criterion_form_words[criterion->form], of),
             criterion->span);
    }
}

/* What decides how it goes on, and not what is served now. */
static void tell_judged(struct telling *telling)
{
    const struct canary *canary = telling->targeting->canary;
    const struct experiment *experiment = telling->targeting->experiment;
    if (canary) {
        tell_criteria(telling, &canary->guards, true, "");
        tell_criteria(telling, &canary->advance_when, false, "");
        for (uint32_t i = 0; i < canary->stage_count; i++) {
            const struct stage *stage = &canary->stages[i];
            const char *of = arena_format(telling->arena, " of stage %s", stage->name.text);
            tell_criteria(telling, &stage->guards, true, of);
            tell_criteria(telling, &stage->advance_when, false, of);
        }
        if (!canary->automatic)
            tell(telling, "decided by a person", canary->span);
    }
    if (!experiment)
        return;
    if (experiment->primary) {
        buffer_append_text(&telling->text, experiment->primary->name.text);
        tell(telling, "primary metric", experiment->span);
    }
    for (uint32_t i = 0; i < experiment->metric_count; i++)
        buffer_format(&telling->text, "%s%s", i ? ", " : "", experiment->metrics[i]->name.text);
    if (experiment->metric_count)
        tell(telling, "metrics", experiment->span);
    tell_criteria(telling, &experiment->guards, true, "");
}

static void tell_canary(struct telling *telling, const struct canary *canary)
{
    struct buffer *text = &telling->text;
    buffer_append_text(text, canary_state_words[canary->state]);
    if (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED)
        buffer_format(text, " in stage %s", canary->stages[canary->stage].name.text);
    buffer_append_text(text, canary->instant ? ", instant" : "");
    tell(telling, "canary", canary->span);
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        const struct stage *stage = &canary->stages[i];
        variant_in_words(telling->flag, telling->targeting, canary->serve, text);
        buffer_append_text(text, " for ");
        add_percent(text, stage->percent);
        if (stage->condition) {
            buffer_append_text(text, " where ");
            condition_in_words(stage->condition, telling->most, text);
        }
        if (stage->hold)
            buffer_format(text, ", held for %s", duration_text(telling->arena, stage->hold));
        if (stage->min_samples)
            buffer_format(text, ", until %" PRIu64 " samples", stage->min_samples);
        if (stage->approval)
            buffer_append_text(text, ", entered with approval");
        tell(telling, arena_format(telling->arena, "stage %s", stage->name.text), stage->span);
    }
}

static void tell_experiment(struct telling *telling, const struct experiment *experiment)
{
    struct buffer *text = &telling->text;
    buffer_append_text(text, experiment_state_words[experiment->state]);
    if (experiment->has_winner) {
        buffer_append_text(text, ", winner ");
        variant_in_words(telling->flag, telling->targeting, experiment->winner, text);
    }
    tell(telling, "experiment", experiment->span);
    add_percent(text, experiment->traffic);
    tell(telling, "traffic", experiment->span);
    add_arms(telling->flag, telling->targeting, experiment->arms, experiment->arm_count, text);
    tell(telling, "split", experiment->span);
    if (!experiment->condition)
        return;
    condition_in_words(experiment->condition, telling->most, text);
    tell(telling, "experiment where", experiment->span);
}

static void tell_variants(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        struct variant value = targeting->variants[i];
        const char *name = value.name.text ? value.name.text : "";
        struct targeting alone = {.variants = &value, .variant_count = 1};
        value.name.text = NULL;
        bool texts =
            telling->flag->type == FFLAG_TYPE_STRING || telling->flag->type == FFLAG_TYPE_JSON;
        if (texts && telling->most >= ALL_SHOWN)
            buffer_append_text(&telling->text, value.string);
        else
            variant_in_words(telling->flag, &alone, 0, &telling->text);
        tell(telling, arena_format(telling->arena, *name ? "variant %s" : "value%s", name),
             value.span);
    }
}

static void tell_value_overrides(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    for (uint32_t i = 0; i < targeting->value_override_count; i++) {
        const struct value_override *override = &targeting->value_overrides[i];
        uint32_t place = 0;
        for (uint32_t j = 0; j < i; j++)
            place += targeting->value_overrides[j].variant == override->variant;
        if (override->replaces)
            replaced_in_words(override->replaces, telling->most, &telling->text);
        else
            buffer_append_text(&telling->text, "nothing else");
        buffer_append_text(&telling->text, " where ");
        condition_in_words(override->condition, telling->most, &telling->text);
        tell(telling,
             arena_format(telling->arena, "value_overrides[%u] of %s", place,
                          targeting->variants[override->variant].name.text),
             override->span);
    }
}

static void tell_rules(struct telling *telling)
{
    const struct targeting *targeting = telling->targeting;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        rule_in_words(telling->flag, targeting, rule, telling->most, &telling->text);
        tell(telling, arena_format(telling->arena, "rule %s", rule->name.text), rule->span);
    }
}

static void tell_overrides(struct telling *telling, const struct project *project,
                           uint32_t environment)
{
    const struct selection *overrides = overrides_of(project, telling->flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (!(override->environments >> environment & 1))
            continue;
        override_in_words(override, telling->most, &telling->text);
        tell(telling, override->name, override->span);
    }
}

struct statements targeting_in_words(const struct project *project, const struct flag *flag,
                                     uint32_t environment, size_t most, struct arena *arena)
{
    struct statements statements = {0};
    const struct targeting *targeting = &flag->environments[environment];
    struct telling telling = {.statements = &statements,
                              .arena = arena,
                              .flag = flag,
                              .targeting = targeting,
                              .most = most};
    tell_overrides(&telling, project, environment);
    if (!targeting->enabled)
        tell(&telling, "disabled", flag->name.span);
    tell_requirements(&telling);
    tell_users(&telling);
    tell_layer(&telling);
    tell_rules(&telling);
    if (targeting->canary)
        tell_canary(&telling, targeting->canary);
    if (targeting->experiment)
        tell_experiment(&telling, targeting->experiment);
    variant_in_words(flag, targeting, targeting->default_variant, &telling.text);
    tell(&telling, "default", flag->name.span);
    if (strcmp(targeting->salt, flag->name.text) != 0) {
        buffer_append_text(&telling.text, targeting->salt);
        tell(&telling, "salt", flag->name.span);
    }
    if (targeting->bucket_by) {
        buffer_append_text(&telling.text, targeting->bucket_by->text);
        tell(&telling, "bucket_by", flag->name.span);
    }
    if (targeting->sticky)
        tell(&telling, "sticky", targeting->sticky_span);
    tell_variants(&telling);
    tell_value_overrides(&telling);
    tell_judged(&telling);
    buffer_release(&telling.text);
    return statements;
}

struct statements flag_in_words(const struct flag *flag, struct arena *arena)
{
    struct statements statements = {0};
    struct telling telling = {.statements = &statements, .arena = arena, .flag = flag};
    struct buffer *text = &telling.text;
    buffer_append_text(text, flag_type_words[flag->type]);
    tell(&telling, "type", flag->name.span);
    buffer_append_text(text, flag_kind_words[flag->kind]);
    tell(&telling, "kind", flag->name.span);
    if (flag->owner) {
        buffer_append_text(text, flag->owner);
        tell(&telling, "owner", flag->name.span);
    }
    if (flag->expires != INT64_MIN) {
        add_time(text, flag->expires);
        tell(&telling, "expires", flag->expires_span);
    }
    for (uint32_t i = 0; i < flag->tags.count; i++)
        buffer_format(text, "%s%s", i ? ", " : "", flag->tags.items[i].text);
    if (flag->tags.count)
        tell(&telling, "tags", flag->name.span);
    if (flag->metadata) {
        buffer_append_text(text, flag->metadata);
        tell(&telling, "metadata", flag->name.span);
    }
    if (flag->client)
        tell(&telling, "for clients", flag->name.span);
    buffer_release(text);
    return statements;
}

/* "flag pay or tag money" */
static void add_selected(const struct override *override, struct buffer *text)
{
    const struct {
        const char *kind;
        const struct texts *names;
    } parts[] = {{"flag", &override->flags}, {"tag", &override->tags}, {"kind", &override->kinds}};
    if (override->all)
        buffer_append_text(text, "all flags");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (uint32_t j = 0; j < parts[i].names->count; j++)
            buffer_format(text, "%s%s %s", text->length ? ", " : "", parts[i].kind,
                          parts[i].names->items[j].text);
}

void override_scope_in_words(const struct project *project, const struct override *override,
                             struct buffer *text)
{
    struct buffer scope = {0};
    add_selected(override, &scope);
    const char *separator = " in ";
    uint32_t count = project->environments.count, chosen = 0;
    for (uint32_t i = 0; i < count; i++)
        chosen += (uint32_t)(override->environments >> i & 1);
    for (uint32_t i = 0; i < count && chosen < count; i++)
        if (override->environments >> i & 1) {
            buffer_format(&scope, "%s%s", separator, project->environments.items[i].text);
            separator = ", ";
        }
    buffer_append_text(text, scope.length ? scope.bytes : "no flag");
    buffer_release(&scope);
}
