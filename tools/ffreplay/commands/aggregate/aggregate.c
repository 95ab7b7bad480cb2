/* aggregate.c - `ffreplay aggregate`: what lines say, in a form that adds up. */
#include <string.h>
#include <time.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/choose/choose.h"
#include "compiler/cli/option_rows.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "inputs.h"
#include "tools/ffreplay/aggregate/aggregate_file.h"
#include "tools/ffreplay/aggregate/replay_rows.h"
#include "tools/ffreplay/canary/analysis_row.h"
#include "tools/ffreplay/commands/analyze/analyze_keep.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/commands/health/served_row.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/metrics/choose_groupings.h"
#include "tools/ffreplay/commands/metrics/table_aggregate.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/replay/log_paths.h"

static int run(int argc, char **argv);

const struct command aggregate_command = {
    .name = "aggregate",
    .summary = "reduce logs to aggregates, for 'merge' and '--from'",
    .usage = "FLAG… [LOG…] -e ENV [-o FILE]",
    .examples = "  ffreplay aggregate checkout access.log -e production -o access.agg\n"
                "  split -n l/8 --filter='ffreplay aggregate checkout - -e production \\\n"
                "    -o $FILE.agg' access.log && ffreplay merge x??.agg -o access.agg\n"
                "  ffreplay decide checkout -e production --from access.agg\n",
    .run = run,
};

struct options {
    const char *directory, *environment, *output;
    int64_t now, to;
    bool units, over_time, distinct_ids, show_private;
    struct option_texts by, metrics;
    struct log_options logs;
};

/* What is gathered of one flag. */
struct gathered {
    const struct flag *flag;
    struct analysis *canary; /* NULL: it has none */
    struct flag_variants variants;
    struct served_counts served;
    bool is_served; /* it was prepared */
    struct table table;
    bool is_analyzed;         /* that only: `health` and `metrics` cannot tell anything of it */
    struct kept_trial *trial; /* of an experiment, with --units; or NULL */
};

struct gathering {
    const struct options *options;
    struct replay *replay;
    uint32_t environment;
    struct grouping *groupings;
    uint32_t grouping_count;
    struct gathered *parts;
    uint32_t part_count;
    struct analyses analyses;
    struct inputs inputs;
    json_t *head;
    struct kept_runs runs;
    const bool *reads;
};

/* ------------------------------------------------------------------------------- preparation -- */

static void choose_canaries_of(struct gathering *gathering)
{
    struct arena *arena = &gathering->replay->project->arena;
    struct analyses *analyses = &gathering->analyses;
    *analyses =
        (struct analyses){.items = ARENA_ARRAY(arena, struct analysis, gathering->part_count + 1)};
    for (uint32_t i = 0; i < gathering->part_count; i++) {
        struct gathered *part = &gathering->parts[i];
        if (!part->flag->environments[gathering->environment].canary)
            continue;
        part->canary = &analyses->items[analyses->count++];
        part->canary->subject.flag = part->flag;
        part->canary->subject.environment = gathering->environment;
        part->canary->keeps_series = gathering->options->over_time;
    }
}

static bool needs_units(const struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->analyses.count && !gathering->options->units; i++) {
        const struct metric *metric = analysis_metric_of_units(&gathering->analyses.items[i]);
        if (!metric)
            continue;
        job_error(&aggregate_command,
                  "metric '%s' is judged by how much units differ, which sums do not tell",
                  metric->name.text);
        print_help("--units also writes what is measured of each unit");
        return true;
    }
    return false;
}

/* Of logs that are read; without --units, those whose values are sums. */
static void choose_metrics(const struct gathering *gathering, struct table_wish *wish)
{
    struct project *project = gathering->replay->project;
    const struct metric **metrics =
        ARENA_ARRAY(&project->arena, const struct metric *, project->metric_count + 1);
    for (uint32_t i = 0; i < project->metric_count; i++) {
        const struct metric *metric = project->metrics[i];
        bool read = project->log_count == 1, knows_units = false;
        for (uint32_t log = 0; log < project->log_count; log++) {
            bool own = project->logs[log] == metric->log;
            read |= own && gathering->reads[log];
            knows_units |= (own || project->log_count == 1) && project->logs[log]->unit;
        }
        if (read && (gathering->options->units || !metric_needs_units(metric)) &&
            (knows_units || !metric->per_unit))
            metrics[wish->metric_count++] = metric;
    }
    wish->metrics = metrics;
}

