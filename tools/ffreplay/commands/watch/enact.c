/*
 * enact.c - applies a verdict. See watch.h.
 *
 * The lock is held only meanwhile, so that others do not have to wait for the watch.
 */
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/rollout/recovery.h"
#include "tools/ffreplay/apply/apply.h"
#include "tools/ffreplay/apply/notices.h"
#include "tools/ffreplay/commands/commands.h"
#include "watch.h"
#include "compiler/project/project.h"

static bool publish(struct watch *watch, struct ledger *ledger, struct buffer *error)
{
    const struct watch_options *options = watch->options;
    return !options->apply.build || publication_publish(&watch->publication, ledger->directory,
                                                        options->environment, NULL, error);
}

/* Recovers what a run that was killed left. Definitions that do not compile are left to whoever
 * loads them. *finished: there was something to recover. */
static bool recover_locked(struct watch *watch, struct ledger *ledger, bool *finished,
                           struct buffer *error)
{
    struct project *project = project_load(watch->directory, clock_now());
    json_t *list = NULL;
    bool recovered = project->diagnostics.errors > 0 || recover(ledger, project, &list, error);
    *finished = json_array_size(list) > 0;
    json_decref(list);
    project_free(project);
    return recovered;
}

/* Recovers what others left before the definitions change; if that fails, a rollback goes ahead
 * regardless. False: stop here. */
static bool clear_up(struct watch *watch, struct ledger *ledger, bool is_emergency,
                     struct buffer *error)
{
    bool finished = false;
    if (!ledger_has_aside(ledger->directory))
        return true;
    bool cleared = recover_locked(watch, ledger, &finished, error) &&
                   (!finished || publish(watch, ledger, error));
    if (!cleared && is_emergency) {
        print_note("what a killed run left behind cannot be finished: %s", error->bytes);
        buffer_release(error);
        return true;
    }
    return cleared;
}

/* Notes it in the definitions that stay in force until newer ones compile. */
static void note_rolled_back(struct watch *watch, const struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct project *project = watch->replay.project;
    struct canary *canary =
        project->flags[subject->flag->index]->environments[subject->environment].canary;
    canary->state = CANARY_ROLLED_BACK;
}

/* If somebody changed the definitions since they were read, the change is followed instead. */
static bool apply_locked(struct watch *watch, struct applying *applying, struct verdict *verdict,
                         bool *made, struct buffer *error)
{
    struct ledger *ledger = applying->ledger;
    if (!clear_up(watch, ledger, verdict_is_emergency(verdict), error))
        return false;
    if (watch_is_outdated(watch))
        return true;
    enum applied applied = apply_verdict(applying, verdict, error);
    *made = applied == APPLIED;
    if (watch->broken && *made)
        note_rolled_back(watch, verdict);
    /* What somebody else changed shows once the definitions compile. */
    if (watch->broken && applied == APPLIED_CHANGED) {
        print_note("%s; nothing is done until they compile", error->bytes);
        buffer_release(error);
    }
    bool published =
        !applying->compile || apply_publish(applying, watch->options->environment, error);
    return !error->length && ledger_is_certain(ledger, error) && published;
}

/* What a verdict runs: plan and hook of a change, or the hooks that tell people. A failing program
 * is reported, but does not end a watch that covers other flags. */
enum runs { RUNS_STEPS, RUNS_NOTICES };

static void run_programs(struct watch *watch, struct verdict *verdict, enum runs runs)
{
    const char *actor = actor_name(watch->options->apply.actor, watch->options->directory);
    struct buffer error = {0};
    bool cancelled = false;
    sigset_t blocked;
    /* Child programs must not inherit the signals that the watch blocks. */
    sigprocmask(SIG_SETMASK, &watch->signals, &blocked);
    if (!(runs == RUNS_STEPS ? apply_steps(verdict, actor, &watch->publication, &cancelled, &error)
                             : notices_tell(verdict, actor, &cancelled, &error))) {
        int status = job_error(&watch_command, "%s", error.bytes);
        if (cancelled)
            watch_end(watch, status);
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    buffer_release(&error);
}

/* What was published counts whether or not it can be recorded. */
static void record(struct watch *watch, struct ledger *ledger)
{
    struct buffer error = {0};
    const char *actor = actor_name(watch->options->apply.actor, watch->options->directory);
    if (!publication_record(&watch->publication, ledger, actor, &error))
        print_warning("%s", error.bytes);
    buffer_release(&error);
}

void watch_apply(struct watch *watch, struct verdict *verdict)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool made = false;
    struct applying applying = {
        .ledger = &ledger,
        .actor = actor_name(watch->options->apply.actor, watch->options->directory),
        .publication = &watch->publication};
    bool applied = ledger_lock(&ledger, watch->directory, &error) &&
                   apply_locked(watch, &applying, verdict, &made, &error);
    /* Editors take no lock: their changes are read next. */
    if (!applied && (verdict_is_emergency(verdict) || !watch_is_outdated(watch)))
        watch_end(watch, job_error(&watch_command, "%s", error.bytes));
    record(watch, &ledger);
    ledger_unlock(&ledger);
    buffer_release(&error);
    if (made)
        run_programs(watch, verdict, RUNS_STEPS);
    apply_note_rest(&applying, watch->directory);
    buffer_release(&applying.why);
}

void watch_tell(struct watch *watch, struct verdict *verdict)
{
    if (watch->options->apply.run_steps)
        run_programs(watch, verdict, RUNS_NOTICES);
}

bool watch_recover(struct watch *watch)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool finished;
    bool recovered = ledger_lock(&ledger, watch->directory, &error) &&
                     recover_locked(watch, &ledger, &finished, &error) &&
                     publish(watch, &ledger, &error);
    if (!recovered)
        watch_end(watch, job_error(&watch_command, "%s", error.bytes));
    record(watch, &ledger);
    ledger_unlock(&ledger);
    buffer_release(&error);
    return recovered;
}
