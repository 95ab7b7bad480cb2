/* steps.c - see steps.h. */
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "emergency.h"
#include "compiler/processes/process.h"
#include "recovery.h"
#include "steps_lock.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

/* A step of a rollback plan, or a hook. */
struct step {
    const char *plan; /* "rollback", "on_pause" */
    uint32_t number, of;
    const char *does;                       /* "serve", "override", "run", "notify" */
    const struct invocation *invocation;    /* or NULL */
    const struct rollback_step *definition; /* NULL: a hook */
};

static const struct hooks *hooks_of(const struct steps *steps)
{
    const struct canary *canary = steps->environment < steps->project->environments.count
                                      ? steps->flag->environments[steps->environment].canary
                                      : NULL;
    return canary ? &canary->hooks : &steps->project->hooks;
}

static const struct invocation *hook_of(const struct steps *steps)
{
    const struct hooks *hooks = hooks_of(steps);
    if (steps->hook < 0 || hooks->on[steps->hook].arguments.count == 0)
        return NULL;
    return &hooks->on[steps->hook];
}

static uint32_t steps_count(const struct steps *steps)
{
    return (steps->plan ? steps->flag->rollback_count : 0) + (hook_of(steps) != NULL);
}

/* -------------------------------------------------------------------------------- the ledger -- */

static void begin_line(const struct steps *steps, const struct step *step, const char *state,
                       struct buffer *out)
{
    bool placed = steps->environment < steps->project->environments.count;
    const struct entry_head head = {
        clock_now(), steps->actor, steps->flag->name.text,
        placed ? steps->project->environments.items[steps->environment].text : NULL};
    entry_begin(out, &head);
    entry_manual(out, "step", steps->reason);
    field_object(out, "step");
    field_text(out, "plan", step->plan);
    field_integer(out, "number", step->number);
    field_integer(out, "of", step->of);
    field_text(out, "does", step->does);
    if (step->invocation) {
        field_array(out, "arguments");
        for (uint32_t i = 0; i < step->invocation->arguments.count; i++) {
            json_write_comma(out);
            json_write_string(out, step->invocation->arguments.items[i].text);
        }
        buffer_append_text(out, "]");
    }
    field_text(out, "state", state);
    field_integer(out, "pid", getpid());
}

static void write_result(const struct process_result *result, struct buffer *out)
{
    if (result->status >= 0)
        field_integer(out, "status", result->status);
    if (result->signal)
        field_integer(out, "signal", result->signal);
    if (result->error)
        field_text(out, "error", strerror(result->error));
    field_integer(out, "took_ms", result->took);
    field_text(out, "output", result->output.bytes ? result->output.bytes : "");
    field_truth(out, "cut", result->cut);
}

/* Takes the lock for this one line. */
static bool add_line(const struct steps *steps, struct buffer *line, struct buffer *error)
{
    struct ledger ledger = {.lock = -1};
    buffer_append_text(line, "}"); /* closes the step; the ledger closes the line */
    bool added = ledger_lock(&ledger, steps->project->directory, error) &&
                 ledger_add(&ledger, line, error) && ledger_is_certain(&ledger, error);
    ledger_unlock(&ledger);
    buffer_release(line);
    return added;
}

/* --------------------------------------------------------------------------------- overrides -- */

/* Whether nothing except the canary that was rolled back could serve another variant. */
static bool serves_default(const struct steps *steps)
{
    if (steps->is_off)
        return true;
    if (steps->environment >= steps->project->environments.count)
        return false;
    const struct targeting *targeting = &steps->flag->environments[steps->environment];
    return targeting->canary && targeting->rule_count == 0 && targeting->user_list_count == 0;
}

static struct emergency emergency_of(const struct steps *steps, const struct step *step,
                                     const char *const *flag)
{
    struct emergency emergency = {.serve = "default",
                                  .from = INT64_MIN,
                                  .until = INT64_MAX,
                                  .reason = steps->reason,
                                  .by = steps->actor,
                                  .at = clock_now() / 1000 * 1000};
    emergency.scope.flags = flag;
    emergency.scope.flag_count = 1;
    if (steps->environment < steps->project->environments.count)
        emergency.scope.environment = steps->project->environments.items[steps->environment].text;
    emergency.from = emergency.at;
    emergency.planned = step->definition->override;
    if (emergency.planned)
        emergency.source = &steps->project->sources.items[emergency.planned->node->span.file];
    return emergency;
}

