/* notices.c - see notices.h. */
#include "notices.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "compiler/rollout/steps.h"
#include "tools/ffreplay/canary/reasons.h"
#include "tools/ffreplay/canary/verdict.h"
#include "tools/ffreplay/report/report.h"

/* What is so now, or what the ledger says of it. */
struct notice {
    enum hook hook;
    const char *of; /* the guard that it is of, "error-rate max 5%"; "": of the rollout */
    const char *reason, *runbook;
    enum notice_state state;
    int64_t time;
};
struct notices {
    struct arena *arena;
    struct notice *items;
    uint32_t count;
};

static const char *const state_words[] = WORDS(NOTICE_STATES);

static void add(struct notices *notices, const struct notice *notice)
{
    *ARENA_APPEND(notices->arena, notices->items, notices->count) = *notice;
}

static const struct notice *find(const struct notices *notices, const struct notice *notice)
{
    for (uint32_t i = 0; i < notices->count; i++)
        if (notices->items[i].hook == notice->hook && strcmp(notices->items[i].of, notice->of) == 0)
            return &notices->items[i];
    return NULL;
}

/* What notices are of, and what its programs get. */
struct notice_subject {
    struct arena *arena;
    const struct project *project;
    const struct flag *flag;
    const char *environment;
    const struct hooks *hooks;
    int64_t now, since; /* older notices are of another stage, or of another run */
    void (*write_input)(const void *what, struct buffer *out);
    const void *what;
};

static bool is_wanted(const struct hooks *hooks, enum hook hook)
{
    return hooks->on[hook].arguments.count > 0;
}

static bool any_wanted(const struct hooks *hooks)
{
#define WANTED(hook, word) is_wanted(hooks, hook) ||
    return NOTICE_HOOKS(WANTED) EXPERIMENT_HOOKS(WANTED) false;
#undef WANTED
}

/* --------------------------------------------------------------------------------------- now -- */

static void add_now(const struct notice_subject *subject, struct notices *now, enum hook hook,
                    const char *of, const char *reason, const char *runbook)
{
    const struct notice notice = {.hook = hook,
                                  .of = of,
                                  .reason = reason,
                                  .runbook = runbook ? runbook : subject->hooks->runbook,
                                  .state = NOTICE_BEGUN,
                                  .time = subject->now};
    if (is_wanted(subject->hooks, hook))
        add(now, &notice);
}

static void add_guards(struct verdict *verdict, const struct notice_subject *subject,
                       struct notices *now)
{
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        const struct criterion *guard = judgement->criterion;
        if (judgement->finding.advances || judgement->finding.verdict != CRITERION_HARM ||
            (guard->action != ACTION_ALERT && guard->action != ACTION_INVESTIGATE))
            continue;
        const char *over = guard->over ? arena_format(now->arena, " over %s",
                                                      duration_text(now->arena, guard->over))
                                       : "";
        const char *of = arena_format(now->arena, "%s %s %s%s", guard->metric->name.text,
                                      criterion_form_words[guard->form], guard->written.text, over);
        add_now(subject, now, guard->action == ACTION_ALERT ? HOOK_ALERT : HOOK_INVESTIGATE, of,
                measured_text(verdict, judgement), guard->runbook);
    }
}

static void look(struct verdict *verdict, const struct notice_subject *subject, struct notices *now)
{
    const struct stage *next = verdict->next;
    add_guards(verdict, subject, now);
    if (verdict->decision.rule == RULE_APPROVAL)
        add_now(subject, now, HOOK_APPROVAL_NEEDED, next->name.text,
                arena_format(now->arena, "the next stage, '%s', needs a person's approval",
                             next->name.text),
                NULL);
    if (verdict_left_to_person(verdict) && verdict_holds(verdict))
        add_now(subject, now, HOOK_REPORTED, "", verdict->reasons.items[0], NULL);
    if (!verdict_holds(verdict))
        add_now(subject, now, HOOK_UNHEALTHY, "",
                "too many lines of a log are bad: there is no verdict", NULL);
    else if (verdict->issues.count > 0)
        add_now(subject, now, HOOK_UNHEALTHY, "", verdict->issues.items[0], NULL);
    if (verdict->silence.log)
        add_now(subject, now, HOOK_STALE_LOG, verdict->silence.log->name.text,
                silence_text(verdict), NULL);
}

