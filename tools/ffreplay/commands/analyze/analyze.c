/* analyze.c - `ffreplay analyze`: an experiment's result, from logs of exposures and of outcomes.
 * */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "analyze_by.h"
#include "analyze_from.h"
#include "analyze_html.h"
#include "analyze_page.h"
#include "analyze_run.h"
#include "analyze_task.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/choose/choose.h"
#include "compiler/files/edit.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/replay/log_paths.h"

static const char *const form_words[] = WORDS(ANALYZE_FORMS);

/* With --exit-code. */
static const int exit_codes[] = {[DECISION_RUNNING] = 10,
                                 [DECISION_SHIP] = EXIT_FINE,
                                 [DECISION_NO_DIFFERENCE] = 12,
                                 [DECISION_STOP] = 20};
#define EXIT_UNHEALTHY 21

#define DEFAULT_PRIOR 0.3 /* of relative effects: two thirds of them lie within 30 % */

static int run(int argc, char **argv);

const struct command analyze_command = {
    .name = "analyze",
    .summary = "show an experiment's result: effects, intervals and a decision",
    .usage =
        "FLAG [LOG…] -e ENV [--method METHOD] [--metric NAME]… [--control VARIANT] [--by LIST]",
    .examples = "  ffreplay analyze cta-button exposures=exp.ndjson orders=orders.csv -e live\n"
                "  ffreplay analyze cta-button requests.ndjson -e production --method fixed\n"
                "  ffreplay analyze cta-button requests.ndjson -e production --format markdown\n"
                "  ffreplay analyze cta-button requests.ndjson -e production --by country,plan\n"
                "  ffreplay analyze new-search requests.ndjson -e production --control off \\\n"
                "    --metric clicks --metric latency\n",
    .run = run,
};

/* --------------------------------------------------------------------------------------- run -- */

static bool settle_terms(const struct task *task, struct experiment_terms *terms)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    struct judgement *judgement = &terms->judgement;
    *judgement = (struct judgement){.method = experiment ? experiment->method : ANALYSIS_SEQUENTIAL,
                                    .alpha = experiment ? experiment->alpha : 0.05,
                                    .prior = DEFAULT_PRIOR};
    if (experiment) {
        terms->min_samples = experiment->min_samples;
        terms->min_duration = experiment->min_duration;
        terms->mde = experiment->mde;
        terms->power = experiment->power;
        terms->of_whole_weeks = experiment->whole_weeks;
        terms->is_aa = experiment->aa;
        terms->zone = experiment->zone;
    }
    int method;
    if (!take_method(task->command, &task->options->method, &method))
        return false;
    if (method >= 0) {
        judgement->method = (enum analysis_method)method;
        terms->asks_method = true;
    }
    if (task->options->prior) {
        char *end;
        judgement->prior = strcmp(task->options->prior, "flat") == 0
                               ? INFINITY
                               : strtod(task->options->prior, &end);
        if (!(judgement->prior > 0) || (isfinite(judgement->prior) && *end)) {
            usage_error(task->command, "--prior is a standard deviation, or flat, not '%s'",
                        task->options->prior);
            return false;
        }
    }
    if (plans_looks(task->metrics, task->metric_count, terms) && terms->min_samples == 0) {
        job_error(task->command, "group_sequential needs to know how many units are planned");
        print_help("give the experiment 'min_samples', the units an arm at the end");
        return false;
    }
    return true;
}

static void depart(struct settled *settled, struct arena *arena, const char *option,
                   const char *value)
{
    *ARENA_APPEND(arena, settled->departures.items, settled->departures.count) =
        arena_format(arena, "%s%s%s", option, value ? " " : "", value ? value : "");
}

/* Of the experiment, or of a metric that has one of its own. */
static bool changes_method(const struct task *task)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    bool own = false;
    for (uint32_t i = 0; i < task->metric_count; i++)
        own |= task->metrics[i].measure->metric->method != METRIC_AS_EXPERIMENT;
    return own ||
           strcmp(task->options->method.text, analysis_method_words[experiment->method]) != 0;
}

