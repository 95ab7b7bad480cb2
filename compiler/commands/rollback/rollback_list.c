/* rollback_list.c - `ffc rollback --list` and `--status`: overrides, and steps that were run. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/base/calendar.h"
#include "compiler/choose/choose.h"
#include "compiler/model/model.h"
#include "compiler/rollout/recovery.h"
#include "compiler/rollout/steps.h"
#include "rollback.h"
#include "compiler/base/json_read.h"
#include "compiler/project/project.h"
#include "compiler/files/place.h"

/* --------------------------------------------------------------------------------- overrides -- */

static const char *activity(int64_t from, int64_t until, int64_t at)
{
    return at < from ? "scheduled" : at < until ? "active" : "expired";
}

/* The file that --build names, if it can be read. */
struct published {
    struct patch patch;
    const char *path;     /* NULL: unknown */
    uint32_t environment; /* UINT32_MAX: the definitions do not have it */
};

enum place { PLACE_UNKNOWN, IN_FILE, NOT_IN_FILE, OF_OTHERS };

/* Only by its id: overrides without one are named by index, which may be another's in the file. */
static enum place place_of(const struct published *published, const struct override *override)
{
    if (!published->path || !override->id.text)
        return PLACE_UNKNOWN;
    if (patch_has_override(&published->patch, override->name))
        return IN_FILE;
    bool concerned = published->environment == UINT32_MAX ||
                     override->environments >> published->environment & 1;
    return concerned ? NOT_IN_FILE : OF_OTHERS;
}

static void put_texts(struct buffer *out, const char *key, const struct texts *texts)
{
    if (!texts->count)
        return;
    terminal_format(out, "%s%s ", out->length ? ", " : "", key);
    for (uint32_t i = 0; i < texts->count; i++)
        terminal_format(out, "%s%s", i ? " " : "", texts->items[i].text);
}

static const char *scope_of(struct project *project, const struct override *override)
{
    struct buffer out = {0};
    put_texts(&out, "flags", &override->flags);
    put_texts(&out, "tags", &override->tags);
    put_texts(&out, "kinds", &override->kinds);
    if (override->all)
        terminal_format(&out, "%sall flags", out.length ? ", " : "");
    const char *between = " in ";
    for (uint32_t i = 0; i < project->environments.count && override->environments != UINT64_MAX;
         i++) {
        if (!(override->environments >> i & 1))
            continue;
        terminal_format(&out, "%s%s", between, project->environments.items[i].text);
        between = " ";
    }
    if (override->condition)
        buffer_append_text(&out, ", for some");
    const char *text = arena_copy(&project->arena, out.bytes ? out.bytes : "", out.length);
    buffer_release(&out);
    return text;
}

static void put_json(struct change *change, const struct override *override, enum place place,
                     struct buffer *out)
{
    struct project *project = change->project;
    bool known = override->span.file != NO_FILE;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "id", override->id.text ? override->id.text : override->name);
    field_text(out, "state", activity(override->from, override->until, change->at));
    if (place == PLACE_UNKNOWN)
        field_text(out, "published", NULL);
    else
        field_truth(out, "published", place == IN_FILE);
    field_text(out, "scope", known ? scope_of(project, override) : NULL);
    field_text(out, "serve", override->serve.text);
    field_time(out, "from", override->from);
    field_time(out, "until", override->until);
    field_text(out, "reason", override->reason);
    field_text(out, "by", override->by);
    field_time(out, "at", override->at);
    field_text(out, "file", known ? project->sources.items[override->span.file].path : NULL);
    if (known)
        field_integer(
            out, "line",
            source_position(&project->sources, override->span.file, override->span.begin).line);
    buffer_append_text(out, "}\n");
}

static void put_window(const struct override *override, struct buffer *out)
{
    char from[32] = "", until[32] = "";
    if (override->from != INT64_MIN)
        format_time(override->from, from, sizeof from);
    if (override->until != INT64_MAX)
        format_time(override->until, until, sizeof until);
    if (*from || *until)
        terminal_format(out, "\n    %s%s%s%s%s", *from ? "from " : "", from,
                        *from && *until ? ", " : "", *until ? "until " : "", until);
}

static void put_text(struct change *change, const struct override *override, enum place place,
                     const struct published *published, struct buffer *out)
{
    struct project *project = change->project;
    bool known = override->span.file != NO_FILE;
    terminal_format(out, "%s  %s", override->id.text ? override->id.text : override->name,
                    activity(override->from, override->until, change->at));
    if (place == IN_FILE)
        terminal_format(out, "\n    in %s%s", published->path,
                        known ? "" : " only: the definitions do not have it");
    else if (place == NOT_IN_FILE)
        terminal_format(out, "\n    not in %s: services do not have it", published->path);
    else if (place == OF_OTHERS)
        terminal_format(out, "\n    not for %s, which %s is of",
                        patch_environment(&published->patch), published->path);
    if (known)
        terminal_format(out, "\n    serve %s to %s",
                        override->serve.text ? override->serve.text : "nothing",
                        scope_of(project, override));
    put_window(override, out);
    terminal_format(out, "\n    %s%s%s\n", override->reason ? override->reason : "no reason given",
                    override->by ? ", by " : "", override->by ? override->by : "");
    if (known)
        terminal_format(
            out, "    %s:%u\n", project->sources.items[override->span.file].path,
            source_position(&project->sources, override->span.file, override->span.begin).line);
}

