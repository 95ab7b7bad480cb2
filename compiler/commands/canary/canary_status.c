/* canary_status.c - `ffc canary status`: where canaries are, and what can be done with them. */
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "canary.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "compiler/rollout/emergency.h"
#include "compiler/base/scalar.h"
#include "compiler/rollout/possible.h"
#include "compiler/rollout/recovery.h"

struct standing {
    const struct change *change;
    const struct flag *flag;
    const char *environment;
    const struct canary *canary;
    const struct stage *stage, *next;
};

static bool needs_approval(const struct standing *standing)
{
    const struct stage *next = standing->next;
    const char *approved = standing->canary->approved;
    return next && next->approval && (!approved || strcmp(approved, next->name.text) != 0);
}

static void put_stage(struct buffer *out, const struct stage *stage)
{
    char percent[PERCENT_TEXT_SIZE];
    percent_format(stage->percent, percent);
    terminal_format(out, "'%s' (%s%%)", stage->name.text, percent);
}

/* The next override in force, in order of precedence. */
static const struct override *next_holder(const struct standing *standing,
                                          const struct override *after)
{
    const struct project *project = standing->change->project;
    return override_in_force(project, standing->flag,
                             project_environment(project, standing->environment),
                             standing->change->at, after);
}

/* The flag whose requirement no unit meets. */
static const char *unmet(const struct standing *standing)
{
    const struct project *project = standing->change->project;
    struct possibilities possibilities;
    possibilities_init(&possibilities, project, project_environment(project, standing->environment),
                       standing->change->at);
    const struct requirement *found =
        first_requirement(&possibilities, standing->flag, MET_BY_NOBODY);
    possibilities_release(&possibilities);
    return found ? found->flag->name.text : NULL;
}

static void put_text(const struct standing *standing, struct buffer *out)
{
    const struct canary *canary = standing->canary;
    struct arena *arena = &standing->change->project->arena;
    bool open = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
    terminal_format(out, "%s in %s: %s", standing->flag->name.text, standing->environment,
                    canary_state_words[canary->state]);
    if (open) {
        buffer_append_text(out, " in stage ");
        put_stage(out, standing->stage);
        terminal_format(out, ", %u of %u", (unsigned)(standing->stage - canary->stages) + 1,
                        canary->stage_count);
    }
    if (canary->since != INT64_MIN && canary->since <= standing->change->at)
        terminal_format(out, ", for %s",
                        duration_text(arena, standing->change->at - canary->since));
    if (standing->next) {
        buffer_append_text(out, "\n  next      ");
        put_stage(out, standing->next);
        buffer_append_text(out, needs_approval(standing)   ? ", needs approval"
                                : standing->next->approval ? ", approved"
                                                           : "");
    }
    for (const struct override *by = NULL; (by = next_holder(standing, by));) {
        char from[32] = "";
        if (by->from != INT64_MIN)
            format_time(by->from, from, sizeof from);
        terminal_format(out, "\n  held back by %s\n            it serves %s%s%s%s", by->name,
                        by->serve.text, by->condition ? " to some" : ", not the stage",
                        *from ? ", since " : "", from);
        if (by->by || by->reason)
            terminal_format(out, "\n            %s%s%s%s", by->by ? "by " : "",
                            by->by ? by->by : "", by->by && by->reason ? ": " : "",
                            by->reason ? by->reason : "");
    }
    if (unmet(standing))
        terminal_format(
            out, "\n  held back by requires: %s\n            the default is served, not the stage",
            unmet(standing));
    if (!canary->automatic)
        buffer_append_text(out, "\n  automatic is false: a rollback is left to a person");
    if (canary->instant)
        buffer_append_text(out, "\n  instant: everybody at once, without stages");
    terminal_format(out, "\n  you can   %s\n", control_choices(canary));
}

static void put_json(const struct standing *standing, struct buffer *out)
{
    const struct canary *canary = standing->canary;
    const struct rollout rollout = rollout_of(canary);
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "flag", standing->flag->name.text);
    field_text(out, "environment", standing->environment);
    entry_rollout(out, "rollout", &rollout);
    field_number(out, "percent", true,
                 (canary->instant ? PERCENT_ALL : standing->stage->percent) / 1000.0);
    const struct override *by = next_holder(standing, NULL);
    field_text(out, "override", by ? by->name : NULL);
    field_text(out, "unmet", unmet(standing));
    field_text(out, "next", standing->next ? standing->next->name.text : NULL);
    field_truth(out, "needs_approval", needs_approval(standing));
    field_truth(out, "automatic", canary->automatic);
    field_truth(out, "instant", canary->instant);
    buffer_append_text(out, "}\n");
}

static uint32_t put_flag(const struct change *change, const struct flag *flag, struct buffer *out)
{
    const struct texts *environments = &change->project->environments;
    uint32_t count = 0;
    if (flag->faulty)
        return 0;
    for (uint32_t i = 0; i < environments->count; i++) {
        const struct canary *canary = flag->environments[i].canary;
        if (!canary ||
            (change->environment && strcmp(change->environment, environments->items[i].text) != 0))
            continue;
        const struct standing standing = {
            .change = change,
            .flag = flag,
            .environment = environments->items[i].text,
            .canary = canary,
            .stage = &canary->stages[canary->instant ? canary->stage_count - 1 : canary->stage],
            .next = control_next_stage(canary)};
        if (change->json)
            put_json(&standing, out);
        else
            put_text(&standing, out);
        count++;
    }
    return count;
}

static int write_all(struct change *change, const char *name)
{
    const struct project *project = change->project;
    const struct flag *flag = name ? project_flag(project, name) : NULL;
    bool whole = project->diagnostics.errors == 0;
    int status = EXIT_FINE;
    if (name && !flag && whole)
        return unknown_flag(&canary_command, project, name);
    if (change->environment && (whole || project->environments.count) &&
        choose_environment(&canary_command, project, change->environment) == UINT32_MAX)
        return EXIT_JOB;
    struct buffer out = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (!name || flag == project->flags[i])
            count += put_flag(change, project->flags[i], &out);
    if (count == 0 && !change->json)
        terminal_format(&out, "there is no canary%s\n", whole ? "" : " in what could be read");
    if (!write_stdout(&canary_command, &out))
        status = EXIT_JOB;
    buffer_release(&out);
    return status;
}

int canary_status(struct change *change, const char *name)
{
    change_identify(change);
    change->project = project_load(change->directory, change->at);
    note_aside(change->project->directory);
    int status = write_all(change, name);
    int unread = show_unread(change->project, DIAGNOSTIC_TEXT, change->color);
    return status == EXIT_FINE ? unread : status;
}