/* What was asked for instead of what the experiment is defined with: a result may be picked so. */
static void find_departures(const struct task *task, struct settled *settled)
{
    const struct analyze_options *options = task->options;
    const struct experiment *experiment = task->variants->targeting->experiment;
    struct arena *arena = task->replay->texts;
    if (options->method.text && changes_method(task))
        depart(settled, arena, "--method", options->method.text);
    if (options->control && task->arms.variants[task->arms.control] != experiment->control)
        depart(settled, arena, "--control", options->control);
    for (size_t i = 0; i < options->metrics.count; i++)
        depart(settled, arena, "--metric", options->metrics.items[i]);
    if (options->cuped && !experiment->cuped)
        depart(settled, arena, "--cuped", NULL);
    if (options->stratify &&
        (!experiment->stratify.text || strcmp(options->stratify, experiment->stratify.text) != 0))
        depart(settled, arena, "--stratify", options->stratify);
    if (options->prior)
        depart(settled, arena, "--prior", options->prior);
}

static void add_note(const struct task *task, struct conclusion *conclusion, const char *note)
{
    *ARENA_APPEND(task->replay->texts, conclusion->notes.items, conclusion->notes.count) = note;
}

/* Each run has arms and units of its own. */
static void settle_run(struct task *task, const struct trial_start *start,
                       struct conclusion *conclusion)
{
    struct exposures *exposures = &task->exposures;
    struct arena *arena = task->replay->texts;
    char at[32];
    if (!start->ran_before)
        return;
    format_time(start->at, at, sizeof at);
    if (task->options->to <= start->at) {
        add_note(task, conclusion,
                 arena_format(arena,
                              "this is of before it was started again, %s: what is expected of "
                              "arms, such as their shares, is as they are defined now",
                              at));
        return;
    }
    if (task->options->from == INT64_MIN)
        exposures->from = start->at;
    if (exposures->from >= start->at)
        add_note(
            task, conclusion,
            arena_format(arena,
                         "it ran before: its units are those since it was started again, %s "
                         "(--from and --to: of an earlier run). Where the salt is the same, so "
                         "are the buckets, and what the earlier run did to units may show",
                         at));
    else
        add_note(
            task, conclusion,
            arena_format(arena, "these units are of several runs: it was started again at %s", at));
}

/* Whether what decides was settled before there were data. */
static bool settle_start(struct task *task, struct settled *settled, struct conclusion *conclusion)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    const struct trial_start *start = &settled->start;
    struct arena *arena = task->replay->texts;
    struct buffer error = {0};
    *settled = (struct settled){
        .is_experiment = experiment != NULL, .from = task->options->from, .to = task->options->to};
    if (!experiment)
        return true;
    experiment_digest(task->variants->targeting, settled->terms);
    find_departures(task, settled);
    if (!trial_start_find(task->replay->project, task->flag, task->environment, arena,
                          &settled->start, &error)) {
        job_error(task->command, "%s", error.bytes);
        buffer_release(&error);
        return false;
    }
    char at[32];
    const char *note = NULL;
    const char *was = start->primary ? start->primary : "none";
    if (start->found)
        format_time(start->at, at, sizeof at);
    if (start->primary_changed && experiment->primary && start->primary &&
        strcmp(experiment->primary->name.text, start->primary) == 0)
        note = arena_format(arena,
                            "primary metric '%s' is defined in another way than when the "
                            "experiment started, %s: with data at hand, a definition can be chosen",
                            was, at);
    else if (start->primary_changed)
        note = arena_format(arena,
                            "when the experiment started, %s, the primary metric was %s%s%s: with "
                            "data at hand, one can be chosen that shows what is wanted",
                            at, start->primary ? "'" : "", was, start->primary ? "'" : "");
    else if (start->found && start->terms_changed)
        note = arena_format(arena, "the experiment has been edited since it started, %s", at);
    if (note)
        add_note(task, conclusion, note);
    settle_run(task, start, conclusion);
    return true;
}

