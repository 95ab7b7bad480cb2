/* read_outcome.c - what a test expects: an answer, or how units are distributed. */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "fflag/snapshot.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "draft.h"
#include "read_json.h"
#include "read_map.h"
#include "read_scalar.h"
#include "read_variants.h"
#include "reader.h"
#include "test_subject.h"

#define USUAL_UNITS    100000
#define LEAST_EXPECTED 5 /* units in each share for chi-square to be valid */

/* ------------------------------------------------------------------------------ expectations -- */

static void read_expected_variant(struct reader *reader, struct test_subject *subject,
                                  const struct node *node)
{
    uint32_t before = reader->diagnostics->errors;
    uint32_t variant = resolve_variant(reader, subject->draft, node);
    subject->test->expect.has_variant = variant != UINT32_MAX;
    subject->test->expect.variant = variant;
    if (subject->draft->has_value && reader->diagnostics->errors > before)
        diagnose_help(reader->diagnostics, "expect its value: expect: {value: %s}",
                      node->kind == NODE_SCALAR ? node->text : "…");
}

static void read_expected_value(struct reader *reader, struct test_subject *subject,
                                const struct node *node)
{
    struct buffer json = {0};
    struct text text;
    int64_t integer;
    double number;
    bool boolean, sound = false;
    if (is_null(node)) { /* no variant, and so no value */
        subject->test->expect.value = "null";
        return;
    }
    switch (subject->test->flag->type) {
    case FFLAG_TYPE_BOOLEAN:
        if ((sound = read_boolean(reader, node, &boolean)))
            buffer_append_text(&json, boolean ? "true" : "false");
        break;
    case FFLAG_TYPE_INTEGER:
        if ((sound = read_integer(reader, node, &integer)))
            buffer_format(&json, "%lld", (long long)integer);
        break;
    case FFLAG_TYPE_NUMBER:
        if ((sound = read_number(reader, node, &number)))
            json_write_number(&json, number);
        break;
    case FFLAG_TYPE_STRING:
        if ((sound = read_text(reader, node, &text)))
            json_write_string(&json, text.text);
        break;
    case FFLAG_TYPE_JSON:
        subject->test->expect.value = read_json(reader, node);
        break;
    }
    if (sound)
        subject->test->expect.value = arena_copy(reader->arena, json.bytes, json.length);
    buffer_release(&json);
}

/* What an answer of a flag can give as its rule, but for overrides: those depend on the test. */
struct rule_names {
    struct table known;
    const char **items;
    uint32_t count;
};

static void add_name(struct reader *reader, struct rule_names *names, const char *name)
{
    if (!table_add(&names->known, reader->arena, name, names))
        *ARENA_APPEND(reader->arena, names->items, names->count) = name;
}

static struct rule_names *collect_rule_names(struct reader *reader,
                                             const struct targeting *targeting)
{
    struct rule_names *names = ARENA_NEW(reader->arena, struct rule_names);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        add_name(reader, names, targeting->rules[i].name.text);
    for (uint32_t i = 0; targeting->canary && i < targeting->canary->stage_count; i++)
        add_name(reader, names,
                 arena_format(reader->arena, "canary:%s", targeting->canary->stages[i].name.text));
    if (targeting->experiment)
        add_name(reader, names, "experiment");
    if (targeting->user_list_count)
        add_name(reader, names, "users");
    return names;
}

/* Collected once for all tests of a flag. */
static const struct rule_names *rule_names(struct reader *reader, const struct flag *flag,
                                           const struct targeting *targeting, uint32_t environment)
{
    const char *key = arena_format(reader->arena, "%u %u", flag->index, environment);
    struct rule_names *names = table_get(&reader->rule_names, key);
    if (!names) {
        names = collect_rule_names(reader, targeting);
        table_add(&reader->rule_names, reader->arena, key, names);
    }
    return names;
}

static bool is_seen(const struct test *test, const struct override *override, uint32_t environment)
{
    return override->environments >> environment & 1 && test_sees(test, override);
}

static bool is_rule(struct reader *reader, const struct test *test, const struct rule_names *names,
                    uint32_t environment, const char *rule)
{
    if (table_get(&names->known, rule))
        return true;
    const struct selection *overrides = overrides_of(reader->project, test->flag);
    for (uint32_t i = 0; i < overrides->count; i++)
        if (strcmp(overrides->items[i]->name, rule) == 0 &&
            is_seen(test, overrides->items[i], environment))
            return true;
    return false;
}

static void suggest_rule(struct reader *reader, const struct test *test,
                         const struct rule_names *names, uint32_t environment, const char *rule)
{
    const struct selection *overrides = overrides_of(reader->project, test->flag);
    uint32_t all = suggestible(reader->diagnostics, names->count + overrides->count);
    const char **known = ARENA_ARRAY(reader->arena, const char *, all);
    uint32_t count = all ? names->count : 0;
    if (count)
        memcpy(known, names->items, count * sizeof *known);
    for (uint32_t i = 0; i < overrides->count && all; i++)
        if (is_seen(test, overrides->items[i], environment))
            known[count++] = overrides->items[i]->name;
    suggest(reader->diagnostics, rule, known, count);
}

