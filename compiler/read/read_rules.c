/* read_rules.c - rules, splits and gradual percentages. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "fflag/snapshot.h"
#include "draft.h"
#include "read_clock.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_names.h"
#include "read_project.h"
#include "read_rules.h"
#include "read_scalar.h"
#include "read_value_overrides.h"
#include "read_variants.h"
#include "reader.h"

/* ------------------------------------------------------------------------------- percentages -- */

/* Where `end` may be any time, a year that stands for "never" is easily one of them. */
static void check_length(struct reader *reader, const struct node *node, const struct ramp *ramp)
{
    if (ramp->end - ramp->start <= FFS_MAX_LASTS)
        return;
    diagnose(reader->diagnostics, FF0326, node_get(node, "end")->span,
             "'end' is more than 2229 years after 'start'");
    diagnose_note(reader->diagnostics, node_get(node, "start")->span, "it starts here");
    diagnose_help(reader->diagnostics,
                  "write when it arrives; a percentage that stays is written alone: 25%%");
}

static void check_ramp(struct reader *reader, const struct node *node, const struct ramp *ramp,
                       uint64_t given)
{
    enum { FROM = 1, TO = 2, START = 4, END = 8, STEP = 16, EVERY = 32 };
    bool steps = given & (STEP | EVERY);
    if (!(given & START))
        report_missing(reader, node->span, "a gradual percentage", "start",
                       "set when it begins to move: start: 2026-11-20T10:00:00Z");
    if (report_conflict(reader, node, "end", "step") ||
        report_conflict(reader, node, "end", "every"))
        return;
    if (steps && !(given & STEP))
        report_missing(reader, node->span, "a percentage in steps", "step",
                       "set how much each step adds: step: 10%");
    else if (steps && !(given & EVERY))
        report_missing(reader, node->span, "a percentage in steps", "every",
                       "set how long each step takes: every: 1d");
    else if (!steps && !(given & END))
        report_missing(reader, node->span, "a gradual percentage", "end",
                       "set when it arrives: end: TIME; or how it steps: step: 10%, every: 1d");
    if ((given & START) && (given & END) && ramp->end <= ramp->start) {
        diagnose(reader->diagnostics, FF0324, node_get(node, "end")->span,
                 "'end' is not after 'start'");
        diagnose_note(reader->diagnostics, node_get(node, "start")->span, "it starts here");
        diagnose_help(reader->diagnostics, "a percentage moves from 'start' to 'end'");
    } else if ((given & START) && (given & END)) {
        check_length(reader, node, ramp);
    }
    bool no_step = (given & STEP) && ramp->step == 0;
    bool no_time = (given & EVERY) && ramp->every == 0;
    if (no_step || no_time) {
        diagnose(reader->diagnostics, FF0324, node_get(node, no_step ? "step" : "every")->span,
                 "%s", no_step ? "a step of 0% never arrives" : "no time between two steps");
        diagnose_help(reader->diagnostics, "write step: 10%%, every: 1d");
    }
}

static const struct field ramp_fields[] = {
    FIELD("from", FIELD_PERCENT, struct ramp, from, "default 0 %"),
    FIELD("to", FIELD_PERCENT, struct ramp, to, "default 100 %"),
    FIELD("start", FIELD_TIME, struct ramp, start, "when it begins to move", .needed = true),
    FIELD("end", FIELD_TIME, struct ramp, end, "when it arrives, moving linearly"),
    FIELD("step", FIELD_PERCENT, struct ramp, step, "instead of `end`: how much each step adds"),
    FIELD("every", FIELD_DURATION, struct ramp, every, "with `step`: how long each step takes"),
};
static const struct form ramp_form =
    KEYS("ramp", "a gradual percentage", "gradual percentage", ramp_fields,
         .help = "A percentage that moves with the clock: linear with `end`, in steps with `step` "
                 "and `every`");
const struct form percent_or_ramp_form = {.definition = "percent_or_ramp",
                                          .kind = FORM_EITHER,
                                          .takes = "percentage, or gradual",
                                          .of = {&percent_form, &ramp_form}};

