/* plan.c - `ffreplay plan`: what a rollout or an experiment will take, before it begins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "plan_page.h"
#include "compiler/choose/choose.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

struct options {
    const char *directory, *environment, *traffic, *power, *mde;
    struct option_word method;
    struct option_texts baselines;
    bool json;
    enum color_choice color;
    struct log_options logs;
    struct plan_wish wish;
};

static int run(int argc, char **argv);

const struct command plan_command = {
    .name = "plan",
    .summary = "predict how many samples and how long a rollout or experiment takes",
    .usage = "FLAG [LOG…] -e ENV [--traffic 2000/s] [--baseline METRIC=VALUE]… "
             "[--mde 5%] [--power 80%]",
    .examples = "  ffreplay plan canary.checkout requests.ndjson -e production\n"
                "  ffreplay plan canary.checkout requests.ndjson -e production --traffic 2000/s\n"
                "  ffreplay plan canary.checkout -e production --traffic 50/s \\\n"
                "    --baseline error_rate=1%\n"
                "  ffreplay plan button -e production --traffic 12000/d --baseline basket=31.5:22\n"
                "  ffreplay plan button -e production --mde 20% --baseline bought=5%\n",
    .run = run,
};

/* ----------------------------------------------------------------------------------- options -- */

/* "2000/s", "12000/d": per second. */
static bool parse_traffic(const char *text, double *a_second)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    double number = strtod(text, &end);
    if (end == text || !(number > 0) || !isfinite(number) || end[0] != '/' || !end[1] || end[2])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].unit == end[1]) {
            *a_second = number / units[i].seconds;
            return true;
        }
    return false;
}

/* "0.02", "2%"; advances past it. */
static bool parse_share(const char **text, double *number)
{
    char *end;
    *number = strtod(*text, &end);
    if (end == *text || !isfinite(*number) || *number < 0)
        return false;
    if (*end == '%') {
        *number /= 100;
        end++;
    }
    *text = end;
    return true;
}

static bool parse_baseline(const char *text, struct project *project, struct given_baseline *given)
{
    const char *equals = strchr(text, '=');
    if (equals) {
        const char *name = arena_copy(&project->arena, text, (size_t)(equals - text));
        given->metric = choose_metric(&plan_command, project, name);
        if (!given->metric)
            return false;
    }
    const char *rest = equals ? equals + 1 : text;
    bool parsed = equals && parse_share(&rest, &given->mean);
    if (parsed && *rest == ':') {
        rest++;
        parsed = parse_share(&rest, &given->deviation);
    }
    if (!parsed || *rest) {
        usage_error(&plan_command,
                    "--baseline is like error_rate=1%% or basket=31.5:22, mean and "
                    "deviation, not '%s'",
                    text);
        return false;
    }
    if (metric_traits(given->metric)->scale == SCALE_SHARE && given->mean > 1) {
        usage_error(&plan_command, "--baseline '%s': a share is at most 100%%", text);
        return false;
    }
    return true;
}

static bool parse_baselines(struct options *options, struct project *project)
{
    size_t count = options->baselines.count;
    struct given_baseline *given = ARENA_ARRAY(&project->arena, struct given_baseline, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!parse_baseline(options->baselines.items[i], project, &given[i]))
            return false;
    options->wish.baselines = given;
    options->wish.baseline_count = count;
    return true;
}

