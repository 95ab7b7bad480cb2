/* apply.c - see apply.h. */
#include "apply.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "compiler/base/json.h"
#include "compiler/rollout/policy.h"
#include "compiler/rollout/steps.h"
#include "compiler/rollout/transition.h"
#include "tools/ffreplay/report/report.h"

/* Now; where the logs' time is of another age, the machine's, since a rollback does not wait for a
 * unit to be mended. */
static int64_t time_of(const struct verdict *verdict)
{
    return verdict->lost_time ? (int64_t)time(NULL) * 1000 : verdict->now;
}

/* A paused stage goes on with its samples once it is resumed; everything else begins anew, and
 * asks for approval anew. */
static struct rollout rollout_after(const struct verdict *verdict)
{
    const struct canary *canary = verdict->analysis->subject.canary;
    struct rollout to = {canary->state, verdict->stage->name.text, time_of(verdict), NULL};
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
        to.approved = canary->approved;
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

/* -------------------------------------------------------------------------------------- line -- */

static void write_digests(struct verdict *verdict, const struct rollout *to, struct buffer *out)
{
    const struct subject *subject = &verdict->analysis->subject;
    char input[INPUT_DIGEST_TEXT], policy[POLICY_DIGEST];
    input_digest_text(&verdict->analysis->digest, input);
    field_object(out, "digests");
    field_text(out, "input", input);
    entry_definitions(out, verdict->replay->project);
    field_text(out, "build", subject->build);
    /* A pause goes on with the stage, and must not make a change of policy forgotten. */
    policy_digest(subject->targeting, to->stage, policy);
    if (!verdict->policy_changed || to->since != subject->canary->since)
        field_text(out, "policy", policy);
    buffer_append_text(out, "}");
}

static void write_entry(struct verdict *verdict, const char *actor, const struct rollout *to,
                        struct buffer *out)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *canary = subject->canary;
    const struct rollout from = {canary->state, verdict->stage->name.text, canary->since,
                                 canary->approved};
    const struct entry_head head = {time_of(verdict), actor, subject->flag->name.text,
                                    verdict->environment};
    entry_begin(out, &head);
    entry_rollout(out, "from", &from);
    entry_rollout(out, "to", to);
    field_text(out, "verdict", decision_verdict_text(verdict->decision.verdict));
    field_text(out, "rule", decision_rule_text(verdict->decision.rule));
    field_text(out, "reason", verdict->reasons.items[0]);
    json_write_key(out, "evidence");
    report_json_criteria(verdict, out);
    write_digests(verdict, to, out);
    json_write_key(out, "look");
    uint64_t look = verdict_look(verdict);
    if (look > 0)
        buffer_format(out, "%" PRIu64, look);
    else
        buffer_append_text(out, "null");
}

bool apply_verdict(struct ledger *ledger, struct verdict *verdict, const char *actor,
                   struct buffer *error)
{
    if (!verdict_changes(verdict))
        return true;
    const struct subject *subject = &verdict->analysis->subject;
    struct rollout to = rollout_after(verdict);
    struct project *project = project_load(ledger->directory, time_of(verdict));
    const struct canary *canary = find_unchanged(verdict, project, error);
    struct buffer entry = {0};
    bool applied = canary != NULL;
    if (applied) {
        write_entry(verdict, actor, &to, &entry);
        applied = transition_make(ledger, project, canary, &to, &entry, error) &&
                  ledger_commit(ledger, error);
    }
    if (applied)
        transition_note_shared(verdict->replay->project, subject->flag, subject->environment);
    buffer_release(&entry);
    project_free(project);
    return applied;
}

static int hook_of(const struct verdict *verdict)
{
    switch (verdict->decision.verdict) {
    case VERDICT_ADVANCE:
        return HOOK_ADVANCE;
    case VERDICT_COMPLETE:
        return HOOK_COMPLETE;
    case VERDICT_PAUSE:
        return HOOK_PAUSE;
    case VERDICT_ROLLBACK:
        return HOOK_ROLLBACK;
    default: /* a stage that begins anew */
        return -1;
    }
}

bool apply_steps(struct verdict *verdict, const char *actor, const struct publication *publication,
                 bool *cancelled, struct buffer *error)
{
    if (!verdict_changes(verdict))
        return true;
    const struct subject *subject = &verdict->analysis->subject;
    struct buffer input = {0};
    report_json(verdict, &input);
    const struct steps steps = {.project = verdict->replay->project,
                                .flag = subject->flag,
                                .environment = subject->environment,
                                .actor = actor,
                                .reason = verdict->reasons.items[0],
                                .plan = verdict->decision.verdict == VERDICT_ROLLBACK,
                                .hook = hook_of(verdict),
                                .input = &input,
                                .publication = publication,
                                .cancelled = cancelled};
    bool done = steps_run(&steps, error);
    buffer_release(&input);
    return done;
}
