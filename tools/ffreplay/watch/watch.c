/*
 * watch.c - `ffreplay watch`: decides at an interval on logs that are written to.
 *
 * What was read stays, and is judged anew at every look. When the definitions change, by a decision
 * that was applied or by anybody else, the analyses begin anew, and the logs are read again. The
 * lock on the project is held only while something is applied.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "changes.h"
#include "compiler/rollout/publication.h"
#include "compiler/rollout/recovery.h"
#include "follower.h"
#include "gate.h"
#include "tools/ffreplay/apply.h"
#include "tools/ffreplay/choose.h"
#include "tools/ffreplay/commands.h"
#include "tools/ffreplay/log_options.h"
#include "tools/ffreplay/report.h"

static int run(int argc, char **argv);

const struct command watch_command = {
    .name = "watch",
    .summary = "decide at an interval on logs that are being written",
    .usage = "FLAG LOG… -e ENV | --all LOG… -e ENV",
    .examples = "  ffreplay watch canary.checkout /var/log/api/access.log -e production --apply\n"
                "  kubectl logs -f deploy/api | ffreplay watch canary.checkout - -e production\n",
    .run = run,
};

struct options {
    const char *directory, *environment, *flag; /* no flag: all */
    bool all;
    const char *interval_text;
    int64_t interval;
    struct log_options logs;
    const char *actor, *build, *key;
    bool apply, json, exit_code;
    enum color_choice color;
};

/* What was said last of a canary. */
struct said {
    const char *flag;
    uint32_t stage;
    enum canary_state state;
    struct decision decision;
};

