/* test_report.c - what `ffc test` prints: TAP or JSON, and the summary. */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "test.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"

#define MOST_FAILURES 5 /* failing contexts per test explained in TAP */

static const char *environment_name(const struct test_run *run, const struct trial *trial)
{
    return run->project->environments.items[trial->environment].text;
}

static bool has_several(uint64_t environments)
{
    return environments & (environments - 1);
}

static struct span failure_place(const struct test_run *run, const struct trial *trial,
                                 const struct failure *failure)
{
    if (trial->counts)
        return trial->test->flag->name.span;
    return deciding_place(run->project, trial->test->flag, trial->environment, &failure->result);
}

static void write_counts(const struct trial *trial, struct buffer *out)
{
    const struct targeting *targeting = &trial->test->flag->environments[trial->environment];
    buffer_append(out, "{", 1);
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        if (i == targeting->variant_count && !trial->counts[i])
            continue;
        const char *name = targeting->variants[i].name.text;
        field_count(out, name ? name : "", trial->counts[i]);
    }
    buffer_append(out, "}", 1);
}

static void write_got(const struct trial *trial, const struct failure *failure, struct buffer *out)
{
    if (trial->counts) {
        write_counts(trial, out);
        return;
    }
    buffer_append(out, "{", 1);
    write_answer_keys(&failure->result, out);
    buffer_append(out, "}", 1);
}

/* --------------------------------------------------------------------------------------- TAP -- */

/* TAP descriptions must be a single line without `#`, which begins a directive. */
static void write_description(struct buffer *out, const char *text)
{
    struct buffer line = {0};
    terminal_append(&line, text);
    for (const char *at = line.bytes; at && *at; at++) {
        if (*at == '#' || *at == '\\')
            buffer_append(out, "\\", 1);
        buffer_append(out, at, 1);
    }
    buffer_release(&line);
}

static void write_key(struct buffer *out, const char *key, const char *text)
{
    terminal_format(out, "      %s: ", key);
    json_write_string(out, text);
    buffer_append(out, "\n", 1);
}

static const char *what_if_state(const struct trial *trial)
{
    uint32_t state = trial->test->what_if.state;
    return trial->test->flag->environments[trial->environment].canary
               ? canary_state_words[state]
               : experiment_state_words[state];
}

/* The context of a failure as it may be shown. */
static const char *shown_context(struct test_run *run, const struct trial *trial,
                                 const struct failure *failure)
{
    const char *context = trial->test->contexts[failure->context].json;
    return run->show_private ? context : hide_private(run->project, context, &run->arena);
}

/* The command that shows how the answer came about; left out if quoting would make it
 * unreadable, or something in it is not to be shown. */
static void write_trace(struct test_run *run, const struct trial *trial,
                        const struct failure *failure, struct buffer *out)
{
    const struct test *test = trial->test;
    const char *context = test->contexts[failure->context].json;
    if (trial->counts || strchr(context, '\'') || shown_context(run, trial, failure) != context)
        return;
    struct buffer line = {0};
    buffer_append_text(&line, "ffc trace ");
    shell_append(&line, test->flag->name.text);
    buffer_format(&line, " -e %s -c '%s'", environment_name(run, trial), context);
    if (test->what_if.given)
        buffer_format(&line, " --state %s", what_if_state(trial));
    if (test->what_if.stage.text)
        buffer_format(&line, " --stage %s", test->what_if.stage.text);
    if (test->previous) {
        buffer_append_text(&line, " --previous ");
        shell_append(&line,
                     arena_format(&run->arena, "%s=%s", test->flag->name.text, test->previous));
    }
    if (strcmp(run->project->directory, "flags") != 0) {
        buffer_append_text(&line, " -C ");
        shell_append(&line, run->project->directory);
    }
    if (test->at != INT64_MIN) {
        char at[32];
        format_time(test->at, at, sizeof at);
        buffer_format(&line, " --at %s", at);
    }
    terminal_format(out, "      try: |\n        %s\n", line.bytes);
    buffer_release(&line);
}

static void write_failure(struct test_run *run, const struct trial *trial,
                          const struct failure *failure, struct buffer *out)
{
    buffer_append_text(out, "    - message: ");
    json_write_string(out, failure->message);
    terminal_format(out, "\n      context: %s\n      got: ", shown_context(run, trial, failure));
    write_got(trial, failure, out);
    buffer_append(out, "\n", 1);
    write_key(out, trial->counts ? "defined" : "decided",
              place_text(run->project, &run->arena, failure_place(run, trial, failure), NULL));
    write_trace(run, trial, failure, out);
}

