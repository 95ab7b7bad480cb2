/* watch.c - `ffreplay watch`: decides at an interval on logs that are still being written. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/apply/apply.h"
#include "watch.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

static int run(int argc, char **argv);

const struct command watch_command = {
    .name = "watch",
    .summary = "decide at an interval, on logs that are still being written",
    .usage = "FLAG [LOG…] -e ENV | --all [LOG…] -e ENV",
    .examples = "  ffreplay watch canary.checkout -e production --apply --build live.ffs\n"
                "  ffreplay watch canary.checkout /var/log/api/access.log -e production --apply\n"
                "  kubectl logs -f -l app=api --tail=-1 |\n"
                "      ffreplay watch canary.checkout - -e production\n",
    .run = run,
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

bool watch_is_interrupted(void)
{
    return interrupted;
}

/* -------------------------------------------------------------------------------------- look -- */

static int exit_of(const struct watch *watch, const struct verdict *verdict)
{
    if (!verdict_holds(verdict))
        return EXIT_JOB;
    if (!watch->options->exit_code)
        return EXIT_FINE;
    switch (verdict->analysis->subject.canary->state) {
    case CANARY_COMPLETE:
        return EXIT_FINE;
    case CANARY_ROLLED_BACK:
        return EXIT_ROLLBACK;
    case CANARY_PENDING:
    case CANARY_RUNNING:
    case CANARY_PAUSED:
        break;
    }
    return verdict_exit(verdict);
}

static bool is_final(const struct verdict *verdict)
{
    enum canary_state state = verdict->analysis->subject.canary->state;
    return state == CANARY_COMPLETE || state == CANARY_ROLLED_BACK;
}

/* Judges all canaries once. Applying a verdict changes the definitions, so then the look starts
 * over. */
static void judge(struct watch *watch)
{
    int worst = EXIT_FINE;
    bool blind = false;
    const struct stray_lines ahead = watch_ahead(watch);
    const struct analyses *analyses = watch_judged(watch);
    replay_settle_clocks(&watch->replay, &ahead);
    for (uint32_t i = 0; i < analyses->count && !watch->over; i++) {
        struct verdict verdict;
        verdict_reach(&verdict, &watch->replay, &analyses->items[i]);
        worst = worse_exit(worst, exit_of(watch, &verdict));
        heartbeat_add(&watch->heartbeat, &verdict);
        if (!verdict_holds(&verdict) && !blind)
            watch_announce_blindness(watch, true);
        blind |= !verdict_holds(&verdict);
        if (watch->options->apply.given && verdict_changes(&verdict) &&
            (!watch->broken || verdict_is_emergency(&verdict)))
            watch_apply(watch, &verdict);
        watch_announce(watch, &verdict);
        watch_tell(watch, &verdict);
        if (watch->options->flag && is_final(&verdict))
            watch_end(watch, worst);
        /* After a change, the other verdicts rest on outdated definitions. */
        if (watch_is_outdated(watch))
            break;
    }
    if (!blind)
        watch_announce_blindness(watch, false);
    if (!watch->over)
        watch->status = worst;
}

static void look(struct watch *watch)
{
    arena_clear(&watch->texts);
    heartbeat_look(&watch->heartbeat);
    if (!watch_read(watch))
        return;
    if (watch_poll(watch))
        judge(watch);
    else
        watch->status = EXIT_JOB;
    watch_end_poll(watch);
}

static bool stdin_has_ended(const struct watch *watch)
{
    for (size_t i = 0; i < watch->log_count; i++)
        if (watch->followers[i].is_stdin && watch->followers[i].ended)
            return true;
    return false;
}

static bool waits_for_stdin(const struct watch *watch)
{
    for (size_t i = 0; i < watch->log_count; i++)
        if (watch->followers[i].is_stdin && !watch->followers[i].ended)
            return true;
    return false;
}

/* Keeps reading while it waits, so that a file that is replaced twice is not missed. */
static void wait_for_look(struct watch *watch, int64_t next)
{
    while (!interrupted && !watch->over && !stdin_has_ended(watch) && clock_steady() < next) {
        changes_wait(&watch->changes, waits_for_stdin(watch), next - clock_steady(),
                     &watch->signals);
        if (watch_is_outdated(watch))
            return;
        watch_read(watch);
    }
}

static void say_end(const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->announced_count && interrupted; i++)
        job_error(NULL, "interrupted; %s was at %s (%s), and nothing is half done",
                  watch->announced[i].flag,
                  watch->announced[i].blind
                      ? "no verdict"
                      : decision_verdict_words[watch->announced[i].decision.verdict],
                  watch->announced[i].blind
                      ? "bad lines"
                      : decision_rule_words[watch->announced[i].decision.rule]);
}