static bool check_usage(struct options *options, int operands)
{
    uint32_t percent = 0, mde = 0;
    if (!require_flag(&plan_command, operands > 0, NULL) ||
        !require_environment(&plan_command, options->environment))
        return false;
    if (options->traffic && !parse_traffic(options->traffic, &options->wish.traffic))
        usage_error(&plan_command, "--traffic is like 2000/s, 50/m, 100/h or 12000/d, not '%s'",
                    options->traffic);
    else if (options->power && (!parse_percent(options->power, &percent) ||
                                percent <= PERCENT_ALL / 2 || percent >= PERCENT_ALL))
        usage_error(&plan_command, "--power is a percentage above 50 and below 100, not '%s'",
                    options->power);
    else if (options->mde && (!parse_percent(options->mde, &mde) || mde == 0))
        usage_error(&plan_command, "--mde is a percentage above 0 like 5%%, not '%s'",
                    options->mde);
    else if (take_method(&plan_command, &options->method, &options->wish.method)) {
        options->wish.mde = mde / (double)PERCENT_ALL;
        options->wish.power = percent / (double)PERCENT_ALL;
        options->wish.has_log = operands > 1;
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------------------------ canary -- */

/* One analysis per stage, as if the rollout were there and had begun with the log. */
static bool prepare_stages(struct replay *replay, const struct flag *flag, uint32_t environment,
                           struct analyses *analyses)
{
    struct project *project = replay->project;
    struct canary *canary = flag->environments[environment].canary;
    const struct canary kept = *canary;
    uint32_t first = canary->instant ? canary->stage_count - 1 : 0;
    bool prepared = true;
    analyses->items = ARENA_ARRAY(&project->arena, struct analysis, canary->stage_count);
    for (uint32_t i = first; i < kept.stage_count && prepared; i++) {
        struct analysis *analysis = &analyses->items[analyses->count++];
        analysis->subject.flag = flag;
        analysis->subject.environment = environment;
        canary->state = CANARY_RUNNING;
        canary->stage = i;
        canary->since = INT64_MIN;
        prepared = analysis_prepare(analysis, project, replay->layouts, &replay->times);
        replay_add_consumer(replay, &analysis->consumer);
    }
    *canary = kept;
    return prepared;
}

static int write_out(struct buffer *out)
{
    bool written = write_stdout(&plan_command, out);
    buffer_release(out);
    return written ? EXIT_FINE : EXIT_JOB;
}

static int write_rollout(struct options *options, struct replay *replay, const struct flag *flag,
                         const struct analyses *analyses)
{
    struct traffic_span seen = traffic_span(&replay->seen, INT64_MIN);
    int64_t span = seen.lines > 0 ? seen.last - seen.first : 0;
    if (options->wish.has_log && span <= 0)
        return job_error(&plan_command, "the logs span no time: they give no rate");
    struct buffer out = {0};
    struct arena *arena = &replay->project->arena;
    const struct page page = page_for(stdout, options->color, arena, &out);
    if (options->wish.power == 0)
        options->wish.power = 0.8;
    struct canary_plan plan = {
        .flag = flag, .environment = options->environment, .wish = &options->wish};
    plan_canary(&plan, analyses->items, analyses->count, span, arena);
    if (options->json)
        plan_canary_json(&plan, &out);
    else
        plan_canary_text(&plan, &page);
    return write_out(&out);
}

static int plan_rollout(struct options *options, struct replay *replay, const struct flag *flag,
                        uint32_t environment, char **logs, size_t count)
{
    struct analyses analyses = {0};
    int status = EXIT_INPUT;
    if (prepare_stages(replay, flag, environment, &analyses))
        status = replay_read(replay, logs, count) && !replay_is_too_bad(replay)
                     ? write_rollout(options, replay, flag, &analyses)
                     : EXIT_JOB;
    analyses_release(&analyses);
    return status;
}

/* -------------------------------------------------------------------------------- experiment -- */

static int plan_trial(struct options *options, struct replay *replay, const struct flag *flag,
                      uint32_t environment)
{
    if (options->wish.has_log) {
        job_error(&plan_command, "an experiment is planned before it has data");
        print_help("give its 'baseline' and 'units_per_day', or --baseline and "
                   "--traffic, and no log");
        return EXIT_JOB;
    }
    struct experiment_plan plan = {.environment = options->environment};
    plan_experiment(&plan, &options->wish, flag, environment);
    struct buffer out = {0};
    const struct page page = page_for(stdout, options->color, &replay->project->arena, &out);
    if (options->json)
        plan_experiment_json(&plan, &out);
    else
        plan_experiment_text(&plan, &page);
    return write_out(&out);
}

/* --------------------------------------------------------------------------------------- run -- */

static int plan_flag(struct options *options, struct replay *replay, const char *name, char **logs,
                     size_t count)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    replay_init(replay, project);
    const struct flag *flag = choose_flag(&plan_command, project, name);
    uint32_t environment =
        flag ? choose_environment(&plan_command, project, options->environment) : UINT32_MAX;
    if (environment == UINT32_MAX || !parse_baselines(options, project))
        return EXIT_JOB;
    choose_logs(replay, flag, environment);
    bool is_rollout = flag->environments[environment].canary;
    if (is_rollout && options->mde)
        return usage_error(&plan_command, "--mde is of experiments, and '%s' is a canary", name);
    if (is_rollout && options->method.text)
        return usage_error(&plan_command, "--method is of experiments, and '%s' is a canary", name);
    if (is_rollout)
        return plan_rollout(options, replay, flag, environment, logs, count);
    if (flag->environments[environment].experiment)
        return plan_trial(options, replay, flag, environment);
    return job_error(&plan_command, "flag '%s' has neither a canary nor an experiment in '%s'",
                     name, options->environment);
}

static int check_and_plan(struct options *options, char **argv, int operands)
{
    struct replay replay = {.times.now = INT64_MIN};
    if (!check_usage(options, operands) ||
        !log_options_apply(&options->logs, &plan_command, &replay))
        return EXIT_JOB;
    replay.project = project_load(options->directory, (int64_t)time(NULL) * 1000);
    int status = plan_flag(options, &replay, argv[1], argv + 2, (size_t)(operands - 1));
    replay_release(&replay);
    project_free(replay.project);
    return status;
}

static int run(int argc, char **argv)
{
    struct options options = {.method = {NULL, analysis_method_words}, .logs = LOG_OPTIONS_INIT};
    options.logs.settle = NULL;
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        {"traffic", 0, OPTION_TEXT, &options.traffic, "RATE",
         "lines of the audience, or units of an experiment: 2000/s, 12000/d"},
        {"baseline", 0, OPTION_TEXTS, &options.baselines, "METRIC=VALUE",
         "without the change; of a mean VALUE:DEVIATION; may be repeated"},
        {"mde", 0, OPTION_TEXT, &options.mde, "PERCENT",
         "the least effect that an experiment is to find [its 'mde']"},
        METHOD_OPTION(options.method, "the experiment's"),
        {"power", 0, OPTION_TEXT, &options.power, "PERCENT",
         "the probability of a result by then [80%, or the experiment's]"},
        JSON_OPTION(options.json, "the plan as JSON"),
        WINDOW_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        ALLOW_PARTIAL_OPTION(options.logs),
        THREADS_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&plan_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands >= 0)
        status = check_and_plan(&options, argv, operands);
    return status;
}
