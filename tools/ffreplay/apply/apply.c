/* apply.c - see apply.h. */
#include "apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "compiler/rollout/freeze.h"
#include "compiler/rollout/guard.h"
#include "compiler/rollout/policy.h"
#include "compiler/rollout/steps.h"
#include "compiler/rollout/transition.h"
#include "tools/ffreplay/report/report.h"
#include "compiler/files/yaml.h"
#include "compiler/project/project.h"

/* The verdict's now; or the machine's, if the logs' times are implausible: a rollback does not wait
 * until their unit is fixed. */
static int64_t time_of(const struct verdict *verdict)
{
    return verdict->lost_time ? (int64_t)time(NULL) * 1000 : verdict->now;
}

/* A paused stage keeps its samples when it is resumed; everything else restarts, and needs approval
 * again. */
struct rollout rollout_after(const struct verdict *verdict)
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
    case VERDICT_HOLD: /* the restarted stage begins now */
        break;
    case VERDICT_PAUSE:
        to.state = CANARY_PAUSED;
        to.since = canary->since;
        to.approved = canary->approved;
        break;
    }
    return to;
}

/* The definitions to edit: those the verdict was reached on, or a later reading. */
struct ground {
    const struct project *project;
    const struct canary *canary; /* NULL: the canary is no longer where the verdict found it */
    struct project *again;
};

/* The same canary in definitions read again. If errors hide what they say about it, that does not
 * stop a rollback. */
static void read_again(const struct verdict *verdict, const struct ledger *ledger,
                       struct ground *ground)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *judged = subject->canary;
    struct project *project = project_load(ledger->directory, time_of(verdict));
    const struct flag *flag = project_flag(project, subject->flag->name.text);
    uint32_t environment = project_environment(project, verdict->environment);
    const struct canary *canary = NULL;
    bool errors = project->diagnostics.errors > 0, emergency = verdict_is_emergency(verdict);
    if (flag && flag->environments && environment != UINT32_MAX && (!errors || emergency))
        canary = flag->environments[environment].canary;
    ground->again = project;
    if (!canary && errors && emergency) {
        ground->project = verdict->replay->project;
        ground->canary = judged;
    } else if (canary && canary->state == judged->state && canary->since == judged->since &&
               canary->stage_count == judged->stage_count && canary->stage == judged->stage) {
        ground->project = project;
        ground->canary = canary;
    }
}

static bool find_ground(const struct verdict *verdict, const struct ledger *ledger,
                        struct ground *ground, struct buffer *error)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct project *project = verdict->replay->project;
    struct buffer ignored = {0};
    *ground = (struct ground){.project = project, .canary = subject->canary};
    if (!verdict_is_emergency(verdict) ||
        !source_is_current(&project->sources.items[subject->canary->node->span.file], &ignored)) {
        ground->canary = NULL;
        read_again(verdict, ledger, ground);
    }
    buffer_release(&ignored);
    if (!ground->canary)
        buffer_format(error, "the definition of '%s' was changed during the decision",
                      subject->flag->name.text);
    return ground->canary;
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
    /* A pause continues the stage, and must not hide that the policy changed. */
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
    field_text(out, "verdict", decision_verdict_words[verdict->decision.verdict]);
    field_text(out, "rule", decision_rule_words[verdict->decision.rule]);
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

/* -------------------------------------------------------------------------------------- deed -- */

bool verdict_is_emergency(const struct verdict *verdict)
{
    return verdict_changes(verdict) && verdict->decision.verdict == VERDICT_ROLLBACK;
}

static bool is_published_for(const struct patch *patch, const struct verdict *verdict,
                             struct buffer *why)
{
    const char *environment = patch_environment(patch);
    if (strcmp(environment, verdict->environment) == 0)
        return true;
    buffer_format(why, "it is of environment '%s'", environment);
    return false;
}

/* Rolls it back in the published file. False: it needs a compile, or `failed` says why. */
static bool take_out(struct applying *applying, const struct verdict *verdict,
                     struct buffer *failed)
{
    const char *name = verdict->analysis->subject.flag->name.text;
    struct buffer why = {0};
    struct patch patch;
    bool served = false, done = publication_open(applying->publication, &patch, &why) &&
                                is_published_for(&patch, verdict, &why);
    uint32_t flag = done ? patch_find_flag(&patch, name) : UINT32_MAX;
    if (done && flag == UINT32_MAX) {
        buffer_format(&why, "it has no flag '%s'", name);
        done = false;
    }
    done = done && patch_roll_back(&patch, flag, time_of(verdict), &served, &why);
    if (!done && !applying->why.length)
        buffer_append(&applying->why, why.bytes, why.length);
    if (done && served)
        done = publication_patch(applying->publication, &patch, failed);
    applying->patched |= done;
    patch_release(&patch);
    buffer_release(&why);
    return done;
}