struct watch {
    const struct options *options;
    struct publication publication;
    struct replay replay; /* of the definitions that compiled last */
    bool loaded;
    bool broken; /* the definitions as they are do not compile: nothing is applied */
    char *directory;
    uint64_t mark; /* of the definitions that were looked at last */
    struct gate gate;
    struct follower *followers;
    char **logs;
    size_t log_count;
    struct changes changes;
    struct arena texts;
    struct said *said;
    uint32_t said_count;
    int status;
    bool over;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end(struct watch *watch, int status)
{
    watch->over = true;
    watch->status = status;
}

/* ------------------------------------------------------------------------------- definitions -- */

static void unload(struct watch *watch)
{
    if (!watch->loaded)
        return;
    for (size_t i = 0; i < watch->log_count; i++)
        follower_stop(&watch->followers[i]);
    gate_close(&watch->gate);
    replay_release(&watch->replay);
    project_free(watch->replay.project);
    watch->loaded = false;
}

/* False: reported, and ended. */
static bool begin_logs(struct watch *watch)
{
    for (size_t i = 0; i < watch->log_count; i++) {
        if (!follower_begin(&watch->followers[i], &watch->replay, watch->logs[i],
                            &watch->gate.taker)) {
            end(watch, EXIT_JOB);
            return false;
        }
        if (!watch->followers[i].is_stdin)
            changes_add_parent(&watch->changes, watch->followers[i].path);
    }
    return true;
}

static bool prepare(struct watch *watch, struct project *project)
{
    const struct options *options = watch->options;
    struct replay *replay = &watch->replay;
    *replay = (struct replay){.now_given = true};
    (void)log_options_apply(&options->logs, &watch_command, replay);
    replay->times.now = clock_now();
    replay_init(replay, project);
    replay->texts = &watch->texts;
    gate_open(&watch->gate, replay);
    watch->loaded = true;
    if (!choose_canaries(replay, &watch_command, options->flag, options->environment)) {
        end(watch, EXIT_JOB);
        return false;
    }
    for (uint32_t i = 0; i < replay->analysis_count; i++)
        if (!analysis_prepare(&replay->analyses[i], project, replay->layouts, &replay->times)) {
            end(watch, EXIT_INPUT);
            return false;
        }
    return begin_logs(watch);
}

/* The definitions as they are now; those that do not compile leave the last good ones in force. */
static bool load(struct watch *watch)
{
    watch->mark = definitions_mark(watch->directory);
    struct project *project = project_load(watch->options->directory, clock_now());
    if (project->diagnostics.errors == 0) {
        watch->broken = false;
        unload(watch);
        return prepare(watch, project);
    }
    diagnostics_write(&project->diagnostics, DIAGNOSTIC_TEXT,
                      use_color(watch->options->color, stderr), stderr);
    project_free(project);
    watch->broken = true;
    if (watch->loaded)
        fprintf(stderr, "ffreplay: the last definitions that compiled stay in force\n");
    else
        end(watch, EXIT_INPUT);
    return watch->loaded;
}

static bool reload_if_changed(struct watch *watch)
{
    return definitions_mark(watch->directory) == watch->mark || load(watch);
}

/* ------------------------------------------------------------------------------ what it says -- */

static bool write_out(struct watch *watch, struct buffer *out)
{
    bool written = fwrite(out->bytes, 1, out->length, stdout) == out->length && fflush(stdout) == 0;
    buffer_release(out);
    if (!written)
        end(watch, job_error(&watch_command, "cannot write to stdout"));
    return written;
}

static void write_line(struct watch *watch, const struct verdict *verdict)
{
    struct buffer out = {0};
    char now[32];
    format_time(verdict->now / 1000 * 1000, now, sizeof now);
    buffer_format(&out, "%s  %s  %s (%s) in %s: %s\n", now,
                  verdict->analysis->subject.flag->name.text,
                  decision_verdict_text(verdict->decision.verdict),
                  decision_rule_text(verdict->decision.rule), verdict->stage->name.text,
                  verdict->reasons.items[0]);
    write_out(watch, &out);
}

static void write_verdict(struct watch *watch, struct verdict *verdict)
{
    struct buffer out = {0};
    if (watch->options->json)
        report_json(verdict, &out);
    else
        report_text(verdict, use_color(watch->options->color, stdout), &out);
    write_out(watch, &out);
}

static struct said *said_of(struct watch *watch, const char *flag)
{
    for (uint32_t i = 0; i < watch->said_count; i++)
        if (strcmp(watch->said[i].flag, flag) == 0)
            return &watch->said[i];
    watch->said = xrealloc(watch->said, (watch->said_count + 1) * sizeof *watch->said);
    struct said *said = &watch->said[watch->said_count++];
    *said = (struct said){.flag = strdup(flag), .stage = UINT32_MAX};
    return said;
}

/* Each look as JSON; for people, what is new: a line, and the page where something is to be done. */
static void say(struct watch *watch, struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    struct said *said = said_of(watch, subject->flag->name.text);
    bool is_new = said->stage != subject->stage || said->state != subject->canary->state ||
                  said->decision.verdict != verdict->decision.verdict ||
                  said->decision.rule != verdict->decision.rule;
    said->stage = subject->stage;
    said->state = subject->canary->state;
    said->decision = verdict->decision;
    if (watch->options->json || (is_new && verdict->decision.verdict != VERDICT_HOLD))
        write_verdict(watch, verdict);
    else if (is_new)
        write_line(watch, verdict);
}

/* ------------------------------------------------------------------------------------- apply -- */

/* Under the lock. The definitions are read by apply_verdict() once more: whoever changed them in
 * between is followed instead. */
static bool apply_locked(struct watch *watch, const struct ledger *ledger, struct verdict *verdict,
                         struct buffer *error)
{
    const struct options *options = watch->options;
    const char *actor = options->actor ? options->actor : getenv("USER");
    if (definitions_mark(watch->directory) != watch->mark)
        return true;
    if (!apply_verdict(ledger, verdict, actor && *actor ? actor : "ffreplay", error))
        return false;
    return !options->build ||
           publication_publish(&watch->publication, ledger->directory, options->environment, error);
}

static void apply(struct watch *watch, struct verdict *verdict)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool applied = ledger_lock(&ledger, watch->directory, &error) &&
                   apply_locked(watch, &ledger, verdict, &error);
    /* An editor takes no lock: what it made of them is read next. */
    if (!applied && definitions_mark(watch->directory) == watch->mark)
        end(watch, job_error(&watch_command, "%s", error.bytes));
    ledger_unlock(&ledger);
    buffer_release(&error);
}

/* What a run that was killed left behind. */
static bool finish_others(struct watch *watch)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    struct project *project = NULL;
    bool finished = ledger_lock(&ledger, watch->directory, &error);
    if (finished) {
        project = project_load(watch->options->directory, clock_now());
        finished = project->diagnostics.errors > 0 || recover(&ledger, project, NULL, &error);
        project_free(project);
    }
    if (!finished)
        end(watch, job_error(&watch_command, "%s", error.bytes));
    ledger_unlock(&ledger);
    buffer_release(&error);
    return finished;
}

