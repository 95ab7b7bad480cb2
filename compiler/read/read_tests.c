/*
 * read_tests.c - tests of definitions: who asks, when, and what the answer must be.
 *
 * A context becomes the JSON object that `ffc eval -c` would be given, once its values are known to
 * fit their attributes. What a test says of rules, states and stages must be so in each of its
 * environments.
 */
#include <string.h>

#include "fflag/snapshot.h"
#include "compiler/base/json.h"
#include "read.h"

#define USUAL_UNITS    100000
#define LEAST_EXPECTED 5 /* units in each share, for chi-square to mean anything */

static const char *const reasons[] = {"STATIC",   "DEFAULT",  "TARGETING_MATCH",     "SPLIT",
                                      "DISABLED", "OVERRIDE", "PREREQUISITE_FAILED", "HOLDOUT",
                                      "LAYER",    NULL};

/* What a test is about must be known before the rest can be read. */
struct subject {
    struct test *test;
    const struct node *node;
    const struct draft *draft; /* of its flag */
    const struct texts *environments;
};

static void read_later(struct reader *reader, struct node *node, void *target)
{
    (void)reader, (void)node, (void)target;
}

/* ---------------------------------------------------------------------------------- contexts -- */

static bool write_strings(struct reader *reader, const struct node *node, struct buffer *out)
{
    if (!expect_list(reader, node, "a list of texts"))
        return false;
    buffer_append(out, "[", 1);
    for (uint32_t i = 0; i < node->count; i++) {
        struct text text;
        if (!read_text(reader, node->items[i], &text))
            return false;
        json_write_comma(out);
        json_write_string(out, text.text);
    }
    buffer_append(out, "]", 1);
    return true;
}

static bool check_form(struct reader *reader, enum fflag_attribute_type type,
                       const struct node *node)
{
    const char *version;
    struct network network;
    int64_t time;
    switch (type) {
    case FFLAG_ATTRIBUTE_VERSION:
        return read_version(reader, node, &version);
    case FFLAG_ATTRIBUTE_TIME:
        return read_time(reader, node, &time);
    case FFLAG_ATTRIBUTE_IP:
        if (!read_network(reader, node, &network))
            return false;
        if (memcmp(network.first, network.last, sizeof network.first) == 0 &&
            !strchr(node->text, '/'))
            return true;
        diagnose(reader->diagnostics, FF0123, node->span, "'%s' is a block of addresses, not one",
                 node->text);
        diagnose_help(reader->diagnostics, "a context has one address: 192.0.2.7");
        return false;
    default:
        return true;
    }
}

static bool write_context_value(struct reader *reader, const struct attribute *attribute,
                                const struct node *node, struct buffer *out)
{
    struct text text;
    bool boolean;
    double number;
    switch (attribute->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        if (!read_number(reader, node, &number))
            return false;
        json_write_number(out, number);
        return true;
    case FFLAG_ATTRIBUTE_BOOLEAN:
        if (!read_boolean(reader, node, &boolean))
            return false;
        buffer_append_text(out, boolean ? "true" : "false");
        return true;
    case FFLAG_ATTRIBUTE_STRINGS:
        return write_strings(reader, node, out);
    default:
        break;
    }
    if (!read_text(reader, node, &text) || !check_form(reader, attribute->type, node))
        return false;
    check_choice(reader, attribute, node, false);
    json_write_string(out, text.text);
    return true;
}

/* To be asked about an attribute is not to use it: a rule does. */
static const struct attribute *find_attribute(struct reader *reader, const struct node *name)
{
    struct declaration *known = table_get(&reader->declared[ATTRIBUTE].table, name->text);
    bool used = known && known->used;
    const struct attribute *attribute = resolve(reader, ATTRIBUTE, name);
    if (known)
        known->used = used;
    return attribute;
}

static void add_context(struct reader *reader, struct subject *subject, const struct node *node)
{
    if (!expect_map(reader, node, "a mapping of attributes for a context"))
        return;
    struct buffer json = {0};
    buffer_append(&json, "{", 1);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct entry *entry = &node->entries[i];
        const struct attribute *attribute = find_attribute(reader, entry->key);
        if (!attribute || !attribute->type || is_null(entry->value))
            continue;
        size_t before = json.length;
        json_write_key(&json, attribute->name.text);
        if (!write_context_value(reader, attribute, entry->value, &json))
            json.length = before;
    }
    buffer_append(&json, "}", 1);
    struct test_context *context =
        ARENA_APPEND(reader->arena, subject->test->contexts, subject->test->context_count);
    context->json = arena_copy(reader->arena, json.bytes, json.length);
    context->span = node->span;
    buffer_release(&json);
}

