/* commit_changes.c - see commit_changes.h. */
#include "commit_changes.h"

#include "compiler/base/escape.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "tools/ffreplay/apply/apply.h"

static const char *file_of(const struct verdict *verdict)
{
    const struct canary *canary = verdict->analysis->subject.canary;
    return verdict->replay->project->sources.items[canary->span.file].name;
}

bool change_commit_prepare(struct change_commit *commit, const char *directory,
                           const struct verdict *verdicts, uint32_t count, struct buffer *error)
{
    if (!commit->wanted)
        return true;
    bool can =
        commit_prepare(&commit->commit, directory, commit->push, &commit->error, &commit->help);
    bool emergency = false;
    for (uint32_t i = 0; i < count; i++) {
        emergency |= verdict_is_emergency(&verdicts[i]);
        can = can && (!verdict_changes(&verdicts[i]) ||
                      commit_allows(&commit->commit, file_of(&verdicts[i]), &commit->error,
                                    &commit->help));
    }
    if (can || emergency)
        return true;
    terminal_format(error, "%s: %s", commit->error.bytes, commit->help.bytes);
    return false;
}

/* "canary.checkout in production: rollback, rolled_back from 'first'" */
static void append_subject(struct buffer *out, const struct verdict *verdict)
{
    const struct rollout to = rollout_after(verdict);
    terminal_format(out, "%s in %s: %s, ", verdict->analysis->subject.flag->name.text,
                    verdict->environment, decision_verdict_words[verdict->decision.verdict]);
    rollout_show(out, &to);
}

static void write_message(const struct verdict *verdicts, const bool *applied, uint32_t count,
                          struct buffer *subject, struct buffer *reason)
{
    uint32_t changes = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!applied[i])
            continue;
        if (changes++ == 0)
            append_subject(subject, &verdicts[i]);
        if (reason->length)
            buffer_append_text(reason, "\n");
        terminal_format(reason, "%s: %s", verdicts[i].analysis->subject.flag->name.text,
                        verdicts[i].reasons.items[0]);
    }
    if (changes > 1)
        buffer_format(subject, ", and %u more", changes - 1);
    if (changes)
        return;
    buffer_append_text(subject, "ledger: what was published, run and told");
    buffer_append_text(reason, "No rollout has changed.");
}

bool change_commit_make(struct change_commit *commit, const char *actor,
                        const struct verdict *verdicts, const bool *applied, uint32_t count,
                        struct buffer *out, struct buffer *error)
{
    struct buffer subject = {0}, reason = {0};
    bool made = false, pushed = false, done = true;
    if (!commit->wanted)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (applied[i])
            commit_add(&commit->commit, file_of(&verdicts[i]));
    if (commit->error.length) {
        terminal_format(error, "%s; what was decided is done", commit->error.bytes);
        done = false;
    } else if (commit_add_new(&commit->commit) > 0) {
        write_message(verdicts, applied, count, &subject, &reason);
        done = commit_make(&commit->commit, subject.bytes, reason.bytes, actor, &made, error);
        if (made)
            terminal_format(out, "committed %s\n", subject.bytes);
        if (done && commit->commit.remote)
            terminal_format(out, "pushed    to %s\n", commit->commit.remote);
    } else {
        done = commit_push_rest(&commit->commit, &pushed, error);
        if (done && pushed)
            terminal_format(out, "pushed    to %s, what an earlier run committed\n",
                            commit->commit.remote);
    }
    buffer_release(&subject);
    buffer_release(&reason);
    return done;
}

void change_commit_release(struct change_commit *commit)
{
    commit_release(&commit->commit);
    buffer_release(&commit->error);
    buffer_release(&commit->help);
}
