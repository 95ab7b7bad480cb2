/* health.c - `ffreplay health`: a flag's state, on one page. */
#include <string.h>
#include <time.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "health_page.h"
#include "served_row.h"
#include "tools/ffreplay/commands/metrics/table_aggregate.h"
#include "compiler/choose/choose.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/canary/analysis_row.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/replay/log_paths.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "tools/ffreplay/report/report_html.h"

#define EXIT_UNHEALTHY 10

static const char *const form_words[] = {"text", "json", NULL};

struct options {
    const char *directory, *environment;
    struct option_word format;
    bool json, exit_code, text;
    const char *report, *command_line; /* a page, and how it is made again */
    int64_t now;
    enum color_choice color;
    struct log_options logs;
    struct option_texts from;
};

static int run(int argc, char **argv);

const struct command health_command = {
    .name = "health",
    .summary = "show a flag's health: who got what, metrics, and what is wrong",
    .usage = "FLAG [LOG…] -e ENV [--format text] [--exit-code] | FLAG --from FILE… -e ENV",
    .examples = "  ffreplay health checkout requests.ndjson -e production\n"
                "  ffreplay health checkout requests.log -e production --exit-code | jq .issues\n"
                "  ffreplay health checkout requests.ndjson -e production --format text\n",
    .run = run,
};

/* What is gathered about one flag. */
struct checkup {
    const struct options *options;
    struct replay *replay;
    const struct flag *flag;
    uint32_t environment;
    const bool *reads;
    struct grouping groupings[2];
    struct flag_variants variants;
    struct served_counts counted;
    struct table table;
    struct analyses analyses; /* of its canary, if one is open */
};

/* ------------------------------------------------------------------------------- preparation -- */

static bool has_open_canary(const struct checkup *checkup)
{
    const struct canary *canary = checkup->flag->environments[checkup->environment].canary;
    return canary && (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED);
}

/* Later lines are ignored. */
static int64_t last_time(const struct checkup *checkup)
{
    int64_t now = checkup->replay->times.now;
    return now == INT64_MIN ? INT64_MAX : now;
}

static bool keep_series(struct checkup *checkup)
{
    checkup->analyses.items[0].keeps_series = checkup->options->report != NULL;
    return true;
}

/* The canary is judged as in `decide`. */
static bool prepare_canary(struct checkup *checkup)
{
    struct replay *replay = checkup->replay;
    return choose_canaries(replay->project, &health_command, checkup->flag->name.text,
                           checkup->options->environment, &checkup->analyses) &&
           keep_series(checkup) && analyses_prepare(&checkup->analyses, replay);
}

static bool prepare_table(struct checkup *checkup)
{
    const char *unused;
    struct replay *replay = checkup->replay;
    checkup->groupings[0].text = "";
    grouping_parse(&checkup->groupings[1], "variant", replay->texts, &unused);
    const struct table_wish wish = {.groupings = checkup->groupings,
                                    .grouping_count = 2,
                                    .variants = &checkup->variants,
                                    .reads = checkup->reads,
                                    .from = INT64_MIN,
                                    .to = last_time(checkup) == INT64_MAX ? INT64_MAX
                                                                          : last_time(checkup) + 1,
                                    .width = replay->times.window,
                                    .max_bad = replay->times.max_bad};
    return table_prepare(&checkup->table, replay->project, replay->layouts, &wish);
}

/* Its units are counted by variant, with no variant as one more. */
static bool has_countable_variants(const struct checkup *checkup)
{
    const struct flag *flag = checkup->flag;
    uint32_t count = flag->environments[checkup->environment].variant_count;
    if (count < UNIT_GROUPS)
        return true;
    job_error(&health_command, "'%s' has %u variants; 'health' counts the units of at most %d",
              flag->name.text, count, UNIT_GROUPS - 1);
    print_help("'ffreplay metrics --by variant' takes any number");
    return false;
}

