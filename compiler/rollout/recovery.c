/* recovery.c - see recovery.h. */
#include "recovery.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "entry.h"
#include "steps.h"

static bool time_is(const json_t *time, int64_t ms)
{
    int64_t parsed;
    if (!json_is_string(time))
        return ms == INT64_MIN;
    return parse_time(json_string_value(time), &parsed) && parsed == ms;
}

static bool transition_was_made(const struct project *project, json_t *line)
{
    const char *flag_name, *environment_name, *state, *stage, *approved = NULL;
    json_t *since;
    if (json_unpack(line, "{s:s, s:s, s:{s:s, s:s, s:o, s?s}}", "flag", &flag_name, "environment",
                    &environment_name, "to", "state", &state, "stage", &stage, "since", &since,
                    "approved", &approved))
        return false;
    const struct flag *flag = project_flag(project, flag_name);
    uint32_t environment = project_environment(project, environment_name);
    if (!flag || environment == UINT32_MAX || !flag->environments[environment].canary)
        return false;
    const struct rollout now = rollout_of(flag->environments[environment].canary);
    return strcmp(canary_state_text(now.state), state) == 0 && strcmp(now.stage, stage) == 0 &&
           time_is(since, now.since) &&
           (approved ? now.approved && strcmp(now.approved, approved) == 0 : !now.approved);
}

/* Of an override that was added, or lifted. */
static bool override_was_made(const struct project *project, json_t *line)
{
    const char *id, *verdict;
    if (json_unpack(line, "{s:s, s:{s:s}}", "verdict", &verdict, "override", "id", &id))
        return false;
    bool found = false;
    for (uint32_t i = 0; i < project->override_count; i++)
        found |= project->overrides[i]->id.text && strcmp(project->overrides[i]->id.text, id) == 0;
    return strcmp(verdict, "lift") == 0 ? !found : found;
}

static bool was_made(const struct project *project, json_t *line)
{
    if (json_object_get(line, "override"))
        return override_was_made(project, line);
    /* What stands for nothing but itself is true once it is put aside. */
    if (json_object_get(line, "step"))
        return true;
    return transition_was_made(project, line);
}

static bool finish_pending(const struct ledger *ledger, const struct project *project,
                           const struct buffer *pending, json_t **finished, struct buffer *error)
{
    struct buffer old = {0};
    if (!ledger_read(ledger->directory, &old, error))
        return false;
    bool appended =
        old.length >= pending->length &&
        memcmp(old.bytes + old.length - pending->length, pending->bytes, pending->length) == 0;
    buffer_release(&old);
    json_t *line = json_loadb(pending->bytes, pending->length, 0, NULL);
    bool done = true;
    if (!appended && line && was_made(project, line)) {
        done = ledger_commit(ledger, error);
        if (done)
            fprintf(stderr, "note: finished the ledger line of a run that was interrupted\n");
    } else {
        ledger_drop(ledger);
    }
    bool stands = appended || (line && done && was_made(project, line));
    if (stands && finished)
        *finished = json_incref(line);
    json_decref(line);
    return done;
}

bool recover(const struct ledger *ledger, const struct project *project, json_t **finished,
             struct buffer *error)
{
    struct buffer pending = {0};
    if (finished)
        *finished = NULL;
    bool recovered = sodium_init() >= 0 && ledger_read_pending(ledger, &pending, error);
    if (recovered && pending.length == 0)
        ledger_drop(ledger);
    else if (recovered)
        recovered = finish_pending(ledger, project, &pending, finished, error);
    buffer_release(&pending);
    return recovered && steps_recover(ledger, error);
}