void read_ramp(struct reader *reader, struct node *node, struct ramp *ramp)
{
    *ramp = (struct ramp){.span = node->span};
    if (node->kind != NODE_MAP) {
        read_percent(reader, node, &ramp->from);
        return;
    }
    ramp->gradual = true;
    ramp->to = PERCENT_ALL;
    uint32_t before = reader->diagnostics->errors;
    uint64_t given = read_fields(reader, node, &ramp_form, node->span, ramp);
    if (reader->diagnostics->errors == before)
        check_ramp(reader, node, ramp, given);
}

static char *percent_text(struct reader *reader, uint64_t thousandths)
{
    unsigned rest = (unsigned)(thousandths % 1000);
    char *text = arena_format(reader->arena, "%u.%03u", (unsigned)(thousandths / 1000), rest);
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    memcpy(text + length, "%", 2);
    return text;
}

/* ------------------------------------------------------------------------------------ splits -- */

struct arm_keys {
    struct arm arm;
    const struct draft *draft;
    bool sound;
};

static void read_arm_variant(struct reader *reader, struct node *node, void *target)
{
    struct arm_keys *keys = target;
    keys->arm.variant = resolve_variant(reader, keys->draft, node);
    keys->sound &= keys->arm.variant != UINT32_MAX;
}

static void read_arm_percent(struct reader *reader, struct node *node, void *target)
{
    struct arm_keys *keys = target;
    keys->sound &= read_share_percent(reader, node, &keys->arm.percent);
}

static const struct field arm_fields[] = {
    READ("variant", read_arm_variant, variant_form, "what the share gets",
         .missing = "say what it gets: {variant: on, percent: 10%}"),
    READ("percent", read_arm_percent, percent_form, "of the units",
         .missing = "say how many get it: {variant: on, percent: 10%}"),
};
static const struct form arm_form = KEYS("arm", "a share", "share of a split", arm_fields);
static const struct form arms_form = {.kind = FORM_LIST, .of = {&arm_form}, .least = 1};
const struct form split_form = {
    .kind = FORM_EITHER,
    .takes = "mapping of variant to percentage, or list of shares",
    .help = "Variants and their percentages, which sum to exactly 100. In a list, a variant may "
            "stand more than once",
    .of = {&shares_form, &arms_form}};

/* An item of a list, or an entry of a mapping. */
static bool read_arm(struct reader *reader, struct node *node, const struct entry *entry,
                     const struct draft *draft, struct arm *arm)
{
    struct arm_keys keys = {.arm = {.variant = UINT32_MAX}, .draft = draft, .sound = true};
    if (entry) {
        keys.arm.span = entry->key->span;
        keys.arm.span.end = entry->value->span.end;
        read_arm_variant(reader, entry->key, &keys);
        read_arm_percent(reader, entry->value, &keys);
    } else {
        keys.arm.span = node->span;
        keys.sound = expect_map(reader, node, "a share, as in {variant: on, percent: 10%}") &&
                     (read_fields(reader, node, &arm_form, node->span, &keys) & 3) == 3 &&
                     keys.sound;
    }
    *arm = keys.arm;
    return keys.sound;
}

#define MOST_WEIGHTS 6

/* Where they look like weights: of two that have 1 each, each is for half. */
static bool help_weights(struct reader *reader, const struct draft *draft, const struct arm *arms,
                         uint32_t count, uint64_t sum)
{
    struct buffer shares = {0};
    bool exact = sum > 0 && sum <= PERCENT_ALL / 2 && count <= MOST_WEIGHTS;
    for (uint32_t i = 0; i < count && exact; i++) {
        const struct targeting *targeting = &draft->targeting;
        bool none = arms[i].variant >= targeting->variant_count;
        uint64_t share = (uint64_t)arms[i].percent * PERCENT_ALL;
        exact = share % sum == 0;
        buffer_format(&shares, "%s%s: %s", i ? ", " : "",
                      none ? NO_VARIANT_NAME : targeting->variants[arms[i].variant].name.text,
                      percent_text(reader, share / sum));
    }
    if (exact)
        diagnose_help(reader->diagnostics,
                      "of 100%%, that is %.*s; to expose only a share of the units, say 'percent'",
                      (int)shares.length, shares.bytes);
    buffer_release(&shares);
    return exact;
}

