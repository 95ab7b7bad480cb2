/* apply.c - see apply.h. */
#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/files/edit.h"
#include "compiler/options.h"

/* A paused stage goes on with its samples once it is resumed; everything else begins anew. */
static struct rollout rollout_after(const struct verdict *verdict)
{
    const struct canary *canary = verdict->analysis->subject.canary;
    struct rollout to = {canary->state, verdict->stage->name.text, verdict->now};
    switch (verdict->decision.verdict) {
    case VERDICT_ADVANCE:
        to.stage = verdict->next->name.text;
        break;
    case VERDICT_COMPLETE:
        to.state = CANARY_COMPLETE;
        break;
    case VERDICT_ROLLBACK:
        to.state = CANARY_ROLLED_BACK;
        break;
    case VERDICT_HOLD: /* what begins anew, begins now */
        break;
    default:
        to.state = CANARY_PAUSED;
        to.since = canary->since;
    }
    return to;
}

/* The same canary in definitions that were read again; NULL when it stands elsewhere by now. */
static const struct canary *find_unchanged(const struct verdict *verdict,
                                           const struct project *project, struct buffer *error)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *judged = subject->canary;
    const struct flag *flag = project_flag(project, subject->flag->name.text);
    uint32_t environment = project_environment(project, verdict->environment);
    const struct canary *canary = NULL;
    if (project->diagnostics.errors == 0 && flag && environment != UINT32_MAX)
        canary = flag->environments[environment].canary;
    if (canary && canary->state == judged->state && canary->since == judged->since &&
        canary->stage_count == judged->stage_count && canary->stage == judged->stage)
        return canary;
    buffer_format(error, "the definition of '%s' was changed while it was decided on",
                  subject->flag->name.text);
    return NULL;
}

static bool is_plain_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(name);
}

static bool edit_definition(const struct project *project, const struct canary *canary,
                            const struct rollout *to, struct buffer *error)
{
    char since[32], stage[160];
    struct edit edits[3];
    size_t count = 0;
    if (to->state != canary->state)
        edits[count++] = (struct edit){"state", canary_state_text(to->state)};
    if (strcmp(to->stage, canary->stages[canary->stage].name.text) != 0) {
        snprintf(stage, sizeof stage, is_plain_name(to->stage) ? "%s" : "\"%s\"", to->stage);
        edits[count++] = (struct edit){"stage", stage};
    }
    if (to->since != canary->since) {
        format_time(to->since, since, sizeof since);
        edits[count++] = (struct edit){"since", since};
    }
    return count == 0 || edit_block(project, canary->node, edits, count, error);
}

static void note_shared_block(const struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct project *project = verdict->replay->project;
    for (uint32_t i = 0; i < project->environments.count; i++) {
        const struct canary *other = subject->flag->environments[i].canary;
        if (i != subject->environment && other && other->node == subject->canary->node)
            fprintf(stderr,
                    "note: environment '%s' has this same canary block, and changes with it\n",
                    project->environments.items[i].text);
    }
}

bool apply_verdict(const struct ledger *ledger, struct verdict *verdict, const char *actor,
                   struct buffer *error)
{
    if (!verdict_changes(verdict))
        return true;
    struct rollout to = rollout_after(verdict);
    struct project *project = project_load(ledger->directory, verdict->now);
    const struct canary *canary = find_unchanged(verdict, project, error);
    bool applied = canary && ledger_prepare(ledger, verdict, actor, &to, error);
    if (applied) {
        applied = edit_definition(project, canary, &to, error);
        if (applied)
            applied = ledger_commit(ledger, error);
        else
            ledger_drop(ledger);
    }
    if (applied)
        note_shared_block(verdict);
    project_free(project);
    return applied;
}
