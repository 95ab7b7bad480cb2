/* sql.c - `ffreplay sql`: a query that aggregates logs where they are tables. */
#include <string.h>
#include <time.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/choose/choose.h"
#include "compiler/cli/option_rows.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/metrics/choose_groupings.h"
#include "tools/ffreplay/commands/metrics/table_aggregate.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/evaluate/past_overrides.h"
#include "tools/ffreplay/metrics/cell_row.h"
#include "tools/ffreplay/sql/query.h"

static int run(int argc, char **argv);

const struct command sql_command = {
    .name = "sql",
    .summary = "print a query that aggregates logs where they are tables",
    .usage = "FLAG… -e ENV --dialect DIALECT --table TABLE",
    .examples = "  ffreplay sql checkout -e production --dialect clickhouse --table logs.web |\n"
                "    clickhouse-client | ffreplay merge -o all.agg\n"
                "  ffreplay sql checkout -e production --dialect postgresql --table requests \\\n"
                "    --variant-column variant | psql -qAtX | ffreplay merge -o all.agg\n"
                "  ffreplay decide checkout -e production --from all.agg\n",
    .run = run,
};

static const char *const time_words[] = {"timestamp", "s", "ms", NULL};
static const char *const dialects[] = {"clickhouse", "duckdb", "postgresql", NULL};

struct options {
    const char *directory, *environment, *cluster, *variant_column;
    struct option_word dialect, time;
    struct option_texts tables, columns, metrics, by;
    bool distinct_ids, show_private;
    struct log_options logs;
};

struct asking {
    const struct options *options;
    struct replay *replay;
    struct query query;
    struct grouping *groupings; /* the first are of any query */
    uint32_t grouping_count;
    struct analyses analyses;
};

/* --------------------------------------------------------------------------------------- tables */

/* "LOG=TABLE" or "TABLE" of the log that is asked about. */
static bool add_table(struct asking *asking, const char *text)
{
    struct query *query = &asking->query;
    struct replay *replay = asking->replay;
    uint32_t number;
    const char *name;
    if (!replay_find_log(replay, text, &number, &name))
        return false;
    const struct options *options = asking->options;
    const char *table = sql_table(query->arena, query->dialect, name);
    if (!table) {
        usage_error(&sql_command, "--table '%s': no table can be called that", name);
        return false;
    }
    if (options->cluster)
        table = arena_format(query->arena, "cluster(%s, %s)",
                             sql_text(query->arena, query->dialect, options->cluster), table);
    for (uint32_t i = 0; i < query->log_count; i++)
        if (query->logs[i].number == number) {
            usage_error(&sql_command, "--table names log '%s' twice",
                        replay->project->logs[number]->name.text);
            return false;
        }
    *ARENA_APPEND(query->arena, query->logs, query->log_count) =
        (struct queried_log){.log = replay->project->logs[number],
                             .layout = &replay->layouts[number],
                             .table = table,
                             .name = name,
                             .number = number};
    return true;
}

static bool find_time(const struct options *options, enum sql_time *time)
{
    int found = options->time.text ? words_find(sql_time_words, options->time.text) : SQL_TIMESTAMP;
    *time = (enum sql_time)found;
    if (found < 0)
        usage_error(&sql_command, "--time is timestamp, s or ms, not '%s'", options->time.text);
    return found >= 0;
}

/* What no query does, of a log that is asked about. */
static bool can_be_queried(const struct asking *asking, const struct queried_log *queried)
{
    const struct log *log = queried->log;
    const struct sources *sources = &asking->replay->project->sources;
    if (log_format_is_series(log->format) || log->format == LOG_KAYENTA) {
        print_error_at(sources, log->span,
                       "log '%s' is of time series, which are no lines of a table", log->name.text);
        print_help("ask what keeps them: `ffreplay decide` reads its answers");
        return false;
    }
    if (log->time_rest) {
        print_error_at(sources, log->span, "the time of log '%s' is in two fields", log->name.text);
        print_help("give the table, or a view of it, one column that has it");
        return false;
    }
    if (log->id && !asking->options->distinct_ids) {
        print_error_at(sources, log->span,
                       "log '%s' has an 'id', by which repeated lines are dropped; a query counts "
                       "every row of the table",
                       log->name.text);
        print_help("--distinct-ids says that no row of the table is there twice");
        return false;
    }
    return true;
}