/* An emergency must not fail tests, so they do not see it unless they say so. */
static void report_unnamed(struct reader *reader, struct span span, const char *what,
                           const char *name)
{
    diagnose(reader->diagnostics, FF0545, span,
             "%s cannot be '%s': this test does not name that override", what, name);
    diagnose_help(reader->diagnostics,
                  "a test sees the overrides that it names: 'overrides: active' for all there are, "
                  "or 'overrides: [ID]'");
}

static void read_expected_rule(struct reader *reader, struct test_subject *subject,
                               const struct node *node)
{
    struct expectation *expect = &subject->test->expect;
    const struct targeting *targeting;
    struct text rule;
    if (is_null(node)) {
        expect->has_rule = true;
        return;
    }
    if (!read_text(reader, node, &rule))
        return;
    expect->has_rule = true;
    expect->rule = rule.text;
    for (uint32_t at = 0; test_next_environment(subject, &at, &targeting);) {
        const struct rule_names *names = rule_names(reader, subject->test->flag, targeting, at - 1);
        if (is_rule(reader, subject->test, names, at - 1, rule.text))
            continue;
        if (!subject->test->overrides.active && strncmp(rule.text, "override", 8) == 0) {
            report_unnamed(reader, rule.span, "the rule", rule.text);
            return;
        }
        diagnose(reader->diagnostics, FF0531, rule.span, "flag '%s' has no rule '%s' in '%s'",
                 subject->test->flag->name.text, rule.text,
                 subject->environments->items[at - 1].text);
        suggest_rule(reader, subject->test, names, at - 1, rule.text);
        return;
    }
}

static const struct form expected_variant_form = {
    .kind = FORM_JSON,
    .takes = "variant",
    .named = NAMED_VARIANT,
    .json = "\"type\": [\"string\", \"number\", \"boolean\", \"null\"]"};
static const struct form expected_rule_form = FORM("rule", "\"type\": [\"string\", \"null\"]");
static const struct form reason_form = {.kind = FORM_CHOICE,
                                        .words = reason_words + FFLAG_REASON_STATIC};
static const struct field expectation_fields[] = {
    READ("variant", read_later, expected_variant_form, "which variant is served"),
    READ("value", read_later, any_form, "what value it has"),
    READ("reason", read_later, reason_form, "why it is served"),
    READ("rule", read_later, expected_rule_form, "which rule decides; `null`: none"),
};
static const struct form expectation_keys_form = KEYS(
    NULL, "an expectation", "`{variant, value, reason, rule}`", expectation_fields, .least = 1);
const struct form expectation_form = {.kind = FORM_EITHER,
                                      .takes = "variant, or `{variant, value, reason, rule}`",
                                      .of = {&scalar_form, &expectation_keys_form},
                                      .named = NAMED_VARIANT};

static void read_expectation(struct reader *reader, struct test_subject *subject, struct node *node)
{
    if (node->kind != NODE_MAP) {
        read_expected_variant(reader, subject, node);
        return;
    }
    read_fields(reader, node, &expectation_keys_form, node->span, subject);
    const struct node *variant = node_get(node, "variant"), *value = node_get(node, "value");
    const struct node *reason = node_get(node, "reason"), *rule = node_get(node, "rule");
    unsigned choice;
    if (variant)
        read_expected_variant(reader, subject, variant);
    if (value)
        read_expected_value(reader, subject, value);
    if (reason && read_choice(reader, reason, reason_words + FFLAG_REASON_STATIC, &choice)) {
        subject->test->expect.has_reason = true;
        subject->test->expect.reason = (enum fflag_reason)(choice + FFLAG_REASON_STATIC);
        const struct named_overrides *named = &subject->test->overrides;
        if (subject->test->expect.reason == FFLAG_REASON_OVERRIDE && !named->active &&
            !named->count)
            report_unnamed(reader, reason->span, "the reason", reason->text);
    }
    if (rule)
        read_expected_rule(reader, subject, rule);
    if (!node->count) {
        diagnose(reader->diagnostics, FF0144, node->span, "nothing in 'expect'");
        diagnose_help(reader->diagnostics, "expect a variant, value, reason or rule");
    }
}

/* ------------------------------------------------------------------------------------ shares -- */

static void read_share(struct reader *reader, struct test_subject *subject,
                       const struct entry *entry)
{
    uint32_t percent;
    uint32_t variant = resolve_variant(reader, subject->draft, entry->key);
    if (read_percent(reader, entry->value, &percent) && variant != UINT32_MAX)
        subject->test->shares[variant] = percent;
}