/* What came after an experiment is no part of it: everybody has the winner then. */
static void settle_end(struct task *task, const struct settled *settled,
                       struct conclusion *conclusion)
{
    struct exposures *exposures = &task->exposures;
    const struct trial_start *start = &settled->start;
    char end[32];
    if (task->options->to != INT64_MAX || !task_has_ended(task, start))
        return;
    exposures->to = start->end - 1;
    format_time(start->end, end, sizeof end);
    add_note(task, conclusion,
             arena_format(task->replay->texts,
                          "the experiment was concluded at %s: what came after is left out", end));
}

/* Where lines were assigned by definitions that were not in force then. */
static void note_assumed(const struct task *task, const struct trial_start *start,
                         struct conclusion *conclusion)
{
    const struct exposures *exposures = &task->exposures;
    uint64_t assumed = exposures->origins.lines[ORIGIN_ASSUMED];
    struct arena *arena = task->replay->texts;
    const char *note = NULL;
    if (!task->variants->targeting->experiment || assumed == 0)
        return;
    const char *state = experiment_state_words[task->variants->targeting->experiment->state];
    if (start->ran_before && exposures->from < start->at)
        add_note(task, conclusion,
                 arena_format(arena,
                              "%" PRIu64 " lines were assigned to the arms that are defined now, "
                              "which an earlier run need not have had: an archive knows them",
                              assumed));
    switch (task->variants->stages.trial) {
    case TRIAL_TOLD:
        return;
    case TRIAL_NOT_TOLD:
        if (task_is_concluded(task))
            note = arena_format(arena,
                                "%" PRIu64 " lines are of a time of which nothing says whether the "
                                "experiment ran: they are left out",
                                assumed);
        break;
    case TRIAL_TOLD_OTHERWISE:
        note = arena_format(arena,
                            "%" PRIu64 " lines were assigned as if the experiment had always been "
                            "%s: the ledger says otherwise, and not when that changed",
                            assumed, state);
        break;
    }
    if (note)
        add_note(task, conclusion, note);
}

static int hand_over(struct task *task, const struct conclusion *conclusion,
                     const struct breakdowns *breakdowns, const struct settled *settled)
{
    char build[FLAG_BUILD_TEXT];
    struct effect_courses courses = {0};
    flag_variants_build(task->variants, build);
    if (task->options->keeps_series)
        courses = effect_courses_of(conclusion, task->replay->times.max_bad, task->replay->texts);
    const struct analyze_page analysis = {.conclusion = conclusion,
                                          .breakdowns = breakdowns,
                                          .variants = task->variants,
                                          .replay = task->replay,
                                          .environment = task->options->environment,
                                          .build = build,
                                          .settled = settled,
                                          .courses = &courses};
    return task->take(&analysis, task->user);
}

/* Reads those of the files that are of these logs. */
static bool read_logs(struct task *task, const bool *logs)
{
    struct replay *replay = task->replay;
    char **files = ARENA_ARRAY(replay->texts, char *, task->log_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < task->log_count; i++) {
        uint32_t log;
        const char *path;
        if (!replay_find_log(replay, task->logs[i], &log, &path))
            return false;
        if (logs[log])
            files[count++] = task->logs[i];
    }
    return replay_read(replay, files, count) && !replay_is_too_bad(replay);
}

static bool takes_before(const struct task *task)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    return task->options->cuped || (experiment && experiment->cuped);
}

#define WEEK INT64_C(604800000)

/*
 * Of whole weeks, what came after the last one is left out, so that no weekend counts more than
 * others. That takes the exposures once more: who is in it, and where, depends on it. Before the
 * first week is over, nothing is decided, and all that there is is shown.
 */
static bool find_weeks(struct task *task, struct conclusion *conclusion)
{
    struct exposures *exposures = &task->exposures;
    struct replay *replay = task->replay;
    if (!conclusion->terms.of_whole_weeks || exposures->lines == 0)
        return false;
    int64_t last = exposures->last > exposures->later ? exposures->last : exposures->later;
    int64_t weeks = (last - exposures->first) / WEEK;
    int64_t end = exposures->first + weeks * WEEK;
    if (weeks == 0)
        return false;
    char until[32];
    format_time(end, until, sizeof until);
    *ARENA_APPEND(replay->texts, conclusion->notes.items, conclusion->notes.count) = arena_format(
        replay->texts, "what came after %s, when week %" PRId64 " was over, is left out", until,
        weeks);
    conclusion->covered = weeks * WEEK;
    exposures->to = end - 1;
    return true;
}

