/* emergency.c - see emergency.h. */
#include "emergency.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/json.h"
#include "compiler/base/calendar.h"

#define MOST_KEYS  32
#define NEW_FILE   "overrides.yaml"
#define MOST_TRIES 100

/* ------------------------------------------------------------------------------------- texts -- */

static bool is_null_word(const char *text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* Plain where it stays one text in every place of a file, in quotes otherwise. */
static void write_text(struct buffer *out, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strlen(text);
    bool plain = !is_null_word(text) && strspn(text, letters) > 0;
    for (size_t i = 0; i < length && plain; i++)
        plain = strchr(letters, text[i]) || strchr("_.-+/*@ ", text[i]);
    if (plain && text[length - 1] != ' ')
        buffer_append_text(out, text);
    else
        json_write_string(out, text);
}

static const char *kept(struct arena *arena, struct buffer *text)
{
    const char *copy = arena_copy(arena, text->bytes ? text->bytes : "", text->length);
    buffer_release(text);
    return copy;
}

static const char *text_of(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    write_text(&out, text);
    return kept(arena, &out);
}

static const char *list_of(struct arena *arena, const char *const *items, size_t count)
{
    struct buffer out = {0};
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&out, i ? ", " : "[");
        write_text(&out, items[i]);
    }
    buffer_append_text(&out, "]");
    return kept(arena, &out);
}

static const char *time_of(struct arena *arena, int64_t ms)
{
    char text[32];
    format_time(ms, text, sizeof text);
    return arena_format(arena, "%s", text);
}

/* A node in one line: scalars as they were written, where that is one line. */
static void write_node(struct buffer *out, const struct node *node, const char *text)
{
    size_t length = node->span.end - node->span.begin;
    if (node->kind == NODE_SCALAR) {
        const char *written = text + node->span.begin;
        bool risky = node->plain && strpbrk(node->text, "[]{},");
        if (risky || memchr(written, '\n', length))
            json_write_string(out, node->text);
        else
            buffer_append(out, written, length);
        return;
    }
    bool map = node->kind == NODE_MAP;
    buffer_append_text(out, map ? "{" : "[");
    for (uint32_t i = 0; i < node->count; i++) {
        if (i)
            buffer_append_text(out, ", ");
        if (map) {
            write_node(out, node->entries[i].key, text);
            buffer_append_text(out, ": ");
        }
        write_node(out, map ? node->entries[i].value : node->items[i], text);
    }
    buffer_append_text(out, map ? "}" : "]");
}

/* -------------------------------------------------------------------------------------- keys -- */

struct keys {
    struct arena *arena;
    struct edit entries[MOST_KEYS];
    size_t count;
};

static void add_key(struct keys *keys, const char *key, const char *value)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->entries[i].key, key) == 0)
            return;
    if (value && keys->count < MOST_KEYS)
        keys->entries[keys->count++] = (struct edit){key, value};
}

static void add_scope(struct keys *keys, const struct scope *scope)
{
    struct arena *arena = keys->arena;
    if (scope->flag_count)
        add_key(keys, "flags", list_of(arena, scope->flags, scope->flag_count));
    if (scope->tag_count)
        add_key(keys, "tags", list_of(arena, scope->tags, scope->tag_count));
    if (scope->kind_count)
        add_key(keys, "kinds", list_of(arena, scope->kinds, scope->kind_count));
    if (scope->all)
        add_key(keys, "all", "true");
    if (scope->environment)
        add_key(keys, "environments", list_of(arena, &scope->environment, 1));
    if (scope->segment)
        add_key(keys, "if", arena_format(arena, "{segment: %s}", text_of(arena, scope->segment)));
}

static void add_node(struct keys *keys, const struct emergency *emergency)
{
    const struct node *node = emergency->node;
    for (uint32_t i = 0; i < node->count; i++) {
        struct buffer value = {0};
        write_node(&value, node->entries[i].value, emergency->source->text);
        add_key(keys, node->entries[i].key->text, kept(keys->arena, &value));
    }
}

static const char *definition_of(struct arena *arena, const struct keys *keys)
{
    struct buffer out = {0};
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->entries[i].key, "id") != 0 && strcmp(keys->entries[i].key, "at") != 0)
            buffer_format(&out, "%s%s: %s", out.length ? ", " : "{", keys->entries[i].key,
                          keys->entries[i].value);
    buffer_append_text(&out, "}");
    return kept(arena, &out);
}

const struct override *find_override(const struct project *project, const char *id)
{
    for (uint32_t i = 0; i < project->override_count; i++)
        if (project->overrides[i]->id.text && strcmp(project->overrides[i]->id.text, id) == 0)
            return project->overrides[i];
    return NULL;
}

/* By when it was made: rollback-20261120t100000z, and -2 where there is one. */
static const char *new_id(struct arena *arena, const struct project *project, int64_t at)
{
    char time[32], compact[32];
    size_t length = 0;
    format_time(at, time, sizeof time);
    for (const char *from = time; *from && *from != '.'; from++)
        if (!strchr("-:", *from))
            compact[length++] = (char)(*from == 'T' ? 't' : *from == 'Z' ? 'z' : *from);
    compact[length] = '\0';
    const char *id = arena_format(arena, "rollback-%s", compact);
    for (uint32_t i = 2; find_override(project, id); i++)
        id = arena_format(arena, "rollback-%s-%u", compact, i);
    return id;
}