static bool hold_back(struct applying *applying, struct verdict *verdict)
{
    const struct guarded guarded = {.flag = verdict->analysis->subject.flag->name.text,
                                    .environment = verdict->environment,
                                    .reason = verdict->reasons.items[0],
                                    .by = applying->actor,
                                    .at = time_of(verdict)};
    struct guard guard;
    guard_begin(&guard, applying->ledger, &guarded);
    bool held = guard_end(&guard, true);
    /* The next entry follows a newer one by now. */
    buffer_release(&applying->ledger->tips);
    return held;
}

static bool commit(struct applying *applying, struct buffer *error)
{
    char name[LEDGER_NAME];
    memcpy(name, applying->ledger->aside, sizeof name);
    bool committed = ledger_commit(applying->ledger, error);
    if (committed)
        memcpy(applying->entry, name, sizeof name);
    return committed;
}

/* First the file that services read, then the definitions and the ledger: a failure of one must not
 * prevent the others. */
static bool roll_back(struct applying *applying, struct verdict *verdict,
                      const struct ground *ground, const struct rollout *to,
                      const struct buffer *entry, struct buffer *error)
{
    struct ledger *ledger = applying->ledger;
    struct buffer lost = {0};
    bool prepared = transition_prepare(ledger, ground->project, ground->canary, to, entry,
                                       ASIDE_TRANSITION, &lost);
    bool builds = applying->publication && applying->publication->path;
    bool taken = builds && take_out(applying, verdict, error);
    enum replaced replaced =
        prepared ? transition_edit(ground->project, ground->canary, to, &lost) : REPLACED_NOT;
    bool held = replaced == REPLACED_NOT && taken && hold_back(applying, verdict);
    bool written = prepared && ledger_edited(ledger, replaced, &lost) && commit(applying, &lost);
    applying->compile |= written && builds && !taken && !error->length;
    if (!written && !held && !error->length)
        buffer_format(error, "%s%s", taken ? "published, but not written to the definitions: " : "",
                      lost.bytes);
    buffer_release(&lost);
    return !error->length;
}

static bool change(struct applying *applying, const struct ground *ground, const struct rollout *to,
                   const struct buffer *entry, struct buffer *error)
{
    bool done =
        transition_make(applying->ledger, ground->project, ground->canary, to, entry, error) &&
        commit(applying, error);
    applying->compile |= done;
    return done;
}

/* Whether flags are frozen, and the verdict would let more units in: it waits. */
static bool is_frozen(const struct verdict *verdict, const struct applying *applying)
{
    struct buffer why = {0};
    bool frozen = (verdict->decision.verdict == VERDICT_ADVANCE ||
                   verdict->decision.verdict == VERDICT_COMPLETE) &&
                  freeze_holds(applying->ledger->directory, time_of(verdict), &why);
    if (frozen)
        print_note("not applied: %s", why.bytes);
    buffer_release(&why);
    return frozen;
}

enum applied apply_verdict(struct applying *applying, struct verdict *verdict, struct buffer *error)
{
    if (!verdict_changes(verdict) || is_frozen(verdict, applying))
        return APPLIED_NOTHING;
    const struct subject *subject = &verdict->analysis->subject;
    struct rollout to = rollout_after(verdict);
    struct buffer entry = {0};
    struct ground ground;
    enum applied applied = APPLIED_CHANGED;
    *applying->entry = '\0';
    if (find_ground(verdict, applying->ledger, &ground, error)) {
        write_entry(verdict, applying->actor, &to, &entry);
        bool done = verdict_is_emergency(verdict)
                        ? roll_back(applying, verdict, &ground, &to, &entry, error)
                        : change(applying, &ground, &to, &entry, error);
        applied = done ? APPLIED : APPLIED_BADLY;
    }
    if (applied == APPLIED)
        transition_note_shared(verdict->replay->project, subject->flag, subject->environment);
    buffer_release(&entry);
    project_free(ground.again);
    return applied;
}

bool apply_publish(const struct applying *applying, const char *environment, struct buffer *error)
{
    const struct publication *publication = applying->publication;
    if (!publication || !publication->path)
        return true;
    bool published =
        publication_publish(publication, applying->ledger->directory, environment, NULL, error);
    if (applying->why.length)
        print_note("'%s' was compiled from the definitions instead of patched: %s",
                   publication->path, applying->why.bytes);
    return published;
}

void apply_note_rest(const struct applying *applying, const char *directory)
{
    if (applying->patched && !applying->compile)
        publication_note_rest(applying->publication, directory);
}

/* ------------------------------------------------------------------------------------- steps -- */

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
    case VERDICT_HOLD: /* a stage that restarts */
        break;
    }
    return -1;
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
                                .permission = verdict->replay->steps,
                                .publication = publication,
                                .cancelled = cancelled};
    bool done = steps_run(&steps, error);
    buffer_release(&input);
    return done;
}
