/*
 * project.c - turns a directory of definition files into a project.
 *
 * First pass: read every file and declare every name. Second pass: read the bodies in an order in
 * which whatever they refer to is known: attributes, the variants of flags, conditions, the rest.
 * Last, the checks that need all of it.
 */
#include "project.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/check/check.h"
#include "declare.h"
#include "reading.h"
#include "compiler/model/model.h"
#include "compiler/read/read_canary.h"
#include "compiler/read/read_checks.h"
#include "compiler/read/read_criteria.h"
#include "compiler/read/read_files.h"
#include "compiler/read/read_flag.h"
#include "compiler/read/read_metrics.h"
#include "compiler/read/read_names.h"
#include "compiler/read/read_naming.h"
#include "compiler/read/read_overrides.h"
#include "compiler/read/read_project.h"
#include "compiler/read/read_tests.h"
#include "compiler/read/policy_file.h"

#define MOST_ATTRIBUTES FFLAG_CONTEXT_SLOTS

typedef void read_body(struct reader *reader, struct declaration *declaration);

static void read_bodies(struct reader *reader, enum declared kind, read_body *read)
{
    for (uint32_t i = 0; i < reader->declared[kind].count; i++) {
        reader->definition++;
        read(reader, reader->declared[kind].items[i]);
    }
}

/* A metric with errors may have been misread. */
static void read_metric_bodies(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->declared[METRIC].count; i++) {
        struct declaration *declaration = reader->declared[METRIC].items[i];
        uint32_t before = faults(reader);
        reader->definition++;
        read_metric(reader, declaration);
        ((struct metric *)declaration->thing)->faulty = faults(reader) > before;
    }
}

/* A flag with errors may have been misread. */
static void read_flag_bodies(struct reader *reader, read_body *read)
{
    for (uint32_t i = 0; i < reader->declared[FLAG].count; i++) {
        struct declaration *declaration = reader->declared[FLAG].items[i];
        struct flag *flag = declaration->thing;
        uint32_t before = reader->flag_faults = faults(reader);
        reader->definition++;
        reader->flag = declaration;
        read(reader, declaration);
        reader->flag = NULL;
        flag->faulty |= faults(reader) > before || declaration->body->kind != NODE_MAP;
    }
}

static void *collect(struct reader *reader, enum declared kind, uint32_t *count)
{
    const struct declarations *declared = &reader->declared[kind];
    void **things = ARENA_ARRAY(reader->arena, void *, declared->count);
    for (uint32_t i = 0; i < declared->count; i++)
        things[i] = declared->items[i]->thing;
    *count = declared->count;
    return things;
}

static int compare_flags(const void *left, const void *right)
{
    const struct flag *const *a = left, *const *b = right;
    return strcmp((*a)->name.text, (*b)->name.text);
}

static void collect_all(struct reader *reader)
{
    struct project *project = reader->project;
    project->attributes = collect(reader, ATTRIBUTE, &project->attribute_count);
    project->segments = collect(reader, SEGMENT, &project->segment_count);
    project->layers = collect(reader, LAYER, &project->layer_count);
    project->holdouts = collect(reader, HOLDOUT, &project->holdout_count);
    project->metrics = collect(reader, METRIC, &project->metric_count);
    project->logs = collect(reader, LOG, &project->log_count);
    project->flags = collect(reader, FLAG, &project->flag_count);
    if (project->flag_count)
        qsort(project->flags, project->flag_count, sizeof *project->flags, compare_flags);
    for (uint32_t i = 0; i < project->flag_count; i++)
        project->flags[i]->index = i;
    for (uint32_t i = 0; i < project->segment_count; i++)
        project->segments[i]->index = i;
    if (project->attribute_count > MOST_ATTRIBUTES) {
        diagnose(reader->diagnostics, FF0383, project->attributes[MOST_ATTRIBUTES]->name.span,
                 "%u attributes, expected at most %d", project->attribute_count, MOST_ATTRIBUTES);
        diagnose_help(reader->diagnostics,
                      "a context has no room for more; remove those that no rule reads");
    }
}

static void read_project_sections(struct reader *reader, const struct found_sections *found)
{
    for (uint32_t i = 1; i < found->project_count; i++) {
        diagnose(reader->diagnostics, FF0203, found->projects[i]->span,
                 "section 'project' is given twice");
        diagnose_note(reader->diagnostics, found->projects[0]->span, "first given here");
        diagnose_help(reader->diagnostics, "keep one of the two");
    }
    if (found->project_count)
        read_project_section(reader, found->projects[0]);
    if (reader->project->environments.count || reader->incomplete || reader->diagnostics->errors)
        return;
    struct span span = found->project_count ? found->projects[0]->span : NO_SPAN;
    diagnose(reader->diagnostics, FF0376, span, "the project declares no environments");
    diagnose_help(reader->diagnostics,
                  "name them: project: {name: NAME, environments: [production]}");
}