bool read_split(struct reader *reader, struct node *node, const struct draft *draft,
                struct arm **arms, uint32_t *count)
{
    *arms = NULL;
    *count = 0;
    bool list = node->kind == NODE_LIST;
    if (!list && !expect_map(reader, node, "a mapping of variant to percentage"))
        return false;
    if (node->count > MOST_ARMS) {
        diagnose(reader->diagnostics, FF0388, node->span, "%u shares in a split, at most %d",
                 node->count, MOST_ARMS);
        diagnose_help(reader->diagnostics, "take neighbours together that get the same variant");
        return false;
    }
    uint64_t sum = 0;
    bool sound = true;
    for (uint32_t i = 0; i < node->count; i++) {
        struct arm arm;
        sound &= read_arm(reader, list ? node->items[i] : NULL, list ? NULL : &node->entries[i],
                          draft, &arm);
        sum += arm.percent;
        *ARENA_APPEND(reader->arena, *arms, *count) = arm;
    }
    if (!sound || sum == PERCENT_ALL)
        return sound;
    diagnose(reader->diagnostics, FF0231, node->span, "the split sums to %s, expected 100%%",
             percent_text(reader, sum));
    if (sum == PERCENT_ALL / 100) {
        diagnose_help(reader->diagnostics,
                      "these are fractions; write percentages: 0.25 of all is 25%%");
        return false;
    }
    if (help_weights(reader, draft, *arms, *count, sum))
        return false;
    const char *difference =
        percent_text(reader, sum > PERCENT_ALL ? sum - PERCENT_ALL : PERCENT_ALL - sum);
    if (sum > PERCENT_ALL)
        diagnose_help(reader->diagnostics, "take %s away", difference);
    else
        diagnose_help(reader->diagnostics,
                      "give %s more, or expose only a share of the units with "
                      "'percent'",
                      difference);
    return false;
}

/* ------------------------------------------------------------------------------------ ranges -- */

static const struct form range_ends_form = {
    .kind = FORM_LIST, .of = {&percent_form}, .least = 2, .most = 2};
static const struct form ranges_form = {
    .kind = FORM_LIST,
    .takes = "list of pairs of percentages",
    .help = "From where to where among the units: [[0%, 10%], [50%, 60%]]",
    .of = {&range_ends_form},
    .least = 1,
    .most = MOST_UNIT_RANGES};

static void report_range(struct reader *reader, struct span span, const char *fact,
                         const char *help)
{
    diagnose(reader->diagnostics, FF0392, span, "%s", fact);
    diagnose_help(reader->diagnostics, "%s", help);
}

static bool read_range(struct reader *reader, struct node *node, struct unit_range *range)
{
    if (node->kind != NODE_LIST || node->count != 2) {
        expected(reader, node, "a pair of percentages");
        diagnose_help(reader->diagnostics, "a range is from where to where: ranges: [[0%%, 10%%]]");
        return false;
    }
    if (!read_share_percent(reader, node->items[0], &range->from) ||
        !read_share_percent(reader, node->items[1], &range->to))
        return false;
    if (range->from < range->to)
        return true;
    report_range(reader, node->span,
                 range->from == range->to ? "a range that has no unit"
                                          : "a range that ends before it begins",
                 "write the lower end first; the upper one is not in it: [0%, 10%]");
    return false;
}

/* Neighbours are one range, and all of them are as good as none. */
static void add_range(struct reader *reader, struct unit_ranges *ranges, struct unit_range range)
{
    struct unit_range *last = ranges->count ? &ranges->items[ranges->count - 1] : NULL;
    if (last && last->to == range.from)
        last->to = range.to;
    else
        *ARENA_APPEND(reader->arena, ranges->items, ranges->count) = range;
    if (ranges->items[0].from == 0 && ranges->items[0].to == PERCENT_ALL)
        ranges->count = 0;
}