static uint32_t least_share(const struct test_subject *subject)
{
    uint32_t least = PERCENT_ALL;
    for (uint32_t i = 0; i <= subject->draft->targeting.variant_count; i++) {
        uint32_t share = subject->test->shares[i];
        if (share && share < least)
            least = share;
    }
    return least;
}

static void read_units(struct reader *reader, struct test_subject *subject,
                       const struct node *shares)
{
    const struct node *node = node_get(subject->node, "units");
    struct test *test = subject->test;
    uint64_t units = USUAL_UNITS;
    if (node && !read_count(reader, node, &units))
        return;
    if (!units || units > MOST_UNITS) {
        diagnose(reader->diagnostics, FF0141, node->span, "%llu units, expected 1 to %u",
                 (unsigned long long)units, MOST_UNITS);
        return;
    }
    test->units = (uint32_t)units;
    uint32_t least = least_share(subject);
    uint64_t needed = ((uint64_t)LEAST_EXPECTED * PERCENT_ALL + least - 1) / least;
    if (units >= needed || least == PERCENT_ALL)
        return;
    diagnose(reader->diagnostics, FF0522, node ? node->span : shares->span,
             "%llu units are too few to judge the smallest share by", (unsigned long long)units);
    diagnose_help(reader->diagnostics, "at least %llu give it the %d units that the test needs",
                  (unsigned long long)needed, LEAST_EXPECTED);
}

static const struct entry *find_given(const struct descent *context, const char *attribute)
{
    for (size_t i = 0; i < context->value_count; i++)
        if (strcmp(context->names[context->values[i].name], attribute) == 0)
            return context->values[i].value;
    return NULL;
}

/* The last part of a key that a context gives, if it gives all that counts of it. */
static const struct entry *find_whole_key(const struct descent *context,
                                          const struct unit_key *unit)
{
    const struct entry *entry = find_given(context, unit->parts[0]->name.text);
    for (uint32_t i = 1; unit->joined && entry && i < unit->count; i++)
        entry = find_given(context, unit->parts[i]->name.text);
    return entry;
}

/* Synthetic units get their own keys, so a context must not set them. */
static void check_unit_is_free(struct reader *reader, struct test_subject *subject)
{
    const struct node *context = node_get(subject->node, "context");
    const struct targeting *targeting;
    for (uint32_t at = 0; context && test_next_environment(subject, &at, &targeting);) {
        const struct unit_key *unit = targeting->bucket_by;
        const struct entry *entry = unit ? find_whole_key(subject->attributes, unit) : NULL;
        if (!entry)
            continue;
        diagnose(reader->diagnostics, FF0526, entry->key->span,
                 "'%s' distinguishes the units of a share, but here all have the same", unit->text);
        diagnose_help(reader->diagnostics, "leave it out: 'units' gives each its own");
        return;
    }
}

static void read_shares(struct reader *reader, struct test_subject *subject,
                        const struct node *node)
{
    struct test *test = subject->test;
    if (!expect_map(reader, node, "a mapping of variant to percentage"))
        return;
    uint32_t before = reader->diagnostics->errors;
    uint32_t groups = subject->draft->targeting.variant_count + 1; /* with no variant */
    test->shares = ARENA_ARRAY(reader->arena, uint32_t, groups);
    for (uint32_t i = 0; i < node->count; i++)
        read_share(reader, subject, &node->entries[i]);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < groups; i++)
        sum += test->shares[i];
    if (reader->diagnostics->errors > before)
        return;
    if (sum != PERCENT_ALL) {
        char text[PERCENT_TEXT_SIZE];
        percent_format((uint32_t)sum, text);
        diagnose(reader->diagnostics, FF0517, node->span, "the shares sum to %s%%, expected 100%%",
                 text);
        diagnose_help(reader->diagnostics, "every unit gets some variant: give the rest, too");
        return;
    }
    read_units(reader, subject, node);
    check_unit_is_free(reader, subject);
}

/* ----------------------------------------------------------------------------------- either -- */

void read_outcome(struct reader *reader, struct test_subject *subject)
{
    const struct node *node = subject->node;
    struct node *expect = node_get(node, "expect");
    const struct node *shares = node_get(node, "expect_share");
    const struct entry *units = find_entry(node, "units");
    if (expect && shares) {
        report_conflict(reader, node, "expect", "expect_share");
        return;
    }
    if (expect)
        read_expectation(reader, subject, expect);
    if (shares)
        read_shares(reader, subject, shares);
    else if (units) {
        diagnose(reader->diagnostics, FF0364, units->key->span,
                 "'units' has no meaning without 'expect_share'");
        diagnose_help(reader->diagnostics, "say how they are distributed: expect_share: "
                                           "{on: 50%%, off: 50%%}");
    }
    if (!expect && !shares)
        report_missing(reader, node->span, "a test", "expect",
                       "say what the answer is: 'expect: on', or 'expect_share: {on: 50%, off: "
                       "50%}'");
    if (shares)
        report_conflict(reader, node, "contexts", "expect_share");
}