/* -------------------------------------------------------------------------------- the ledger -- */

/* Of an entry; false: it is of something else, or not understood. */
static bool parse(const struct notice_subject *subject, const char *called, const json_t *entry,
                  struct notice *notice)
{
    const json_t *told = json_object_get(entry, NOTICE_VERDICT);
    const char *flag = json_text_at(entry, "flag"), *where = json_text_at(entry, "environment");
    const char *hook_word = json_text_at(told, "hook"), *state = json_text_at(told, "state");
    const char *of = json_text_at(told, "of"), *time = json_text_at(entry, "time");
    if (!flag || strcmp(flag, called) != 0 || !where || strcmp(where, subject->environment) != 0 ||
        !hook_word || !state || !time || !parse_time(time, &notice->time))
        return false;
    notice->of = of ? of : "";
    int hook = words_find(hook_words, hook_word), standing = words_find(state_words, state);
    if (hook < 0 || standing < 0)
        return false;
    notice->hook = (enum hook)hook;
    notice->state = (enum notice_state)standing;
    return true;
}

/* Of each, how it stands by the newest entry since the stage began. */
static bool recall(const struct notice_subject *subject, struct notices *known,
                   struct buffer *error)
{
    const struct ledger_entries *entries = ledger_look(subject->project->directory, error);
    struct names_then names = {.count = 0};
    if (entries)
        names_then_find(&names, entries, subject->flag, known->arena);
    for (uint32_t i = entries ? entries->count : 0; i-- > 0;) {
        const char *called;
        json_t *entry = ledger_json_of(entries, i, &names, &called);
        struct notice notice = {0};
        if (entry && parse(subject, called, entry, &notice) && notice.time >= subject->since &&
            !find(known, &notice)) {
            notice.of = arena_copy(known->arena, notice.of, strlen(notice.of));
            add(known, &notice);
        }
        json_decref(entry);
    }
    return entries;
}

static bool record(const struct notice_subject *subject, const char *actor,
                   const struct notice *notice, struct buffer *error)
{
    const struct entry_head head = {subject->now, actor, subject->flag->name.text,
                                    subject->environment};
    struct ledger ledger = {.lock = -1};
    struct buffer entry = {0};
    entry_begin(&entry, &head);
    entry_manual(&entry, NOTICE_VERDICT, notice->reason);
    field_object(&entry, NOTICE_VERDICT);
    field_text(&entry, "hook", hook_words[notice->hook]);
    if (*notice->of)
        field_text(&entry, "of", notice->of);
    field_text(&entry, "state", state_words[notice->state]);
    if (notice->runbook)
        field_text(&entry, "runbook", notice->runbook);
    buffer_append_text(&entry, "}");
    bool added = ledger_lock(&ledger, subject->project->directory, error) &&
                 ledger_add(&ledger, &entry, error) && ledger_is_certain(&ledger, error);
    ledger_unlock(&ledger);
    buffer_release(&entry);
    return added;
}

/* -------------------------------------------------------------------------------------- tell -- */

/* Steps keep their lock in the ledger's folder, which there may not be: nothing has changed. */
static bool make_place(const struct notice_subject *subject, struct buffer *error)
{
    struct ledger ledger = {.lock = -1};
    bool made = ledger_lock(&ledger, subject->project->directory, error) &&
                ledger_make_folders(&ledger, error);
    ledger_unlock(&ledger);
    return made;
}

