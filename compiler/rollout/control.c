/* control.c - see control.h. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/diagnostics/diagnostics.h"

/* ms after an advance in which a second one may come from somebody who saw the previous stage. */
#define MOMENTS 60000

const char *const control_words[] = WORDS(CONTROLS);

static bool is_open(const struct canary *canary)
{
    return canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
}

/* The index of the stage in effect: an instant canary is in its last. */
static uint32_t current_stage(const struct canary *canary)
{
    return canary->instant ? canary->stage_count - 1 : canary->stage;
}

const struct stage *control_next_stage(const struct canary *canary)
{
    if (!is_open(canary))
        return &canary->stages[canary->instant ? canary->stage_count - 1 : 0];
    uint32_t current = current_stage(canary);
    return current + 1 < canary->stage_count ? &canary->stages[current + 1] : NULL;
}

const char *control_choices(const struct canary *canary)
{
    switch (canary->state) {
    case CANARY_RUNNING:
        return control_next_stage(canary) ? "advance, pause, rollback or complete"
                                          : "complete, pause or rollback";
    case CANARY_PAUSED:
        return "resume or rollback";
    case CANARY_COMPLETE:
        return "rollback, or start again";
    case CANARY_PENDING:
    case CANARY_ROLLED_BACK:
        break;
    }
    return "start";
}

static bool refuse(const struct request *request, struct buffer *error, struct buffer *help)
{
    const struct canary *canary = request->canary;
    buffer_format(error, "cannot %s '%s': it is %s", control_words[request->control], request->flag,
                  canary_state_words[canary->state]);
    if (is_open(canary))
        buffer_format(error, " in stage '%s'", canary->stages[current_stage(canary)].name.text);
    buffer_format(help, "what can be done from there: %s", control_choices(canary));
    return false;
}

/* ------------------------------------------------------------------------------------ stages -- */

/* UINT32_MAX, having reported that there is no stage of this name. */
static uint32_t find_stage(const struct request *request, struct buffer *error, struct buffer *help)
{
    const struct canary *canary = request->canary;
    const char **names = xcalloc(canary->stage_count, sizeof *names);
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        names[i] = canary->stages[i].name.text;
        if (strcmp(names[i], request->stage) == 0)
            found = i;
    }
    if (found == UINT32_MAX) {
        const char *near = nearest_name(request->stage, names, canary->stage_count);
        buffer_format(error, "'%s' has no stage '%s'", request->flag, request->stage);
        buffer_append_text(help, near ? "did you mean " : "its stages are ");
        for (uint32_t i = 0; i < canary->stage_count && !near; i++)
            buffer_format(help, "%s'%s'", i ? ", " : "", names[i]);
        if (near)
            buffer_format(help, "'%s'?", near);
    }
    free(names);
    return found;
}

static void put_command(struct buffer *help, const struct request *request, const char *action,
                        const char *option, const char *stage)
{
    buffer_format(help, "ffc canary %s ", action);
    shell_append(help, request->flag);
    if (option)
        buffer_format(help, " %s %s", option, stage);
}

static void help_from_there(struct buffer *help, const struct request *request, const char *stage)
{
    buffer_append_text(help, "to go on from there: ");
    put_command(help, request, "advance", "--from", stage);
    buffer_append_text(help, " --reason …");
}

