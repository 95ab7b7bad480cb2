/* decide.c - `ffreplay decide`: the verdict on the current stage of a canary. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "tools/ffreplay/apply/apply.h"
#include "tools/ffreplay/apply/apply_options.h"
#include "tools/ffreplay/apply/notices.h"
#include "tools/ffreplay/canary/analysis_row.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/sound_project.h"
#include "tools/ffreplay/commands/from_aggregates.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/ledger/entry.h"
#include "compiler/publish/publication.h"
#include "compiler/rollout/recovery.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/replay/log_paths.h"
#include "tools/ffreplay/replay/replay.h"
#include "tools/ffreplay/report/report.h"
#include "tools/ffreplay/report/report_html.h"
#include "compiler/project/project.h"
#include "commit_changes.h"

static int run(int argc, char **argv);

const struct command decide_command = {
    .name = "decide",
    .summary = "decide on a canary: advance, hold, pause, roll back, complete",
    .usage = "FLAG [LOG…] -e ENV | --all [LOG…] -e ENV | FLAG --from FILE… -e ENV",
    .examples = "  ffreplay decide canary.checkout access.log -e production\n"
                "  zcat access.log.*.gz | ffreplay decide canary.checkout - -e production --json\n"
                "  ffreplay decide --all requests=api.ndjson -e production --apply \\\n"
                "    --build live.ffs\n",
    .run = run,
};

struct options {
    const char *directory;
    const char *environment;
    bool all;
    int64_t now;
    int64_t today; /* the time that definitions are read at */
    struct log_options logs;
    struct option_texts from;
    struct apply_options apply;
    struct publication publication;
    bool json, exit_code;
    const char *report, *command_line; /* a page, and how it is made again */
    enum color_choice color;
};

/* ------------------------------------------------------------------------------ what it says -- */

/* Keeps only the first sentence. */
static void keep_first(struct buffer *error, struct buffer *another)
{
    if (!error->length)
        buffer_append(error, another->bytes ? another->bytes : "", another->length);
    buffer_release(another);
}

struct outcome {
    enum applied applied;
    char entry[LEDGER_NAME];
};

/* Steps take a while, and may need the lock themselves, so they run after it is released. */
static void run_steps(const struct options *options, struct verdict *verdicts,
                      const struct outcome *outcomes, uint32_t count, struct buffer *error)
{
    for (uint32_t i = 0; i < count; i++) {
        struct buffer problem = {0};
        if (outcomes[i].applied == APPLIED)
            (void)apply_steps(&verdicts[i], options->apply.actor, &options->publication, NULL,
                              &problem);
        keep_first(error, &problem);
        if (options->apply.run_steps)
            (void)notices_tell(&verdicts[i], options->apply.actor, NULL, &problem);
        keep_first(error, &problem);
    }
}

/* Rollbacks first: nothing else may delay or prevent one. */
static void apply_each(struct applying *applying, struct verdict *verdicts,
                       struct outcome *outcomes, uint32_t count, struct buffer *error)
{
    for (int emergencies = 1; emergencies >= 0; emergencies--)
        for (uint32_t i = 0; i < count; i++) {
            struct buffer problem = {0};
            if (verdict_is_emergency(&verdicts[i]) != emergencies ||
                (!emergencies && error->length))
                continue;
            outcomes[i].applied = apply_verdict(applying, &verdicts[i], &problem);
            memcpy(outcomes[i].entry, applying->entry, sizeof outcomes[i].entry);
            keep_first(error, &problem);
        }
}

/* "applied   canary.checkout in production: was running in 'first', now …", and where. */
static void say_change(const struct verdict *verdict, const struct outcome *outcome,
                       struct buffer *out)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *canary = subject->canary;
    const struct sources *sources = &verdict->replay->project->sources;
    const struct rollout from = rollout_of(canary), to = rollout_after(verdict);
    char since[32];
    format_time(to.since, since, sizeof since);
    terminal_format(out, "\napplied   %s in %s: was ", subject->flag->name.text,
                    verdict->environment);
    rollout_show(out, &from);
    buffer_append_text(out, ", now ");
    rollout_show(out, &to);
    terminal_format(out, " since %s\n", since);
    if (!*outcome->entry)
        return;
    uint32_t file = canary->span.file;
    terminal_format(out, "edited    %s:%u\n", sources->items[file].path,
                    source_position(sources, file, canary->span.begin).line);
    terminal_format(out, "recorded  %s/%s\n", LEDGER_FOLDER, outcome->entry);
}

