/* rollback_list.c - `ffc rollback --list` and `--status`: overrides, and steps that were run. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/json.h"
#include "compiler/base/calendar.h"
#include "compiler/rollout/recovery.h"
#include "compiler/rollout/steps.h"
#include "rollback.h"

/* --------------------------------------------------------------------------------- overrides -- */

static const char *activity(const struct override *override, int64_t at)
{
    return at < override->from ? "scheduled" : at < override->until ? "active" : "expired";
}

static void put_texts(struct buffer *out, const char *key, const struct texts *texts)
{
    if (!texts->count)
        return;
    buffer_format(out, "%s%s ", out->length ? ", " : "", key);
    for (uint32_t i = 0; i < texts->count; i++)
        buffer_format(out, "%s%s", i ? " " : "", texts->items[i].text);
}

static const char *scope_of(struct project *project, const struct override *override)
{
    struct buffer out = {0};
    put_texts(&out, "flags", &override->flags);
    put_texts(&out, "tags", &override->tags);
    put_texts(&out, "kinds", &override->kinds);
    if (override->all)
        buffer_format(&out, "%sall flags", out.length ? ", " : "");
    const char *between = " in ";
    for (uint32_t i = 0; i < project->environments.count && override->environments != UINT64_MAX;
         i++) {
        if (!(override->environments >> i & 1))
            continue;
        buffer_format(&out, "%s%s", between, project->environments.items[i].text);
        between = " ";
    }
    if (override->condition)
        buffer_append_text(&out, ", for some");
    const char *text = arena_copy(&project->arena, out.bytes ? out.bytes : "", out.length);
    buffer_release(&out);
    return text;
}

static void put_override(struct change *change, const struct override *override, struct buffer *out)
{
    struct project *project = change->project;
    const char *state = activity(override, change->at);
    const char *id = override->id.text ? override->id.text : override->name;
    const char *path = project->sources.items[override->span.file].path;
    unsigned line =
        source_position(&project->sources, override->span.file, override->span.begin).line;
    if (change->json) {
        buffer_append_text(out, "{\"format_version\":1");
        field_text(out, "id", id);
        field_text(out, "state", state);
        field_text(out, "scope", scope_of(project, override));
        field_text(out, "serve", override->serve.text);
        field_time(out, "from", override->from);
        field_time(out, "until", override->until);
        field_text(out, "reason", override->reason);
        field_text(out, "by", override->by);
        field_time(out, "at", override->at);
        field_text(out, "file", path);
        field_integer(out, "line", line);
        buffer_append_text(out, "}\n");
        return;
    }
    char from[32] = "", until[32] = "";
    if (override->from != INT64_MIN)
        format_time(override->from, from, sizeof from);
    if (override->until != INT64_MAX)
        format_time(override->until, until, sizeof until);
    buffer_format(out, "%s  %s\n    serve %s to %s%s%s%s%s\n    %s%s%s\n    %s:%u\n", id, state,
                  override->serve.text ? override->serve.text : "nothing",
                  scope_of(project, override), *from ? "\n    from " : "", from,
                  !*until ? ""
                  : *from ? ", until "
                          : "\n    until ",
                  until, override->reason ? override->reason : "no reason given",
                  override->by ? ", by " : "", override->by ? override->by : "", path, line);
}

int rollback_list(struct change *change)
{
    change_identify(change);
    struct project *project = change->project = project_load(change->directory, change->at);
    bool whole = project->diagnostics.errors == 0;
    struct buffer out = {0};
    note_aside(project->directory);
    for (uint32_t i = 0; i < project->override_count; i++)
        put_override(change, project->overrides[i], &out);
    if (!project->override_count && !change->json)
        buffer_format(&out, "there is no override%s\n", whole ? "" : " in what could be read");
    bool written = write_stdout(&rollback_command, &out);
    int status = show_unread(project, DIAGNOSTIC_TEXT, change->color);
    status = written ? status : EXIT_JOB;
    buffer_release(&out);
    return status;
}

/* ------------------------------------------------------------------------------------- steps -- */

static void put_step(const struct change *change, const char *flag, const json_t *line,
                     struct buffer *out)
{
    const json_t *step = json_object_get(line, "step");
    const char *state = json_string_value(json_object_get(step, "state"));
    bool started = state && strcmp(state, "started") == 0;
    if (started)
        state = steps_are_running(change->ledger.directory, flag) ? "running" : "interrupted";
    const char *plan = json_string_value(json_object_get(step, "plan"));
    const char *time = json_string_value(json_object_get(line, "time"));
    const char *does = json_string_value(json_object_get(step, "does"));
    int64_t number = json_integer_value(json_object_get(step, "number"));
    int64_t of = json_integer_value(json_object_get(step, "of"));
    int64_t pid = json_integer_value(json_object_get(step, "pid"));
    if (change->json) {
        buffer_append_text(out, "{\"format_version\":1");
        field_text(out, "flag", flag);
        field_text(out, "plan", plan);
        field_integer(out, "number", number);
        field_integer(out, "of", of);
        field_text(out, "does", does);
        field_text(out, "state", state);
        field_text(out, "since", time);
        field_integer(out, "pid", pid);
        buffer_append_text(out, "}\n");
        return;
    }
    buffer_format(out, "%s: step %lld of %lld of %s (%s) %s, %s %s\n", flag, (long long)number,
                  (long long)of, plan ? plan : "", does ? does : "", state ? state : "",
                  started ? "since" : "at", time ? time : "");
    if (started && strcmp(state, "running") == 0)
        buffer_format(out, "    to cancel it: kill %lld\n", (long long)pid);
}

int rollback_status(struct change *change)
{
    struct ledger_entries entries;
    struct buffer out = {0}, error = {0};
    int status = EXIT_FINE;
    change->ledger.directory = project_place(change->directory);
    note_aside(change->ledger.directory);
    if (!ledger_read(change->ledger.directory, &entries, &error)) {
        status = job_error(&rollback_command, "%s", error.bytes);
        buffer_release(&error);
        return status;
    }
    json_t *latest = steps_latest(&entries), *last;
    const char *flag;
    json_object_foreach(latest, flag, last)
    {
        put_step(change, flag, last, &out);
    }
    if (!out.length && !change->json)
        buffer_append_text(&out, "no step was ever run\n");
    if (!write_stdout(&rollback_command, &out))
        status = EXIT_JOB;
    json_decref(latest);
    ledger_release(&entries);
    buffer_release(&out);
    return status;
}