static void read_contexts(struct reader *reader, struct subject *subject)
{
    const struct node *one = node_get(subject->node, "context");
    const struct node *many = node_get(subject->node, "contexts");
    if (one && !is_null(one))
        add_context(reader, subject, one);
    if (many && expect_list(reader, many, "a list of contexts")) {
        if (!many->count) {
            diagnose(reader->diagnostics, FF0144, many->span, "no context in 'contexts'");
            diagnose_help(reader->diagnostics, "list at least one: [{user_id: u1}]");
        }
        for (uint32_t i = 0; i < many->count; i++)
            add_context(reader, subject, many->items[i]);
    }
    if (!subject->test->context_count) {
        struct test_context *context =
            ARENA_APPEND(reader->arena, subject->test->contexts, subject->test->context_count);
        *context = (struct test_context){"{}", subject->node->span};
    }
}

/* ----------------------------------------------------------------------------- who and where -- */

static bool read_subject_flag(struct reader *reader, struct subject *subject)
{
    const struct node *name = node_get(subject->node, "flag");
    if (!name) {
        report_missing(reader, subject->node->span, "a test", "flag", "name the flag it is about");
        return false;
    }
    const struct declaration *found = find_declared(reader, FLAG, name);
    if (!found || found->draft->node->kind != NODE_MAP)
        return false;
    subject->draft = found->draft;
    subject->test->flag = found->draft->flag;
    if (!subject->test->name.text)
        subject->test->name = subject->test->flag->name;
    return true;
}