/* Whether every stage from `first` to `last` that requires approval is approved. */
static bool may_enter(const struct request *request, uint32_t first, uint32_t last,
                      struct buffer *error, struct buffer *help)
{
    const struct canary *canary = request->canary;
    for (uint32_t i = first; i <= last; i++) {
        const struct stage *stage = &canary->stages[i];
        if (!stage->approval ||
            (canary->approved && strcmp(canary->approved, stage->name.text) == 0))
            continue;
        buffer_format(error, "stage '%s' of '%s' needs approval, and has none", stage->name.text,
                      request->flag);
        put_command(help, request, "approve", "--to", stage->name.text);
        buffer_append_text(help, " --reason …");
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- controls -- */

static bool start(const struct request *request, struct rollout *to, struct buffer *error,
                  struct buffer *help)
{
    const struct canary *canary = request->canary;
    if (is_open(canary))
        return refuse(request, error, help);
    uint32_t stage = canary->instant ? canary->stage_count - 1 : 0;
    if (request->stage && !canary->instant)
        stage = find_stage(request, error, help);
    if (stage == UINT32_MAX || !may_enter(request, canary->instant ? stage : 0, stage, error, help))
        return false;
    *to = (struct rollout){CANARY_RUNNING, canary->stages[stage].name.text, request->at, NULL};
    return true;
}

/* Whether the canary is in the stage that the caller means to leave. */
static bool leaves_what_is_meant(const struct request *request, struct buffer *error,
                                 struct buffer *help)
{
    const struct canary *canary = request->canary;
    const char *now = canary->stages[current_stage(canary)].name.text;
    if (request->leaves && strcmp(request->leaves, now) != 0) {
        buffer_format(error, "cannot advance '%s' from '%s': it is in '%s'", request->flag,
                      request->leaves, now);
        help_from_there(help, request, now);
        return false;
    }
    int64_t ago = request->at - canary->since;
    if (request->leaves || request->stage || current_stage(canary) == 0 || ago < 0 ||
        ago >= MOMENTS)
        return true;
    buffer_format(error, "'%s' entered '%s' only %lld seconds ago", request->flag, now,
                  (long long)ago / 1000);
    help_from_there(help, request, now);
    return false;
}

static bool advance(const struct request *request, struct rollout *to, struct buffer *error,
                    struct buffer *help)
{
    const struct canary *canary = request->canary;
    uint32_t current = current_stage(canary), target = current + 1;
    if (canary->state != CANARY_RUNNING)
        return refuse(request, error, help);
    if (!leaves_what_is_meant(request, error, help))
        return false;
    if (target == canary->stage_count) {
        buffer_format(error, "cannot advance '%s': '%s' is its last stage", request->flag,
                      canary->stages[current].name.text);
        put_command(help, request, "complete", NULL, NULL);
        buffer_append_text(help, " --reason … ends the rollout");
        return false;
    }
    if (request->stage)
        target = find_stage(request, error, help);
    if (target == UINT32_MAX)
        return false;
    if (target <= current) {
        buffer_format(error, "cannot advance '%s' to '%s': it %s", request->flag, request->stage,
                      target == current ? "is there already" : "is past that stage");
        buffer_format(help,
                      target == current ? "nothing is left to do"
                                        : "roll it back, and start it --to '%s'",
                      request->stage);
        return false;
    }
    if (!may_enter(request, current + 1, target, error, help))
        return false;
    *to = (struct rollout){CANARY_RUNNING, canary->stages[target].name.text, request->at, NULL};
    return true;
}

/* Completing enters every remaining stage, so all that require approval must have it. */
static bool complete(const struct request *request, struct rollout *to, struct buffer *error,
                     struct buffer *help)
{
    const struct canary *canary = request->canary;
    if (canary->state != CANARY_RUNNING)
        return refuse(request, error, help);
    uint32_t current = current_stage(canary);
    if (current + 1 < canary->stage_count &&
        !may_enter(request, current + 1, canary->stage_count - 1, error, help))
        return false;
    *to = (struct rollout){CANARY_COMPLETE, canary->stages[current].name.text, request->at, NULL};
    return true;
}

static void list_approvals(const struct canary *canary, struct buffer *help)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < canary->stage_count; i++)
        if (canary->stages[i].approval)
            buffer_format(help, "%s'%s'",
                          count++ ? ", " : "those that do: ", canary->stages[i].name.text);
    if (!count)
        buffer_append_text(help, "no stage of it does: name them with 'approval'");
}

static bool approve(const struct request *request, struct rollout *to, struct buffer *error,
                    struct buffer *help)
{
    const struct canary *canary = request->canary;
    const struct stage *stage = control_next_stage(canary);
    if (request->stage) {
        uint32_t found = find_stage(request, error, help);
        if (found == UINT32_MAX)
            return false;
        stage = &canary->stages[found];
    }
    if (!stage || (is_open(canary) && stage <= &canary->stages[current_stage(canary)])) {
        buffer_format(error, "'%s' has no later stage to approve: it is in '%s'", request->flag,
                      canary->stages[current_stage(canary)].name.text);
        buffer_format(help, "what can be done from there: %s", control_choices(canary));
        return false;
    }
    if (!stage->approval) {
        buffer_format(error, "stage '%s' of '%s' needs no approval", stage->name.text,
                      request->flag);
        list_approvals(canary, help);
        return false;
    }
    if (canary->approved && strcmp(canary->approved, stage->name.text) == 0) {
        buffer_format(error, "stage '%s' of '%s' is approved already", stage->name.text,
                      request->flag);
        buffer_format(help, "what can be done: %s", control_choices(canary));
        return false;
    }
    to->approved = stage->name.text;
    return true;
}

bool control_plan(const struct request *request, struct rollout *to, struct buffer *error,
                  struct buffer *help)
{
    const struct canary *canary = request->canary;
    *to = rollout_of(canary);
    switch (request->control) {
    case CONTROL_START:
        return start(request, to, error, help);
    case CONTROL_ADVANCE:
        return advance(request, to, error, help);
    case CONTROL_COMPLETE:
        return complete(request, to, error, help);
    case CONTROL_APPROVE:
        return approve(request, to, error, help);
    case CONTROL_PAUSE:
        to->state = CANARY_PAUSED;
        return canary->state == CANARY_RUNNING || refuse(request, error, help);
    case CONTROL_RESUME:
        to->state = CANARY_RUNNING;
        return canary->state == CANARY_PAUSED || refuse(request, error, help);
    case CONTROL_ROLLBACK:
        *to = (struct rollout){CANARY_ROLLED_BACK, to->stage, request->at, NULL};
        return is_open(canary) || canary->state == CANARY_COMPLETE || refuse(request, error, help);
    }
    return false;
}