static bool open_logs(struct asking *asking)
{
    struct query *query = &asking->query;
    const struct options *options = asking->options;
    enum sql_time time;
    if (!find_time(options, &time))
        return false;
    for (size_t i = 0; i < options->tables.count; i++)
        if (!add_table(asking, options->tables.items[i]))
            return false;
    for (uint32_t i = 0; i < query->log_count; i++) {
        struct queried_log *log = &query->logs[i];
        log->time = time;
        log->columns = (struct table_columns){.arena = query->arena,
                                              .dialect = query->dialect,
                                              .layout = log->layout,
                                              .renamed = options->columns.items,
                                              .renamed_count = (uint32_t)options->columns.count};
        if (!can_be_queried(asking, log))
            return false;
    }
    return true;
}

static bool lay_out_groupings(struct asking *asking)
{
    const struct query *query = &asking->query;
    struct replay *replay = asking->replay;
    for (uint32_t i = ALWAYS_GROUPED; i < asking->grouping_count; i++) {
        struct grouping *grouping = &asking->groupings[i];
        for (uint32_t j = 0; j < query->log_count; j++)
            grouping_prepare(grouping, replay->layouts, query->logs[j].number,
                             replay->project->log_count);
        if (!asking->options->show_private &&
            grouping_shows_private(&sql_command, replay, grouping))
            return false;
    }
    return true;
}

/* As if each log said so itself: that variant, and no context to evaluate anything with. */
static void tell_variants(struct project *project, const char *column)
{
    for (uint32_t i = 0; column && i < project->log_count; i++) {
        project->logs[i]->variant = column;
        project->logs[i]->context_count = 0;
    }
}

/* ---------------------------------------------------------------------------------------- flags */

static bool choose_flags(struct asking *asking, char **names, size_t count)
{
    struct query *query = &asking->query;
    query->flags = ARENA_ARRAY(query->arena, struct queried_flag, count + 1);
    asking->analyses.items = ARENA_ARRAY(query->arena, struct analysis, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct flag *flag = choose_flag(&sql_command, query->project, names[i]);
        if (!flag)
            return false;
        for (uint32_t j = 0; j < query->flag_count; j++)
            if (query->flags[j].flag == flag) {
                usage_error(&sql_command, "flag '%s' is named twice", names[i]);
                return false;
            }
        query->flags[query->flag_count++].flag = flag;
        choose_logs(asking->replay, flag, query->environment);
    }
    return true;
}

static bool is_read(const struct query *query, const struct metric *metric)
{
    bool read = query->project->log_count == 1;
    for (uint32_t i = 0; i < query->log_count; i++)
        read |= query->logs[i].log == metric->log;
    return read && !metric_needs_units(metric);
}

static bool is_named(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->metrics.count; i++)
        if (strcmp(options->metrics.items[i], name) == 0)
            return true;
    return options->metrics.count == 0;
}

static bool choose_metrics(struct asking *asking, struct queried_flag *flag)
{
    struct query *query = &asking->query;
    const struct project *project = query->project;
    flag->metrics = ARENA_ARRAY(query->arena, const struct metric *, project->metric_count + 1);
    for (uint32_t i = 0; i < project->metric_count; i++) {
        const struct metric *metric = project->metrics[i];
        bool judges = false;
        for (uint32_t j = 0; flag->canary && j < flag->canary->accumulator_count; j++)
            judges |= flag->canary->accumulators[j].measure.metric == metric;
        if (!is_read(query, metric) || (!judges && !is_named(asking->options, metric->name.text)))
            continue;
        flag->metrics[flag->metric_count++] = metric;
        uint32_t log = 0;
        while (project->log_count > 1 && project->logs[log] != metric->log)
            log++;
        struct measure measure;
        if (!measure_prepare(&measure, metric, &asking->replay->layouts[log]))
            return false;
    }
    return true;
}

static bool name_metrics(const struct asking *asking)
{
    for (size_t i = 0; i < asking->options->metrics.count; i++)
        if (!choose_metric(&sql_command, asking->query.project, asking->options->metrics.items[i]))
            return false;
    return true;
}

/* Bounds are made of how much units, or lines, differ. */
static bool is_of_sums(const struct analysis *analysis)
{
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const struct accumulator *accumulator = &analysis->accumulators[i];
        if (!accumulator->gathers_spread && !cell_keeps_units(&accumulator->cells[ASSIGNED_CANARY]))
            continue;
        job_error(
            &sql_command,
            "metric '%s' is judged by how much units differ, which a query's sums do not tell",
            accumulator->measure.metric->name.text);
        print_help("aggregate the logs themselves, or judge it without 'confidence'");
        return false;
    }
    return true;
}

