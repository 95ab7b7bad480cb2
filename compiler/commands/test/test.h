/*
 * test.h - `ffc test`: its parts, a file each.
 *
 * A trial is a test in one environment. Each trial belongs to an arrangement: the project, compiled
 * once for an environment, with the states that tests assume for their flags, and without the
 * overrides that they do not name. Everything lives in the run's arena and its open snapshots until
 * the run ends.
 */
#ifndef FFC_COMMANDS_TEST_H
#define FFC_COMMANDS_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/table.h"
#include "compiler/model/model.h"
#include "compiler/commands/answer.h"
#include "compiler/commands/context.h"

struct buffer;

struct arrangement {
    uint32_t environment;
    const struct named_overrides *overrides; /* of the test it was made for */
    const struct test **what_if;             /* for each flag with an assumed state, a test */
    uint32_t what_if_count;
    struct table what_if_flags; /* the same, by the flag's name */
    struct project project;     /* a copy that shares everything except those flags */
    struct snapshot snapshot;
    struct context_reader reader;
};

struct failure {
    uint32_t context;    /* which of the test's */
    fflag_result result; /* unused where the test is of shares */
    const char *message;
};

struct trial {
    const struct test *test;
    uint32_t environment;
    uint32_t arrangement;
    uint32_t assertions;
    struct failure *failures;
    uint32_t failure_count;
    uint64_t *counts; /* of a test of shares: units by variant */
};

#define COVERED_KINDS(X)          \
    X(COVERED_RULE, "rule")       \
    X(COVERED_STAGE, "stage")     \
    X(COVERED_VARIANT, "variant") \
    X(COVERED_PARTS, "value override")
enum covered_kind { COVERED_KINDS(WORDS_MEMBER) };

/* Something written once, in whichever environments it counts. */
struct covered {
    const struct flag *flag;
    enum covered_kind kind;
    const char
        *name; /* of the rule as answers have it; of the variant, or NULL for a plain value */
    uint32_t variant; /* of a variant, and of a list of users; else UINT32_MAX */
    struct span span;
    uint64_t environments;
    bool reached;
    struct covered *next; /* that the same answer may reach */
};

struct coverage {
    struct covered **items;
    uint32_t count;
    uint32_t reached;
    struct table answers; /* to the first struct covered */
    struct buffer key;    /* for looking there */
};

struct test_run {
    const struct command *command;
    struct arena arena;
    struct project *project;
    int64_t now; /* of tests that do not say their time */
    bool show_private;
    struct trial *trials;
    uint32_t trial_count;
    struct arrangement *arrangements;
    uint32_t arrangement_count;
    struct coverage coverage;
    uint32_t passed, failed;
    uint64_t assertions;
};

/* test_arrange.c: gives each trial its arrangement, and compiles them. Returns an exit_status. */
int arrange_trials(struct test_run *run, const struct project_choice *choice);
void release_arrangements(struct test_run *run);

/* test_run.c */
#define LEAST_PROBABILITY 1e-6 /* of the counts of a test of shares */
void run_trial(struct test_run *run, struct trial *trial);

/* test_coverage.c: of the flags that trials are about, or with `all` of every flag. */
void coverage_init(struct test_run *run, bool all);
void coverage_reach(struct test_run *run, const struct flag *flag, uint32_t environment,
                    const fflag_result *result);
/* Counts, and orders what no test reached by place; the others come last. */
void coverage_finish(struct coverage *coverage);
extern const char *const covered_kind_words[];

/* test_report.c: the product, for stdout. */
void report_tap(struct test_run *run, bool color, struct buffer *out);
void report_tests_json(struct test_run *run, struct buffer *out);
void report_junit(struct test_run *run, struct buffer *out);
/* Failures as diagnostics, for what reads those. */
void report_failures(struct test_run *run, enum diagnostic_format format, FILE *out);
/* For stderr: the verdict, and at most `most` of what no test reaches. */
void report_summary(struct test_run *run, uint32_t most, bool color, struct buffer *out);

#endif
