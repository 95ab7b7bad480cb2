/* edit_drop.c - whole definitions taken out of a file, and scalars replaced. See edit.h. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "edit.h"
#include "edit_text.h"
#include "yaml.h"

/* ------------------------------------------------------------------------------------ scalar -- */

static bool is_written(const void *wanted, const struct node *before, const struct node *after,
                       const char *text)
{
    const char *written = wanted;
    (void)before;
    return after->kind == NODE_SCALAR && after->span.end - after->span.begin == strlen(written) &&
           memcmp(text + after->span.begin, written, strlen(written)) == 0;
}

bool edit_scalar(const struct source *source, const struct node *scalar, const char *written,
                 struct buffer *text, struct buffer *error)
{
    struct editing editing = {.source = source,
                              .target = scalar,
                              .changes = xcalloc(1, sizeof(struct change)),
                              .count = 1,
                              .is_wanted = is_written,
                              .wanted = written};
    editing.changes[0].begin = scalar->span.begin;
    editing.changes[0].end = scalar->span.end;
    buffer_append_text(&editing.changes[0].text, written);
    bool done = editing_apply(&editing, text, error);
    editing_release(&editing);
    return done;
}

/* -------------------------------------------------------------------------------- definition -- */

struct dropping {
    const struct source *source;
    const struct node *map;
    uint32_t place;
};

static bool is_dropped(const void *wanted, const struct node *before, const struct node *after,
                       const char *text)
{
    const struct dropping *dropping = wanted;
    (void)text;
    if (after->kind != NODE_MAP || after->count + 1 != before->count)
        return false;
    for (uint32_t i = 0, at = 0; i < before->count; i++) {
        if (i == dropping->place)
            continue;
        if (strcmp(before->entries[i].key->text, after->entries[at].key->text) != 0 ||
            !same_nodes(before->entries[i].value, after->entries[at].value))
            return false;
        at++;
    }
    return true;
}

/* Where the line before this one begins; `at` itself at the beginning of the text. */
static size_t line_before(const char *text, size_t at)
{
    return at == 0 ? at : line_begin(text, at - 1);
}

static bool is_comment(const char *text, size_t line, size_t least)
{
    size_t indent = strspn(text + line, " ");
    return text[line + indent] == '#' && indent >= least;
}

static bool is_blank(const char *text, size_t line)
{
    size_t blank = strspn(text + line, " \t\r");
    return text[line + blank] == '\n';
}

/* Its lines, the comments right above it, and those below it that are deeper than its key. */
static void drop_lines(const struct dropping *dropping, struct change *change)
{
    const struct source *source = dropping->source;
    const struct entry *entry = &dropping->map->entries[dropping->place];
    const char *text = source->text;
    size_t begin = line_begin(text, entry->key->span.begin);
    size_t indent = entry->key->span.begin - begin;
    for (size_t above = line_before(text, begin); above < begin && is_comment(text, above, indent);
         above = line_before(text, begin))
        begin = above;
    size_t last = written_end(entry->value);
    size_t end = line_end(source, last > entry->key->span.end ? last : entry->key->span.end);
    end += end < source->length;
    while (end < source->length && is_comment(text, end, indent + 1)) {
        end = line_end(source, end);
        end += end < source->length;
    }
    /* One of two blank lines around it, or the one before what was the last. */
    size_t above = line_before(text, begin);
    if (above < begin && is_blank(text, above) && (end == source->length || is_blank(text, end)))
        begin = above;
    change->begin = begin;
    change->end = end;
}

static void drop_from_flow(const struct dropping *dropping, struct change *changes)
{
    const struct node *map = dropping->map;
    uint32_t place = dropping->place;
    const struct entry *entry = &map->entries[place];
    cut_from_flow(dropping->source, place > 0 ? map->entries[place - 1].value->span.end : NOWHERE,
                  entry->key->span.begin, entry->value->span.end,
                  place + 1 < map->count ? map->entries[place + 1].key->span.begin : NOWHERE,
                  changes);
}

/* After the colon of the key that the mapping belongs to. */
static void leave_empty(const struct dropping *dropping, struct change *changes)
{
    size_t at = changes[0].begin;
    while (at > 0 && strchr(" \t\r\n", dropping->source->text[at - 1]))
        at--;
    changes[1].applied = at == 0 || dropping->source->text[at - 1] != ':';
    changes[1].begin = changes[1].end = at;
    buffer_append_text(&changes[1].text, " {}");
}

bool edit_drop(const struct source *source, const struct node *map, uint32_t place,
               struct buffer *text, struct buffer *error)
{
    struct dropping dropping = {source, map, place};
    struct editing editing = {.source = source,
                              .target = map,
                              .changes = xcalloc(2, sizeof(struct change)),
                              .count = 2,
                              .is_wanted = is_dropped,
                              .wanted = &dropping};
    editing.changes[1].applied = true;
    if (map->flow) {
        drop_from_flow(&dropping, editing.changes);
    } else {
        drop_lines(&dropping, &editing.changes[0]);
        if (map->count == 1)
            leave_empty(&dropping, editing.changes);
    }
    bool done = editing_apply(&editing, text, error);
    editing_release(&editing);
    return done;
}

/* -------------------------------------------------------------------------- another version -- */

struct replacing {
    const struct node *map;
    uint32_t place;
    const struct entry *entry;
};

static bool is_replaced(const void *wanted, const struct node *before, const struct node *after,
                        const char *text)
{
    const struct replacing *replacing = wanted;
    (void)text;
    if (after->kind != NODE_MAP || after->count != before->count)
        return false;
    for (uint32_t i = 0; i < before->count; i++) {
        const struct node *value =
            i == replacing->place ? replacing->entry->value : before->entries[i].value;
        if (strcmp(before->entries[i].key->text, after->entries[i].key->text) != 0 ||
            !same_nodes(value, after->entries[i].value))
            return false;
    }
    return true;
}

static size_t column_of(const struct source *source, const struct node *key)
{
    return key->span.begin - line_begin(source->text, key->span.begin);
}

static bool is_block(const struct node *value)
{
    return value->kind == NODE_MAP && !value->flow && value->count > 0;
}

bool edit_replace(const struct source *source, const struct node *map, uint32_t place,
                  const struct source *from, const struct entry *entry, struct buffer *text,
                  struct buffer *error)
{
    const struct entry *now = &map->entries[place];
    struct buffer one_line = {0};
    bool lines = !map->flow && is_block(now->value) && is_block(entry->value) &&
                 column_of(source, now->key) == column_of(from, entry->key);
    edit_write_node(entry->value, from->text, &one_line);
    if (!lines && is_block(now->value)) {
        const struct edit edit = {now->key->text, one_line.bytes};
        bool set = edit_keys(source, map, &edit, 1, text, error);
        buffer_release(&one_line);
        return set;
    }
    struct replacing replacing = {map, place, entry};
    struct editing editing = {.source = source,
                              .target = map,
                              .changes = xcalloc(1, sizeof(struct change)),
                              .count = 1,
                              .is_wanted = is_replaced,
                              .wanted = &replacing};
    struct change *change = &editing.changes[0];
    change->begin = lines ? now->key->span.end : now->value->span.begin;
    change->end = lines ? line_end(source, written_end(now->value)) : written_end(now->value);
    if (lines)
        buffer_append(&change->text, from->text + entry->key->span.end,
                      line_end(from, written_end(entry->value)) - entry->key->span.end);
    else
        buffer_append_text(&change->text, one_line.bytes);
    bool done = editing_apply(&editing, text, error);
    editing_release(&editing);
    buffer_release(&one_line);
    return done;
}