/* Below the verdicts that say why; without one, there is nothing to say. */
static void say_applied(const struct options *options, const struct verdict *verdicts,
                        const struct outcome *outcomes, uint32_t count, struct buffer *out)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (outcomes[i].applied != APPLIED)
            continue;
        any = true;
        say_change(&verdicts[i], &outcomes[i], out);
    }
    buffer_append_text(out, any ? "" : "\napplied   nothing: no state changes\n");
    if (options->publication.path)
        terminal_format(out, "published %s%s\n", options->publication.path,
                        any ? "" : ", which has the definitions as they are");
}

static void commit_all(const struct options *options, struct change_commit *commit,
                       const struct verdict *verdicts, const struct outcome *outcomes,
                       uint32_t count, struct buffer *out, struct buffer *error)
{
    struct buffer said = {0};
    bool *applied = xcalloc(count + 1u, sizeof *applied);
    for (uint32_t i = 0; i < count; i++)
        applied[i] = outcomes[i].applied == APPLIED;
    (void)change_commit_make(commit, options->apply.actor, verdicts, applied, count, &said, error);
    if (!options->json && said.length)
        buffer_append(out, said.bytes, said.length);
    buffer_release(&said);
    free(applied);
}

static bool apply_all(const struct options *options, struct ledger *ledger,
                      struct verdict *verdicts, uint32_t count, struct buffer *out,
                      struct buffer *error)
{
    struct applying applying = {
        .ledger = ledger, .actor = options->apply.actor, .publication = &options->publication};
    struct outcome *outcomes = xcalloc(count + 1u, sizeof *outcomes);
    struct change_commit commit = {.wanted = options->apply.commit, .push = options->apply.push};
    struct buffer problem = {0};
    if (!change_commit_prepare(&commit, ledger->directory, verdicts, count, error)) {
        change_commit_release(&commit);
        free(outcomes);
        return false;
    }
    apply_each(&applying, verdicts, outcomes, count, error);
    if (applying.compile || (!applying.patched && !error->length))
        (void)apply_publish(&applying, options->environment, &problem);
    keep_first(error, &problem);
    (void)ledger_is_certain(ledger, &problem);
    keep_first(error, &problem);
    (void)publication_record(&options->publication, ledger, options->apply.actor, &problem);
    keep_first(error, &problem);
    ledger_unlock(ledger);
    run_steps(options, verdicts, outcomes, count, error);
    apply_note_rest(&applying, ledger->directory);
    if (!error->length && !options->json && out->length > 0)
        say_applied(options, verdicts, outcomes, count, out);
    commit_all(options, &commit, verdicts, outcomes, count, out, &problem);
    keep_first(error, &problem);
    change_commit_release(&commit);
    buffer_release(&applying.why);
    free(outcomes);
    return !error->length;
}

/* Reaches and reports all verdicts. Returns the status for --exit-code. */
static int reach_all(struct replay *replay, const struct analyses *analyses,
                     const struct options *options, struct verdict *verdicts, struct buffer *out)
{
    const struct page page = page_for(stdout, options->color, &replay->project->arena, out);
    int worst = EXIT_FINE;
    for (uint32_t i = 0; i < analyses->count; i++) {
        verdict_reach(&verdicts[i], replay, &analyses->items[i]);
        worst = worse_exit(worst, verdict_exit(&verdicts[i]));
        if (!verdict_holds(&verdicts[i]))
            continue;
        if (options->json) {
            report_json(&verdicts[i], out);
        } else {
            if (out->length > 0)
                buffer_append_text(out, "\n");
            report_text(&verdicts[i], &page);
        }
    }
    if (analyses->count == 0 && !options->json)
        terminal_format(out, "no canary is running in %s\n", options->environment);
    return worst;
}

/* After what was applied, which the page then tells of. */
static bool write_report(struct replay *replay, const struct analyses *analyses,
                         const struct options *options, struct verdict *verdicts,
                         struct buffer *out)
{
    struct arena *arena = replay->texts;
    struct buffer sections = {0}, error = {0};
    const struct html html = {arena, &sections, 0};
    const struct report_origin origin = {options->command_line};
    bool written = true;
    if (analyses->count == 0)
        html_format(&html, "<h1>%s</h1>\n<p>No canary is running in %s.</p>\n",
                    replay->project->name, options->environment);
    for (uint32_t i = 0; i < analyses->count && written; i++)
        written = report_html(&verdicts[i], NULL, courses_of(&verdicts[i], arena), &origin,
                              arena_format(arena, "page-%u", i + 1), &html, &error);
    if (!written)
        job_error(&decide_command, "%s", error.bytes);
    const char *title =
        analyses->count == 1 ? analyses->items[0].subject.flag->name.text : replay->project->name;
    written = written &&
              report_write(&decide_command, options->report, &sections,
                           arena_format(arena, "%s in %s", title, options->environment), arena);
    if (written && !options->json)
        terminal_format(out, "\nreport    %s\n", options->report);
    buffer_release(&sections);
    buffer_release(&error);
    return written;
}

