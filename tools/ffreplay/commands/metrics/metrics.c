/* metrics.c - `ffreplay metrics`: the metrics in the logs, in total and by groups of lines. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "choose_groupings.h"
#include "output.h"
#include "table_aggregate.h"
#include "compiler/choose/choose.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/replay/log_paths.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

#define FORMS(X)         \
    X(FORM_TEXT, "text") \
    X(FORM_JSON, "json") \
    X(FORM_CSV, "csv")   \
    X(FORM_PROMETHEUS, "prometheus")
enum form { FORMS(WORDS_MEMBER) };
static const char *const form_words[] = WORDS(FORMS);

struct options {
    const char *directory, *environment, *flag, *top;
    struct option_word format;
    struct option_texts metrics, by;
    struct option_texts aggregates; /* at first with the time that --from may be, too */
    bool json;
    bool show_private;
    enum form form;
    int64_t from, to;
    enum color_choice color;
    struct log_options logs;
};

static int run(int argc, char **argv);

const struct command metrics_command = {
    .name = "metrics",
    .summary = "print metrics: in total, by variant, stage, window or field",
    .usage = "[LOG…] [--flag FLAG -e ENV] [--by LIST]… [--metric NAME]… [--format FORMAT]",
    .examples = "  ffreplay metrics requests.ndjson\n"
                "  ffreplay metrics requests.ndjson --flag checkout -e production\n"
                "  ffreplay metrics requests.ndjson --by endpoint --by country,status --top 10\n"
                "  ffreplay metrics *.gz --flag checkout -e production --by window,variant \\\n"
                "    --window 1m\n"
                "  ffreplay metrics requests.ndjson --by endpoint --format prometheus >rows.prom\n",
    .run = run,
};

/* ----------------------------------------------------------------------------------- options -- */

static bool parse_form(struct options *options)
{
    if (options->json && strcmp(options->format.text, "text") == 0)
        options->format.text = "json";
    int form = words_find(form_words, options->format.text);
    if (form < 0) {
        usage_error(&metrics_command, "--format is text, json, csv or prometheus, not '%s'",
                    options->format.text);
        return false;
    }
    options->form = (enum form)form;
    return !options->json || options->form == FORM_JSON ||
           usage_error(&metrics_command, "--json and --format %s contradict each other",
                       options->format.text) == EXIT_FINE;
}

static bool is_of_all(const struct options *options)
{
    return options->from == INT64_MIN && options->to == INT64_MAX;
}

static bool check_usage(struct options *options)
{
    if (!parse_form(options) ||
        !from_time_or_aggregates(&metrics_command, &options->aggregates, &options->from))
        return false;
    if (options->flag && !options->environment)
        usage_error(&metrics_command, "--flag needs an environment: -e ENV");
    else if (options->environment && !options->flag)
        usage_error(&metrics_command, "-e needs a flag: name one with --flag");
    else if (options->top && (*options->top < '1' || *options->top > '9' ||
                              strspn(options->top, "0123456789") != strlen(options->top)))
        usage_error(&metrics_command, "--top is a number from 1 on, not '%s'", options->top);
    else if (options->aggregates.count > 0 && !options->flag)
        usage_error(&metrics_command, "--from FILE needs a flag that was aggregated: --flag");
    else if (options->aggregates.count > 0 && !is_of_all(options))
        usage_error(&metrics_command, "files of aggregates are of all their lines: leave out "
                                      "--from TIME, --since and --to");
    else if (options->from >= options->to)
        usage_error(&metrics_command, "--from is not before --to");
    else
        return true;
    return false;
}

/* The first grouping is of all lines. Without --by, a flag's lines are grouped by its variants. */
static struct grouping *parse_groupings(const struct options *options, struct arena *arena,
                                        uint32_t *count)
{
    struct grouping *groupings = ARENA_ARRAY(arena, struct grouping, options->by.count + 2);
    groupings[0].text = "";
    *count = 1;
    for (size_t i = 0; i < options->by.count; i++) {
        struct grouping *grouping = &groupings[(*count)++];
        const char *why;
        if (!grouping_parse(grouping, options->by.items[i], arena, &why)) {
            usage_error(&metrics_command, "--by '%s': %s", options->by.items[i], why);
            return NULL;
        }
        bool of_flag = grouping_has(grouping, BY_VARIANT) || grouping_has(grouping, BY_STAGE);
        if (of_flag && !options->flag) {
            usage_error(&metrics_command, "--by %s is about a flag: name it with --flag",
                        grouping->text);
            return NULL;
        }
        if (options->form == FORM_PROMETHEUS && grouping_has(grouping, BY_WINDOW)) {
            usage_error(&metrics_command,
                        "--by %s: a scrape has one value per series, not one per window; use "
                        "--format csv or json",
                        grouping->text);
            return NULL;
        }
    }
    const char *unused;
    if (options->flag && *count == 1)
        grouping_parse(&groupings[(*count)++], "variant", arena, &unused);
    return groupings;
}