static bool follows(struct reader *reader, const struct node *node, uint32_t at,
                    const struct unit_range *before, const struct unit_range *range)
{
    if (!at || range->from >= before->to)
        return true;
    report_range(reader, node->items[at]->span,
                 range->to > before->from ? "a range that overlaps the one before it"
                                          : "a range that lies before the one before it",
                 "write them in order, each from where the one before it ends, or later");
    diagnose_note(reader->diagnostics, node->items[at - 1]->span, "which is here");
    return false;
}

static void read_ranges(struct reader *reader, struct node *node, struct unit_ranges *ranges)
{
    struct unit_range before = {0}, range;
    *ranges = (struct unit_ranges){.span = node->span};
    if (!expect_list(reader, node, "a list of ranges, as in [[0%, 10%]]"))
        return;
    if (!node->count || node->count > MOST_UNIT_RANGES) {
        report_range(reader, node->span, node->count ? "too many ranges" : "no range",
                     arena_format(reader->arena, "write 1 to %d of them, as in [[0%%, 10%%]]",
                                  MOST_UNIT_RANGES));
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (!read_range(reader, node->items[i], &range) ||
            !follows(reader, node, i, &before, &range))
            return;
        add_range(reader, ranges, range);
        before = range;
    }
}

/* ------------------------------------------------------------------------------------- rules -- */

const struct form kept_form = {.kind = FORM_CHOICE, .words = kept_units_words};

void read_keep(struct reader *reader, struct node *node, struct keep *keep)
{
    unsigned kept;
    keep->given = read_choice(reader, node, kept_units_words, &kept);
    keep->span = node->span;
}

static const struct arm *first_arm(const struct rule *rule)
{
    for (uint32_t i = 0; i < rule->arm_count; i++)
        if (rule->arms[i].percent)
            return &rule->arms[i];
    return NULL;
}

/* With a percentage beside it, the bucket that the split goes by has decided already. */
static void check_keep(struct reader *reader, const struct draft *draft, const struct rule *rule)
{
    const struct variant *variants = draft->targeting.variants;
    const struct arm *first = first_arm(rule);
    if (!rule->keep.given)
        return;
    if (!rule->split) {
        report_missing(reader, rule->keep.span, "a 'keep'", "split",
                       "it says of a split who stays where he was");
    } else if (rule->has_percent || rule->ranges.count) {
        const char *share = rule->has_percent ? "percent" : "ranges";
        diagnose(reader->diagnostics, FF0334, rule->keep.span, "'keep' beside '%s'", share);
        diagnose_note(reader->diagnostics,
                      rule->has_percent ? rule->percent.span : rule->ranges.span,
                      rule->has_percent ? "the percentage" : "the ranges");
        diagnose_help(reader->diagnostics,
                      "leave out '%s': 'keep' is for a split that takes its place", share);
    } else if (first && first->variant != UINT32_MAX && first->variant == draft->default_variant) {
        diagnose(reader->diagnostics, FF0335, first->span,
                 "the split keeps who had '%s', which is the default",
                 variants[first->variant].name.text);
        diagnose_note(reader->diagnostics, rule->keep.span, "by this key");
        diagnose_help(reader->diagnostics,
                      "write the variant first that the percentage served, with its share");
    }
}

struct rule_keys {
    struct rule rule;
    struct window window;
    const struct draft *draft;
};

static void read_rule_condition(struct reader *reader, struct node *node, void *target)
{
    ((struct rule_keys *)target)->rule.condition = read_audience(reader, node);
}

static void read_rule_serve(struct reader *reader, struct node *node, void *target)
{
    struct rule_keys *keys = target;
    keys->rule.serve = resolve_variant(reader, keys->draft, node);
}

static void read_rule_split(struct reader *reader, struct node *node, void *target)
{
    struct rule_keys *keys = target;
    keys->rule.split = true;
    read_split(reader, node, keys->draft, &keys->rule.arms, &keys->rule.arm_count);
}

static void read_rule_percent(struct reader *reader, struct node *node, void *target)
{
    struct rule_keys *keys = target;
    keys->rule.has_percent = true;
    read_ramp(reader, node, &keys->rule.percent);
}