/* Whether the lines read suffice for a verdict on each canary; without a canary, for one at all. */
static bool all_hold(const struct replay *replay, const struct analyses *analyses,
                     const struct verdict *verdicts)
{
    for (uint32_t i = 0; i < analyses->count; i++)
        if (!verdict_holds(&verdicts[i]))
            return false;
    return analyses->count > 0 || !replay_has_too_bad(replay);
}

/* ---------------------------------------------------------------------------------- the lock -- */

/* So many other runs may change the definitions, one after the other, while this one reads. */
#define MOST_ATTEMPTS 50

/* Recovery may have changed the definitions. */
static bool finish_others(struct replay *replay, struct ledger *ledger, int64_t today,
                          struct buffer *error)
{
    json_t *finished = NULL;
    bool done = recover(ledger, replay->project, &finished, error);
    if (json_array_size(finished)) {
        project_free(replay->project);
        replay->project = project_load(ledger->directory, today);
    }
    json_decref(finished);
    return done;
}

static bool are_same(const struct project *one, const struct project *other)
{
    struct buffer digest = {0}, digest2 = {0};
    entry_definitions(&digest, one);
    entry_definitions(&digest2, other);
    bool same = strcmp(digest.bytes, digest2.bytes) == 0;
    buffer_release(&digest);
    buffer_release(&digest2);
    return same;
}

/* Whether the canary stands elsewhere by now, as far as that can be read. */
static bool has_moved(const struct verdict *verdict, const struct project *now)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct flag *flag = project_flag(now, subject->flag->name.text);
    uint32_t environment = project_environment(now, verdict->environment);
    if (now->diagnostics.errors > 0)
        return false;
    const struct canary *canary =
        flag && environment != UINT32_MAX ? flag->environments[environment].canary : NULL;
    if (!canary)
        return true;
    struct rollout was = rollout_of(subject->canary), is = rollout_of(canary);
    return was.state != is.state || was.since != is.since ||
           strcmp(was.stage ? was.stage : "", is.stage ? is.stage : "") != 0;
}

/* A rollback is not kept back by what else has changed: it looks at its own canary alone. */
static bool must_decide_again(const struct project *then, const struct project *now,
                              const struct verdict *verdicts, uint32_t count)
{
    bool emergency = false, moved = false;
    for (uint32_t i = 0; i < count; i++) {
        bool one = verdict_is_emergency(&verdicts[i]);
        emergency |= one;
        moved |= one && has_moved(&verdicts[i], now);
    }
    return emergency ? moved : !are_same(then, now);
}

/*
 * Logs are read without the lock, so that a slow one keeps nobody waiting; so another run may have
 * changed what was decided on. What it left unfinished is finished. *again: decide once more.
 */
static bool lock_unchanged(const struct replay *replay, struct ledger *ledger, int64_t today,
                           const struct verdict *verdicts, uint32_t count, bool *again,
                           struct buffer *error)
{
    struct replay found = {.project = NULL};
    if (ledger->lock >= 0)
        return true;
    if (!ledger_lock(ledger, ledger->directory, error))
        return false;
    found.project = project_load(ledger->directory, today);
    bool finished =
        found.project->diagnostics.errors > 0 || finish_others(&found, ledger, today, error);
    *again = finished && must_decide_again(replay->project, found.project, verdicts, count);
    project_free(found.project);
    return finished;
}

/* Act first, report second: a blocked reader must not keep a canary from being rolled back. If the
 * exit status says what was done, losing the report does not change it. */
static int report(struct replay *replay, const struct analyses *analyses,
                  const struct options *options, struct ledger *ledger, bool *changed)
{
    uint32_t count = analyses->count;
    struct verdict *verdicts = ARENA_ARRAY(&replay->project->arena, struct verdict, count);
    struct buffer out = {0}, error = {0};
    int worst = reach_all(replay, analyses, options, verdicts, &out);
    bool judged = all_hold(replay, analyses, verdicts);
    int status = options->exit_code ? worst : judged ? EXIT_FINE : EXIT_JOB;
    bool locked = !options->apply.given ||
                  lock_unchanged(replay, ledger, options->today, verdicts, count, changed, &error);
    if (*changed) {
        buffer_release(&out);
        return EXIT_FINE;
    }
    replay_report_too_bad(replay, judged ? "only harm counts" : "no verdict");
    bool done = locked && (!options->apply.given ||
                           apply_all(options, ledger, verdicts, count, &out, &error));
    bool reported = !options->report || write_report(replay, analyses, options, verdicts, &out);
    bool said = write_stdout(&decide_command, &out) && reported;
    if (!done)
        status = job_error(&decide_command, "%s", error.bytes);
    else if (!said && !(options->apply.given && options->exit_code))
        status = EXIT_JOB;
    buffer_release(&out);
    buffer_release(&error);
    return status;
}