static void collect_keys(const struct emergency *emergency, const struct project *project,
                         struct override_edit *edit, struct keys *keys)
{
    struct arena *arena = keys->arena;
    if (emergency->node)
        add_node(keys, emergency);
    else
        add_scope(keys, &emergency->scope);
    add_key(keys, "serve", text_of(arena, emergency->serve));
    if (emergency->from != INT64_MIN)
        add_key(keys, "from", time_of(arena, emergency->from));
    if (emergency->until != INT64_MAX)
        add_key(keys, "until", time_of(arena, emergency->until));
    add_key(keys, "reason", text_of(arena, emergency->reason));
    add_key(keys, "by", text_of(arena, emergency->by));
    add_key(keys, "at", time_of(arena, emergency->at));
    edit->definition = definition_of(arena, keys);
    edit->id = new_id(arena, project, emergency->at);
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->entries[i].key, "id") == 0)
            edit->id = keys->entries[i].value;
    add_key(keys, "id", edit->id);
}

/* -------------------------------------------------------------------------------------- file -- */

/* The list of overrides at the top of a file; NULL when it has none. */
static struct node *list_in(struct arena *arena, const struct source *source)
{
    if (!memmem(source->text, source->length, "overrides", strlen("overrides")))
        return NULL;
    struct node *root = yaml_parse(arena, source->text, source->length);
    struct node *list = root && root->kind == NODE_MAP ? node_get(root, "overrides") : NULL;
    return list && list->kind == NODE_LIST ? list : NULL;
}

static void choose_file(const struct project *project, struct override_edit *edit)
{
    for (uint32_t i = 0; i < project->sources.count && !edit->source; i++)
        if (list_in(&edit->arena, &project->sources.items[i]))
            edit->source = &project->sources.items[i];
    edit->name = edit->source ? edit->source->name : NEW_FILE;
    for (unsigned i = 2; !edit->source && i < MOST_TRIES; i++) {
        const char *path = arena_format(&edit->arena, "%s/%s", project->directory, edit->name);
        if (access(path, F_OK) != 0)
            return;
        edit->name = arena_format(&edit->arena, "overrides-%u.yaml", i);
    }
}

static void list_flags(struct override_edit *edit, const struct override *override)
{
    for (uint32_t i = 0; override && i < edit->checked->flag_count; i++)
        if (override_selects(override, edit->checked->flags[i]))
            *ARENA_APPEND(&edit->arena, edit->flags, edit->flag_count) =
                arena_format(&edit->arena, "%s", edit->checked->flags[i]->name.text);
}

/* Reads and compiles the definitions as they would be. */
static bool check(const struct project *project, struct override_edit *edit)
{
    edit->checked = project_load_edited(project->directory, INT64_MIN, edit->name, edit->text.bytes,
                                        edit->text.length);
    return edit->checked->diagnostics.errors == 0 && project_check_limits(edit->checked);
}

bool emergency_plan(const struct project *project, const struct emergency *emergency,
                    struct override_edit *edit, struct buffer *error)
{
    struct keys keys = {.arena = &edit->arena};
    if (!time_can_be_written(emergency->at)) {
        buffer_append_text(error, "the time of this change is out of the years 0001 to 9999");
        return false;
    }
    collect_keys(emergency, project, edit, &keys);
    choose_file(project, edit);
    const struct edit_item item = {keys.entries, keys.count};
    if (edit->source) {
        if (!edit_prepend(edit->source, "overrides", &item, &edit->text, error))
            return false;
    } else {
        buffer_append_text(&edit->text, "overrides:\n");
        edit_write_item(&item, 2, "\n", &edit->text);
    }
    if (!check(project, edit))
        return false;
    list_flags(edit, find_override(edit->checked, edit->id));
    return true;
}

bool emergency_plan_lift(const struct project *project, const char *id, struct override_edit *edit,
                         struct buffer *error)
{
    const struct override *override = find_override(project, id);
    edit->id = arena_format(&edit->arena, "%s", id);
    edit->source = &project->sources.items[override->node->span.file];
    edit->name = edit->source->name;
    struct buffer definition = {0};
    write_node(&definition, override->node, edit->source->text);
    edit->definition = kept(&edit->arena, &definition);
    const struct node *list = list_in(&edit->arena, edit->source);
    uint32_t index = UINT32_MAX;
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->items[i]->span.begin == override->node->span.begin)
            index = i;
    if (index == UINT32_MAX) {
        buffer_format(error, "cannot find the override in '%s'", edit->source->path);
        return false;
    }
    if (!edit_remove(edit->source, "overrides", index, &edit->text, error) || !check(project, edit))
        return false;
    list_flags(edit, override);
    return true;
}

void override_edit_release(struct override_edit *edit)
{
    buffer_release(&edit->text);
    project_free(edit->checked);
    arena_release(&edit->arena);
}

/* ------------------------------------------------------------------------------------- entry -- */

void override_entry(struct buffer *out, const struct entry_head *head,
                    const struct override_edit *edit, const char *verdict, const char *reason)
{
    struct entry_head full = *head;
    if (!full.flag && edit->flag_count == 1)
        full.flag = edit->flags[0];
    entry_begin(out, &full);
    entry_manual(out, verdict, reason);
    field_array(out, "flags");
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        json_write_comma(out);
        json_write_string(out, edit->flags[i]);
    }
    buffer_append_text(out, "]");
    field_object(out, "override");
    field_text(out, "id", edit->id);
    field_text(out, "file", edit->name);
    field_text(out, "definition", edit->definition);
    buffer_append_text(out, "}");
}

bool override_edit_make(struct ledger *ledger, struct override_edit *edit,
                        const struct buffer *entry, struct buffer *error)
{
    const struct todo todo = {.aside = ASIDE_EDIT, .file = edit->name};
    if (!ledger_prepare(ledger, entry, &todo, error))
        return false;
    const char *path = arena_format(&edit->arena, "%s/%s", ledger->directory, edit->name);
    return ledger_edited(ledger,
                         edit->source ? edit_write(edit->source, &edit->text, error)
                                      : edit_create(path, &edit->text, error),
                         error);
}