/* A canary that another watch has let go is one more to look at. */
static bool is_current(const struct watch *watch)
{
    return !watch_is_outdated(watch) && !hold_is_free(watch);
}

static void watch_on(struct watch *watch)
{
    heartbeat_ready(&watch->heartbeat);
    while (!watch->over && !interrupted && (is_current(watch) || watch_load(watch))) {
        int64_t next = clock_steady() + watch->options->interval;
        bool last = stdin_has_ended(watch);
        look(watch);
        heartbeat_beat(&watch->heartbeat, watch);
        if (last)
            break;
        if (!watch->over && !watch_is_outdated(watch))
            wait_for_look(watch, next);
    }
    say_end(watch);
}

/* --------------------------------------------------------------------------------------- run -- */

/* Signals are delivered only while it waits, so that nothing is left half done. */
static sigset_t block_signals(void)
{
    sigset_t blocked, before;
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return before;
}

/* Rotated files are held open as long as a stage may need them. */
static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int watch_logs(const struct watch_options *options, char **logs, size_t log_count)
{
    struct watch watch = {.options = options, .logs = logs, .log_count = log_count};
    struct buffer error = {0};
    struct project *first = project_load(options->directory, clock_now());
    watch.directory = strdup(first->directory);
    project_free(first);
    if (!publication_prepare(&watch.publication, options->apply.build, options->apply.key,
                             &error)) {
        job_error(&watch_command, "%s", error.bytes);
        buffer_release(&error);
        free(watch.directory);
        return EXIT_JOB;
    }
    watch.signals = block_signals();
    if (options->apply.given)
        signal(SIGPIPE, SIG_IGN);
    watch.followers = xcalloc(log_count + 1, sizeof *watch.followers);
    watch.follower_count = log_count;
    allow_many_files();
    heartbeat_open(&watch.heartbeat, options->status_file, options->interval);
    changes_open(&watch.changes);
    changes_add(&watch.changes, watch.directory);
    if ((!options->apply.given || watch_recover(&watch)) && watch_load(&watch))
        watch_on(&watch);
    heartbeat_close(&watch.heartbeat, &watch);
    watch_unload(&watch);
    hold_release(&watch);
    for (size_t i = 0; i < watch.follower_count; i++)
        follower_close(&watch.followers[i]);
    changes_close(&watch.changes);
    arena_release(&watch.texts);
    for (uint32_t i = 0; i < watch.announced_count; i++)
        free((char *)(uintptr_t)watch.announced[i].flag);
    free(watch.announced);
    free(watch.followers);
    free(watch.directory);
    publication_release(&watch.publication);
    return watch.lost_words && !options->exit_code ? EXIT_JOB : watch.status;
}

static bool check_usage(struct watch_options *options, int operands)
{
    return require_flag(&watch_command, operands > 0, &options->all) &&
           require_environment(&watch_command, options->environment) &&
           apply_options_check(&options->apply, &watch_command) &&
           take_interval(&watch_command, options->interval_text, &options->interval);
}

static int run(int argc, char **argv)
{
    struct watch_options options = {.interval_text = "10s", .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        DIRECTORY_OPTION(options.directory),
        ENVIRONMENT_OPTION(options.environment, "in this environment"),
        {"all", 0, OPTION_FLAG, &options.all, NULL, "every running or paused canary"},
        {"interval", 0, OPTION_TEXT, &options.interval_text, "D", "time between looks [10s]"},
        JSON_OPTION(options.json, "each look as JSON, one object per flag"),
        EXIT_CODE_OPTION(options.exit_code, "exit as decide does, for the last look"),
        {"status-file", 0, OPTION_TEXT, &options.status_file, "FILE",
         "write the state of the watch at each look, for health checks"},
        APPLY_OPTIONS(options.apply),
        MAX_BAD_OPTION(options.logs),
        WINDOW_OPTION(options.logs),
        LATENESS_OPTION(options.logs),
        STALE_OPTION(options.logs),
        ALLOW_COMMANDS_OPTION(options.logs),
        SERVED_OPTIONS(options.logs),
        COLOR_OPTION(options.color),
    };
    int status;
    int operands =
        options_parse(&watch_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    struct replay checked = {0};
    if (!check_usage(&options, operands) ||
        !log_options_apply(&options.logs, &watch_command, &checked))
        return EXIT_JOB;
    int first_log = options.all ? 1 : 2;
    options.flag = options.all ? NULL : argv[1];
    return watch_logs(&options, argv + first_log, (size_t)(operands - first_log + 1));
}