static bool tell(const struct notice_subject *subject, const char *actor, struct notice *notice,
                 bool *cancelled, struct buffer *error)
{
    struct buffer input = {0}, problem = {0};
    subject->write_input(subject->what, &input);
    const struct steps steps = {.project = subject->project,
                                .flag = subject->flag,
                                .environment =
                                    project_environment(subject->project, subject->environment),
                                .actor = actor,
                                .reason = notice->reason,
                                .hook = (int)notice->hook,
                                .runbook = notice->runbook,
                                .input = &input,
                                .permission.given = true, /* or nobody would ask */
                                .cancelled = cancelled};
    bool told = make_place(subject, error) && steps_run(&steps, error);
    notice->state = told ? NOTICE_BEGUN : NOTICE_UNTOLD;
    bool recorded = record(subject, actor, notice, error->length ? &problem : error);
    buffer_release(&input);
    buffer_release(&problem);
    return told && recorded;
}

/* Whether nobody was told so far; or, where that failed, whether it is time to try again. */
static bool is_due(const struct notice *known, int64_t now)
{
    if (!known)
        return true;
    switch (known->state) {
    case NOTICE_BEGUN:
        return false;
    case NOTICE_UNTOLD:
        return now - known->time >= NOTICE_RETRY;
    case NOTICE_OVER:
        break;
    }
    return true;
}

/* Tells what is so now and was not, and records what is over. */
static bool settle(const struct notice_subject *subject, struct notices *now, const char *actor,
                   bool *cancelled, struct buffer *error)
{
    struct notices known = {.arena = subject->arena};
    bool fine = recall(subject, &known, error);
    for (uint32_t i = 0; fine && i < now->count; i++)
        if (is_due(find(&known, &now->items[i]), subject->now))
            fine = tell(subject, actor, &now->items[i], cancelled, error);
    for (uint32_t i = known.count; fine && i-- > 0;) { /* oldest first */
        struct notice *over = &known.items[i];
        if (over->state == NOTICE_OVER || find(now, over))
            continue;
        over->state = NOTICE_OVER;
        over->reason = arena_format(known.arena, "%s is over", hook_event(over->hook));
        fine = record(subject, actor, over, error);
    }
    return fine;
}

static void write_verdict(const void *what, struct buffer *out)
{
    report_json((struct verdict *)(uintptr_t)what, out);
}

bool notices_tell(struct verdict *verdict, const char *actor, bool *cancelled, struct buffer *error)
{
    const struct canary *canary = verdict->analysis->subject.canary;
    const struct notice_subject subject = {.arena = verdict->replay->texts,
                                           .project = verdict->replay->project,
                                           .flag = verdict->analysis->subject.flag,
                                           .environment = verdict->environment,
                                           .hooks = &canary->hooks,
                                           .now = verdict->now,
                                           .since = canary->since,
                                           .write_input = write_verdict,
                                           .what = verdict};
    struct notices now = {.arena = subject.arena};
    enum decision_rule rule = verdict->decision.rule;
    if (rule == RULE_ROLLED_BACK || rule == RULE_COMPLETED || !any_wanted(subject.hooks))
        return true;
    look(verdict, &subject, &now);
    return settle(&subject, &now, actor, cancelled, error);
}

bool notices_tell_experiment(const struct experiment_notices *found, const char *actor,
                             bool *cancelled, struct buffer *error)
{
    const struct notice_subject subject = {.arena = found->arena,
                                           .project = found->project,
                                           .flag = found->flag,
                                           .environment = found->environment,
                                           .hooks = &found->project->hooks,
                                           .now = found->now,
                                           .since = found->since,
                                           .write_input = found->write_input,
                                           .what = found->what};
    struct notices now = {.arena = subject.arena};
    if (!any_wanted(subject.hooks))
        return true;
    if (found->decision)
        add_now(&subject, &now, HOOK_EXPERIMENT_READY, found->decision, found->reason, NULL);
    if (found->issue)
        add_now(&subject, &now, HOOK_UNHEALTHY, "", found->issue, NULL);
    return settle(&subject, &now, actor, cancelled, error);
}
