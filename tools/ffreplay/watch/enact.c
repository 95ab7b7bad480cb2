/*
 * enact.c - a verdict that is applied. See watch.h.
 *
 * The lock is held only meanwhile, so that nobody else has to wait for the watch.
 */
#include "compiler/rollout/actor.h"
#include "compiler/rollout/recovery.h"
#include "tools/ffreplay/decide/apply.h"
#include "tools/ffreplay/commands.h"
#include "watch.h"

static bool publish(struct watch *watch, struct ledger *ledger, struct buffer *error)
{
    const struct watch_options *options = watch->options;
    return !options->apply.build ||
           publication_publish(&watch->publication, ledger->directory, options->environment, error);
}

/* What a run that was killed left. Definitions that do not compile are for who loads them. */
static bool recover_locked(struct watch *watch, struct ledger *ledger, struct buffer *error)
{
    struct project *project = project_load(watch->directory, clock_now());
    bool recovered = project->diagnostics.errors > 0 ||
                     (recover(ledger, project, NULL, error) && publish(watch, ledger, error));
    project_free(project);
    return recovered;
}

/* Whoever changed the definitions since they were read, is followed instead. */
static bool apply_locked(struct watch *watch, struct ledger *ledger, struct verdict *verdict,
                         bool *made, struct buffer *error)
{
    const struct watch_options *options = watch->options;
    if (!recover_locked(watch, ledger, error))
        return false;
    if (watch_is_outdated(watch))
        return true;
    if (!apply_verdict(ledger, verdict, actor_name(options->apply.actor, watch->options->directory),
                       error))
        return false;
    *made = true;
    bool published = publish(watch, ledger, error);
    return ledger_is_certain(ledger, error) && published;
}

/* One that fails is said, and ends no watch that others are under. */
static void run_steps(struct watch *watch, struct verdict *verdict)
{
    struct buffer error = {0};
    bool cancelled = false;
    sigset_t blocked;
    /* Programs that are run must not inherit what the watch blocks. */
    sigprocmask(SIG_SETMASK, &watch->signals, &blocked);
    if (!apply_steps(verdict, actor_name(watch->options->apply.actor, watch->options->directory),
                     &watch->publication, &cancelled, &error)) {
        int status = job_error(&watch_command, "%s", error.bytes);
        if (cancelled)
            watch_end(watch, status);
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    buffer_release(&error);
}

void watch_apply(struct watch *watch, struct verdict *verdict)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool made = false;
    bool applied = ledger_lock(&ledger, watch->directory, &error) &&
                   apply_locked(watch, &ledger, verdict, &made, &error);
    /* An editor takes no lock: what it made of them is read next. */
    if (!applied && !watch_is_outdated(watch))
        watch_end(watch, job_error(&watch_command, "%s", error.bytes));
    ledger_unlock(&ledger);
    buffer_release(&error);
    if (made && watch->options->apply.run_steps)
        run_steps(watch, verdict);
}

bool watch_recover(struct watch *watch)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool recovered =
        ledger_lock(&ledger, watch->directory, &error) && recover_locked(watch, &ledger, &error);
    if (!recovered)
        watch_end(watch, job_error(&watch_command, "%s", error.bytes));
    ledger_unlock(&ledger);
    buffer_release(&error);
    return recovered;
}