static void write_failures(struct test_run *run, const struct trial *trial, struct buffer *out)
{
    terminal_format(out, "  ---\n  test: ");
    json_write_string(out, place_text(run->project, &run->arena, trial->test->span, NULL));
    buffer_append_text(out, "\n  flag: ");
    json_write_string(out, trial->test->flag->name.text);
    terminal_format(out, "\n  environment: %s\n  failures:\n", environment_name(run, trial));
    for (uint32_t i = 0; i < trial->failure_count && i < MOST_FAILURES; i++)
        write_failure(run, trial, &trial->failures[i], out);
    if (trial->failure_count > MOST_FAILURES)
        terminal_format(out, "    # and %u more\n", trial->failure_count - MOST_FAILURES);
    buffer_append_text(out, "  ...\n");
}

void report_tap(struct test_run *run, bool color, struct buffer *out)
{
    terminal_format(out, "TAP version 13\n1..%u%s\n", run->trial_count,
                    run->trial_count ? "" : " # SKIP no tests");
    for (uint32_t i = 0; i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        bool failed = trial->failure_count > 0;
        buffer_append_text(out, !color ? "" : failed ? "\33[31m" : "\33[32m");
        buffer_append_text(out, failed ? "not ok" : "ok");
        buffer_append_text(out, color ? "\33[0m" : "");
        terminal_format(out, " %u - ", i + 1);
        write_description(out, trial->test->name.text);
        if (has_several(trial->test->environments))
            terminal_format(out, " (%s)", environment_name(run, trial));
        buffer_append(out, "\n", 1);
        if (failed)
            write_failures(run, trial, out);
    }
}

/* ------------------------------------------------------------------------------------- JUnit -- */

static void write_attribute(struct buffer *out, const char *name, const char *value)
{
    terminal_format(out, " %s=\"", name);
    xml_append_attribute(out, value);
    buffer_append_text(out, "\"");
}

static void write_junit_trial(struct test_run *run, const struct trial *trial, struct buffer *out)
{
    const struct test *test = trial->test;
    struct buffer failures = {0};
    uint32_t line;
    place_text(run->project, &run->arena, test->span, &line);
    buffer_append_text(out, "    <testcase");
    write_attribute(out, "classname", test->flag->name.text);
    write_attribute(
        out, "name",
        has_several(test->environments)
            ? arena_format(&run->arena, "%s (%s)", test->name.text, environment_name(run, trial))
            : test->name.text);
    write_attribute(out, "file", run->project->sources.items[test->span.file].path);
    buffer_format(out, " line=\"%u\" assertions=\"%u\"", line, trial->assertions);
    if (trial->failure_count == 0) {
        buffer_append_text(out, "/>\n");
        return;
    }
    buffer_append_text(out, ">\n      <failure");
    write_attribute(out, "message", trial->failures[0].message);
    buffer_append_text(out, ">\n");
    write_failures(run, trial, &failures);
    xml_append(out, failures.bytes);
    buffer_append_text(out, "      </failure>\n    </testcase>\n");
    buffer_release(&failures);
}

/* One suite, as what CI systems show of one: they group by the class name, which is the flag. */
void report_junit(struct test_run *run, struct buffer *out)
{
    buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  "
                            "<testsuite");
    write_attribute(out, "name", *run->project->name ? run->project->name : "ffc test");
    buffer_format(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\">\n",
                  run->trial_count, run->failed);
    for (uint32_t i = 0; i < run->trial_count; i++)
        write_junit_trial(run, &run->trials[i], out);
    buffer_append_text(out, "  </testsuite>\n</testsuites>\n");
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void write_place(struct test_run *run, struct span span, struct buffer *out)
{
    uint32_t line;
    place_text(run->project, &run->arena, span, &line);
    field_text(out, "file", run->project->sources.items[span.file].path);
    field_count(out, "line", line);
}

static void write_json_failure(struct test_run *run, const struct trial *trial,
                               const struct failure *failure, struct buffer *out)
{
    json_write_comma(out);
    buffer_append(out, "{", 1);
    field_text(out, "message", failure->message);
    json_write_key(out, "context");
    const char *context = shown_context(run, trial, failure);
    json_write_document(out, context, strlen(context));
    json_write_key(out, "got");
    write_got(trial, failure, out);
    field_object(out, trial->counts ? "defined" : "decided");
    write_place(run, failure_place(run, trial, failure), out);
    buffer_append_text(out, "}}");
}