/* --------------------------------------------------------------------------------------- run -- */

static int prepare_analyses(struct replay *replay, struct analyses *analyses,
                            const struct options *options, const char *flag)
{
    if (!choose_canaries(replay->project, &decide_command, options->all ? NULL : flag,
                         options->environment, analyses))
        return EXIT_JOB;
    for (uint32_t i = 0; i < analyses->count; i++)
        analyses->items[i].keeps_series = options->report != NULL;
    return analyses_prepare(analyses, replay) ? EXIT_FINE : EXIT_INPUT;
}

static int read_logs(struct replay *replay, struct analyses *analyses,
                     const struct options *options, const char *flag, struct log_arguments *logs)
{
    int status = prepare_analyses(replay, analyses, options, flag);
    if (status != EXIT_FINE)
        return status;
    struct asked_times asked = asked_from_canary(replay);
    for (uint32_t i = 0; i < analyses->count; i++) {
        const struct subject *subject = &analyses->items[i].subject;
        choose_logs(replay, subject->flag, subject->environment);
        if (!options->report)
            ask_for_canary(&asked, subject->canary);
        else if (!ask_for_whole_canary(&asked, replay->project, subject->flag,
                                       subject->environment))
            return EXIT_JOB;
        replay_add_consumer(replay, &analyses->items[i].consumer);
    }
    /* Without a canary, there is nothing to read. */
    if ((analyses->count > 0 || logs->count > 0) && !log_paths_add(replay, logs, &asked))
        return EXIT_JOB;
    return replay_read(replay, logs->items, logs->count) ? EXIT_FINE : EXIT_JOB;
}

/* The same from aggregates; what time it is is settled then. */
static int read_aggregates(struct replay *replay, struct analyses *analyses,
                           const struct options *options, const char *flag,
                           const struct log_arguments *more)
{
    struct from_aggregates from = {0};
    struct buffer error = {0};
    int status = prepare_analyses(replay, analyses, options, flag);
    if (status != EXIT_FINE)
        return status;
    bool read = from_open(&from, &decide_command, replay, options->environment, &options->from,
                          more->items, more->count) &&
                (!options->report || from_has_times(&from));
    struct unit_cells cells = {0};
    for (uint32_t i = 0; i < analyses->count && read; i++) {
        struct analysis *analysis = &analyses->items[i];
        read =
            from_has_units(&from, analysis_metric_of_units(analysis)) &&
            (analysis_read_rows(analysis, replay, &from.rows, &error) || from_fail(&from, &error));
        analysis_unit_cells(analysis, &cells);
    }
    read = read && from_units(&from, &cells) && from_settle(&from, replay);
    unit_cells_release(&cells);
    from_close(&from);
    return read ? EXIT_FINE : EXIT_JOB;
}

/* `analyses` is the caller's to release. */
static int decide_on_logs(struct replay *replay, struct analyses *analyses,
                          const struct options *options, struct ledger *ledger, const char *flag,
                          struct log_arguments *logs, bool *changed)
{
    struct project *project = replay->project;
    if (!require_sound_project(project, options->color))
        return EXIT_INPUT;
    struct buffer error = {0};
    if (!publication_fits(&options->publication, project, options->environment, &error)) {
        job_error(&decide_command, "%s", error.bytes);
        buffer_release(&error);
        return EXIT_JOB;
    }
    if (!past_overrides_put_back(project))
        return EXIT_JOB;
    replay_init(replay, project);
    bool again = false, aggregated = options->from.count > 0;
    int status = aggregated ? read_aggregates(replay, analyses, options, flag, logs)
                            : read_logs(replay, analyses, options, flag, logs);
    if (status == EXIT_FINE && !aggregated)
        (void)replay_settle_now(replay, logs->items, logs->count, &again);
    if (status == EXIT_FINE && analyses->count > 0 && !replay_has_time(replay))
        return EXIT_JOB;
    if (again) {
        analyses_release(analyses);
        replay_begin_anew(replay);
        status = read_logs(replay, analyses, options, flag, logs);
    }
    return status == EXIT_FINE ? report(replay, analyses, options, ledger, changed) : status;
}