static bool open_canaries(struct asking *asking)
{
    struct query *query = &asking->query;
    for (uint32_t i = 0; i < query->flag_count; i++) {
        struct queried_flag *flag = &query->flags[i];
        if (!flag->flag->environments[query->environment].canary)
            continue;
        struct analysis *analysis = &asking->analyses.items[asking->analyses.count++];
        analysis->subject.flag = flag->flag;
        analysis->subject.environment = query->environment;
        flag->canary = analysis;
    }
    if (!analyses_prepare(&asking->analyses, asking->replay))
        return false;
    for (uint32_t i = 0; i < asking->analyses.count; i++)
        if (!is_of_sums(&asking->analyses.items[i]))
            return false;
    return true;
}

/* Definitions that were served at other times are snapshots, which no query evaluates. */
static bool is_assumed(const struct asking *asking, const struct queried_flag *flag)
{
    bool evaluates = false;
    for (uint32_t i = 0; i < asking->query.log_count; i++)
        evaluates |= asking->query.logs[i].log->context_count > 0;
    if (!evaluates || !in_force_is_recorded(flag->variants->force))
        return true;
    job_error(&sql_command,
              "it is recorded what was served of flag '%s' at which time, which no "
              "query evaluates",
              flag->flag->name.text);
    print_help("log what was served, and name its column: --variant-column");
    return false;
}

static bool can_tell(const struct asking *asking, const struct queried_flag *flag)
{
    const struct query *query = &asking->query;
    for (uint32_t i = 0; i < query->log_count; i++) {
        const struct log *log = query->logs[i].log;
        if (sql_has_xxh3(query->dialect) || log->context_count == 0)
            continue;
        print_error_at(&query->project->sources, log->span,
                       "%s has no XXH3, so a query cannot tell who was served which variant of "
                       "'%s'%s",
                       sql_dialect_name(query->dialect), flag->flag->name.text,
                       log->variant ? " where the log does not say it" : "");
        print_help("log the variant, and name the column that has it: --variant-column");
        return false;
    }
    return true;
}

static bool open_flags(struct asking *asking)
{
    struct query *query = &asking->query;
    if (!name_metrics(asking) || !open_canaries(asking) || !lay_out_groupings(asking))
        return false;
    query->groupings = asking->groupings + ALWAYS_GROUPED;
    query->grouping_count = asking->grouping_count - ALWAYS_GROUPED;
    for (uint32_t i = 0; i < query->flag_count; i++) {
        struct queried_flag *flag = &query->flags[i];
        flag->variants = ARENA_NEW(query->arena, struct flag_variants);
        if (!flag_variants_open(flag->variants, query->project, flag->flag, query->environment,
                                &asking->replay->times.served))
            return false;
        flag->division = division_of(query->arena, flag->flag, query->environment);
        if (!require_stages(&sql_command, flag->flag, flag->canary, asking->groupings,
                            asking->grouping_count) ||
            !is_assumed(asking, flag) || !can_tell(asking, flag) || !choose_metrics(asking, flag))
            return false;
        for (uint32_t j = 0; j < query->log_count; j++) {
            struct variant_reader reader;
            if (!variant_reader_prepare(&reader, flag->variants, query->logs[j].layout))
                return false;
        }
    }
    return true;
}

/* ----------------------------------------------------------------------------------------- run */

static void write_header(const struct asking *asking, struct buffer *out)
{
    const struct query *query = &asking->query;
    buffer_append_text(out, "-- Aggregates of ");
    for (uint32_t i = 0; i < query->flag_count; i++)
        terminal_format(out, "%s%s", i ? ", " : "", query->flags[i].flag->name.text);
    terminal_format(out, " in %s, for %s: each row is a line for `ffreplay merge`.\n",
                    query->project->environments.items[query->environment].text,
                    sql_dialect_name(query->dialect));
    terminal_format(out, "-- Made by `ffreplay sql` of definitions %.12s.\n",
                    json_string_value(json_object_get(query->head, "definitions")));
}

static json_t *head_of(const struct asking *asking)
{
    const struct query *query = &asking->query;
    json_t *head = aggregates_head(asking->replay,
                                   query->project->environments.items[query->environment].text);
    json_t *flags = json_array();
    const char *hash = sql_unit_hash_name(query->dialect);
    for (uint32_t i = 0; i < query->flag_count; i++)
        json_array_append_new(flags, json_string(query->flags[i].flag->name.text));
    json_object_set_new(head, "flags", flags);
    json_object_set_new(head, "units", json_integer(0));
    if (hash)
        json_object_set_new(head, "hash", json_string(hash));
    return head;
}