/* ---------------------------------------------------------------------------------- choosing -- */

static bool choose_metrics(const struct options *options, struct project *project,
                           struct table_wish *wish)
{
    if (options->metrics.count == 0)
        return true;
    const struct metric **metrics =
        ARENA_ARRAY(&project->arena, const struct metric *, options->metrics.count);
    for (size_t i = 0; i < options->metrics.count; i++) {
        metrics[i] = choose_metric(&metrics_command, project, options->metrics.items[i]);
        if (!metrics[i])
            return false;
    }
    wish->metrics = metrics;
    wish->metric_count = (uint32_t)options->metrics.count;
    return true;
}

/* Those of the metrics that are asked for; else of the flag's. */
static bool concern_logs(const struct options *options, struct replay *replay,
                         const struct table_wish *wish)
{
    for (uint32_t i = 0; i < wish->metric_count; i++)
        replay_concerns(replay, wish->metrics[i]);
    if (wish->metric_count > 0 || !options->flag)
        return true;
    const struct project *project = replay->project;
    const struct flag *flag = choose_flag(&metrics_command, project, options->flag);
    if (!flag)
        return false;
    uint32_t environment = choose_environment(&metrics_command, project, options->environment);
    if (environment == UINT32_MAX)
        return false;
    choose_logs(replay, flag, environment);
    return true;
}

static bool choose_flag_variants(const struct options *options, const struct replay *replay,
                                 struct flag_variants *variants)
{
    struct project *project = replay->project;
    uint32_t environment;
    const struct flag *flag = choose_flag(&metrics_command, project, options->flag);
    return flag &&
           (environment = choose_environment(&metrics_command, project, options->environment)) !=
               UINT32_MAX &&
           flag_variants_open(variants, project, flag, environment, &replay->times.served);
}

/* --------------------------------------------------------------------------------------- run -- */

/* Where the form of output has no place for it. */
static void note_uncapped(const struct output *output)
{
    for (uint32_t i = 0; i < output->table->measure_count; i++)
        if (output_is_uncapped(output, i))
            print_note("%s is not capped here: its 'winsorize' caps an experiment's units, in "
                       "'ffreplay analyze'",
                       output->table->measures[i].metric->name.text);
}

static int write_table(const struct options *options, const struct replay *replay,
                       const struct table *table)
{
    struct buffer out = {0};
    struct arena arena = {0};
    const struct output output = {table, replay, options->environment, &arena};
    const struct page page = page_for(stdout, options->color, &arena, &out);
    switch (options->form) {
    case FORM_JSON:
        output_json(&output, &out);
        break;
    case FORM_CSV:
        output_csv(&output, &out);
        note_uncapped(&output);
        break;
    case FORM_PROMETHEUS:
        output_prometheus(&output, &out);
        note_uncapped(&output);
        break;
    case FORM_TEXT:
        output_text(&output, &page);
        break;
    }
    bool written = write_stdout(&metrics_command, &out);
    buffer_release(&out);
    arena_release(&arena);
    return written ? EXIT_FINE : EXIT_JOB;
}

static bool has_too_many(const struct table *table)
{
    for (uint32_t i = 0; i < table->grouping_count; i++)
        if (table->groups[i].too_many) {
            job_error(&metrics_command, "--by %s makes more than %d groups",
                      table->groupings[i].text, GROUPS_MOST);
            print_help("group by a field with fewer values, or by longer windows "
                       "(--window)");
            return true;
        }
    return false;
}

/* From the logs, or from the aggregates. */
static bool read_table(const struct options *options, struct replay *replay, struct table *table,
                       struct log_arguments *logs, struct from_aggregates *from)
{
    struct buffer error = {0};
    replay_add_consumer(replay, &table->consumer);
    if (options->aggregates.count == 0)
        return replay_read(replay, logs->items, logs->count);
    struct unit_cells cells = {0};
    bool read = table_read_rows(table, replay, &from->rows, &error) || from_fail(from, &error);
    table_unit_cells(table, &cells);
    read = read && from_units(from, &cells) && from_read_all(from, replay);
    unit_cells_release(&cells);
    return read;
}