/* In the published file, if it can be patched. */
static bool patch_published(const struct steps *steps, const struct override_edit *edit,
                            struct buffer *why)
{
    struct patch patch;
    uint32_t selected;
    bool done = publication_open(steps->publication, &patch, why);
    uint32_t environment =
        done ? project_environment(steps->project, patch_environment(&patch)) : UINT32_MAX;
    bool elsewhere =
        edit->environment && done && strcmp(edit->environment, patch_environment(&patch)) != 0;
    /* A file of another environment stays as it is. */
    if (environment == UINT32_MAX || elsewhere || !(edit->override.environments >> environment & 1))
        done = done && environment != UINT32_MAX;
    else
        done = patch_add_override(&patch, &edit->override, steps->project, &selected, why) &&
               publication_patch(steps->publication, &patch, why);
    patch_release(&patch);
    return done;
}

/* Under the lock: first the file that services read, then the definitions, then the ledger. */
static bool make_override(const struct steps *steps, const struct emergency *emergency,
                          struct ledger *ledger, struct buffer *error)
{
    struct override_edit edit = {0};
    struct buffer line = {0}, why = {0};
    emergency_plan(emergency, &edit);
    override_edit_select(&edit, steps->project);
    const struct entry_head head = {emergency->at, steps->actor, steps->flag->name.text,
                                    emergency->scope.environment};
    override_entry(&line, &head, steps->project, &edit, steps->reason);
    bool publishes = steps->publication && steps->publication->path;
    bool prepared = override_edit_prepare(ledger, &edit, &line, error);
    bool patched = publishes && patch_published(steps, &edit, &why);
    enum replaced replaced = override_edit_make(steps->project->directory, &edit, error);
    bool made = replaced != REPLACED_NOT && prepared && ledger_edited(ledger, replaced, error) &&
                ledger_commit(ledger, error) && ledger_is_certain(ledger, error);
    if (made && publishes && !patched)
        made = publication_publish(steps->publication, steps->project->directory,
                                   steps->project->environments.items[steps->environment].text,
                                   NULL, error);
    buffer_release(&line);
    buffer_release(&why);
    override_edit_release(&edit);
    return made;
}

static bool add_override(const struct steps *steps, const struct step *step, struct buffer *error)
{
    const char *flag = steps->flag->name.text;
    if (!step->definition->override && serves_default(steps))
        return true;
    const struct emergency emergency = emergency_of(steps, step, &flag);
    struct ledger ledger = {.lock = -1};
    bool made = ledger_lock(&ledger, steps->project->directory, error) &&
                make_override(steps, &emergency, &ledger, error) &&
                (!steps->publication ||
                 publication_record(steps->publication, &ledger, steps->actor, error));
    ledger_unlock(&ledger);
    return made;
}

/* -------------------------------------------------------------------------------------- step -- */

static const char *const ending_words[] = WORDS(PROCESS_ENDINGS);

static void explain(const struct step *step, const struct process_result *result,
                    struct buffer *error)
{
    buffer_format(error, "step %u of %u of '%s' (%s", step->number, step->of, step->plan,
                  step->does);
    if (step->invocation)
        buffer_format(error, " %s", step->invocation->arguments.items[0].text);
    buffer_append_text(error, ") ");
    process_explain(result, error);
    buffer_append_text(error, "; the steps after it are not run, and the change before them stays");
}

/* The input, with `"event":{"name":"alert","reason":…,"runbook":…}`. */
static void write_input(const struct steps *steps, struct buffer *out)
{
    const char *runbook = steps->runbook ? steps->runbook : hooks_of(steps)->runbook;
    size_t end = steps->hook < 0 ? 0 : sizeof "}\n" - 1;
    buffer_append(out, steps->input->bytes, steps->input->length - end);
    if (!end)
        return;
    field_object(out, "event");
    field_text(out, "name", hook_event((enum hook)steps->hook));
    field_text(out, "reason", steps->reason);
    field_text(out, "runbook", runbook);
    buffer_append_text(out, "}}\n");
}

static bool run_program(const struct steps *steps, const struct step *step,
                        struct processes *processes, struct buffer *error)
{
    struct process_result result;
    struct buffer line = {0}, input = {0};
    begin_line(steps, step, "started", &line);
    if (!add_line(steps, &line, error))
        return false;
    write_input(steps, &input);
    const struct process_files files = {&input, -1};
    process_run(processes, steps->project->directory, step->invocation, &files, &result);
    begin_line(steps, step, ending_words[result.ending], &line);
    write_result(&result, &line);
    bool done = add_line(steps, &line, error) && result.ending == PROCESS_DONE;
    if (result.ending == PROCESS_CANCELLED && steps->cancelled)
        *steps->cancelled = true;
    if (result.ending != PROCESS_DONE && !error->length)
        explain(step, &result, error);
    buffer_release(&result.output);
    buffer_release(&input);
    return done;
}