static int print_query(struct asking *asking)
{
    struct buffer out = {0};
    json_t *head = head_of(asking);
    asking->query.head = head;
    asking->query.window = asking->replay->times.window;
    write_header(asking, &out);
    int status = EXIT_INPUT;
    if (query_write(&asking->query, &out))
        status = write_stdout(&sql_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    json_decref(head);
    return status;
}

static void release(struct asking *asking)
{
    for (uint32_t i = 0; i < asking->query.flag_count; i++)
        if (asking->query.flags[i].variants)
            flag_variants_close(asking->query.flags[i].variants);
    analyses_release(&asking->analyses);
}

static int ask(struct asking *asking, char **names, size_t count)
{
    struct replay *replay = asking->replay;
    struct project *project = replay->project;
    const struct options *options = asking->options;
    if (!require_sound_project(project, COLOR_AUTO))
        return EXIT_INPUT;
    tell_variants(project, options->variant_column);
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    asking->query.project = project;
    asking->query.arena = &project->arena;
    asking->query.environment = choose_environment(&sql_command, project, options->environment);
    if (asking->query.environment == UINT32_MAX || !choose_flags(asking, names, count) ||
        !choose_groupings(&sql_command, &project->arena, &options->by, &asking->groupings,
                          &asking->grouping_count) ||
        !open_logs(asking))
        return EXIT_JOB;
    int status = open_flags(asking) ? print_query(asking) : EXIT_INPUT;
    release(asking);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {
        .dialect.words = dialects, .time.words = time_words, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        {"dialect", 0, OPTION_WORD, &options.dialect, "DIALECT",
         "of the query: clickhouse, duckdb or postgresql"},
        {"table", 0, OPTION_TEXTS, &options.tables, "TABLE",
         "[LOG=][SCHEMA.]TABLE that has the log; may be repeated"},
        {"time", 0, OPTION_WORD, &options.time, "TYPE",
         "of the column of times: timestamp, or s or ms since 1970 [timestamp]"},
        {"column", 0, OPTION_TEXTS, &options.columns, "FIELD=COLUMN",
         "the column that has a field of the log [the field's name]; may be repeated"},
        {"variant-column", 0, OPTION_TEXT, &options.variant_column, "COLUMN",
         "has the variant that was served: nothing is evaluated then"},
        {"distributed", 0, OPTION_TEXT, &options.cluster, "CLUSTER",
         "of ClickHouse: over all shards of this cluster"},
        {"metric", 'm', OPTION_TEXTS, &options.metrics, "METRIC",
         "only this, and those that a canary is judged by; may be repeated"},
        {"distinct-ids", 0, OPTION_FLAG, &options.distinct_ids, NULL,
         "no 'id' of a log is in two rows"},
        {"by", 'b', OPTION_TEXTS, &options.by, "LIST",
         "also metrics by stage, window or fields, comma-separated; may be repeated"},
        SHOW_PRIVATE_OPTION(options.show_private),
        WINDOW_OPTION(options.logs),
        LATENESS_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
    };
    int status;
    int operands =
        options_parse(&sql_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    int dialect = options.dialect.text ? words_find(sql_dialect_words, options.dialect.text) : -1;
    if (!require_flag(&sql_command, operands > 0, NULL) ||
        !require_environment(&sql_command, options.environment))
        return EXIT_JOB;
    if (dialect < 0)
        return usage_error(&sql_command, "expected --dialect clickhouse, duckdb or postgresql");
    if (options.tables.count == 0)
        return usage_error(&sql_command, "expected a table: --table TABLE");
    if (options.cluster && dialect != SQL_CLICKHOUSE)
        return usage_error(&sql_command, "--distributed is ClickHouse's");
    struct replay replay = {.times.now = INT64_MIN};
    if (!log_options_apply(&options.logs, &sql_command, &replay))
        return EXIT_JOB;
    replay.project = project_load(options.directory, (int64_t)time(NULL) * 1000);
    struct asking asking = {.options = &options, .replay = &replay};
    asking.query.dialect = (enum sql_dialect)dialect;
    status = ask(&asking, argv + 1, (size_t)operands);
    replay_release(&replay);
    project_free(replay.project);
    return status;
}
