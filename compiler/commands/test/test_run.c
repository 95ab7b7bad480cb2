/* test_run.c - runs a test in one environment: evaluates, and compares. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"
#include "compiler/model/model.h"
#include "compiler/model/test.h"
#include "compiler/statistics/sample_ratio.h"

/* ------------------------------------------------------------------------------ expectations -- */

static void write_quoted(struct buffer *message, const char *text, const char *quote)
{
    if (text)
        buffer_format(message, "%s%s%s", quote, text, quote);
    else
        buffer_append_text(message, "none");
}

static void mismatch(struct buffer *message, const char *what, const char *got,
                     const char *expected, const char *quote)
{
    buffer_format(message, "%s%s is ", message->length ? "; " : "", what);
    write_quoted(message, got, quote);
    buffer_append_text(message, ", expected ");
    write_quoted(message, expected, quote);
}

static bool same_json(const char *left, const char *right)
{
    const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    json_t *a = json_loads(left, flags, NULL), *b = json_loads(right, flags, NULL);
    bool same = a && b && json_equal(a, b);
    json_decref(a);
    json_decref(b);
    return same;
}

static void compare_value(const struct expectation *expect, const fflag_result *result,
                          struct buffer *message)
{
    struct buffer value = {0};
    write_answer_value(result, &value);
    bool same = result->type == FFLAG_TYPE_JSON ? same_json(value.bytes, expect->value)
                                                : !strcmp(value.bytes, expect->value);
    if (!same)
        mismatch(message, "value", value.bytes, expect->value, "");
    buffer_release(&value);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Describes the differences; nothing if the answer is as expected. */
static void compare(const struct trial *trial, const fflag_result *result, struct buffer *message)
{
    const struct expectation *expect = &trial->test->expect;
    const struct flag *flag = trial->test->flag;
    if (result->error) {
        buffer_format(message, "the evaluation failed: %s", fflag_error_code(result->error));
        return;
    }
    const struct targeting *targeting = &flag->environments[trial->environment];
    if (expect->has_variant && expect->variant != served_variant(targeting, result))
        mismatch(message, "variant", result->variant,
                 targeting->variants[expect->variant].name.text, "'");
    if (expect->value)
        compare_value(expect, result, message);
    if (expect->has_reason && expect->reason != result->reason)
        mismatch(message, "reason", fflag_reason_text(result->reason),
                 fflag_reason_text(expect->reason), "");
    if (expect->has_rule && !same_text(expect->rule, result->rule))
        mismatch(message, "rule", result->rule, expect->rule, "'");
}

/* ---------------------------------------------------------------------------------- contexts -- */

/* The context borrows the object's strings, so the object is kept until the evaluation is over. */
static json_t *read_test_context(struct test_run *run, const struct trial *trial, uint32_t index,
                                 struct arena *arena, fflag_context *context,
                                 struct buffer *warnings)
{
    const struct test *test = trial->test;
    struct buffer problem = {0};
    json_t *object =
        json_loads(test->contexts[index].json, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    fflag_context_init(context);
    fflag_set_now(context, test->at != INT64_MIN ? test->at : run->now);
    if (test->previous) {
        struct fflag_previous *previous = ARENA_NEW(arena, struct fflag_previous);
        fflag_store *store = run->arrangements[trial->arrangement].snapshot.store;
        *previous = (struct fflag_previous){fflag_flag(store, test->flag->name.text),
                                            test->previous, strlen(test->previous)};
        (void)fflag_set_previous(context, previous, 1);
    }
    /* The definitions were checked, so every value fits its attribute, or is meant not to. */
    read_context(&run->arrangements[trial->arrangement].reader, object, arena, context, warnings,
                 &problem);
    buffer_release(&problem);
    return object;
}

static void fail(struct test_run *run, struct trial *trial, uint32_t context,
                 const fflag_result *result, const struct buffer *message)
{
    struct failure *failure = ARENA_APPEND(&run->arena, trial->failures, trial->failure_count);
    failure->context = context;
    if (result)
        failure->result = *result;
    failure->message = arena_copy(&run->arena, message->bytes, message->length);
}

/* What of the context did not count, which may be why. */
static void append_warnings(struct buffer *message, const struct buffer *warnings)
{
    for (const char *at = warnings->bytes, *end; at && *at; at = end + 1) {
        end = strchr(at, '\n');
        buffer_format(message, "; %.*s", (int)(end - at), at);
    }
}

static void run_contexts(struct test_run *run, struct trial *trial)
{
    struct arrangement *arrangement = &run->arrangements[trial->arrangement];
    const struct flag *flag = trial->test->flag;
    fflag_id id = fflag_flag(arrangement->snapshot.store, flag->name.text);
    for (uint32_t i = 0; i < trial->test->context_count; i++) {
        struct arena arena = {0};
        struct buffer message = {0}, warnings = {0};
        fflag_context context;
        json_t *object = read_test_context(run, trial, i, &arena, &context, &warnings);
        fflag_result result = fflag_evaluate(arrangement->snapshot.view, id, &context);
        compare(trial, &result, &message);
        if (message.length) {
            append_warnings(&message, &warnings);
            fail(run, trial, i, &result, &message);
        }
        buffer_release(&warnings);
        coverage_reach(run, flag, trial->environment, &result);
        buffer_release(&message);
        json_decref(object);
        arena_release(&arena);
    }
    trial->assertions = trial->test->context_count;
}

/* ------------------------------------------------------------------------------------- units -- */

#define MOST_UNIT_ATTRIBUTES 16

/* The attributes that identify units: all those that the flag hashes and the context leaves
 * open. */
struct units {
    const struct attribute *attributes[MOST_UNIT_ATTRIBUTES];
    fflag_attr handles[MOST_UNIT_ATTRIBUTES];
    uint32_t count;
};

static void add_part(struct units *units, const struct attribute *attribute, const json_t *context)
{
    if (json_object_get(context, attribute->name.text))
        return;
    for (uint32_t i = 0; i < units->count; i++)
        if (units->attributes[i] == attribute)
            return;
    if (units->count < MOST_UNIT_ATTRIBUTES)
        units->attributes[units->count++] = attribute;
}

static void add_unit(struct units *units, const struct unit_key *key, const json_t *context)
{
    for (uint32_t i = 0; key && i < key->count; i++)
        add_part(units, key->parts[i], context);
}

/* What shares of units among the conditions go by; a segment is looked at once. */
static void add_units_of(struct units *units, const struct condition *condition, bool *seen,
                         const json_t *context)
{
    if (condition && condition->kind == CONDITION_PERCENT)
        add_unit(units, condition->share.by, context);
    if (condition && condition->kind == CONDITION_SEGMENT && !seen[condition->segment->index]) {
        seen[condition->segment->index] = true;
        add_units_of(units, condition->segment->condition, seen, context);
    }
    for (uint32_t i = 0; condition && i < condition->child_count; i++)
        add_units_of(units, condition->children[i], seen, context);
}

static void add_units_of_conditions(struct units *units, const struct project *project,
                                    const struct targeting *targeting, const json_t *context)
{
    bool *seen = xcalloc(project->segment_count + 1u, sizeof *seen);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        add_units_of(units, targeting->rules[i].condition, seen, context);
    for (uint32_t i = 0; i < targeting->value_override_count; i++)
        add_units_of(units, targeting->value_overrides[i].condition, seen, context);
    for (uint32_t i = 0; targeting->canary && i < targeting->canary->stage_count; i++)
        add_units_of(units, targeting->canary->stages[i].condition, seen, context);
    if (targeting->experiment)
        add_units_of(units, targeting->experiment->condition, seen, context);
    free(seen);
}

static struct units find_units(const struct project *project, const struct targeting *targeting,
                               fflag_store *store, const json_t *context)
{
    struct units units = {.count = 0};
    add_unit(&units, targeting->bucket_by, context);
    for (uint32_t i = 0; i < targeting->rule_count; i++)
        add_unit(&units, targeting->rules[i].by, context);
    if (targeting->layer)
        add_unit(&units, targeting->layer->bucket_by, context);
    for (uint32_t i = 0; i < targeting->holdout_count; i++)
        add_unit(&units, targeting->holdouts[i]->bucket_by, context);
    add_units_of_conditions(&units, project, targeting, context);
    for (uint32_t i = 0; i < units.count; i++)
        units.handles[i] = fflag_attribute(store, units.attributes[i]->name.text);
    return units;
}

/* `user_id-17` for a string attribute; 17 for a number. No two attributes get the same value. */
static void set_unit(const struct units *units, uint32_t number, fflag_context *context,
                     char (*keys)[160])
{
    for (uint32_t i = 0; i < units->count; i++) {
        const struct attribute *attribute = units->attributes[i];
        if (attribute->type == FFLAG_ATTRIBUTE_BOOLEAN) {
            (void)fflag_set_boolean(context, units->handles[i], number & 1);
            continue;
        }
        if (attribute->type == FFLAG_ATTRIBUTE_NUMBER) {
            double key = (double)number + (double)i * MOST_UNITS;
            (void)fflag_set_number(context, units->handles[i], key);
            continue;
        }
        int length = snprintf(keys[i], sizeof keys[i], "%s-%" PRIu32, attribute->name.text, number);
        (void)fflag_set_string(context, units->handles[i], keys[i], (size_t)length);
    }
}

static void write_percent_of(struct buffer *out, uint64_t count, uint64_t units)
{
    buffer_format(out, "%.5g%%", 100.0 * (double)count / (double)units);
}

/* Of counts at least as far off the shares; 0 where a variant without a share got a unit. */
static double probability_of(const struct trial *trial, uint32_t count, struct arena *arena)
{
    double *observed = ARENA_ARRAY(arena, double, count);
    double *shares = ARENA_ARRAY(arena, double, count);
    for (uint32_t i = 0; i < count; i++) {
        observed[i] = (double)trial->counts[i];
        shares[i] = trial->test->shares[i];
    }
    struct goodness_of_fit fit = goodness_of_fit(observed, shares, count);
    if (fit.leaked > 0)
        return 0;
    return fit.degrees > 0 ? fit.p : 1;
}

static void judge(struct test_run *run, struct trial *trial)
{
    const struct test *test = trial->test;
    const struct targeting *targeting = &test->flag->environments[trial->environment];
    double probability = probability_of(trial, targeting->variant_count + 1, &run->arena);
    if (probability > LEAST_PROBABILITY)
        return;
    struct buffer message = {0};
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        char expected[PERCENT_TEXT_SIZE];
        if (!test->shares[i] && !trial->counts[i])
            continue;
        percent_format(test->shares[i], expected);
        buffer_format(&message, "%s'%s' gets ", message.length ? "; " : "",
                      targeting->variants[i].name.text);
        write_percent_of(&message, trial->counts[i], test->units);
        buffer_format(&message, ", expected %s%%", expected);
    }
    if (probability > 0)
        buffer_format(&message, " (probability of that: %.2g)", probability);
    fail(run, trial, 0, NULL, &message);
    buffer_release(&message);
}

static void run_units(struct test_run *run, struct trial *trial)
{
    const struct test *test = trial->test;
    const struct arrangement *arrangement = &run->arrangements[trial->arrangement];
    const struct targeting *targeting = &test->flag->environments[trial->environment];
    const fflag_view *view = arrangement->snapshot.view;
    fflag_id id = fflag_flag(arrangement->snapshot.store, test->flag->name.text);
    struct arena arena = {0};
    struct buffer warnings = {0};
    fflag_context context;
    json_t *object = read_test_context(run, trial, 0, &arena, &context, &warnings);
    struct units units = find_units(run->project, targeting, arrangement->snapshot.store, object);
    char keys[MOST_UNIT_ATTRIBUTES][160];
    const char **seen = ARENA_ARRAY(&arena, const char *, targeting->variant_count + 1u);
    trial->counts = ARENA_ARRAY(&run->arena, uint64_t, targeting->variant_count + 1u);
    for (uint32_t i = 0; i < test->units; i++) {
        set_unit(&units, i, &context, keys);
        fflag_result result = fflag_evaluate(view, id, &context);
        uint32_t variant = served_variant(targeting, &result);
        /* A rule's name is stored once in the snapshot, so its address identifies it. */
        if (!trial->counts[variant]++ || seen[variant] != result.rule)
            coverage_reach(run, test->flag, trial->environment, &result);
        seen[variant] = result.rule;
    }
    trial->assertions = 1;
    judge(run, trial);
    buffer_release(&warnings);
    json_decref(object);
    arena_release(&arena);
}

void run_trial(struct test_run *run, struct trial *trial)
{
    if (trial->test->shares)
        run_units(run, trial);
    else
        run_contexts(run, trial);
    run->assertions += trial->assertions;
    if (trial->failure_count)
        run->failed++;
    else
        run->passed++;
}