static bool prepare_table(struct gathering *gathering, struct gathered *part)
{
    struct replay *replay = gathering->replay;
    int64_t now = replay->times.now;
    struct table_wish wish = {.groupings = gathering->groupings,
                              .grouping_count = gathering->grouping_count,
                              .variants = &part->variants,
                              .reads = gathering->reads,
                              .from = INT64_MIN,
                              .to = now == INT64_MIN || now == INT64_MAX ? INT64_MAX : now + 1,
                              .width = replay->times.window,
                              .max_bad = replay->times.max_bad};
    choose_metrics(gathering, &wish);
    if (!require_stages(&aggregate_command, part->flag, part->canary, gathering->groupings,
                        gathering->grouping_count))
        return false;
    if (!table_prepare(&part->table, replay->project, replay->layouts, &wish))
        return false;
    for (uint32_t i = 0; i < wish.grouping_count; i++)
        if (!gathering->options->show_private &&
            grouping_shows_private(&aggregate_command, replay, &wish.groupings[i]))
            return false;
    replay_add_consumer(replay, &part->table.consumer);
    return true;
}

/* Whether lines of a log cannot be told apart by variants: then only who was exposed by another log
 * makes them the flag's, as in an analysis. */
static bool reads_outcomes_alone(const struct gathering *gathering)
{
    const struct project *project = gathering->replay->project;
    for (uint32_t i = 0; i < project->log_count; i++)
        if (gathering->reads[i] && !project->logs[i]->variant &&
            project->logs[i]->context_count == 0)
            return true;
    return false;
}

/* What `health` and `metrics` tell of the flag. */
static bool prepare_part(struct gathering *gathering, struct gathered *part)
{
    struct replay *replay = gathering->replay;
    int64_t now = replay->times.now;
    if (!flag_variants_open(&part->variants, replay->project, part->flag, gathering->environment,
                            &replay->times.served))
        return false;
    part->is_analyzed =
        gathering->options->units && !part->canary && reads_outcomes_alone(gathering);
    if (part->is_analyzed)
        return true;
    if (part->variants.targeting->variant_count < UNIT_GROUPS) {
        if (!served_counts_prepare(&part->served, replay->project, replay->layouts,
                                   gathering->reads, &part->variants,
                                   now == INT64_MIN ? INT64_MAX : now))
            return false;
        part->is_served = true;
        replay_add_consumer(replay, &part->served.consumer);
    }
    return prepare_table(gathering, part);
}

/* That --by names, of which units' values are kept. */
static const char *const *fields_of(const struct gathering *gathering, uint32_t *count)
{
    struct arena *arena = &gathering->replay->project->arena;
    const char **fields = NULL;
    *count = 0;
    for (uint32_t i = 0; i < gathering->grouping_count; i++)
        for (uint32_t j = 0; j < gathering->groupings[i].count; j++)
            if (gathering->groupings[i].dimensions[j].kind == BY_FIELD)
                *ARENA_APPEND(arena, fields, *count) = gathering->groupings[i].dimensions[j].name;
    return fields;
}

/* After all others, who go by the units that logs name. */
static bool prepare_trials(struct gathering *gathering)
{
    struct kept_wish wish = {.command = &aggregate_command,
                             .metrics = &gathering->options->metrics,
                             .to = gathering->options->to,
                             .show_private = gathering->options->show_private,
                             .runs = &gathering->runs};
    wish.fields = fields_of(gathering, &wish.field_count);
    for (uint32_t i = 0; i < gathering->part_count && gathering->options->units; i++) {
        struct gathered *part = &gathering->parts[i];
        part->trial = kept_trial_prepare(gathering->replay, part->flag, gathering->environment,
                                         gathering->reads, &wish);
        if (!part->trial)
            return false;
    }
    return true;
}

static bool prepare(struct gathering *gathering)
{
    choose_canaries_of(gathering);
    if (!analyses_prepare(&gathering->analyses, gathering->replay) || needs_units(gathering))
        return false;
    for (uint32_t i = 0; i < gathering->part_count; i++)
        if (!prepare_part(gathering, &gathering->parts[i]))
            return false;
    if (!prepare_trials(gathering))
        return false;
    inputs_begin(&gathering->inputs, gathering->replay);
    replay_add_consumer(gathering->replay, &gathering->inputs.consumer);
    for (uint32_t i = 0; i < gathering->analyses.count; i++)
        replay_add_consumer(gathering->replay, &gathering->analyses.items[i].consumer);
    return true;
}

static void release(struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->part_count; i++) {
        struct gathered *part = &gathering->parts[i];
        if (!part->is_analyzed)
            table_release(&part->table);
        if (part->is_served)
            served_counts_release(&part->served);
        flag_variants_close(&part->variants);
        kept_trial_free(part->trial);
        *part = (struct gathered){.flag = part->flag};
    }
    analyses_release(&gathering->analyses);
    inputs_release(&gathering->inputs);
}

/* -------------------------------------------------------------------------------------- rows -- */