static bool prepare(struct checkup *checkup)
{
    struct replay *replay = checkup->replay;
    if (!has_countable_variants(checkup))
        return false;
    if (!flag_variants_open(&checkup->variants, replay->project, checkup->flag,
                            checkup->environment, &replay->times.served) ||
        !served_counts_prepare(&checkup->counted, replay->project, replay->layouts, checkup->reads,
                               &checkup->variants, last_time(checkup)) ||
        !prepare_table(checkup))
        return false;
    replay_add_consumer(replay, &checkup->counted.consumer);
    replay_add_consumer(replay, &checkup->table.consumer);
    if (!has_open_canary(checkup) && checkup->options->report) {
        job_error(&health_command,
                  "'%s' has no canary that is running or paused: there is no page on it",
                  checkup->flag->name.text);
        return false;
    }
    if (!has_open_canary(checkup))
        return true;
    if (!prepare_canary(checkup))
        return false;
    replay_add_consumer(replay, &checkup->analyses.items[0].consumer);
    return true;
}

/* --------------------------------------------------------------------------------------- run -- */

static bool write_report(struct checkup *checkup, struct verdict *verdict, struct buffer *out)
{
    struct arena *arena = checkup->replay->texts;
    struct buffer sections = {0}, error = {0};
    const struct html html = {arena, &sections, 0};
    const struct report_origin origin = {checkup->options->command_line};
    bool written =
        report_html(verdict, NULL, courses_of(verdict, arena), &origin, "page-1", &html, &error);
    if (!written)
        job_error(&health_command, "%s", error.bytes);
    written = written && report_write(&health_command, checkup->options->report, &sections,
                                      arena_format(arena, "%s in %s", checkup->flag->name.text,
                                                   checkup->options->environment),
                                      arena);
    if (written && checkup->options->text)
        terminal_format(out, "\nreport    %s\n", checkup->options->report);
    buffer_release(&sections);
    buffer_release(&error);
    return written;
}

static int write_page(struct checkup *checkup)
{
    struct replay *replay = checkup->replay;
    struct verdict verdict;
    struct health_page health = {.replay = replay,
                                 .environment = checkup->options->environment,
                                 .counted = &checkup->counted,
                                 .units = unit_shares_counts(&checkup->counted.shares),
                                 .divided = unit_shares_counts(&checkup->counted.divided),
                                 .table = &checkup->table};
    if (checkup->analyses.count > 0 && replay->times.now != INT64_MIN) {
        verdict_reach(&verdict, replay, &checkup->analyses.items[0]);
        health.verdict = &verdict;
    }
    health_page_judge(&health);
    struct buffer out = {0};
    const struct page page = page_for(stdout, checkup->options->color, replay->texts, &out);
    if (checkup->options->text)
        health_page_text(&health, &page);
    else
        health_page_json(&health, &out);
    bool reported =
        !checkup->options->report || !health.verdict || write_report(checkup, &verdict, &out);
    bool written = write_stdout(&health_command, &out) && reported;
    buffer_release(&out);
    if (!written)
        return EXIT_JOB;
    return checkup->options->exit_code && health.issues.count > 0 ? EXIT_UNHEALTHY : EXIT_FINE;
}

static int read_logs(struct checkup *checkup, char **logs, size_t count)
{
    struct replay *replay = checkup->replay;
    if (!prepare(checkup))
        return EXIT_INPUT;
    return replay_read(replay, logs, count) && !replay_is_too_bad(replay) ? EXIT_FINE : EXIT_JOB;
}

static bool health_has_units(const struct checkup *checkup, const struct from_aggregates *from)
{
    return checkup->analyses.count == 0 ||
           from_has_units(from, analysis_metric_of_units(&checkup->analyses.items[0]));
}

/* The same from aggregates, and the time is settled. */
static int read_aggregates(struct checkup *checkup, const struct log_arguments *more)
{
    struct replay *replay = checkup->replay;
    struct from_aggregates from = {0};
    struct buffer error = {0};
    int status = EXIT_JOB;
    if (from_open(&from, &health_command, replay, checkup->options->environment,
                  &checkup->options->from, more->items, more->count) &&
        (!checkup->options->report || from_has_times(&from))) {
        checkup->reads = from.reads;
        status = prepare(checkup) ? EXIT_FINE : EXIT_INPUT;
    }
    if (status == EXIT_FINE) {
        bool read = served_counts_read_rows(&checkup->counted, &from.rows, &error) &&
                    table_read_rows(&checkup->table, replay, &from.rows, &error);
        struct unit_cells cells = {0};
        table_unit_cells(&checkup->table, &cells);
        if (read && checkup->analyses.count > 0) {
            struct analysis *analysis = &checkup->analyses.items[0];
            read = analysis_read_rows(analysis, replay, &from.rows, &error);
            analysis_unit_cells(analysis, &cells);
        }
        read = (read || from_fail(&from, &error)) && health_has_units(checkup, &from) &&
               from_units(&from, &cells) && from_settle(&from, replay);
        unit_cells_release(&cells);
        status = read && !replay_is_too_bad(replay) ? EXIT_FINE : EXIT_JOB;
    }
    from_close(&from);
    return status;
}