static bool read_subject_environments(struct reader *reader, struct subject *subject)
{
    struct node *given = node_get(subject->node, "environment");
    struct node **items;
    uint32_t count;
    if (!given) {
        if (subject->environments->count == 1)
            subject->test->environments = 1;
        else if (subject->environments->count)
            report_missing(reader, subject->node->span, "a test", "environment",
                           "say which one, or list several: environment: [staging, production]");
        return subject->test->environments;
    }
    if (!read_items(reader, given, "the name of an environment, or a list of them", &items, &count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = resolve_environment(reader, items[i]);
        if (at != UINT32_MAX)
            subject->test->environments |= UINT64_C(1) << at;
    }
    if (!count) {
        diagnose(reader->diagnostics, FF0144, given->span, "no environment in this list");
        diagnose_help(reader->diagnostics, "name at least one");
    }
    return subject->test->environments;
}

/* The next environment of a test from `*at` on; false after the last. */
static bool next_environment(const struct subject *subject, uint32_t *at,
                             const struct targeting **targeting)
{
    while (*at < subject->environments->count && !(subject->test->environments >> *at & 1))
        ++*at;
    if (*at >= subject->environments->count)
        return false;
    *targeting = &subject->test->flag->environments[(*at)++];
    return true;
}

/* ------------------------------------------------------------------------------ suppositions -- */

static void report_nothing_to_suppose(struct reader *reader, const struct subject *subject,
                                      const struct node *key, uint32_t environment)
{
    diagnose(reader->diagnostics, FF0534, key->span,
             "'%s' needs a canary%s, and '%s' has none in '%s'", key->text,
             strcmp(key->text, "stage") == 0 ? "" : " or an experiment",
             subject->test->flag->name.text, subject->environments->items[environment].text);
    diagnose_note(reader->diagnostics, subject->test->flag->name.span, "the flag is defined here");
    diagnose_help(reader->diagnostics, "leave it out, or test where the flag has one");
}

static bool has_stage(const struct canary *canary, const char *name)
{
    for (uint32_t i = 0; i < canary->stage_count; i++)
        if (strcmp(canary->stages[i].name.text, name) == 0)
            return true;
    return false;
}

static void check_stage(struct reader *reader, const struct canary *canary, const struct node *name)
{
    if (has_stage(canary, name->text) || !canary->stage_count)
        return;
    const char **known = ARENA_ARRAY(reader->arena, const char *, canary->stage_count);
    for (uint32_t i = 0; i < canary->stage_count; i++)
        known[i] = canary->stages[i].name.text;
    diagnose(reader->diagnostics, FF0221, name->span, "unknown stage '%s'", name->text);
    suggest(reader, name->text, known, canary->stage_count);
}

static void read_state(struct reader *reader, const struct targeting *targeting,
                       const struct node *node, struct supposition *supposition)
{
    static const char *const canary[] = {"pending",     "running",  "paused",
                                         "rolled_back", "complete", NULL};
    static const char *const experiment[] = {"draft", "running", "concluded", NULL};
    unsigned state = CANARY_RUNNING;
    if (node && read_choice(reader, node, targeting->canary ? canary : experiment, &state))
        supposition->state = state;
    else
        supposition->state = targeting->canary ? (unsigned)CANARY_RUNNING : EXPERIMENT_RUNNING;
}

static void read_supposition(struct reader *reader, struct subject *subject)
{
    const struct entry *state = find_entry(subject->node, "state");
    const struct entry *stage = find_entry(subject->node, "stage");
    struct supposition *supposition = &subject->test->supposition;
    const struct targeting *targeting;
    if (!state && !stage)
        return;
    if (stage && !read_text(reader, stage->value, &supposition->stage))
        return;
    for (uint32_t at = 0; next_environment(subject, &at, &targeting);) {
        bool canary = targeting->canary, experiment = targeting->experiment;
        if (!canary && (stage || !experiment)) {
            report_nothing_to_suppose(reader, subject, stage ? stage->key : state->key, at - 1);
            return;
        }
        if (stage)
            check_stage(reader, targeting->canary, stage->value);
        read_state(reader, targeting, state ? state->value : NULL, supposition);
    }
    supposition->given = true;
}

/* ------------------------------------------------------------------------------ expectations -- */

static void read_expected_variant(struct reader *reader, struct subject *subject,
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

static void read_expected_value(struct reader *reader, struct subject *subject,
                                const struct node *node)
{
    struct buffer json = {0};
    struct text text;
    int64_t integer;
    double number;
    bool boolean, sound = false;
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

struct names {
    const char **items;
    uint32_t count;
};

static void add_name(struct reader *reader, struct names *names, const char *name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return;
    *ARENA_APPEND(reader->arena, names->items, names->count) = name;
}

/* Every name that can stand as the rule of an answer. */
static struct names rule_names(struct reader *reader, const struct subject *subject,
                               const struct targeting *targeting, uint32_t environment)
{
    struct names names = {0};
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        add_name(reader, &names, targeting->rules[i].name.text);
    for (uint32_t i = 0; targeting->canary && i < targeting->canary->stage_count; i++)
        add_name(reader, &names,
                 arena_format(reader->arena, "canary:%s", targeting->canary->stages[i].name.text));
    if (targeting->experiment)
        add_name(reader, &names, "experiment");
    if (targeting->user_list_count)
        add_name(reader, &names, "users");
    for (uint32_t i = 0; i < reader->project->override_count; i++) {
        const struct override *override = reader->project->overrides[i];
        if (override->environments >> environment & 1 &&
            override_selects(override, subject->test->flag))
            add_name(reader, &names, arena_format(reader->arena, "override[%u]", i));
    }
    return names;
}

static void read_expected_rule(struct reader *reader, struct subject *subject,
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
    for (uint32_t at = 0; next_environment(subject, &at, &targeting);) {
        struct names names = rule_names(reader, subject, targeting, at - 1);
        uint32_t i = 0;
        while (i < names.count && strcmp(names.items[i], rule.text) != 0)
            i++;
        if (i < names.count)
            continue;
        diagnose(reader->diagnostics, FF0531, rule.span, "flag '%s' has no rule '%s' in '%s'",
                 subject->test->flag->name.text, rule.text,
                 subject->environments->items[at - 1].text);
        suggest(reader, rule.text, names.items, names.count);
        return;
    }
}

static void read_expectation(struct reader *reader, struct subject *subject, struct node *node)
{
    static const struct field fields[] = {
        READ("variant", read_later),
        READ("value", read_later),
        READ("reason", read_later),
        READ("rule", read_later),
    };
    if (node->kind != NODE_MAP) {
        read_expected_variant(reader, subject, node);
        return;
    }
    read_fields(reader, node, "an expectation", FIELDS(fields), subject);
    const struct node *variant = node_get(node, "variant"), *value = node_get(node, "value");
    const struct node *reason = node_get(node, "reason"), *rule = node_get(node, "rule");
    unsigned choice;
    if (variant)
        read_expected_variant(reader, subject, variant);
    if (value)
        read_expected_value(reader, subject, value);
    if (reason && read_choice(reader, reason, reasons, &choice)) {
        subject->test->expect.has_reason = true;
        subject->test->expect.reason = (enum fflag_reason)(choice + FFLAG_REASON_STATIC);
    }
    if (rule)
        read_expected_rule(reader, subject, rule);
    if (!node->count) {
        diagnose(reader->diagnostics, FF0144, node->span, "nothing in 'expect'");
        diagnose_help(reader->diagnostics, "expect a variant, value, reason or rule");
    }
}

/* ------------------------------------------------------------------------------------ shares -- */

static void read_share(struct reader *reader, struct subject *subject, const struct entry *entry)
{
    uint32_t percent;
    uint32_t variant = resolve_variant(reader, subject->draft, entry->key);
    if (read_percent(reader, entry->value, &percent) && variant != UINT32_MAX)
        subject->test->shares[variant] = percent;
}

static uint32_t least_share(const struct subject *subject)
{
    uint32_t least = PERCENT_ALL;
    for (uint32_t i = 0; i < subject->draft->targeting.variant_count; i++) {
        uint32_t share = subject->test->shares[i];
        if (share && share < least)
            least = share;
    }
    return least;
}

static void read_units(struct reader *reader, struct subject *subject, const struct node *shares)
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
    diagnose_help(reader->diagnostics,
                  "at least %llu give it the %d units that the judgement needs",
                  (unsigned long long)needed, LEAST_EXPECTED);
}

/* Synthetic units have their own keys, so a context must not give one. */
static void check_unit_is_free(struct reader *reader, struct subject *subject)
{
    const struct node *context = node_get(subject->node, "context");
    const struct targeting *targeting;
    for (uint32_t at = 0; context && next_environment(subject, &at, &targeting);) {
        const struct attribute *unit = targeting->bucket_by;
        const struct entry *entry = unit ? find_entry(context, unit->name.text) : NULL;
        if (!entry)
            continue;
        diagnose(reader->diagnostics, FF0526, entry->key->span,
                 "'%s' is what tells the units of a share apart, and here all have the same",
                 unit->name.text);
        diagnose_help(reader->diagnostics, "leave it out: 'units' gives each its own");
        return;
    }
}

static void read_shares(struct reader *reader, struct subject *subject, const struct node *node)
{
    struct test *test = subject->test;
    if (!expect_map(reader, node, "a mapping of variant to percentage"))
        return;
    uint32_t before = reader->diagnostics->errors;
    test->shares = ARENA_ARRAY(reader->arena, uint32_t, FFS_MAX_VARIANTS);
    for (uint32_t i = 0; i < node->count; i++)
        read_share(reader, subject, &node->entries[i]);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < FFS_MAX_VARIANTS; i++)
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

/* ------------------------------------------------------------------------------------ a test -- */

static void read_outcome(struct reader *reader, struct subject *subject)
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
        diagnose_help(reader->diagnostics, "say how they are shared out: expect_share: "
                                           "{on: 50%%, off: 50%%}");
    }
    if (!expect && !shares)
        report_missing(reader, node->span, "a test", "expect",
                       "say what the answer is: 'expect: on', or 'expect_share: {on: 50%, off: "
                       "50%}'");
    if (shares)
        report_conflict(reader, node, "contexts", "expect_share");
}