static int read_and_write(const struct options *options, struct replay *replay, struct table *table,
                          struct log_arguments *logs, struct from_aggregates *from)
{
    for (uint32_t i = 0; i < table->grouping_count; i++)
        if (!options->show_private &&
            grouping_shows_private(&metrics_command, replay, &table->groupings[i]))
            return EXIT_JOB;
    if (!read_table(options, replay, table, logs, from) || replay_is_too_bad(replay) ||
        has_too_many(table))
        return EXIT_JOB;
    if (options->top)
        table_fold(table, strtoull(options->top, NULL, 10));
    return write_table(options, replay, table);
}

/* By log, whether there are lines of it. NULL: it has been reported. */
static const bool *find_logs(const struct options *options, struct replay *replay,
                             const struct table_wish *wish, struct log_arguments *logs,
                             struct from_aggregates *from)
{
    const struct asked_times asked = {options->from, options->to, "give --from or --since"};
    if (!concern_logs(options, replay, wish))
        return NULL;
    if (options->aggregates.count > 0)
        return from_open(from, &metrics_command, replay, options->environment, &options->aggregates,
                         logs->items, logs->count)
                   ? from->reads
                   : NULL;
    return log_paths_add(replay, logs, &asked) ? replay_logs_read(replay, logs->items, logs->count)
                                               : NULL;
}

static int measure(struct options *options, struct replay *replay, struct log_arguments *logs,
                   struct from_aggregates *from)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    struct table_wish wish = {.from = options->from,
                              .to = options->to - (options->to < INT64_MAX),
                              .width = replay->times.window,
                              .max_bad = replay->times.max_bad};
    wish.groupings = parse_groupings(options, &project->arena, &wish.grouping_count);
    if (!wish.groupings || !choose_metrics(options, project, &wish) ||
        !(wish.reads = find_logs(options, replay, &wish, logs, from)))
        return EXIT_JOB;
    struct flag_variants variants = {0};
    struct table table = {0};
    int status = EXIT_JOB;
    wish.variants = options->flag ? &variants : NULL;
    if (!options->flag ||
        (choose_flag_variants(options, replay, &variants) &&
         require_stages(&metrics_command, variants.flag, variants.targeting->canary, wish.groupings,
                        wish.grouping_count)))
        status = table_prepare(&table, project, replay->layouts, &wish)
                     ? read_and_write(options, replay, &table, logs, from)
                     : EXIT_INPUT;
    table_release(&table);
    flag_variants_close(&variants);
    return status;
}

static int measure_logs(struct options *options, struct replay *replay, struct log_arguments *logs)
{
    struct from_aggregates from = {0};
    int status = measure(options, replay, logs, &from);
    from_close(&from);
    return status;
}

static int check_and_measure(struct options *options, char **argv, int operands)
{
    struct replay replay = {0};
    if (!check_usage(options) || !log_options_apply(&options->logs, &metrics_command, &replay))
        return EXIT_JOB;
    replay.project = project_load(options->directory, (int64_t)time(NULL) * 1000);
    struct log_arguments logs = {.items = argv + 1, .count = (size_t)operands};
    int status = measure_logs(options, &replay, &logs);
    replay_release(&replay);
    project_free(replay.project);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.format = {"text", form_words},
                              .from = INT64_MIN,
                              .to = INT64_MAX,
                              .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        {"metric", 'm', OPTION_TEXTS, &options.metrics, "NAME",
         "only this metric; may be repeated [all of the given logs]"},
        {"flag", 'f', OPTION_TEXT, &options.flag, "FLAG",
         "only lines about this flag, with the variant each was served"},
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        {"by", 'b', OPTION_TEXTS, &options.by, "LIST",
         "variant, stage, window or fields, comma-separated; may be repeated"},
        {"top", 0, OPTION_TEXT, &options.top, "N",
         "the N values of a field with the most lines; the rest as one group"},
        FROM_TIME_OR_AGGREGATES_OPTION(options.aggregates),
        SINCE_OPTION(options.from, "the same, this long ago: 7d"),
        {"to", 0, OPTION_TIME, &options.to, "TIME", "only lines before this time"},
        SHOW_PRIVATE_OPTION(options.show_private),
        FORMAT_OPTION(options.format, "text, json, csv or prometheus [text]"),
        JSON_OPTION(options.json, "the same as --format json"),
        WINDOW_OPTION(options.logs),
        ALLOW_COMMANDS_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        THREADS_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&metrics_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands >= 0)
        status = check_and_measure(&options, argv, operands);
    return status;
}