static json_t *head_of(const struct gathering *gathering)
{
    json_t *head = aggregates_head(gathering->replay, gathering->options->environment);
    json_t *flags = json_array();
    for (uint32_t i = 0; i < gathering->part_count; i++)
        json_array_append_new(flags, json_string(gathering->parts[i].flag->name.text));
    json_object_set_new(head, "flags", flags);
    json_object_set_new(head, "units", json_integer(gathering->options->units));
    row_put_truth(head, "over_time", gathering->options->over_time);
    return head;
}

static void put_rows(struct gathering *gathering, struct rows *rows)
{
    enum ids ids = gathering->options->distinct_ids ? IDS_ARE_DISTINCT : IDS_MAY_REPEAT;
    rows_add(rows, AGGREGATE_HEAD, json_incref(gathering->head));
    inputs_put(&gathering->inputs, rows);
    replay_put(gathering->replay, gathering->reads, ids, rows);
    for (uint32_t i = 0; i < gathering->analyses.count; i++)
        analysis_put(&gathering->analyses.items[i], gathering->replay, rows);
    for (uint32_t i = 0; i < gathering->part_count; i++) {
        struct gathered *part = &gathering->parts[i];
        if (part->is_served)
            served_counts_put(&part->served, rows);
        if (!part->is_analyzed)
            table_put(&part->table, gathering->replay, rows);
        if (part->trial)
            kept_trial_put(part->trial, rows);
    }
    rows_sort(rows);
}

static bool put_units(struct gathering *gathering, struct aggregate_writer *writer,
                      struct buffer *error)
{
    struct unit_cells cells = {0};
    struct kept_trial **trials = ARENA_ARRAY(&gathering->replay->project->arena,
                                             struct kept_trial *, gathering->part_count + 1);
    for (uint32_t i = 0; i < gathering->part_count; i++)
        trials[i] = gathering->parts[i].trial;
    for (uint32_t i = 0; i < gathering->analyses.count; i++)
        analysis_unit_cells(&gathering->analyses.items[i], &cells);
    for (uint32_t i = 0; i < gathering->part_count; i++)
        if (!gathering->parts[i].is_analyzed)
            table_unit_cells(&gathering->parts[i].table, &cells);
    bool written = unit_cells_write(&cells, writer, error);
    unit_cells_release(&cells);
    return written && kept_trials_write(trials, gathering->part_count, writer, error);
}

static bool write_to(struct gathering *gathering, const char *path, struct buffer *error)
{
    struct aggregate_writer writer;
    struct rows rows = {0};
    put_rows(gathering, &rows);
    bool written = aggregate_create(&writer, path, error);
    if (written) {
        for (size_t i = 0; i < rows.count && written; i++)
            written = aggregate_put(&writer, rows.items[i].key, rows.items[i].row, error);
        written = written && (!gathering->options->units || put_units(gathering, &writer, error));
        if (written)
            written = aggregate_finish(&writer, error);
        else
            aggregate_abandon(&writer);
    }
    rows_release(&rows);
    return written;
}

/* Where lines of units went to files on the way, what is in memory goes to one more. */
static bool write_merged(struct gathering *gathering, struct buffer *error)
{
    struct kept_runs *runs = &gathering->runs;
    const char *path = runs->error.length == 0 ? kept_runs_add(runs) : NULL;
    if (runs->error.length > 0) {
        buffer_append(error, runs->error.bytes, runs->error.length);
        return false;
    }
    return path && write_to(gathering, path, error) &&
           merge_files((const char *const *)runs->paths, runs->count, SAME_INPUT_COUNTED,
                       gathering->options->output, error);
}

