/*
 * test_arrange.c - what is compiled for the tests.
 *
 * A test sees the overrides that it names, none by default: an emergency must not fail tests. It
 * may assume another state of its flag's canary or experiment. That state is put into a copy of the
 * flag, and must not be seen by tests of other flags. If no flag depends on that flag, no other
 * flag's answer can change, so many such copies share one arrangement; a flag that others depend on
 * gets one of its own.
 */
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/model/model.h"
#include "compiler/model/references.h"
#include "compiler/commands/what_if.h"

static void mark_asked(void *user, const struct flag *needed)
{
    ((bool *)user)[needed->index] = true;
}

static bool *find_asked(const struct project *project, uint32_t environment)
{
    bool *asked = xcalloc(project->flag_count + 1u, sizeof *asked);
    struct references references;
    references_init(&references, project, environment);
    references.found = mark_asked;
    references.user = asked;
    for (uint32_t i = 0; i < project->flag_count; i++)
        references_of(&references, project->flags[i]);
    references_release(&references);
    return asked;
}

static bool same_what_if(const struct what_if *a, const struct what_if *b)
{
    bool staged = a->stage.text && b->stage.text;
    return a->state == b->state &&
           (staged ? !strcmp(a->stage.text, b->stage.text) : a->stage.text == b->stage.text);
}

static bool same_overrides(const struct named_overrides *a, const struct named_overrides *b)
{
    return a->active == b->active && a->count == b->count &&
           (a->count == 0 || !memcmp(a->items, b->items, a->count * sizeof(const void *)));
}

/* Whether the arrangement can answer the test; *add: once the test has been added to it. */
static bool suits(const struct arrangement *arrangement, const struct trial *trial,
                  const bool *asked, bool *add)
{
    const struct test *test = trial->test;
    *add = false;
    if (arrangement->environment != trial->environment ||
        !same_overrides(arrangement->overrides, &test->overrides))
        return false;
    if (!test->what_if.given)
        return arrangement->what_if_count == 0;
    const struct test *same = table_get(&arrangement->what_if_flags, test->flag->name.text);
    if (same)
        return same_what_if(&same->what_if, &test->what_if);
    /* A flag that others depend on is alone in its arrangement. */
    *add = arrangement->what_if_count > 0 && !asked[test->flag->index] &&
           !asked[arrangement->what_if[0]->flag->index];
    return *add;
}

static void arrange(struct test_run *run, struct trial *trial, const bool *asked)
{
    bool add;
    uint32_t at = 0;
    while (at < run->arrangement_count && !suits(&run->arrangements[at], trial, asked, &add))
        at++;
    trial->arrangement = at;
    if (at == run->arrangement_count) {
        struct arrangement *made =
            ARENA_APPEND(&run->arena, run->arrangements, run->arrangement_count);
        made->environment = trial->environment;
        made->overrides = &trial->test->overrides;
        add = trial->test->what_if.given;
    }
    struct arrangement *arrangement = &run->arrangements[at];
    if (!add)
        return;
    *ARENA_APPEND(&run->arena, arrangement->what_if, arrangement->what_if_count) = trial->test;
    table_add(&arrangement->what_if_flags, &run->arena, trial->test->flag->name.text,
              (void *)(uintptr_t)trial->test);
}

/* The named overrides, in the order in which they decide. */
static void choose_overrides(struct test_run *run, const struct named_overrides *named,
                             struct project *project)
{
    if (named->active)
        return;
    project->overrides = ARENA_ARRAY(&run->arena, struct override *, project->override_count + 1u);
    project->override_count = 0;
    for (uint32_t i = 0; i < run->project->override_count && named->count; i++)
        for (uint32_t j = 0; j < named->count; j++)
            if (named->items[j] == run->project->overrides[i]) {
                project->overrides[project->override_count++] = run->project->overrides[i];
                break;
            }
    project_select(project, &run->arena);
}

static int compile(struct test_run *run, struct arrangement *arrangement,
                   const struct project_choice *choice)
{
    struct project *project = &arrangement->project;
    *project = *run->project;
    project->diagnostics.sources = &run->project->sources;
    choose_overrides(run, arrangement->overrides, project);
    if (arrangement->what_if_count) {
        project->flags = ARENA_ARRAY(&run->arena, struct flag *, project->flag_count);
        memcpy(project->flags, run->project->flags, project->flag_count * sizeof *project->flags);
    }
    for (uint32_t i = 0; i < arrangement->what_if_count; i++) {
        const struct test *test = arrangement->what_if[i];
        project->flags[test->flag->index] = what_if_flag(&run->arena, project, test->flag,
                                                         arrangement->environment, &test->what_if);
    }
    int status = compile_snapshot(run->command, project, arrangement->environment, choice,
                                  &arrangement->snapshot);
    if (status == EXIT_FINE)
        context_reader_init(&arrangement->reader, project, &arrangement->snapshot);
    return status;
}

int arrange_trials(struct test_run *run, const struct project_choice *choice)
{
    uint32_t count = run->project->environments.count;
    bool **asked = xcalloc(count + 1u, sizeof *asked);
    for (uint32_t i = 0; i < run->trial_count; i++) {
        struct trial *trial = &run->trials[i];
        if (trial->test->what_if.given && !asked[trial->environment])
            asked[trial->environment] = find_asked(run->project, trial->environment);
        arrange(run, trial, asked[trial->environment]);
    }
    for (uint32_t i = 0; i < count; i++)
        free(asked[i]);
    free(asked);
    int status = EXIT_FINE;
    for (uint32_t i = 0; i < run->arrangement_count && status == EXIT_FINE; i++)
        status = compile(run, &run->arrangements[i], choice);
    return status;
}

void release_arrangements(struct test_run *run)
{
    for (uint32_t i = 0; i < run->arrangement_count; i++) {
        context_reader_release(&run->arrangements[i].reader);
        snapshot_close(&run->arrangements[i].snapshot);
    }
}