static void write_json_trial(struct test_run *run, const struct trial *trial, struct buffer *out)
{
    json_write_comma(out);
    buffer_append(out, "{", 1);
    field_text(out, "name", trial->test->name.text);
    write_place(run, trial->test->span, out);
    field_text(out, "flag", trial->test->flag->name.text);
    field_text(out, "environment", environment_name(run, trial));
    field_truth(out, "passed", trial->failure_count == 0);
    field_count(out, "assertions", trial->assertions);
    field_array(out, "failures");
    for (uint32_t i = 0; i < trial->failure_count; i++)
        write_json_failure(run, trial, &trial->failures[i], out);
    buffer_append_text(out, "]}");
}

static void write_json_coverage(struct test_run *run, struct buffer *out)
{
    const struct coverage *coverage = &run->coverage;
    json_write_key(out, "coverage");
    terminal_format(out, "{\"reached\":%u,\"of\":%u,\"unreached\":[", coverage->reached,
                    coverage->count);
    for (uint32_t i = 0; i < coverage->count - coverage->reached; i++) {
        const struct covered *item = coverage->items[i];
        json_write_comma(out);
        buffer_append(out, "{", 1);
        field_text(out, "flag", item->flag->name.text);
        field_text(out, "kind", covered_kind_words[item->kind]);
        field_text(out, "name", item->name);
        write_place(run, item->span, out);
        buffer_append(out, "}", 1);
    }
    buffer_append_text(out, "]}");
}

void report_tests_json(struct test_run *run, struct buffer *out)
{
    buffer_append_text(out, "{\"format_version\":1,\"tests\":[");
    for (uint32_t i = 0; i < run->trial_count; i++)
        write_json_trial(run, &run->trials[i], out);
    terminal_format(out, "],\"passed\":%u,\"failed\":%u,\"assertions\":%" PRIu64, run->passed,
                    run->failed, run->assertions);
    write_json_coverage(run, out);
    buffer_append_text(out, "}\n");
}

/* ------------------------------------------------------------------------------- diagnostics -- */

void report_failures(struct test_run *run, enum diagnostic_format format, FILE *out)
{
    struct diagnostics failures = {.arena = &run->arena, .sources = &run->project->sources};
    for (uint32_t i = 0; i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        if (!trial->failure_count)
            continue;
        const struct failure *failure = &trial->failures[0];
        diagnose(&failures, FF0547, trial->test->span, "test '%s' fails in '%s': %s",
                 trial->test->name.text, environment_name(run, trial), failure->message);
        diagnose_note(&failures, failure_place(run, trial, failure),
                      trial->counts ? "the flag is defined here" : "decided here");
    }
    diagnostics_write(&failures, format, false, out);
}

/* ----------------------------------------------------------------------------------- summary -- */

static void write_unreached(struct test_run *run, const struct covered *item, struct buffer *out)
{
    terminal_format(out, "%s: no test reaches ",
                    place_text(run->project, &run->arena, item->span, NULL));
    if (!item->name)
        terminal_format(out, "the value");
    else if (item->kind == COVERED_STAGE)
        terminal_format(out, "stage '%s'", item->name + strlen("canary:"));
    else if (item->kind == COVERED_PARTS)
        terminal_format(out, "%s", item->name);
    else
        terminal_format(out, "%s '%s'", covered_kind_words[item->kind], item->name);
    terminal_format(out, " of '%s'\n", item->flag->name.text);
}

void report_summary(struct test_run *run, uint32_t most, bool color, struct buffer *out)
{
    const struct coverage *coverage = &run->coverage;
    uint32_t missing = coverage->count - coverage->reached;
    for (uint32_t i = 0; i < missing && i < most; i++)
        write_unreached(run, coverage->items[i], out);
    if (missing > most)
        terminal_format(out, "and %u more, which --coverage lists\n", missing - most);
    buffer_append_text(out, !color ? "" : run->failed ? "\33[31m" : "\33[32m");
    terminal_format(out, "%u passed, %u failed", run->passed, run->failed);
    buffer_append_text(out, color ? "\33[0m" : "");
    if (run->assertions > run->trial_count)
        terminal_format(out, " (%" PRIu64 " contexts)", run->assertions);
    if (coverage->count)
        terminal_format(out, "; reached %.1f%% of rules, variants and stages (%u of %u)",
                        100.0 * coverage->reached / coverage->count, coverage->reached,
                        coverage->count);
    buffer_append(out, "\n", 1);
}