static bool cut_weeks(struct task *task, struct conclusion *conclusion)
{
    struct exposures *exposures = &task->exposures;
    struct replay *replay = task->replay;
    if (!find_weeks(task, conclusion))
        return true;
    exposures_forget(exposures);
    replay_begin_again(replay, exposures->tells);
    replay_add_consumer(replay, &exposures->consumer);
    if (!read_logs(task, exposures->tells))
        return false;
    exposures_settle(exposures);
    return true;
}

/* Aggregates are cut already, or have to be made again. */
static bool fits_end(struct task *task, const struct from_aggregates *from)
{
    int64_t end = analyze_from_end(task, from), to = task->exposures.to;
    int64_t wanted = to == INT64_MAX ? INT64_MAX : to + 1;
    char at[32];
    if (end == wanted)
        return true;
    format_time(wanted == INT64_MAX ? end : wanted, at, sizeof at);
    if (wanted == INT64_MAX) {
        job_error(task->command, "what came from %s on is left out of the aggregates", at);
        print_help("aggregate every part without --to");
    } else {
        job_error(task->command,
                  "what came from %s on is no part of the analysis, and cannot be taken out of the "
                  "aggregates",
                  at);
        print_help("aggregate every part with --to %s", at);
    }
    return false;
}

static bool begin_outcomes(struct task *task)
{
    struct replay *replay = task->replay;
    if (unit_store_count(task->exposures.store) > 0 &&
        !analyze_by_was_seen(replay, &task->exposures))
        return false;
    unit_groups_find(&task->groups, &task->exposures, replay->texts);
    task->outcomes.groups = &task->groups;
    task->outcomes.keeps_series = task->options->keeps_series;
    task->outcomes.window = replay->times.window;
    task->outcomes.known_to =
        task->exposures.to != INT64_MAX ? task->exposures.to : task->exposures.last;
    task->outcomes.from = task->exposures.from;
    task->outcomes.to = task->exposures.to;
    outcomes_init(&task->outcomes);
    return true;
}

/* Of aggregates, in place of logs. */
static bool read_aggregates(struct task *task, struct from_aggregates *from,
                            struct conclusion *conclusion)
{
    task->outcomes.takes_before = takes_before(task);
    outcomes_reserve(&task->outcomes, &task->exposures);
    if (!analyze_from_begin(task, from) || !analyze_from_exposures(task, from))
        return false;
    if (task->exposures.first < task->exposures.from) {
        job_error(task->command, "these aggregates have units of an earlier run");
        print_help("aggregate again: it was started again since");
        return false;
    }
    (void)find_weeks(task, conclusion);
    return fits_end(task, from) && begin_outcomes(task) && analyze_from_outcomes(task, from);
}

/* First who is in it, and since when; then what came of it. A log that tells both is read twice. */
static bool read_twice(struct task *task, struct conclusion *conclusion)
{
    struct replay *replay = task->replay;
    bool *measured = ARENA_ARRAY(replay->texts, bool, replay->project->log_count);
    for (uint32_t i = 0; i < task->metric_count; i++)
        measured[task->metric_logs[i]] = true;
    task->outcomes.takes_before = takes_before(task);
    outcomes_reserve(&task->outcomes, &task->exposures);
    replay_add_consumer(replay, &task->exposures.consumer);
    if (!read_logs(task, task->exposures.tells))
        return false;
    exposures_settle(&task->exposures);
    if (!cut_weeks(task, conclusion))
        return false;
    if (!begin_outcomes(task))
        return false;
    replay_begin_again(replay, measured);
    replay_add_consumer(replay, &task->outcomes.consumer);
    if (!read_logs(task, measured))
        return false;
    outcomes_settle(&task->outcomes);
    return true;
}

