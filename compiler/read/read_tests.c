/*
 * read_tests.c - tests of definitions: the context, the time, and the expected answer.
 *
 * A test's rules, states and stages must exist in each of its environments.
 */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/scalar.h"
#include "draft.h"
#include "read_condition.h"
#include "read_map.h"
#include "read_names.h"
#include "read_scalar.h"
#include "read_tests.h"
#include "reader.h"
#include "test_subject.h"

void read_later(struct reader *reader, struct node *node, void *target)
{
    (void)reader, (void)node, (void)target;
}

/* ----------------------------------------------------------------------------- who and where -- */

static bool read_subject_flag(struct reader *reader, struct test_subject *subject)
{
    const struct node *name = node_get(subject->node, "flag");
    if (!name) {
        if (!may_mean(reader, subject->node, &test_definition_form, "flag"))
            report_missing(reader, subject->node->span, "a test", "flag",
                           "name the flag it is about");
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

static bool read_subject_environments(struct reader *reader, struct test_subject *subject)
{
    struct node *given = node_get(subject->node, "environment");
    struct node **items;
    uint32_t count;
    if (!given) {
        if (subject->environments->count == 1)
            subject->test->environments = 1;
        else if (subject->environments->count &&
                 !may_mean(reader, subject->node, &test_definition_form, "environment"))
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

bool test_next_environment(const struct test_subject *subject, uint32_t *at,
                           const struct targeting **targeting)
{
    while (*at < subject->environments->count && !(subject->test->environments >> *at & 1))
        ++*at;
    if (*at >= subject->environments->count)
        return false;
    *targeting = &subject->test->flag->environments[(*at)++];
    return true;
}

/* ------------------------------------------------------------------------------ what if -- */

static void report_no_such_state(struct reader *reader, const struct test_subject *subject,
                                 const struct node *key, uint32_t environment)
{
    if (is_repeated(reader, FF0534, key->span, subject->environments->items[environment].text,
                    subject->test->flag->name.text))
        return;
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

static void check_stage(struct reader *reader, const struct canary *canary, const struct node *name,
                        const char *flag)
{
    if (has_stage(canary, name->text) || !canary->stage_count ||
        is_repeated(reader, FF0221, name->span, name->text, flag))
        return;
    const char **known = ARENA_ARRAY(reader->arena, const char *, canary->stage_count);
    for (uint32_t i = 0; i < canary->stage_count; i++)
        known[i] = canary->stages[i].name.text;
    diagnose(reader->diagnostics, FF0221, name->span, "unknown stage '%s'", name->text);
    suggest(reader->diagnostics, name->text, known, canary->stage_count);
}

static void read_state(struct reader *reader, const struct targeting *targeting,
                       const struct node *node, struct what_if *what_if)
{
    const char *const *words = targeting->canary ? canary_state_words : experiment_state_words;
    unsigned state = CANARY_RUNNING;
    if (node && read_choice(reader, node, words, &state))
        what_if->state = state;
    else
        what_if->state = targeting->canary ? (unsigned)CANARY_RUNNING : EXPERIMENT_RUNNING;
}

static void read_what_if(struct reader *reader, struct test_subject *subject)
{
    const struct entry *state = find_entry(subject->node, "state");
    const struct entry *stage = find_entry(subject->node, "stage");
    struct what_if *what_if = &subject->test->what_if;
    const struct targeting *targeting;
    if (!state && !stage)
        return;
    if (stage && !read_text(reader, stage->value, &what_if->stage))
        return;
    for (uint32_t at = 0; test_next_environment(subject, &at, &targeting);) {
        bool canary = targeting->canary, experiment = targeting->experiment;
        if (!canary && (stage || !experiment)) {
            report_no_such_state(reader, subject, stage ? stage->key : state->key, at - 1);
            return;
        }
        if (stage)
            check_stage(reader, targeting->canary, stage->value, subject->test->flag->name.text);
        read_state(reader, targeting, state ? state->value : NULL, what_if);
    }
    what_if->given = true;
}

static void name_override(struct reader *reader, struct test_subject *subject,
                          const struct node *name)
{
    const struct project *project = reader->project;
    struct named_overrides *named = &subject->test->overrides;
    struct text text;
    if (!read_text(reader, name, &text))
        return;
    const struct override *override = project_override(project, text.text);
    if (override) {
        *ARENA_APPEND(reader->arena, named->items, named->count) = override;
        return;
    }
    if (reader->incomplete || reader->overrides_lost) {
        reader->silent++;
        return;
    }
    if (is_repeated(reader, FF0546, name->span, text.text, ""))
        return;
    uint32_t count = suggestible(reader->diagnostics, project->override_count + 1);
    const char **known = ARENA_ARRAY(reader->arena, const char *, count);
    for (uint32_t i = 0; i + 1 < count; i++)
        known[i] = project->overrides[i]->id.text ? project->overrides[i]->id.text
                                                  : project->overrides[i]->name;
    if (count)
        known[count - 1] = "active";
    diagnose(reader->diagnostics, FF0546, name->span, "no override is called '%s'", text.text);
    suggest(reader->diagnostics, text.text, known, count);
}

static void read_named_overrides(struct reader *reader, struct test_subject *subject)
{
    struct node *node = node_get(subject->node, "overrides");
    struct node **items;
    uint32_t count;
    if (!node)
        return;
    if (node->kind == NODE_SCALAR && strcmp(node->text, "active") == 0) {
        subject->test->overrides.active = true;
        return;
    }
    if (!read_items(reader, node, "'active', or the ids of overrides", &items, &count))
        return;
    for (uint32_t i = 0; i < count; i++)
        name_override(reader, subject, items[i]);
}

/* ------------------------------------------------------------------------------------ a test -- */

static const struct form state_form = ALIAS("state", text_form);
static const struct form named_form = ALIAS("`active`, or ids", texts_form);
static const struct form expected_shares_form = {.kind = FORM_MAP,
                                                 .takes = "mapping of variant to percentage",
                                                 .of = {&percent_form},
                                                 .keys_named = NAMED_VARIANT};
static const struct form units_form = ALIAS("1 to 10000000", positive_form);
static const struct field test_fields[] = {
    FIELD("name", FIELD_PLACED, struct test, name, "default the flag's name"),
    READ("flag", read_later, flag_name_form, "what is tested", .needed = true),
    READ("environment", read_later, environments_form,
         "needed if there are several; the test runs in each"),
    FIELD("at", FIELD_TIME, struct test, at,
          "the clock; default now, with a warning if the answer depends on it"),
    READ("state", read_later, state_form,
         "assumes that the flag's canary or experiment is in that state, whatever the definition "
         "says at the time; `running` if only the stage is given"),
    READ("stage", read_later, stage_name_form, "likewise, in that stage"),
    READ("overrides", read_later, named_form,
         "the [overrides](#overrides) that it sees: all of them, or those named, each within its "
         "window. By default it sees none, so that an emergency fails no test"),
    FIELD("previous", FIELD_TEXT, struct test, previous,
          "the variant that the unit was served before, where the flag is [sticky](#sticky)"),
    READ("context", read_later, test_context_form,
         "the context, flat or nested; an attribute that is missing is absent, and one that is "
         "`null` is null"),
    READ("contexts", read_later, test_contexts_form, "each must get the answer"),
    READ("expect", read_later, expectation_form,
         "the answer; what is left out may be anything, and `rule: null` means that none decides"),
    READ("expect_share", read_later, expected_shares_form,
         "what the units get, 100 % in all; instead of `expect`"),
    READ("units", read_later, units_form,
         "how many, default 100000; enough for five in the smallest share"),
};
const struct form test_definition_form = KEYS("assertion", "a test", "test", test_fields);

static void read_test(struct reader *reader, struct node *node, struct descent *attributes)
{
    struct test *test = ARENA_NEW(reader->arena, struct test);
    struct test_subject subject = {.test = test,
                                   .node = node,
                                   .environments = &reader->project->environments,
                                   .attributes = attributes};
    test->at = INT64_MIN;
    reader->definition++;
    test->span = node->span;
    if (!expect_map(reader, node, "a mapping for a test"))
        return;
    read_fields(reader, node, &test_definition_form, node->span, test);
    report_conflict(reader, node, "context", "contexts");
    read_contexts(reader, &subject);
    bool environments = read_subject_environments(reader, &subject);
    /* Of a flag with mistakes, nobody knows what it answers. */
    if (!read_subject_flag(reader, &subject) || test->flag->faulty)
        return;
    read_what_if(reader, &subject);
    uint32_t before = faults(reader);
    read_named_overrides(reader, &subject);
    if (faults(reader) > before || may_mean(reader, node, &test_definition_form, "overrides"))
        return;
    read_outcome(reader, &subject);
    if (!environments)
        return;
    *ARENA_APPEND(reader->arena, reader->project->tests, reader->project->test_count) = test;
}

void read_tests_section(struct reader *reader, struct node *section)
{
    if (!expect_list(reader, section, "a list of tests"))
        return;
    struct descent attributes;
    descend_to_attributes(reader, &attributes);
    for (uint32_t i = 0; i < section->count; i++)
        read_test(reader, section->items[i], &attributes);
    descent_release(&attributes);
}