static void read_rule_ranges(struct reader *reader, struct node *node, void *target)
{
    read_ranges(reader, node, &((struct rule_keys *)target)->rule.ranges);
}

static void read_rule_salt(struct reader *reader, struct node *node, void *target)
{
    (void)read_salt_text(reader, node, "that of the flag",
                         &((struct rule_keys *)target)->rule.salt);
}

static void read_rule_by(struct reader *reader, struct node *node, void *target)
{
    read_bucket_by(reader, node, &((struct rule_keys *)target)->rule.by);
}

static void read_rule_keep(struct reader *reader, struct node *node, void *target)
{
    read_keep(reader, node, &((struct rule_keys *)target)->rule.keep);
}

static void report_no_serve(struct reader *reader, struct span span, const struct draft *draft,
                            const char *what)
{
    if (!draft->targeting.variant_count || draft->has_value)
        return;
    diagnose(reader->diagnostics, FF0304, span, "%s that does not say what it serves", what);
    diagnose_help(reader->diagnostics, "add 'serve: %s' or a 'split'; %s",
                  draft->targeting.variants[0].name.text,
                  draft->flag->type == FFLAG_TYPE_BOOLEAN
                      ? "this flag has no variant 'on' to fall back to"
                      : "only a boolean flag has the variant 'on' to fall back to");
    suspect_doubled(reader, &draft->flag->name);
}

static bool decides_everything(const struct rule *rule)
{
    bool all = !rule_samples(rule);
    /* A split lets units without a key pass. */
    return !rule->condition && all && !rule->split;
}

static void warn_unreachable(struct reader *reader, const struct targeting *targeting)
{
    for (uint32_t i = 0; i + 1 < targeting->rule_count; i++) {
        if (!decides_everything(&targeting->rules[i]))
            continue;
        diagnose(reader->diagnostics, FF0327, targeting->rules[i + 1].span,
                 targeting->rule_count - i > 2 ? "this rule and those after it are never reached"
                                               : "this rule is never reached");
        diagnose_note(reader->diagnostics, targeting->rules[i].span,
                      "this rule decides for everybody");
        diagnose_help(reader->diagnostics, "move the rule without a condition to the end");
        return;
    }
}

/* What results call something else than a rule. */
static bool is_taken(const char *name)
{
    return strcmp(name, "users") == 0 || strncmp(name, "canary:", strlen("canary:")) == 0 ||
           strncmp(name, "override:", strlen("override:")) == 0;
}

static void check_rule_name(struct reader *reader, const struct draft *draft,
                            const struct rule *rule)
{
    if (is_taken(rule->name.text)) {
        diagnose(reader->diagnostics, FF0126, rule->name.span, "'%s' cannot be the name of a rule",
                 rule->name.text);
        diagnose_help(reader->diagnostics, "in results it is something else; choose another name");
    }
    const struct rule *other = table_get(&draft->rule_names, rule->name.text);
    if (other)
        report_twice(reader, "rule", &rule->name, other->name.span);
}

static void read_rule_value_overrides(struct reader *reader, struct node *node, void *target)
{
    read_value_overrides(reader, node, &((struct rule_keys *)target)->rule);
}

