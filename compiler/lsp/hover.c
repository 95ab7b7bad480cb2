/*
 * hover.c - what stands under the cursor: what a key means; what a flag serves, and to what share.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/base/percent.h"
#include "compiler/commands/in_words.h"
#include "compiler/commands/standing.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/model/operators.h"
#include "compiler/project/project.h"
#include "compiler/read/read_map.h"
#include "grammar.h"
#include "names.h"
#include "part.h"
#include "server.h"

#define MOST_STATEMENTS 12 /* of an environment */

/* -------------------------------------------------------------------------------------- keys -- */

/* Links of the reference lead nowhere from here. */
static void put_help(struct buffer *out, const char *help)
{
    for (const char *at = help; *at; at++) {
        if (at[0] == ']' && at[1] == '(')
            at = strchr(at, ')');
        else if (at[0] != '[' || !strstr(at, "]("))
            buffer_append(out, at, 1);
    }
}

static void put_takes(struct buffer *out, const struct form *form)
{
    if (form->kind == FORM_CHOICE) {
        buffer_append_text(out, "\n\nOne of");
        for (size_t i = 0; form->words[i]; i++)
            buffer_format(out, "%s `%s`", i ? "," : "", form->words[i]);
    } else if (form->takes && *form->takes) {
        buffer_append_text(out, "\n\nTakes: ");
        put_help(out, form->takes);
    }
    if (form->help)
        buffer_format(out, ". %s", form->help);
}

static bool put_key(const struct cursor *cursor, struct buffer *out)
{
    struct form choice;
    const struct grammar_place place = grammar_below(cursor->steps, cursor->depth);
    const struct grammar_place below = grammar_key(&place, cursor->text);
    if (!below.field && !below.operator_ && !below.section)
        return false;
    buffer_append_text(out, "**");
    markdown_append(out, cursor->text);
    buffer_append_text(out, "**: ");
    if (below.section) {
        put_help(out, below.section);
    } else if (below.operator_) {
        buffer_append_text(out, "holds when the attribute ");
        put_help(out, below.operator_->help);
    } else {
        put_help(out, below.field->help);
        buffer_append_text(out, field_needed(below.field) ? "\n\nNeeded." : "");
        put_takes(out, field_form(below.field, &choice));
    }
    return true;
}

/* ------------------------------------------------------------------------------------- flags -- */

static void put_cell(struct buffer *out, const struct buffer *text)
{
    markdown_append(out, text->length ? text->bytes : "");
}

/* Where a gradual percentage is. */
static void put_ramps(struct buffer *out, const struct targeting *targeting, int64_t now)
{
    for (uint32_t i = 0; i < targeting->rule_count; i++) {
        const struct rule *rule = &targeting->rules[i];
        char percent[PERCENT_TEXT_SIZE];
        if (!rule->has_percent || !rule->percent.gradual)
            continue;
        percent_format(ramp_at(&rule->percent, now), percent);
        buffer_append_text(out, "\n  - rule ");
        markdown_append(out, rule->name.text);
        buffer_format(out, " is at %s%% now", percent);
    }
}

static void put_statements(struct buffer *out, const struct project *project,
                           const struct flag *flag, uint32_t environment)
{
    struct arena arena = {0};
    const struct statements said =
        targeting_in_words(project, flag, environment, NAMED_OPERANDS, &arena);
    for (uint32_t i = 0; i < said.count && i < MOST_STATEMENTS; i++) {
        struct buffer line = {0};
        buffer_append_text(&line, said.items[i].what);
        if (said.items[i].text)
            buffer_format(&line, ": %s", said.items[i].text);
        buffer_append_text(out, "\n  - ");
        put_cell(out, &line);
        buffer_release(&line);
    }
    if (said.count > MOST_STATEMENTS)
        buffer_format(out, "\n  - and %u more", said.count - MOST_STATEMENTS);
    arena_release(&arena);
}

/* What is said of a flag in an environment: how it stands, and what decides. */
static void put_environment(struct buffer *out, const struct project *project,
                            const struct standings *standings, const struct flag *flag,
                            uint32_t environment)
{
    struct buffer now = {0};
    const struct standing standing = standing_of(standings, flag, environment);
    put_standing(&now, &standing);
    put_cell(out, &now);
    if (!flag->faulty) {
        put_ramps(out, standing.targeting, standings->now);
        put_statements(out, project, flag, environment);
    }
    buffer_release(&now);
}

