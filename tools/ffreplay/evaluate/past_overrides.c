/* past_overrides.c - see past_overrides.h. */
#include "past_overrides.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/files/yaml.h"
#include "compiler/ledger/ledger.h"
#include "record.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"

/* ------------------------------------------------------------------------------- the ledger -- */

static const char *kept(struct project *project, const char *text)
{
    return text ? arena_copy(&project->arena, text, strlen(text)) : NULL;
}

/* NULL if the definitions have none of that name. */
static struct override *find(struct project *project, const char *id, bool lifted)
{
    for (uint32_t i = 0; i < project->override_count; i++) {
        struct override *override = project->overrides[i];
        if (override->lifted == lifted && override->id.text && strcmp(override->id.text, id) == 0)
            return override;
    }
    return NULL;
}

static void add_flags(struct project *project, struct override *override, const json_t *flags)
{
    size_t count = json_array_size(flags);
    override->flags.items = ARENA_ARRAY(&project->arena, struct text, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(flags, i));
        const struct flag *flag = name ? project_flag(project, name) : NULL;
        if (flag)
            override->flags.items[override->flags.count++] = flag->name;
    }
}

static void add_environment(struct project *project, struct override *override, const char *name)
{
    uint32_t environment = name ? project_environment(project, name) : UINT32_MAX;
    if (environment != UINT32_MAX)
        override->environments |= UINT64_C(1) << environment;
}

/* As the entry lists them; otherwise its own environment, or all. */
static void add_environments(struct project *project, struct override *override,
                             const struct recorded *record)
{
    const json_t *listed = json_object_get(record->override, "environments");
    override->environments = listed || record->environment ? 0 : UINT64_MAX;
    for (size_t i = 0; i < json_array_size(listed); i++)
        add_environment(project, override, json_string_value(json_array_get(listed, i)));
    if (!listed)
        add_environment(project, override, record->environment);
}

/* `if: {segment: NAME}`; NULL if it is for everybody, or for a segment that no longer exists. */
static struct condition *condition_of(struct project *project, const char *definition)
{
    struct node *root =
        definition ? yaml_parse(&project->arena, definition, strlen(definition)) : NULL;
    struct node *test = root && root->kind == NODE_MAP ? node_get(root, "if") : NULL;
    struct node *name =
        test && test->kind == NODE_MAP && test->count == 1 ? node_get(test, "segment") : NULL;
    for (uint32_t i = 0; name && name->kind == NODE_SCALAR && i < project->segment_count; i++) {
        if (strcmp(project->segments[i]->name.text, name->text) != 0)
            continue;
        struct condition *condition = ARENA_NEW(&project->arena, struct condition);
        condition->kind = CONDITION_SEGMENT;
        condition->segment = project->segments[i];
        return condition;
    }
    return NULL;
}

static int64_t time_at(const json_t *object, const char *key, int64_t otherwise)
{
    int64_t time;
    const char *text = json_text_at(object, key);
    return text && parse_time(text, &time) ? time : otherwise;
}

static void add_override(struct project *project, const struct recorded *record, const char *id)
{
    struct override *override = ARENA_NEW(&project->arena, struct override);
    const char *definition = kept(project, json_text_at(record->override, "definition"));
    *override = (struct override){.id = {kept(project, id), NO_SPAN},
                                  .serve = {"default", NO_SPAN},
                                  .reason = kept(project, record->reason),
                                  .by = kept(project, record->actor),
                                  .at = record->time,
                                  .condition = condition_of(project, definition),
                                  .span = NO_SPAN,
                                  .lifted = true};
    override->name = arena_format(&project->arena, "override:%s", override->id.text);
    override->from = time_at(record->override, "from", record->time);
    override->until = time_at(record->override, "until", INT64_MAX);
    add_flags(project, override, json_object_get(record->json, "flags"));
    add_environments(project, override, record);
    if (override->flags.count > 0)
        *ARENA_APPEND(&project->arena, project->overrides, project->override_count) = override;
}

/* Ends overrides that the definitions do not have: their lift was not recorded, but a later change
 * to the rollout implies it. */
static void end_unlifted(struct project *project, const struct recorded *record)
{
    for (uint32_t i = 0; i < project->override_count; i++) {
        struct override *override = project->overrides[i];
        if (override->lifted && override->until == INT64_MAX && record->time > override->from &&
            override_selects(override, project_flag(project, record->flag)))
            override->until = record->time;
    }
}

static void take_override(struct project *project, const struct recorded *record)
{
    const char *id = json_text_at(record->override, "id");
    if (id && strcmp(record->verdict, "lift") != 0 && !find(project, id, false) &&
        !find(project, id, true))
        add_override(project, record, id);
}

static void take_lift(struct project *project, const struct recorded *record)
{
    const char *id = json_text_at(record->override, "id");
    struct override *known = id ? find(project, id, true) : NULL;
    if (known && strcmp(record->verdict, "lift") == 0 && record->time < known->until)
        known->until = record->time;
}

