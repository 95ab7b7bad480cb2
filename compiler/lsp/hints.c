/* hints.c - where a gradual percentage is now, beside it. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/base/table.h"
#include "compiler/commands/standing.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "part.h"
#include "server.h"

struct hinting {
    struct server *server;
    const struct workspace_file *file;
    size_t begin, end; /* of what the editor shows */
    struct arena arena;
    struct table seen; /* ramps, by their place */
    struct buffer *out;
};

/* The flags of the file that are shown. */
static const char **shown_flags(struct hinting *hinting, uint32_t *count)
{
    const struct node *root = hinting->file->root;
    const struct node *flags = root && root->kind == NODE_MAP ? node_get(root, "flags") : NULL;
    const char **names = NULL;
    *count = 0;
    for (uint32_t i = 0; flags && flags->kind == NODE_MAP && i < flags->count; i++) {
        const struct entry *entry = &flags->entries[i];
        if (entry->value->span.end >= hinting->begin && entry->key->span.begin <= hinting->end)
            *ARENA_APPEND(&hinting->arena, names, *count) = entry->key->text;
    }
    return names;
}

static void put_hint(struct hinting *hinting, const struct ramp *ramp, int64_t now)
{
    char percent[PERCENT_TEXT_SIZE], from[32];
    struct buffer label = {0};
    struct buffer *out = hinting->out;
    const char *key = arena_format(&hinting->arena, "%u", ramp->span.begin);
    if (ramp->span.begin < hinting->begin || ramp->span.end > hinting->end ||
        table_add(&hinting->seen, &hinting->arena, key, hinting))
        return;
    percent_format(ramp_at(ramp, now), percent);
    buffer_format(&label, "now %s%%", percent);
    if (now < ramp->start) {
        format_time(ramp->start, from, sizeof from);
        buffer_format(&label, ", moves from %s", from);
    } else if (ramp_at(ramp, now) == ramp->to) {
        buffer_append_text(&label, ", at its end");
    }
    json_write_comma(out);
    buffer_append_text(out, "{");
    server_position(hinting->server, hinting->file, ramp->span.end, "position", out);
    field_text(out, "label", label.bytes);
    field_truth(out, "paddingLeft", true);
    buffer_append_text(out, "}");
    buffer_release(&label);
}

static void put_flag(struct hinting *hinting, const struct project *project,
                     const struct flag *flag, int64_t now)
{
    for (uint32_t i = 0; !flag->faulty && i < project->environments.count; i++) {
        const struct targeting *targeting = &flag->environments[i];
        for (uint32_t j = 0; j < targeting->rule_count; j++) {
            const struct rule *rule = &targeting->rules[j];
            const char *name = project->sources.items[flag->name.span.file].name;
            if (rule->has_percent && rule->percent.gradual &&
                strcmp(name, hinting->file->name) == 0)
                put_hint(hinting, &rule->percent, now);
        }
    }
}

bool answer_hints(struct server *server, const json_t *params, struct buffer *result)
{
    struct workspace_file file;
    struct hinting hinting = {.server = server, .file = &file, .out = result};
    const json_t *range = json_object_get(params, "range");
    buffer_append_text(result, "[");
    if (server_file(server, params, &file)) {
        const struct text_index *index = server_index(server, &file);
        int64_t now = clock_now();
        uint32_t count;
        hinting.begin = text_index_offset(index, read_position(json_object_get(range, "start")));
        hinting.end = text_index_offset(index, read_position(json_object_get(range, "end")));
        const char **names = shown_flags(&hinting, &count);
        struct project *project = project_part(&server->workspace, names, count, now);
        for (uint32_t i = 0; i < count; i++) {
            const struct flag *flag = project_flag(project, names[i]);
            if (flag)
                put_flag(&hinting, project, flag, now);
        }
        project_free(project);
    }
    buffer_append_text(result, "]");
    arena_release(&hinting.arena);
    return true;
}