/* Environments of which the same is said are told of together. */
static void put_environments(struct buffer *out, const struct project *project,
                             const struct standings *standings, const struct flag *flag)
{
    uint32_t count = project->environments.count;
    struct buffer *said = xcalloc(count + 1u, sizeof *said);
    for (uint32_t i = 0; i < count; i++)
        put_environment(&said[i], project, standings, flag, i);
    for (uint32_t i = 0; i < count; i++) {
        bool first = true;
        for (uint32_t j = 0; j < count; j++) {
            if (strcmp(said[i].bytes, said[j].bytes) != 0)
                continue;
            if (j < i)
                break;
            buffer_append_text(out, first ? "\n- **" : ", ");
            markdown_append(out, project->environments.items[j].text);
            first = false;
        }
        if (!first)
            buffer_format(out, "**: %s", said[i].bytes);
    }
    for (uint32_t i = 0; i < count; i++)
        buffer_release(&said[i]);
    free(said);
}

static bool put_flag(struct server *server, const char *name, struct buffer *out)
{
    int64_t now = clock_now();
    struct project *project = project_part(&server->workspace, &name, 1, now);
    const struct flag *flag = project_flag(project, name);
    bool found = flag != NULL;
    if (found) {
        struct standings standings;
        struct buffer kind = {0};
        standings_init(&standings, project, now);
        buffer_append_text(out, "**");
        markdown_append(out, flag->name.text);
        buffer_format(&kind, "**: %s, %s", flag_kind_words[flag->kind],
                      flag_type_words[flag->type]);
        buffer_append_text(out, kind.bytes);
        if (flag->owner) {
            buffer_append_text(out, ", owner ");
            markdown_append(out, flag->owner);
        }
        if (flag->description) {
            buffer_append_text(out, "\n\n");
            markdown_append(out, flag->description);
        }
        buffer_append_text(out, "\n");
        put_environments(out, project, &standings, flag);
        standings_release(&standings);
        buffer_release(&kind);
    }
    project_free(project);
    return found;
}

/* ------------------------------------------------------------------------------- other names -- */

/* What is declared, as it is written. */
static bool put_declared(struct server *server, const struct name *name, struct buffer *out)
{
    struct name_place place;
    if (!name_find(&server->workspace, name, &place))
        return false;
    buffer_format(out, "%s **", named_words[name->kind]);
    markdown_append(out, name->text);
    buffer_append_text(out, "**");
    const struct node *map = name_section(name->kind) && place.file.root
                                 ? node_get(place.file.root, name_section(name->kind))
                                 : NULL;
    for (uint32_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
        const struct node *body = map->entries[i].value;
        if (map->entries[i].key != place.node || body->kind != NODE_MAP)
            continue;
        const struct node *description = node_get(body, "description");
        if (description && description->kind == NODE_SCALAR) {
            buffer_append_text(out, ": ");
            markdown_append(out, description->text);
        }
    }
    return true;
}

bool answer_hover(struct server *server, const json_t *params, struct buffer *result)
{
    struct arena arena = {0};
    struct buffer text = {0};
    struct cursor cursor;
    struct workspace_file file;
    bool found = server_cursor(server, params, &file, &cursor, &arena) && *cursor.text;
    if (found) {
        const struct name name = name_at(&cursor, file.root, &arena);
        bool key = cursor.at == CURSOR_KEY || cursor.followed;
        found = name.kind == NAMED_FLAG      ? put_flag(server, name.text, &text)
                : name.kind != NAMED_NOTHING ? put_declared(server, &name, &text)
                                             : key && put_key(&cursor, &text);
        if (!found && key && name.kind != NAMED_NOTHING)
            found = put_key(&cursor, &text);
    }
    if (found) {
        buffer_append_text(result, "{");
        field_object(result, "contents");
        field_text(result, "kind", "markdown");
        field_text(result, "value", text.bytes);
        buffer_append_text(result, "}");
        server_range(server, &file, cursor.begin, cursor.end, "range", result);
        buffer_append_text(result, "}");
    }
    buffer_release(&text);
    arena_release(&arena);
    return true;
}