static const struct field rule_fields[] = {
    FIELD("name", FIELD_FREE, struct rule_keys, rule.name,
          "what results call the rule; default `rules[0]` and so on"),
    READ("if", read_rule_condition, condition_form,
         "the units that the rule is for; default everybody"),
    READ("serve", read_rule_serve, variant_form,
         "what it serves, or `none`; default `on` for booleans"),
    READ("split", read_rule_split, split_form,
         "instead of `serve`: each unit gets one of them. Sums to exactly 100 %"),
    READ("percent", read_rule_percent, percent_or_ramp_form,
         "decides for this share of the units that match; the rest go on to the next rule"),
    READ("by", read_rule_by, key_form,
         "what `percent` and `split` are bucketed by; default the flag's `bucket_by`"),
    READ("keep", read_rule_keep, kept_form,
         "beside `split`, without `percent`: who was in a percentage gets the split's first "
         "variant. See [below](#from-a-percentage-to-a-split)"),
    FIELD("from", FIELD_TIME, struct rule_keys, window.from,
          "it applies from then on, by the clock of the evaluation"),
    FIELD("until", FIELD_TIME, struct rule_keys, window.until, "it applies until then"),
    READ("ranges", read_rule_ranges, ranges_form,
         "instead of `percent`: decides for the units in these ranges, in the order of their "
         "buckets. `percent: 10%` is `ranges: [[0%, 10%]]`"),
    READ("salt", read_rule_salt, text_form,
         "what `percent`, `ranges` and `split` are hashed with; default: the flag's. Rules with "
         "one salt see a unit at one place"),
    READ("value_overrides", read_rule_value_overrides, value_overrides_form,
         "parts of a JSON value that this rule replaces. See [below](#parts-of-a-value)"),
};
enum { GIVEN_FROM = 128, GIVEN_UNTIL = 256 };
static const struct form rule_form = KEYS("rule", "a rule", "rule", rule_fields);
const struct form rules_form = {
    .kind = FORM_LIST, .takes = "list of [rules](#rules)", .of = {&rule_form}};

static void read_rule(struct reader *reader, struct node *node, struct draft *draft, uint32_t at)
{
    struct targeting *targeting = &draft->targeting;
    struct rule_keys keys = {.draft = draft};
    struct rule *rule = &keys.rule;
    if (!expect_map(reader, node, "a mapping for a rule"))
        return;
    rule->span = node->span;
    rule->serve = usual_variant(draft);
    uint32_t before = faults(reader);
    uint64_t given = read_fields(reader, node, &rule_form, node->span, &keys);
    report_conflict(reader, node, "serve", "split");
    keys.window.has_from = given & GIVEN_FROM;
    keys.window.has_until = given & GIVEN_UNTIL;
    if (faults(reader) == before)
        rule->condition = read_window(reader, node, &keys.window, rule->condition);
    report_conflict(reader, node, "percent", "ranges");
    if (faults(reader) == before && !(given & (4 | 8)) && rule->serve == UINT32_MAX)
        report_no_serve(reader, node->span, draft, "a rule");
    if (rule->name.text)
        check_rule_name(reader, draft, rule);
    else
        rule->name = (struct text){arena_format(reader->arena, "rules[%u]", at), node->span};
    struct rule *kept = &targeting->rules[targeting->rule_count++];
    *kept = *rule;
    table_add(&draft->rule_names, reader->arena, kept->name.text, kept);
}

/* Featurevisor and others have the environments within a key; here the keys are within those. */
static void help_environments(struct reader *reader, const struct node *node)
{
    const struct texts *environments = &reader->project->environments;
    for (uint32_t i = 0; node->kind == NODE_MAP && node->count && i < environments->count; i++)
        if (strcmp(environments->items[i].text, node->entries[0].key->text) == 0)
            diagnose_help(reader->diagnostics,
                          "for one environment, write {environments: {%s: {rules: …}}}",
                          environments->items[i].text);
}

void read_rules(struct reader *reader, struct node *node, struct draft *draft)
{
    draft->targeting.rules = NULL;
    draft->targeting.rule_count = 0;
    draft->rule_names = (struct table){0};
    if (!expect_list(reader, node, "a list of rules")) {
        help_environments(reader, node);
        return;
    }
    draft->targeting.rules = ARENA_ARRAY(reader->arena, struct rule, node->count);
    uint32_t before = faults(reader);
    for (uint32_t i = 0; i < node->count; i++)
        read_rule(reader, node->items[i], draft, i);
    if (faults(reader) == before)
        warn_unreachable(reader, &draft->targeting);
}