/* `from`: in place of the logs; or NULL. */
static int analyze(struct task *task, struct from_aggregates *from)
{
    const struct experiment *experiment = task->variants->targeting->experiment;
    struct conclusion conclusion = {.arms = &task->arms,
                                    .exposures = &task->exposures,
                                    .outcomes = &task->outcomes,
                                    .metrics = task->metrics,
                                    .metric_count = task->metric_count,
                                    .strata_field = task->strata_field,
                                    .names = task->names};
    struct settled settled;
    if (!settle_terms(task, &conclusion.terms) || !settle_start(task, &settled, &conclusion))
        return EXIT_JOB;
    settle_end(task, &settled, &conclusion);
    if (from ? !read_aggregates(task, from, &conclusion) : !read_twice(task, &conclusion))
        return EXIT_JOB;
    if (unit_store_count(task->exposures.store) == 0) {
        job_error(task->command, "no unit was exposed to '%s' in these logs",
                  task->flag->name.text);
        if (task->options->to == INT64_MAX && task_has_ended(task, &settled.start)) {
            char end[32];
            format_time(settled.start.end, end, sizeof end);
            print_help("it was concluded at %s, and what came after is left out unless --to says "
                       "otherwise",
                       end);
        } else if (task_is_concluded(task) && task->exposures.not_exposed[NOT_EXPOSED_OUTSIDE] > 0)
            print_help("it is concluded: a ledger, a record of publications (--archive) or lines "
                       "that name variants say who was in it while it ran");
        return EXIT_JOB;
    }
    note_assumed(task, &settled.start, &conclusion);
    if (task->variants->former_count > 0)
        add_note(task, &conclusion,
                 arena_format(task->replay->texts,
                              "by the ledger, this flag was called '%s' before: lines that name it "
                              "so count, too",
                              task->variants->former[0]));
    conclusion.units = exposures_count(&task->exposures);
    if (plans_looks(task->metrics, task->metric_count, &conclusion.terms))
        settle_looks(&conclusion.terms, experiment ? experiment->looks : 0, task->arms.count,
                     &conclusion.units);
    struct breakdowns breakdowns = {0};
    conclusion_reach(&conclusion, task->replay->times.max_bad, task->replay->texts);
    breakdowns_reach(&breakdowns, &conclusion, task->replay->times.max_bad, task->replay->texts);
    return hand_over(task, &conclusion, &breakdowns, &settled);
}

static bool can_read_twice(const struct task *task)
{
    for (size_t i = 0; i < task->log_count; i++) {
        uint32_t log;
        const char *path;
        if (!replay_find_log(task->replay, task->logs[i], &log, &path) ||
            !from_can_read_again(task->command, path, task->logs[i]))
            return false;
    }
    return true;
}

/* By log, whether it is read. NULL after reporting. */
static const bool *find_logs(struct task *task, struct log_arguments *logs)
{
    const struct analyze_options *options = task->options;
    const struct asked_times asked = {options->from, options->to, "give --from or --since"};
    choose_logs(task->replay, task->flag, task->environment);
    if (!log_paths_add(task->replay, logs, &asked))
        return NULL;
    task->logs = logs->items;
    task->log_count = logs->count;
    return can_read_twice(task) ? replay_logs_read(task->replay, logs->items, logs->count) : NULL;
}

static int analyze_task(struct task *task, struct log_arguments *logs)
{
    struct replay *replay = task->replay;
    struct from_aggregates from = {0};
    bool aggregated = task->options->aggregates.count > 0;
    int status = EXIT_JOB;
    task->logs = logs->items;
    task->log_count = logs->count;
    if (aggregated ? analyze_from_open(task, &from) : (task->reads = find_logs(task, logs)) != NULL)
        if (flag_variants_open(task->variants, replay->project, task->flag, task->environment,
                               &replay->times.served) &&
            task_find_arms(task) && task_find_control(task) && task_prepare(task))
            status = analyze(task, aggregated ? &from : NULL);
    from_close(&from);
    return status;
}