static bool run_edit(const struct steps *steps, const struct step *step, struct buffer *error)
{
    struct buffer line = {0}, ignored = {0};
    begin_line(steps, step, "started", &line);
    if (!add_line(steps, &line, error))
        return false;
    bool made = add_override(steps, step, error);
    begin_line(steps, step, made ? "done" : "failed", &line);
    if (!made)
        field_text(&line, "error", error->bytes);
    bool added = add_line(steps, &line, made ? error : &ignored);
    buffer_release(&ignored);
    return made && added;
}

static bool run_step(const struct steps *steps, const struct step *step,
                     struct processes *processes, struct buffer *error)
{
    bool done = step->invocation ? run_program(steps, step, processes, error)
                                 : run_edit(steps, step, error);
    if (done)
        print_line("%s %u/%u %s%s%s: done", step->plan, step->number, step->of, step->does,
                   step->invocation ? " " : "",
                   step->invocation ? step->invocation->arguments.items[0].text : "");
    return done;
}

static bool run_all(const struct steps *steps, struct processes *processes, struct buffer *error)
{
    uint32_t count = steps->plan ? steps->flag->rollback_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct rollback_step *definition = &steps->flag->rollback[i];
        bool program = definition->kind == ROLLBACK_RUN || definition->kind == ROLLBACK_NOTIFY;
        const struct step step = {"rollback",
                                  i + 1,
                                  count,
                                  rollback_step_kind_words[definition->kind],
                                  program ? &definition->invocation : NULL,
                                  definition};
        if (!run_step(steps, &step, processes, error))
            return false;
    }
    const struct invocation *hook = hook_of(steps);
    const struct step step = {hook ? hook_words[steps->hook] : "", 1, 1, "run", hook, NULL};
    return !hook || run_step(steps, &step, processes, error);
}

/* -------------------------------------------------------------------------------- permission -- */

/*
 * Whether a program of a plan may be run. That the list has other programs is noted; where the list
 * cannot be relied on, and nothing else permits the program, that is said in `error`.
 */
static bool permits(const struct steps *steps, const struct invocation *invocation,
                    const char *plan, struct buffer *error)
{
    struct buffer why = {0};
    enum permitted permitted =
        permission_has(&steps->permission, steps->project->directory, invocation, &why);
    switch (permitted) {
    case PERMITTED:
    case PERMITTED_NOT:
        break;
    case PERMITTED_OTHERS:
        print_note("%s is not run: %s", plan, why.bytes);
        break;
    case PERMITTED_FAULTY:
        if (!error->length)
            buffer_append(error, why.bytes, why.length);
        break;
    }
    buffer_release(&why);
    return permitted == PERMITTED;
}

/* Without --run-steps, a plan is run for the sake of its programs, so it has some. */
static bool permits_plan(const struct steps *steps, struct buffer *error)
{
    uint32_t programs = 0;
    if (steps->permission.given)
        return true;
    for (uint32_t i = 0; i < steps->flag->rollback_count; i++) {
        const struct rollback_step *step = &steps->flag->rollback[i];
        if (step->kind != ROLLBACK_RUN && step->kind != ROLLBACK_NOTIFY)
            continue;
        if (!permits(steps, &step->invocation, "the rollback plan", error))
            return false;
        programs++;
    }
    return programs > 0;
}

static bool run_permitted(const struct steps *steps, struct buffer *error)
{
    struct processes processes;
    if (steps_count(steps) == 0)
        return true;
    int lock = steps_lock(steps->project->directory, steps->flag->name.text, error);
    if (lock < 0)
        return false;
    bool done = process_begin(&processes);
    if (!done)
        buffer_format(error, "cannot watch for signals: %s", strerror(errno));
    done = done && run_all(steps, &processes, error);
    process_end(&processes);
    steps_unlock(steps->project->directory, steps->flag->name.text, lock);
    return done;
}

bool steps_run(const struct steps *steps, struct buffer *error)
{
    struct steps permitted = *steps;
    const struct invocation *hook = hook_of(steps);
    permitted.plan = steps->plan && permits_plan(steps, error);
    if (hook && !permits(steps, hook, hook_words[steps->hook], error))
        permitted.hook = -1;
    bool relied = error->length == 0;
    return run_permitted(&permitted, error) && relied;
}