static void read_all(struct reader *reader, const struct found_sections *found)
{
    /* Declarations come before whatever refers to them. */
    read_bodies(reader, ATTRIBUTE, read_attribute);
    read_project_sections(reader, found);
    collect_all(reader);
    read_bodies(reader, LAYER, read_layer);
    read_bodies(reader, HOLDOUT, read_holdout);
    read_flag_bodies(reader, read_flag_head);
    read_bodies(reader, SEGMENT, read_segment);
    read_bodies(reader, LOG, read_log);
    read_metric_bodies(reader);
    read_bodies(reader, ROLLOUT, read_rollout);
    read_flag_bodies(reader, read_flag);
    settle_thresholds(reader);
    for (uint32_t i = 0; i < found->override_count; i++)
        read_overrides(reader, found->overrides[i]);
    order_overrides(reader);
    for (uint32_t i = 0; i < found->test_count; i++)
        read_tests_section(reader, found->tests[i]);
    report_repeated(reader);
    review_names(reader);
}

static void check_all(struct reader *reader, enum proofs proofs)
{
    const struct checker checker = {.project = reader->project,
                                    .arena = reader->arena,
                                    .diagnostics = reader->diagnostics,
                                    .now = reader->now,
                                    .incomplete = reader->incomplete};
    settle_segments(reader->project);
    check_segments(&checker);
    check_requirements(&checker);
    check_layers(&checker);
    check_users(&checker);
    check_sticky(&checker);
    check_overrides(&checker);
    check_expiry(&checker);
    check_fields(&checker);
    check_criteria(&checker);
    check_experiments(&checker);
    check_tests(&checker);
    /* What errors leave out might use a name, or decide. */
    if (reader->diagnostics->errors || proofs == PROOFS_NONE)
        return;
    check_conditions(&checker);
    if (proofs == PROOFS_ALL) {
        report_unused(reader);
        check_unused(&checker);
    }
}

static void read_and_check(struct reader *reader, const struct found_sections *found,
                           enum proofs proofs)
{
    read_all(reader, found);
    check_all(reader, proofs);
}

struct project *project_new(void)
{
    struct project *project = xcalloc(1, sizeof *project);
    project->sources.arena = project->diagnostics.arena = &project->arena;
    project->diagnostics.sources = &project->sources;
    project->directory = ".";
    project->name = "";
    project->automatic = true;
    project->default_environment = UINT32_MAX;
    return project;
}

struct reader reader_of(struct project *project, int64_t now)
{
    return (struct reader){.project = project,
                           .arena = &project->arena,
                           .diagnostics = &project->diagnostics,
                           .now = now};
}

void read_documents(struct reader *reader, const struct document *documents, enum proofs proofs)
{
    struct found_sections found = {0};
    uint32_t count = reader->project->sources.count;
    for (uint32_t file = 0; file < count; file++)
        declare_file(reader, &documents[file], &found);
    if (!reader->diagnostics->errors || found.project_count || reader->declared[FLAG].count)
        read_and_check(reader, &found, proofs);
    apply_checks(reader, documents, count);
    diagnostics_sort(reader->diagnostics);
}

static struct project *load(const char *directory, int64_t now, struct policy_file *policy,
                            enum proofs proofs)
{
    struct project *project = project_new();
    struct reader reader = reader_of(project, now);
    reader.policy = policy;
    const struct document *documents = read_files(&reader, directory);
    if (project->sources.count) {
        read_documents(&reader, documents, proofs);
        return project;
    }
    diagnose(&project->diagnostics, FF0404, NO_SPAN, "no definition files below '%s'",
             project->directory);
    diagnose_help(&project->diagnostics, "definitions are files named *.yaml; name another "
                                         "directory with -C DIR");
    return project;
}

struct project *project_load(const char *directory, int64_t now)
{
    return load(directory, now, NULL, PROOFS_ALL);
}

struct project *project_load_policy(const char *directory, int64_t now, struct policy_file *policy)
{
    return load(directory, now, policy, PROOFS_ALL);
}

struct project *project_load_unproved(const char *directory, int64_t now)
{
    return load(directory, now, NULL, PROOFS_NONE);
}

struct project *project_load_text(const char *name, const char *text, size_t length, int64_t now)
{
    struct project *project = project_new();
    struct reader reader = reader_of(project, now);
    const struct document *document = read_text_as_file(&reader, name, text, length);
    read_documents(&reader, document, PROOFS_ALL);
    return project;
}

void project_free(struct project *project)
{
    if (!project)
        return;
    arena_release(&project->arena);
    free(project);
}