int analyze_flag(const struct analyze_options *options, struct replay *replay, const char *name,
                 struct log_arguments *logs, analyze_taker *take, void *user)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    struct flag_variants variants = {0};
    struct task task = {.command = options->command,
                        .options = options,
                        .replay = replay,
                        .variants = &variants,
                        .take = take,
                        .user = user};
    task.flag = choose_flag(options->command, project, name);
    if (!task.flag)
        return EXIT_JOB;
    task.environment = choose_environment(options->command, project, options->environment);
    if (task.environment == UINT32_MAX)
        return EXIT_JOB;
    int status = analyze_task(&task, logs);
    outcomes_release(&task.outcomes);
    exposures_release(&task.exposures);
    flag_variants_close(&variants);
    return status;
}

static bool write_units(const struct analyze_options *options, const struct conclusion *conclusion)
{
    struct buffer out = {0}, error = {0};
    analyze_units(conclusion, &out);
    bool written = edit_create(options->units, &out, &error) != REPLACED_NOT;
    if (!written)
        job_error(&analyze_command, "%s", error.bytes);
    buffer_release(&out);
    buffer_release(&error);
    return written;
}

static bool write_report(const struct analyze_page *page, const struct analyze_options *options,
                         struct buffer *out)
{
    struct arena *arena = page->replay->texts;
    struct buffer sections = {0};
    const struct html html = {arena, &sections, 0};
    const struct report_origin origin = {options->command_line};
    analyze_html(page, &origin, "page-1", &html);
    bool written = report_write(
        &analyze_command, options->report, &sections,
        arena_format(arena, "%s in %s", page->variants->flag->name.text, page->environment), arena);
    if (written && options->form == FORM_TEXT)
        terminal_format(out, "\n  report    %s\n", options->report);
    buffer_release(&sections);
    return written;
}

int analyze_exit(const struct conclusion *conclusion)
{
    return conclusion->status == STATUS_UNHEALTHY ? EXIT_UNHEALTHY
                                                  : exit_codes[conclusion->decision];
}

/* What `ffreplay analyze` makes of it. */
static int write_result(const struct analyze_page *page, void *user)
{
    const struct analyze_options *options = user;
    const struct conclusion *conclusion = page->conclusion;
    struct buffer out = {0};
    struct arena *arena = page->replay->texts;
    const struct page text = page_for(stdout, options->color, arena, &out);
    switch (options->form) {
    case FORM_TEXT:
        analyze_text(page, &text);
        break;
    case FORM_JSON:
        analyze_json(page, &out);
        break;
    case FORM_MARKDOWN:
        analyze_markdown(page, &out, arena);
        break;
    }
    bool told = !options->run_steps || analyze_tell(page, options);
    bool reported = !options->report || write_report(page, options, &out);
    bool written = write_stdout(&analyze_command, &out) && reported;
    buffer_release(&out);
    if (!written || !told || (options->units && !write_units(options, conclusion)))
        return EXIT_JOB;
    if (!options->exit_code)
        return EXIT_FINE;
    return analyze_exit(conclusion);
}

/* The last so long, until --to or now. */
static bool settle_since(struct analyze_options *options)
{
    int64_t duration, end = options->to == INT64_MAX ? (int64_t)time(NULL) * 1000 : options->to;
    if (!parse_duration(options->since, &duration) || duration <= 0)
        return false;
    options->from = end - duration;
    options->since = NULL;
    return true;
}

