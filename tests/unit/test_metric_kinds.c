/* That each kind of metric is complete: its functions, its bound, and where it is told of. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/base/arena.h"
#include "tools/ffreplay/metrics/kinds/shared.h"

static const char *name_of(size_t kind)
{
    return metric_kind_names[kind];
}

/* --------------------------------------------------------------------------------- functions -- */

typedef void (*any_function)(void);
#define MEMBER(name)                                   \
    {                                                  \
#name, offsetof(struct metric_functions, name) \
    }
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    MEMBER(prepare),  MEMBER(init),      MEMBER(init_spread),      MEMBER(sample),
    MEMBER(add),      MEMBER(take),      MEMBER(unreadable_place), MEMBER(merge),
    MEMBER(estimate), MEMBER(quantiles), MEMBER(evidence),
};
#define MEMBER_COUNT (sizeof members / sizeof *members)
_Static_assert(sizeof(struct metric_functions) == MEMBER_COUNT * sizeof(any_function),
               "a member of struct metric_functions is not in members[]");

static void every_kind_has_every_function(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < METRIC_KIND_COUNT; kind++) {
        const char *functions = (const char *)metric_functions((enum metric_kind)kind);
        for (size_t i = 0; i < MEMBER_COUNT; i++) {
            any_function function;
            memcpy(&function, functions + members[i].offset, sizeof function);
            if (!function)
                fail_msg("%s_functions has no '%s': tools/ffreplay/metrics/kinds/%s.c",
                         name_of(kind), members[i].name, name_of(kind));
        }
    }
}

/* ---------------------------------------------------------------------------------- evidence -- */

/* A bound is of the type that its trait says, and is about the number reported as the estimate. */
static void a_bound_is_of_the_estimate(void **state)
{
    (void)state;
    static const enum measurement measurements[] = {[BOUND_NONE] = MEASURED_MEAN,
                                                    [BOUND_SHARE] = MEASURED_PROPORTION,
                                                    [BOUND_RATE] = MEASURED_RATE,
                                                    [BOUND_MEAN] = MEASURED_MEAN,
                                                    [BOUND_QUANTILE] = MEASURED_QUANTILE};
    const struct log log = {.time = "t", .unit = "u"};
    struct arena arena = {0};
    struct layout layout;
    layout_init(&layout, NULL, &log, &arena);
    for (size_t kind = 0; kind < METRIC_KIND_COUNT; kind++) {
        const struct metric metric = {
            .kind = (enum metric_kind)kind, .quantile = 0.5, .accuracy = 0.01};
        const struct metric_traits *traits = metric_traits(&metric);
        struct measure measure = {
            .metric = &metric, .functions = metric_functions(metric.kind), .layout = &layout};
        struct cell cell;
        cell_init(&cell, &measure);
        cell_gather_spread(&cell, &measure, NULL);
        for (uint64_t i = 0; i < 2000; i++) {
            const struct sample sample = {.state = NUMBER_GIVEN,
                                          .hit = i % 4 == 0,
                                          .number = (double)(i % 7),
                                          .denominator = 2,
                                          .time = (int64_t)i,
                                          .unit = unit_hash_of(&i, sizeof i)};
            cell_add(&cell, &measure, &sample);
        }
        double estimate;
        assert_true(cell_estimate(&cell, &measure, 60000, &estimate));
        struct evidence evidence;
        evidence_gather(&evidence, &measure, (struct observed){&cell, 60000, 1},
                        (struct observed){0}, BASELINE_NONE, CHANGE_ABSOLUTE, 0.95);
        const struct comparison comparison = compare(&evidence.input);
        if (evidence.input.measurement != measurements[traits->bound])
            fail_msg("kind '%s': its bound is not what its row of metric_kinds.def says",
                     traits->name);
        bool is_same = comparison.state == COMPARISON_FINE &&
                       fabs(comparison.canary - estimate) <= 0.02 * fabs(estimate);
        if (is_same == (traits->bound == BOUND_NONE))
            fail_msg("kind '%s' estimates %g, and its bound is of %g", traits->name, estimate,
                     comparison.canary);
        evidence_release(&evidence);
        cell_release(&cell);
    }
    arena_release(&arena);
}

/* --------------------------------------------------------------------------------- documents -- */

static char *read_document(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    assert_in_range(length, 1, (1 << 20) - 2);
    return text;
}

/* Whether a row of a table begins with the name in backquotes, possibly among others, and has the
 * text. */
static bool has_row(const char *document, const char *name, const char *text)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "`%s`", name);
    for (const char *line = document; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "| `", 3) != 0)
            continue;
        const char *end = strchr(line + 2, '|');
        const char *at = strstr(line, quoted), *of = strstr(line, text);
        const char *next = strchr(line, '\n');
        if (end && next && at && at < end && of && of < next)
            return true;
    }
    return false;
}

static void every_kind_is_told_of(void **state)
{
    (void)state;
    char *language = read_document("docs/language.md"), *replay = read_document("docs/replay.md");
    for (size_t kind = 0; kind < METRIC_KIND_COUNT; kind++) {
        const struct metric metric = {.kind = (enum metric_kind)kind};
        const struct metric_traits *traits = metric_traits(&metric);
        if (!has_row(language, traits->name, traits->computes))
            fail_msg("docs/language.md: no row for `%s` that says \"%s\"", traits->name,
                     traits->computes);
        if (!has_row(replay, traits->name, ""))
            fail_msg("docs/replay.md: no row for `%s`", traits->name);
    }
    free(replay);
    free(language);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_every_function),
        cmocka_unit_test(a_bound_is_of_the_estimate),
        cmocka_unit_test(every_kind_is_told_of),
    };
    return cmocka_run_group_tests_name("metric_kinds", tests, NULL, NULL);
}