/* -------------------------------------------------------------------------------------- look -- */

/* The earliest time that a stage may need when it is read anew. */
static int64_t needed(const struct watch *watch)
{
    int64_t earliest = INT64_MAX;
    for (uint32_t i = 0; i < watch->replay.analysis_count; i++) {
        const struct analysis *analysis = &watch->replay.analyses[i];
        int64_t since = analysis->compares_before ? INT64_MIN : analysis->since;
        if (since < earliest)
            earliest = since;
    }
    return earliest;
}

static bool read_logs(struct watch *watch)
{
    watch->replay.times.now = clock_now();
    gate_pass(&watch->gate);
    for (size_t i = 0; i < watch->log_count; i++)
        if (!follower_read(&watch->followers[i], watch->replay.times.now, needed(watch))) {
            end(watch, EXIT_JOB);
            return false;
        }
    return true;
}

enum watch_exit { EXIT_HOLD = 10, EXIT_PAUSE = 11, EXIT_ROLLBACK = 20 };

static int exit_of(const struct watch *watch, const struct verdict *verdict)
{
    static const int by_verdict[] = {[VERDICT_ADVANCE] = EXIT_FINE,
                                     [VERDICT_COMPLETE] = EXIT_FINE,
                                     [VERDICT_HOLD] = EXIT_HOLD,
                                     [VERDICT_PAUSE] = EXIT_PAUSE,
                                     [VERDICT_ROLLBACK] = EXIT_ROLLBACK};
    if (!watch->options->exit_code)
        return EXIT_FINE;
    switch (verdict->analysis->subject.canary->state) {
    case CANARY_COMPLETE:
        return EXIT_FINE;
    case CANARY_ROLLED_BACK:
        return EXIT_ROLLBACK;
    default:
        return by_verdict[verdict->decision.verdict];
    }
}

static bool is_final(const struct verdict *verdict)
{
    enum canary_state state = verdict->analysis->subject.canary->state;
    return state == CANARY_COMPLETE || state == CANARY_ROLLED_BACK;
}

/* All canaries, once. Whatever is applied changes the definitions, and so begins anew. */
static void look(struct watch *watch)
{
    int worst = EXIT_FINE;
    arena_clear(&watch->texts);
    if (!read_logs(watch) || replay_is_too_bad(&watch->replay))
        return;
    for (uint32_t i = 0; i < watch->replay.analysis_count && !watch->over; i++) {
        struct verdict verdict;
        verdict_reach(&verdict, &watch->replay, &watch->replay.analyses[i]);
        say(watch, &verdict);
        if (exit_of(watch, &verdict) > worst)
            worst = exit_of(watch, &verdict);
        if (watch->options->apply && !watch->broken && verdict_changes(&verdict) && !watch->over)
            apply(watch, &verdict);
        if (watch->options->flag && is_final(&verdict))
            end(watch, worst);
        /* What one changed, the others are no longer what was read. */
        if (definitions_mark(watch->directory) != watch->mark)
            return;
    }
    if (!watch->over)
        watch->status = worst;
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

/* Reads on while it waits, so that no file that is replaced twice is missed. */
static void wait_for_look(struct watch *watch, int64_t next, const sigset_t *signals)
{
    while (!interrupted && !watch->over && !stdin_has_ended(watch) && clock_now() < next) {
        changes_wait(&watch->changes, waits_for_stdin(watch), next - clock_now(), signals);
        if (definitions_mark(watch->directory) != watch->mark)
            return;
        read_logs(watch);
    }
}

static void say_end(const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->said_count && interrupted; i++)
        fprintf(stderr, "ffreplay: interrupted; %s was at %s (%s), and nothing is half done\n",
                watch->said[i].flag, decision_verdict_text(watch->said[i].decision.verdict),
                decision_rule_text(watch->said[i].decision.rule));
}

static void watch_on(struct watch *watch, const sigset_t *signals)
{
    while (!watch->over && !interrupted && reload_if_changed(watch)) {
        int64_t next = clock_now() + watch->options->interval;
        bool last = stdin_has_ended(watch);
        look(watch);
        if (last)
            break;
        if (!watch->over && definitions_mark(watch->directory) == watch->mark)
            wait_for_look(watch, next, signals);
    }
    say_end(watch);
}