static void release(struct checkup *checkup)
{
    analyses_release(&checkup->analyses);
    table_release(&checkup->table);
    served_counts_release(&checkup->counted);
    flag_variants_close(&checkup->variants);
}

static bool find_logs(struct checkup *checkup, struct log_arguments *logs)
{
    struct asked_times asked = asked_from_canary(checkup->replay);
    choose_logs(checkup->replay, checkup->flag, checkup->environment);
    if (has_open_canary(checkup) && checkup->options->report) {
        if (!ask_for_whole_canary(&asked, checkup->replay->project, checkup->flag,
                                  checkup->environment))
            return false;
    } else if (has_open_canary(checkup)) {
        ask_for_canary(&asked, checkup->flag->environments[checkup->environment].canary);
    }
    if (!log_paths_add(checkup->replay, logs, &asked))
        return false;
    checkup->reads = replay_logs_read(checkup->replay, logs->items, logs->count);
    return checkup->reads != NULL;
}

static int check_flag(const struct options *options, struct replay *replay, const char *name,
                      struct log_arguments *logs)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    struct checkup checkup = {.options = options, .replay = replay};
    checkup.flag = choose_flag(&health_command, project, name);
    if (!checkup.flag)
        return EXIT_JOB;
    checkup.environment = choose_environment(&health_command, project, options->environment);
    bool again = false, aggregated = options->from.count > 0;
    if (checkup.environment == UINT32_MAX || (!aggregated && !find_logs(&checkup, logs)))
        return EXIT_JOB;
    int status = aggregated ? read_aggregates(&checkup, logs)
                            : read_logs(&checkup, logs->items, logs->count);
    if (status == EXIT_FINE && !aggregated)
        (void)replay_settle_now(replay, logs->items, logs->count, &again);
    if (again) {
        release(&checkup);
        replay_begin_anew(replay);
        status = read_logs(&checkup, logs->items, logs->count);
    }
    if (status == EXIT_FINE)
        status = write_page(&checkup);
    release(&checkup);
    return status;
}

static bool check_usage(struct options *options, int operands)
{
    options->text = strcmp(options->format.text, "text") == 0;
    if (!options->text && strcmp(options->format.text, "json") != 0)
        usage_error(&health_command, "--format is json or text, not '%s'", options->format.text);
    else if (options->text && options->json)
        usage_error(&health_command, "--json and --format text contradict each other");
    else
        return require_flag(&health_command, operands > 0, NULL) &&
               require_environment(&health_command, options->environment);
    return false;
}

static int run(int argc, char **argv)
{
    struct options options = {
        .format = {"json", form_words}, .now = INT64_MIN, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        FORMAT_OPTION(options.format, "json, or text for people [json]"),
        JSON_OPTION(options.json, "the same as --format json"),
        REPORT_OPTION(options.report),
        EXIT_CODE_OPTION(options.exit_code, "exit 10 if it is not healthy"),
        NOW_OPTION(options.now, "the time to judge at [the latest in the logs]"),
        FROM_AGGREGATES_OPTION(options.from),
        ALLOW_COMMANDS_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        WINDOW_OPTION(options.logs),
        LATENESS_OPTION(options.logs),
        STALE_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        THREADS_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    struct arena arena = {0};
    options.command_line = report_command_line(&arena, argc, argv);
    int operands =
        options_parse(&health_command, table, sizeof table / sizeof *table, argc, argv, &status);
    struct replay replay = {.times.now = options.now, .now_given = options.now != INT64_MIN};
    bool is_sound = operands >= 0 && check_usage(&options, operands);
    if (operands >= 0)
        status = EXIT_JOB;
    if (is_sound && log_options_apply(&options.logs, &health_command, &replay)) {
        replay.project = project_load(options.directory, (int64_t)time(NULL) * 1000);
        struct log_arguments logs = {.items = argv + 2, .count = (size_t)(operands - 1)};
        status = check_flag(&options, &replay, argv[1], &logs);
        replay_release(&replay);
        project_free(replay.project);
    }
    arena_release(&arena);
    return status;
}
