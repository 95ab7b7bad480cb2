/* emergency.c - see emergency.h. */
#include "emergency.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "compiler/base/calendar.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

#define MOST_KEYS 32

/* ------------------------------------------------------------------------------------- texts -- */

static const char *kept(struct arena *arena, struct buffer *text)
{
    const char *copy = arena_copy(arena, text->bytes ? text->bytes : "", text->length);
    buffer_release(text);
    return copy;
}

static const char *text_of(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    edit_write_text(text, &out);
    return kept(arena, &out);
}

static const char *list_of(struct arena *arena, const char *const *items, size_t count)
{
    struct buffer out = {0};
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&out, i ? ", " : "[");
        edit_write_text(items[i], &out);
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

static void add_planned(struct keys *keys, const struct emergency *emergency)
{
    const struct node *node = emergency->planned->node;
    for (uint32_t i = 0; i < node->count; i++) {
        struct buffer value = {0};
        edit_write_node(node->entries[i].value, emergency->source->text, &value);
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

/* From the time, plus random digits: two branches may add one in the same second, and be merged. */
static const char *new_id(struct arena *arena, int64_t at)
{
    char time[32], compact[32];
    size_t length = 0;
    unsigned char chance[2];
    format_time(at, time, sizeof time);
    for (const char *from = time; *from && *from != '.'; from++)
        if (!strchr("-:", *from))
            compact[length++] = (char)(*from == 'T' ? 't' : *from == 'Z' ? 'z' : *from);
    if (length && compact[length - 1] != 'z')
        compact[length++] = 'z';
    compact[length] = '\0';
    if (getrandom(chance, sizeof chance, 0) != sizeof chance)
        memcpy(chance, (const int[]){getpid()}, sizeof chance);
    return arena_format(arena, "rollback-%s-%02x%02x", compact, chance[0], chance[1]);
}

static void collect_keys(const struct emergency *emergency, struct override_edit *edit,
                         struct keys *keys)
{
    struct arena *arena = keys->arena;
    add_key(keys, "id", edit->override.id.text);
    if (emergency->planned)
        add_planned(keys, emergency);
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
}

/* ---------------------------------------------------------------------------------- override -- */

static struct texts texts_of(struct arena *arena, const char *const *items, size_t count)
{
    struct texts texts = {ARENA_ARRAY(arena, struct text, count + 1), (uint32_t)count};
    for (size_t i = 0; i < count; i++)
        texts.items[i] = (struct text){arena_format(arena, "%s", items[i]), NO_SPAN};
    return texts;
}

/* The override as it will be read back, except what needs a project: its environments and
 * condition. */
static void describe(const struct emergency *emergency, struct override_edit *edit)
{
    struct arena *arena = &edit->arena;
    struct override *override = &edit->override;
    const struct scope *scope = &emergency->scope;
    if (emergency->planned) {
        *override = *emergency->planned;
    } else {
        *override = (struct override){
            .flags = texts_of(arena, scope->flags, scope->flag_count),
            .tags = texts_of(arena, scope->tags, scope->tag_count),
            .kinds = texts_of(arena, scope->kinds, scope->kind_count),
            .all = scope->all,
            .environments = UINT64_MAX,
            .serve = {arena_format(arena, "%s", emergency->serve), NO_SPAN},
            .from = INT64_MIN,
            .until = INT64_MAX,
        };
        edit->environment = scope->environment;
        edit->segment = scope->segment;
    }
    if (override->from == INT64_MIN)
        override->from = emergency->from;
    if (override->until == INT64_MAX)
        override->until = emergency->until;
    if (!override->reason)
        override->reason = emergency->reason;
    if (!override->by)
        override->by = emergency->by;
    override->at = emergency->at;
    override->id = (struct text){new_id(arena, emergency->at), NO_SPAN};
    override->name = arena_format(arena, "override:%s", override->id.text);
}

void emergency_plan(const struct emergency *emergency, struct override_edit *edit)
{
    struct keys keys = {.arena = &edit->arena};
    describe(emergency, edit);
    collect_keys(emergency, edit, &keys);
    const struct edit_item item = {keys.entries, keys.count};
    buffer_append_text(&edit->text, "overrides:\n");
    edit_write_item(&item, 2, "\n", &edit->text);
    edit->name = arena_format(&edit->arena, OVERRIDES_FOLDER "%s.yaml", edit->override.id.text);
}

/* -------------------------------------------------------------------------------------- lift -- */

/* The top-level list of overrides in a file; *alone: the file has nothing else. NULL: no such
 * list. */
static struct node *list_in(struct arena *arena, const struct source *source, bool *alone)
{
    struct node *root = yaml_parse(arena, source->text, source->length);
    struct node *list = root && root->kind == NODE_MAP ? node_get(root, "overrides") : NULL;
    *alone = root && root->count == 1;
    return list && list->kind == NODE_LIST ? list : NULL;
}

bool emergency_plan_lift(const struct project *project, const struct override *override,
                         struct override_edit *edit, struct buffer *error)
{
    const struct source *source = &project->sources.items[override->span.file];
    struct buffer definition = {0};
    bool alone;
    edit->override = *override;
    if (!edit->override.id.text)
        edit->override.id.text = override->name;
    edit->lifts = true;
    edit->name = source->name;
    edit_write_node(override->node, source->text, &definition);
    edit->definition = kept(&edit->arena, &definition);
    override_edit_select(edit, project);
    const struct node *list = list_in(&edit->arena, source, &alone);
    if (list && list->count == 1 && alone &&
        strncmp(source->name, OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) == 0)
        return true;
    uint32_t index = UINT32_MAX;
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->items[i]->span.begin == override->node->span.begin)
            index = i;
    edit->source = source;
    if (index != UINT32_MAX)
        return edit_remove(source, "overrides", index, &edit->text, error);
    buffer_format(error, "cannot take the override out of '%s', which %s", source->path,
                  list ? "contains it in a different form" : "cannot be parsed");
    return false;
}

void override_edit_select(struct override_edit *edit, const struct project *project)
{
    if (edit->flag_count)
        return;
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (override_selects(&edit->override, project->flags[i]))
            *ARENA_APPEND(&edit->arena, edit->flags, edit->flag_count) =
                arena_format(&edit->arena, "%s", project->flags[i]->name.text);
}

void override_edit_release(struct override_edit *edit)
{
    buffer_release(&edit->text);
    arena_release(&edit->arena);
}

const struct override *override_in_force(const struct project *project, const struct flag *flag,
                                         uint32_t environment, int64_t at,
                                         const struct override *after)
{
    const struct selection *overrides = overrides_of(project, flag);
    uint32_t i = 0;
    while (after && i < overrides->count && overrides->items[i++] != after)
        continue;
    for (; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        if (override->from <= at && at < override->until &&
            override->environments >> environment & 1)
            return override;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------entry -- */

static void write_environments(struct buffer *out, const struct project *project,
                               const struct override_edit *edit)
{
    uint64_t bits = edit->override.environments;
    uint32_t count = project ? project->environments.count : 0, known = 0;
    if (edit->environment || (bits != UINT64_MAX && count)) {
        field_array(out, "environments");
        if (edit->environment)
            json_write_string(out, edit->environment);
        for (uint32_t i = 0; i < count && !edit->environment; i++) {
            if (!(bits >> i & 1))
                continue;
            buffer_append_text(out, known++ ? "," : "");
            json_write_string(out, project->environments.items[i].text);
        }
        buffer_append_text(out, "]");
    }
}

void override_entry(struct buffer *out, const struct entry_head *head,
                    const struct project *project, const struct override_edit *edit,
                    const char *reason)
{
    const struct override *override = &edit->override;
    struct entry_head full = *head;
    if (!full.flag && edit->flag_count == 1)
        full.flag = edit->flags[0];
    entry_begin(out, &full);
    entry_manual(out, OVERRIDE_VERDICT(edit), reason);
    field_array(out, "flags");
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        json_write_comma(out);
        json_write_string(out, edit->flags[i]);
    }
    buffer_append_text(out, "]");
    field_object(out, "override");
    field_text(out, "id", override->id.text ? override->id.text : override->name);
    field_text(out, "file", edit->name);
    field_text(out, "serve", override->serve.text);
    field_time(out, "from", override->from);
    field_time(out, "until", override->until);
    write_environments(out, project, edit);
    field_text(out, "definition", edit->definition);
    buffer_append_text(out, "}");
}

bool override_edit_prepare(struct ledger *ledger, const struct override_edit *edit,
                           const struct buffer *entry, struct buffer *error)
{
    const struct todo todo = {.aside = edit->lifts ? ASIDE_EDIT : ASIDE_FILE,
                              .file = edit->name,
                              .text = edit->lifts ? NULL : &edit->text};
    return ledger_prepare(ledger, entry, &todo, error);
}

/* -------------------------------------------------------------------------------------- file -- */

bool override_folder_make(const char *directory, struct buffer *error)
{
    int project = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    int made = project < 0 ? -1 : folder_make(project, OVERRIDES_FOLDER);
    if (made == 1 && !sync_names(project, "."))
        made = -1;
    if (made < 0)
        buffer_format(error, "cannot write to '%s/" OVERRIDES_FOLDER "': %s", directory,
                      errno == EXDEV ? input_error(errno) : strerror(errno));
    if (project >= 0)
        close(project);
    return made >= 0;
}

enum replaced override_edit_make(const char *directory, struct override_edit *edit,
                                 struct buffer *error)
{
    const char *path = arena_format(&edit->arena, "%s/%s", directory, edit->name);
    const char *folder = arena_format(&edit->arena, "%s/" OVERRIDES_FOLDER, directory);
    if (edit->source)
        return edit_write(edit->source, &edit->text, error);
    if (edit->lifts)
        return remove_file(path, folder, error);
    return override_folder_make(directory, error) ? edit_create(path, &edit->text, error)
                                                  : REPLACED_NOT;
}

/* Whether the name is one that `ffc rollback` gives, and that the project reads. */
static bool is_added(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && name[0] != '_' && length > 5 && !strchr(name, '/') &&
           strcmp(name + length - 5, ".yaml") == 0;
}

static bool has_read(const struct project *project, const char *name)
{
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const char *read = project->sources.items[i].name;
        if (strncmp(read, OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) == 0 &&
            strcmp(read + strlen(OVERRIDES_FOLDER), name) == 0)
            return true;
    }
    return false;
}

bool overrides_are_current(const struct project *project)
{
    struct buffer path = {0};
    uint32_t gone = 0;
    bool current = true;
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const char *read = project->sources.items[i].name;
        gone += strncmp(read, OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) == 0 &&
                is_added(read + strlen(OVERRIDES_FOLDER));
    }
    buffer_format(&path, "%s/" OVERRIDES_FOLDER, project->directory);
    DIR *stream = opendir(path.bytes);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        bool read = is_added(entry->d_name) && has_read(project, entry->d_name);
        current &= read || !is_added(entry->d_name);
        gone -= read;
    }
    if (stream)
        closedir(stream);
    buffer_release(&path);
    return current && gone == 0;
}