static void add_shorthand(struct reader *reader, struct draft *draft)
{
    struct rule rule = {.name = {"rules[0]", draft->shorthand},
                        .span = draft->shorthand,
                        .split = draft->has_split,
                        .serve = draft->has_serve ? draft->serve : usual_variant(draft),
                        .arms = draft->arms,
                        .arm_count = draft->arm_count,
                        .keep = draft->keep,
                        .has_percent = draft->has_percent,
                        .percent = draft->percent};
    if (!draft->has_split && !draft->has_serve && rule.serve == UINT32_MAX)
        report_no_serve(reader, draft->shorthand, draft, "a percentage");
    draft->targeting.rules = ARENA_NEW(reader->arena, struct rule);
    draft->targeting.rules[0] = rule;
    draft->targeting.rule_count = 1;
}

static bool ends_in_id(const char *name)
{
    size_t length = strlen(name);
    return length >= 2 &&
           (strcmp(name + length - 2, "id") == 0 || strcmp(name + length - 2, "Id") == 0 ||
            strcmp(name + length - 2, "ID") == 0);
}

/* An attribute that may well be meant: the first that says that it identifies something, or the
 * only text. NULL: none. */
static const char *likely_key(const struct reader *reader)
{
    const struct declarations *declared = &reader->declared[ATTRIBUTE];
    const char *only = NULL;
    uint32_t texts = 0;
    for (uint32_t i = 0; i < declared->count; i++) {
        const struct attribute *attribute = declared->items[i]->thing;
        if (declared->items[i]->misnamed || attribute->type != FFLAG_ATTRIBUTE_STRING)
            continue;
        if (ends_in_id(attribute->name.text))
            return attribute->name.text;
        only = attribute->name.text;
        texts++;
    }
    return texts == 1 ? only : NULL;
}

void report_no_bucket(struct reader *reader, struct span span, const char *what)
{
    if (reader->bucket_broken) {
        reader->silent++;
        return;
    }
    reader->bucket_broken = true;
    diagnose(reader->diagnostics, FF0313, span, "%s has no attribute to bucket by", what);
    const char *key = likely_key(reader);
    const char *where = reader->shares_are_of_project ? "here" : "in the flag";
    if (key || reader->declared[ATTRIBUTE].count)
        diagnose_help(reader->diagnostics,
                      "name it for all flags, 'bucket_by: %s' under 'project:', or %s",
                      key ? key : "ATTRIBUTE", where);
    else
        diagnose_help(reader->diagnostics,
                      "declare one, 'user_id: string' under 'attributes:', and name it for all "
                      "flags, 'bucket_by: user_id' under 'project:', or %s",
                      where);
}

static bool hashes(const struct rule *rule)
{
    return (rule_samples(rule) && !rule_is_for_nobody(rule)) || rule->split;
}

static void settle_hashed(struct reader *reader, const struct draft *draft)
{
    const struct targeting *targeting = &draft->targeting;
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        struct rule *rule = &targeting->rules[i];
        if (!rule->by)
            rule->by = targeting->bucket_by;
        check_keep(reader, draft, rule);
        if (!rule->by && hashes(rule))
            report_no_bucket(reader,
                             rule->has_percent    ? rule->percent.span
                             : rule->ranges.count ? rule->ranges.span
                                                  : rule->span,
                             rule->has_percent    ? "this percentage"
                             : rule->ranges.count ? "this list of ranges"
                                                  : "this split");
    }
}

void finish_rules(struct reader *reader, struct draft *draft)
{
    struct targeting *targeting = &draft->targeting;
    struct finished_rules *finished = &reader->finished;
    bool shorthand =
        draft->has_serve || draft->has_percent || draft->has_split || draft->keep.given;
    if (shorthand && !targeting->rule_count && !draft->has_value) {
        add_shorthand(reader, draft);
        settle_hashed(reader, draft);
        return;
    }
    if (finished->read != targeting->rules || finished->bucket_by != targeting->bucket_by) {
        *finished = (struct finished_rules){targeting->rules, targeting->bucket_by, NULL};
        finished->rules = ARENA_ARRAY(reader->arena, struct rule, targeting->rule_count);
        if (targeting->rule_count)
            memcpy(finished->rules, targeting->rules,
                   targeting->rule_count * sizeof *finished->rules);
        targeting->rules = finished->rules;
        settle_hashed(reader, draft);
    }
    targeting->rules = finished->rules;
}