/* What a pipe has can be read once: the definitions stay as they are meanwhile, under the lock. */
static bool load(struct replay *replay, const struct options *options, struct ledger *ledger,
                 const struct log_arguments *logs, struct buffer *error)
{
    replay->project = project_load(options->directory, options->today);
    if (!options->apply.given || replay->project->diagnostics.errors > 0)
        return true;
    if (!ledger->directory)
        ledger->directory = strdup(replay->project->directory);
    if (paths_can_be_read_again(logs->items, logs->count) &&
        paths_can_be_read_again((char **)(uintptr_t)options->from.items, options->from.count))
        return true;
    if (!ledger_lock(ledger, ledger->directory, error))
        return false;
    project_free(replay->project);
    replay->project = project_load(ledger->directory, options->today);
    return replay->project->diagnostics.errors > 0 ||
           finish_others(replay, ledger, options->today, error);
}

/* *changed: other runs have changed the definitions meanwhile, and nothing was done. */
static int decide_once(const struct options *options, struct ledger *ledger, const char *flag,
                       struct log_arguments logs, bool *changed)
{
    struct replay replay = {.times.now = options->now, .now_given = options->now != INT64_MIN};
    struct analyses analyses = {0};
    struct buffer error = {0};
    int status;
    *changed = false;
    (void)log_options_apply(&options->logs, &decide_command, &replay);
    replay.steps = (struct permission){options->apply.run_steps, options->logs.commands.list};
    if (load(&replay, options, ledger, &logs, &error))
        status = decide_on_logs(&replay, &analyses, options, ledger, flag, &logs, changed);
    else
        status = job_error(&decide_command, "%s", error.bytes);
    buffer_release(&error);
    log_paths_release(&logs);
    analyses_release(&analyses);
    replay_release(&replay);
    project_free(replay.project);
    ledger_unlock(ledger);
    return status;
}

static int decide_until_settled(const struct options *options, const char *flag,
                                struct log_arguments logs)
{
    struct ledger ledger = {.lock = -1};
    bool changed = true;
    int status = EXIT_JOB;
    for (int i = 0; changed && i < MOST_ATTEMPTS; i++)
        status = decide_once(options, &ledger, flag, logs, &changed);
    if (changed)
        status = job_error(&decide_command, "the definitions changed whenever the logs were read; "
                                            "nothing was done");
    free((char *)(uintptr_t)ledger.directory);
    return status;
}

static bool check_usage(const struct options *options, int logs)
{
    return require_flag(&decide_command, logs >= 0, &options->all) &&
           require_environment(&decide_command, options->environment) &&
           apply_options_check(&options->apply, &decide_command);
}

static int run(int argc, char **argv)
{
    struct options options = {.now = INT64_MIN, .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        {"all", 0, OPTION_FLAG, &options.all, NULL, "every running or paused canary"},
        NOW_OPTION(options.now, "the time to decide at [the latest in the logs]"),
        JSON_OPTION(options.json, "the verdict as JSON, one object per flag"),
        EXIT_CODE_OPTION(options.exit_code,
                         "exit 0 advance or complete, 10 hold, 11 pause, 20 rollback"),
        APPLY_OPTIONS(options.apply),
        COMMIT_OPTIONS(options.apply.commit, options.apply.push),
        FROM_AGGREGATES_OPTION(options.from),
        REPORT_OPTION(options.report),
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
        options_parse(&decide_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0) {
        arena_release(&arena);
        return status;
    }
    int first_log = options.all ? 1 : 2;
    if (!check_usage(&options, operands - first_log + 1)) {
        arena_release(&arena);
        return EXIT_JOB;
    }
    if (options.apply.given)
        signal(SIGPIPE, SIG_IGN);
    options.apply.actor = actor_name(options.apply.actor, options.directory);
    struct replay checked = {0};
    if (!log_options_apply(&options.logs, &decide_command, &checked)) {
        arena_release(&arena);
        return EXIT_JOB;
    }
    struct log_arguments logs = {.items = argv + first_log,
                                 .count = (size_t)(operands - first_log + 1)};
    struct buffer error = {0};
    options.today = options.now != INT64_MIN ? options.now : (int64_t)time(NULL) * 1000;
    status =
        publication_prepare(&options.publication, options.apply.build, options.apply.key, &error)
            ? decide_until_settled(&options, argv[1], logs)
            : job_error(&decide_command, "%s", error.bytes);
    buffer_release(&error);
    publication_release(&options.publication);
    arena_release(&arena);
    return status;
}