static int write_file(struct gathering *gathering)
{
    struct buffer error = {0};
    bool is_merged = gathering->runs.count > 0 || gathering->runs.error.length > 0;
    bool written = is_merged ? write_merged(gathering, &error)
                             : write_to(gathering, gathering->options->output, &error);
    int status = written ? EXIT_FINE : job_error(&aggregate_command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}

/* --------------------------------------------------------------------------------------- run -- */

/* The operands up to the first that is no flag's name. */
static bool choose_flags(struct gathering *gathering, char **operands, size_t count)
{
    const struct project *project = gathering->replay->project;
    gathering->parts = ARENA_ARRAY(&gathering->replay->project->arena, struct gathered, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct flag *flag = NULL;
        for (uint32_t j = 0; j < project->flag_count && !flag; j++)
            if (strcmp(project->flags[j]->name.text, operands[i]) == 0)
                flag = project->flags[j];
        if (!flag)
            break;
        gathering->parts[gathering->part_count++].flag = flag;
    }
    if (gathering->part_count == 0)
        (void)choose_flag(&aggregate_command, project, operands[0]);
    return gathering->part_count > 0;
}

static bool find_logs(struct gathering *gathering, struct log_arguments *logs)
{
    struct replay *replay = gathering->replay;
    struct asked_times asked = asked_from_canary(replay);
    for (uint32_t i = 0; i < gathering->part_count; i++) {
        const struct flag *flag = gathering->parts[i].flag;
        const struct canary *canary = flag->environments[gathering->environment].canary;
        choose_logs(replay, flag, gathering->environment);
        if (canary && !gathering->options->over_time)
            ask_for_canary(&asked, canary);
        else if (canary &&
                 !ask_for_whole_canary(&asked, replay->project, flag, gathering->environment))
            return false;
    }
    return log_paths_add(replay, logs, &asked) &&
           (gathering->reads = replay_logs_read(replay, logs->items, logs->count)) != NULL;
}

static int read_and_write(struct gathering *gathering, const struct log_arguments *logs)
{
    struct replay *replay = gathering->replay;
    bool again = false;
    if (!prepare(gathering))
        return EXIT_INPUT;
    if (!replay_read(replay, logs->items, logs->count))
        return EXIT_JOB;
    (void)replay_settle_now(replay, logs->items, logs->count, &again);
    if (again) {
        release(gathering);
        kept_runs_release(&gathering->runs);
        kept_runs_init(&gathering->runs, gathering->head);
        replay_begin_anew(replay);
        replay->source_count = 0;
        if (!prepare(gathering))
            return EXIT_INPUT;
        if (!replay_read(replay, logs->items, logs->count))
            return EXIT_JOB;
    }
    return write_file(gathering);
}

static int aggregate(struct gathering *gathering, char **operands, size_t count)
{
    struct replay *replay = gathering->replay;
    struct project *project = replay->project;
    if (!require_sound_project(project, COLOR_AUTO))
        return EXIT_INPUT;
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    gathering->environment =
        choose_environment(&aggregate_command, project, gathering->options->environment);
    if (gathering->environment == UINT32_MAX || !choose_flags(gathering, operands, count) ||
        !choose_groupings(&aggregate_command, &project->arena, &gathering->options->by,
                          &gathering->groupings, &gathering->grouping_count))
        return EXIT_JOB;
    struct log_arguments logs = {.items = operands + gathering->part_count,
                                 .count = count - gathering->part_count};
    gathering->head = head_of(gathering);
    kept_runs_init(&gathering->runs, gathering->head);
    int status = find_logs(gathering, &logs) ? read_and_write(gathering, &logs) : EXIT_JOB;
    release(gathering);
    kept_runs_release(&gathering->runs);
    json_decref(gathering->head);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.now = INT64_MIN, .to = INT64_MAX, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        OUTPUT_OPTION(options.output, "where to write [stdout]"),
        NOW_OPTION(options.now, "leave out later lines [those of a wrong clock]"),
        {"units", 0, OPTION_FLAG, &options.units, NULL,
         "also what is measured of each unit: for bounds, 'per: unit' and 'analyze'"},
        {"over-time", 0, OPTION_FLAG, &options.over_time, NULL,
         "also how canaries went over time, for reports"},
        {"metric", 'm', OPTION_TEXTS, &options.metrics, "NAME",
         "with --units, for 'analyze': also this metric; may be repeated"},
        {"to", 0, OPTION_TIME, &options.to, "TIME",
         "with --units, for 'analyze': only what came before this time"},
        {"distinct-ids", 0, OPTION_FLAG, &options.distinct_ids, NULL,
         "no 'id' of a log is in two parts: they may be merged"},
        {"by", 'b', OPTION_TEXTS, &options.by, "LIST",
         "also metrics by stage, window or fields, comma-separated; may be repeated"},
        SHOW_PRIVATE_OPTION(options.show_private),
        ALLOW_COMMANDS_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        WINDOW_OPTION(options.logs),
        LATENESS_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        THREADS_OPTION(options.logs),
    };
    int status;
    int operands =
        options_parse(&aggregate_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (!require_flag(&aggregate_command, operands > 0, NULL) ||
        !require_environment(&aggregate_command, options.environment))
        return EXIT_JOB;
    if (!options.units && (options.metrics.count > 0 || options.to != INT64_MAX))
        return usage_error(&aggregate_command, "%s needs --units",
                           options.metrics.count > 0 ? "--metric" : "--to");
    struct replay replay = {.times.now = options.now, .now_given = options.now != INT64_MIN};
    if (!log_options_apply(&options.logs, &aggregate_command, &replay))
        return EXIT_JOB;
    replay.project = project_load(options.directory, (int64_t)time(NULL) * 1000);
    struct gathering gathering = {.options = &options, .replay = &replay};
    status = aggregate(&gathering, argv + 1, (size_t)operands);
    replay_release(&replay);
    project_free(replay.project);
    return status;
}