static void put_override(struct change *change, const struct override *override, enum place place,
                         const struct published *published, struct buffer *out)
{
    if (change->json)
        put_json(change, override, place, out);
    else
        put_text(change, override, place, published, out);
}

/* What is not for the environment that was asked for. */
static bool is_elsewhere(const struct change *change, uint64_t environments)
{
    uint32_t wanted = change->environment
                          ? project_environment(change->project, change->environment)
                          : UINT32_MAX;
    return wanted != UINT32_MAX && !(environments >> wanted & 1);
}

/* Overrides that the published file has and the definitions do not: only lifting them from the file
 * removes them. */
static void put_unknown(struct change *change, const struct published *published,
                        struct buffer *out)
{
    size_t i;
    json_t *item;
    if (published->environment != UINT32_MAX &&
        is_elsewhere(change, (uint64_t)1 << published->environment))
        return;
    json_array_foreach(published->patch.overrides, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *from = json_string_value(json_object_get(item, "from"));
        const char *until = json_string_value(json_object_get(item, "until"));
        const char *at = json_string_value(json_object_get(item, "at"));
        const char *id = name ? strchr(name, ':') : NULL;
        if (!id || project_override(change->project, name))
            continue;
        struct override override = {.id = {id + 1, NO_SPAN},
                                    .name = name,
                                    .from = INT64_MIN,
                                    .until = INT64_MAX,
                                    .at = INT64_MIN,
                                    .reason = json_string_value(json_object_get(item, "reason")),
                                    .by = json_string_value(json_object_get(item, "by")),
                                    .span = NO_SPAN};
        if (from)
            (void)parse_time(from, &override.from);
        if (until)
            (void)parse_time(until, &override.until);
        if (at)
            (void)parse_time(at, &override.at);
        put_override(change, &override, IN_FILE, published, out);
    }
}

/* False, having reported it, if the file that --build names cannot be read; then only the
 * definitions are listed. */
static bool look_at_published(struct change *change, struct published *published)
{
    const struct publication publication = {.path = change->build};
    struct buffer why = {0};
    if (!change->build)
        return true;
    bool opened = publication_open(&publication, &published->patch, &why);
    if (opened) {
        published->path = change->build;
        published->environment =
            project_environment(change->project, patch_environment(&published->patch));
    } else {
        job_error(&rollback_command, "'%s': %s", change->build, why.bytes);
    }
    buffer_release(&why);
    return opened;
}

int rollback_list(struct change *change)
{
    change_identify(change);
    struct project *project = change->project = project_load(change->directory, change->at);
    bool whole = project->diagnostics.errors == 0;
    if (change->environment && (whole || project->environments.count) &&
        choose_environment(&rollback_command, project, change->environment) == UINT32_MAX)
        return EXIT_JOB;
    struct published published = {.path = NULL};
    struct buffer out = {0};
    note_aside(project->directory);
    bool looked = look_at_published(change, &published);
    for (uint32_t i = 0; i < project->override_count; i++)
        if (!is_elsewhere(change, project->overrides[i]->environments))
            put_override(change, project->overrides[i], place_of(&published, project->overrides[i]),
                         &published, &out);
    if (published.path)
        put_unknown(change, &published, &out);
    bool any = out.length > 0;
    if (!any && !change->json)
        terminal_format(&out, "there is no override%s%s%s\n", change->environment ? " in " : "",
                        change->environment ? change->environment : "",
                        whole ? "" : ", as far as could be read");
    bool written = write_stdout(&rollback_command, &out);
    if (any && !change->build && !change->json)
        print_note("according to the definitions; for the published file: --build FILE");
    int status = show_unread(project, DIAGNOSTIC_TEXT, change->color);
    patch_release(&published.patch);
    buffer_release(&out);
    return written && looked ? status : EXIT_JOB;
}

/* ------------------------------------------------------------------------------------- steps -- */

static void put_step(const struct change *change, const char *flag, const json_t *line,
                     struct buffer *out)
{
    const json_t *step = json_object_get(line, "step");
    const char *state = json_text_at(step, "state");
    bool started = state && strcmp(state, "started") == 0;
    if (started)
        state = steps_are_running(change->ledger.directory, flag) ? "running" : "interrupted";
    const char *plan = json_text_at(step, "plan");
    const char *time = json_text_at(line, "time");
    const char *does = json_text_at(step, "does");
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
    terminal_format(out, "%s: step %lld of %lld of %s (%s) %s, %s %s\n", flag, (long long)number,
                    (long long)of, plan ? plan : "", does ? does : "", state ? state : "",
                    started ? "since" : "at", time ? time : "");
    if (started && strcmp(state, "running") == 0)
        terminal_format(out, "    to cancel it: kill %lld\n", (long long)pid);
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
        buffer_append_text(&out, "no step has ever been run\n");
    if (!write_stdout(&rollback_command, &out))
        status = EXIT_JOB;
    json_decref(latest);
    ledger_release(&entries);
    buffer_release(&out);
    return status;
}