static bool check_usage(struct analyze_options *options, int operands)
{
    if (options->json && strcmp(options->format.text, "text") == 0)
        options->format.text = "json";
    int form = words_find(form_words, options->format.text);
    if (!from_time_or_aggregates(&analyze_command, &options->aggregates, &options->from))
        return false;
    if (form < 0)
        usage_error(&analyze_command, "--format is text, json or markdown, not '%s'",
                    options->format.text);
    else if (options->json && form != FORM_JSON)
        usage_error(&analyze_command, "--json and --format %s contradict each other",
                    options->format.text);
    else if (!require_flag(&analyze_command, operands > 0, NULL) ||
             !require_environment(&analyze_command, options->environment))
        return false;
    else if (options->since && options->from != INT64_MIN)
        usage_error(&analyze_command, "--since and --from contradict each other");
    else if (options->since && !settle_since(options))
        usage_error(&analyze_command, "--since is a duration like 7d or 36h, not '%s'",
                    options->since);
    else if (options->aggregates.count > 0 &&
             (options->from != INT64_MIN || options->to != INT64_MAX))
        usage_error(&analyze_command, "aggregates are of all their lines: leave out --from TIME, "
                                      "--since and --to");
    else if (options->from >= options->to)
        usage_error(&analyze_command, "--from is not before --to");
    else {
        options->form = (enum analyze_form)form;
        return true;
    }
    return false;
}

static int run(int argc, char **argv)
{
    struct analyze_options options = {.command = &analyze_command,
                                      .format = {"text", form_words},
                                      .method = {NULL, analysis_method_words},
                                      .from = INT64_MIN,
                                      .to = INT64_MAX,
                                      .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        METHOD_OPTION(options.method, "the experiment's, or sequential"),
        {"control", 0, OPTION_TEXT, &options.control, "VARIANT",
         "what to compare with [the experiment's]"},
        {"metric", 'm', OPTION_TEXTS, &options.metrics, "NAME",
         "only this metric; may be repeated, and the first one decides [the experiment's]"},
        {"cuped", 0, OPTION_FLAG, &options.cuped, NULL,
         "adjust for each unit's values before its exposure (CUPED)"},
        {"by", 'b', OPTION_TEXTS, &options.by, "LIST",
         "also in groups of units, by these fields at their first exposure, or by "
         "day_since_exposure; explores only"},
        {"stratify", 0, OPTION_TEXT, &options.stratify, "FIELD",
         "adjust for how units are spread over its values (post-stratification) [the "
         "experiment's]"},
        SHOW_PRIVATE_OPTION(options.show_private),
        {"prior", 0, OPTION_TEXT, &options.prior, "DEVIATION",
         "for bayesian: the prior's standard deviation, of the relative change, or flat [0.3]"},
        {"from", 0, OPTION_TEXTS, &options.aggregates, "TIME",
         "only exposures and outcomes from this time; or a FILE of aggregates in place of logs"},
        {"to", 0, OPTION_TIME, &options.to, "TIME", "only those before this time"},
        {"since", 0, OPTION_TEXT, &options.since, "DURATION",
         "only those of the last 7d, 36h, … until --to, or now"},
        {"units", 0, OPTION_TEXT, &options.units, "FILE",
         "also write a row of CSV for each unit: its arm, its time, its values"},
        REPORT_OPTION(options.report),
        FORMAT_OPTION(options.format, "text, json or markdown [text]"),
        JSON_OPTION(options.json, "the same as --format json"),
        EXIT_CODE_OPTION(options.exit_code,
                         "exit 0 ship, 10 running, 12 no difference, 20 stop, 21 unhealthy"),
        RUN_STEPS_OPTION(options.run_steps, "run the hook of an experiment that is decided"),
        ALLOW_COMMANDS_OPTION(options.logs),
        MAX_BAD_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        THREADS_OPTION(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    struct arena arena = {0};
    options.command_line = report_command_line(&arena, argc, argv);
    int operands =
        options_parse(&analyze_command, table, sizeof table / sizeof *table, argc, argv, &status);
    bool is_sound = operands >= 0 && check_usage(&options, operands);
    if (operands >= 0 && !is_sound)
        status = EXIT_JOB;
    struct replay replay = {0};
    if (is_sound && log_options_apply(&options.logs, &analyze_command, &replay)) {
        options.keeps_series = options.report != NULL;
        replay.project = project_load(options.directory, (int64_t)time(NULL) * 1000);
        struct log_arguments logs = {.items = argv + 2, .count = (size_t)(operands - 1)};
        status = analyze_flag(&options, &replay, argv[1], &logs, write_result, &options);
        replay_release(&replay);
        project_free(replay.project);
    }
    arena_release(&arena);
    return status;
}