static void read_test(struct reader *reader, struct node *node)
{
    static const struct field fields[] = {
        FIELD("name", FIELD_PLACED, struct test, name),
        FIELD("at", FIELD_TIME, struct test, at),
        READ("flag", read_later),
        READ("environment", read_later),
        READ("state", read_later),
        READ("stage", read_later),
        READ("context", read_later),
        READ("contexts", read_later),
        READ("expect", read_later),
        READ("expect_share", read_later),
        READ("units", read_later),
    };
    struct test *test = ARENA_NEW(reader->arena, struct test);
    struct subject subject = {
        .test = test, .node = node, .environments = &reader->project->environments};
    test->at = INT64_MIN;
    test->span = node->span;
    if (!expect_map(reader, node, "a mapping for a test"))
        return;
    read_fields(reader, node, "a test", FIELDS(fields), test);
    report_conflict(reader, node, "context", "contexts");
    read_contexts(reader, &subject);
    bool environments = read_subject_environments(reader, &subject);
    if (!read_subject_flag(reader, &subject))
        return;
    read_supposition(reader, &subject);
    read_outcome(reader, &subject);
    if (!environments)
        return;
    *ARENA_APPEND(reader->arena, reader->project->tests, reader->project->test_count) = test;
}

void read_tests_section(struct reader *reader, struct node *section)
{
    if (!expect_list(reader, section, "a list of tests"))
        return;
    for (uint32_t i = 0; i < section->count; i++)
        read_test(reader, section->items[i]);
}