/* --------------------------------------------------------------------------------------- run -- */

/* They are let in only while it waits, so that nothing is left half done. */
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

static int watch_logs(const struct options *options, char **logs, size_t log_count)
{
    struct watch watch = {.options = options, .logs = logs, .log_count = log_count};
    struct buffer error = {0};
    struct project *first = project_load(options->directory, clock_now());
    watch.directory = strdup(first->directory);
    project_free(first);
    if (!publication_prepare(&watch.publication, options->build, options->key, &error)) {
        job_error(&watch_command, "%s", error.bytes);
        buffer_release(&error);
        free(watch.directory);
        return EXIT_JOB;
    }
    const sigset_t signals = block_signals();
    watch.followers = xcalloc(log_count + 1, sizeof *watch.followers);
    changes_open(&watch.changes);
    changes_add(&watch.changes, watch.directory);
    if ((!options->apply || finish_others(&watch)) && load(&watch))
        watch_on(&watch, &signals);
    unload(&watch);
    for (size_t i = 0; i < log_count; i++)
        follower_close(&watch.followers[i]);
    changes_close(&watch.changes);
    arena_release(&watch.texts);
    for (uint32_t i = 0; i < watch.said_count; i++)
        free((char *)(uintptr_t)watch.said[i].flag);
    free(watch.said);
    free(watch.followers);
    free(watch.directory);
    publication_release(&watch.publication);
    return watch.status;
}

static bool take_interval(struct options *options)
{
    if (parse_duration(options->interval_text, &options->interval) && options->interval >= 1000)
        return true;
    usage_error(&watch_command, "--interval is a duration of at least 1s, not '%s'",
                options->interval_text);
    return false;
}

static int check_usage(const struct options *options, int operands)
{
    if (!options->all && operands < 1)
        return usage_error(&watch_command, "expected a flag, or --all");
    if (operands < (options->all ? 1 : 2))
        return usage_error(&watch_command, "expected at least one log ('-' is stdin)");
    if (!options->environment)
        return usage_error(&watch_command, "expected an environment: -e ENV");
    if (options->build && !options->apply)
        return usage_error(&watch_command, "--build publishes what --apply edits: give both");
    if (options->key && !options->build)
        return usage_error(&watch_command, "--sign signs what --build publishes: give both");
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct options options = {.interval_text = "10s", .logs = LOG_OPTIONS_INIT};
    const struct option table[] = {
        {"directory", 'C', OPTION_TEXT, &options.directory, "DIR",
         "the project [flags, or . where it holds definitions]"},
        {"environment", 'e', OPTION_TEXT, &options.environment, "ENV",
         "as this environment has it"},
        {"all", 0, OPTION_FLAG, &options.all, NULL, "every running or paused canary"},
        {"interval", 0, OPTION_TEXT, &options.interval_text, "D", "between looks [10s]"},
        {"json", 0, OPTION_FLAG, &options.json, NULL, "each look as JSON, one object a flag"},
        {"exit-code", 0, OPTION_FLAG, &options.exit_code, NULL,
         "exit as decide does, by the last look"},
        {"apply", 0, OPTION_FLAG, &options.apply, NULL, "edit the definition, add to the ledger"},
        {"build", 0, OPTION_TEXT, &options.build, "FILE", "with --apply: publish the snapshot"},
        {"sign", 0, OPTION_TEXT, &options.key, "KEY",
         "with --build: sign it with this secret key of minisign"},
        {"actor", 0, OPTION_TEXT, &options.actor, "NAME", "who, for the ledger [$USER]"},
        OPTION_MAX_BAD(options.logs),
        OPTION_WINDOW(options.logs),
        OPTION_LATENESS(options.logs),
        {"color", 0, OPTION_COLOR, &options.color, "WHEN", "auto, always or never [auto]"},
    };
    int status;
    int operands =
        options_parse(&watch_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    struct replay checked = {0};
    status = check_usage(&options, operands);
    if (status != EXIT_FINE)
        return status;
    if (!take_interval(&options) || !log_options_apply(&options.logs, &watch_command, &checked))
        return EXIT_JOB;
    int first_log = options.all ? 1 : 2;
    options.flag = options.all ? NULL : argv[1];
    return watch_logs(&options, argv + first_log, (size_t)(operands - first_log + 1));
}