static void take_change(struct project *project, const struct recorded *record)
{
    if (record->to_state && project_flag(project, record->flag))
        end_unlifted(project, record);
}

/* -------------------------------------------------------------------------------- put back -- */

typedef void take_function(struct project *project, const struct recorded *record);

/* With a text, only the entries that contain it. */
static void each_record(const struct ledger_entries *entries, const char *text,
                        struct project *project, take_function *take)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        struct recorded record;
        json_t *json = ledger_json(entries, i, text);
        if (json && record_parse(&record, json))
            take(project, &record);
        json_decref(json);
    }
}

static bool any_unlifted(const struct project *project)
{
    for (uint32_t i = 0; i < project->override_count; i++)
        if (project->overrides[i]->lifted && project->overrides[i]->until == INT64_MAX)
            return true;
    return false;
}

static bool read_ledger(struct project *project, struct buffer *error)
{
    struct ledger_entries entries = {0};
    if (!ledger_read(project->directory, &entries, error))
        return false;
    each_record(&entries, "override", project, take_override);
    project_select(project, &project->arena);
    each_record(&entries, "lift", project, take_lift);
    if (any_unlifted(project))
        each_record(&entries, NULL, project, take_change);
    ledger_release(&entries);
    return true;
}

static void date(struct project *project)
{
    for (uint32_t i = 0; i < project->override_count; i++) {
        struct override *override = project->overrides[i];
        override->dated = override->from == INT64_MIN && override->at != INT64_MIN;
        if (override->dated)
            override->from = override->at;
    }
}

bool past_overrides_put_back(struct project *project)
{
    struct buffer error = {0};
    if (project->diagnostics.errors > 0)
        return true;
    date(project);
    bool read = read_ledger(project, &error);
    if (!read)
        job_error(NULL, "%s", error.bytes);
    buffer_release(&error);
    return read;
}

bool past_overrides_are_put_back(const struct project *project)
{
    for (uint32_t i = 0; i < project->override_count; i++)
        if (project->overrides[i]->lifted || project->overrides[i]->dated)
            return true;
    return false;
}

struct overrides_put_back past_overrides_take_out(struct project *project)
{
    struct overrides_put_back put_back = {project->override_count, NULL};
    while (project->override_count > 0 && project->overrides[project->override_count - 1]->lifted)
        project->override_count--;
    put_back.from = xcalloc(project->override_count + 1, sizeof *put_back.from);
    for (uint32_t i = 0; i < project->override_count; i++) {
        put_back.from[i] = project->overrides[i]->from;
        if (project->overrides[i]->dated)
            project->overrides[i]->from = INT64_MIN;
    }
    project_select(project, &project->arena);
    return put_back;
}

void past_overrides_restore(struct project *project, struct overrides_put_back *put_back)
{
    for (uint32_t i = 0; i < project->override_count; i++)
        project->overrides[i]->from = put_back->from[i];
    project->override_count = put_back->count;
    project_select(project, &project->arena);
    free(put_back->from);
}

/* ------------------------------------------------------------------------------------ times -- */

struct held_times held_times_of(struct project *project, const struct flag *flag,
                                uint32_t environment)
{
    struct held_times times = {0};
    const struct selection *overrides = overrides_of(project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if ((override->environments >> environment & 1) && override->from < override->until)
            *ARENA_APPEND(&project->arena, times.items, times.count) =
                (struct held_time){override->from, override->until, override};
    }
    return times;
}

bool held_at(const struct held_times *times, int64_t time, bool *some)
{
    bool held = false;
    *some = true;
    for (uint32_t i = 0; i < times->count; i++) {
        if (time < times->items[i].from || time >= times->items[i].until)
            continue;
        held = true;
        *some &= times->items[i].override->condition != NULL;
    }
    return held;
}

/* When the overrides in force at a time end; the time itself if there are none. */
static int64_t held_until(const struct held_times *times, int64_t time)
{
    for (uint32_t i = 0; i < times->count;) {
        const struct held_time *one = &times->items[i++];
        if (one->override->condition || time < one->from || time >= one->until)
            continue;
        time = one->until;
        i = 0; /* another one may continue from there */
    }
    return time;
}

static int64_t next_held(const struct held_times *times, int64_t time, int64_t to)
{
    for (uint32_t i = 0; i < times->count; i++)
        if (!times->items[i].override->condition && times->items[i].from > time &&
            times->items[i].from < to)
            to = times->items[i].from;
    return to;
}

int64_t held_between(const struct held_times *times, int64_t from, int64_t to)
{
    int64_t held = 0;
    while (from < to) {
        int64_t end = held_until(times, from);
        held += (end < to ? end : to) - from;
        from = next_held(times, end, to);
        if (end >= to)
            break;
    }
    return held;
}

const struct override *holds_at(const struct held_times *times, int64_t time)
{
    const struct held_time *first = NULL;
    for (uint32_t i = 0; i < times->count; i++) {
        const struct held_time *one = &times->items[i];
        if (!one->override->condition && time >= one->from && time < one->until &&
            (!first || one->from < first->from))
            first = one;
    }
    return first ? first->override : NULL;
}
