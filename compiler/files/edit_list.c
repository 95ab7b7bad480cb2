/* edit_list.c - items of lists in definition files, written and removed. See edit.h. */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "edit.h"
#include "edit_text.h"
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 100 /* as in format.c */

/* -------------------------------------------------------------------------------------- item -- */

static void write_flow(const struct edit_item *item, struct buffer *out)
{
    for (size_t i = 0; i < item->count; i++)
        buffer_format(out, "%s%s: %s", i ? ", " : "{", item->entries[i].key,
                      item->entries[i].value);
    buffer_append_text(out, "}");
}

void edit_write_item(const struct edit_item *item, size_t indent, const char *ending,
                     struct buffer *out)
{
    struct buffer flow = {0};
    write_flow(item, &flow);
    buffer_format(out, "%*s- ", (int)indent, "");
    if (indent + 2 + flow.length <= WIDTH) {
        buffer_format(out, "%s%s", flow.bytes, ending);
    } else {
        for (size_t i = 0; i < item->count; i++)
            buffer_format(out, "%*s%s: %s%s", i ? (int)indent + 2 : 0, "", item->entries[i].key,
                          item->entries[i].value, ending);
    }
    buffer_release(&flow);
}

/* -------------------------------------------------------------------------------------- list -- */

/* A list, and the item that goes. */
struct listing {
    const struct source *source;
    const struct node *key, *list;
    uint32_t index;
};

/* The item's own lines; comments between items stay. Removing the last item leaves an empty
 * list. */
static void remove_lines(const struct listing *listing, struct change *changes)
{
    const struct source *source = listing->source;
    const struct node *list = listing->list;
    const struct node *item = list->items[listing->index];
    size_t begin = line_begin(source->text, item->span.begin);
    size_t end = line_end(source, written_end(item));
    changes[0].begin = begin;
    changes[0].end = end < source->length ? end + 1 : end;
    changes[1].applied = list->count > 1;
    if (list->count == 1) {
        const char *colon = strchr(source->text + listing->key->span.end, ':');
        changes[1].begin = changes[1].end = (size_t)(colon + 1 - source->text);
        buffer_append_text(&changes[1].text, " []");
    }
}

static void remove_from_flow(const struct listing *listing, struct change *changes)
{
    const struct node *list = listing->list;
    const struct node *item = list->items[listing->index];
    uint32_t index = listing->index;
    cut_from_flow(listing->source, index > 0 ? list->items[index - 1]->span.end : NOWHERE,
                  item->span.begin, item->span.end,
                  index + 1 < list->count ? list->items[index + 1]->span.begin : NOWHERE, changes);
}

static bool is_removed(const void *wanted, const struct node *before, const struct node *after,
                       const char *text)
{
    (void)text;
    const struct listing *listing = wanted;
    uint32_t at = listing->index;
    if (after->kind != NODE_LIST || after->count + 1 != before->count)
        return false;
    for (uint32_t i = 0; i < before->count; i++)
        if (i != at && !same_nodes(before->items[i], after->items[i - (i > at)]))
            return false;
    return true;
}

bool edit_remove_item(const struct source *source, const struct entry *entry, uint32_t index,
                      struct buffer *text, struct buffer *error)
{
    const struct node *list = entry->value;
    struct listing listing = {.source = source, .key = entry->key, .list = list, .index = index};
    struct editing editing = {.source = source,
                              .target = list,
                              .changes = xcalloc(2, sizeof(struct change)),
                              .count = 2,
                              .is_wanted = is_removed,
                              .wanted = &listing};
    if (list->flow)
        remove_from_flow(&listing, editing.changes);
    else
        remove_lines(&listing, editing.changes);
    bool done = editing_apply(&editing, text, error);
    editing_release(&editing);
    return done;
}

bool edit_remove(const struct source *source, const char *key, uint32_t index, struct buffer *text,
                 struct buffer *error)
{
    struct arena arena = {0};
    struct node *root = yaml_parse(&arena, source->text, source->length);
    const struct entry *list = NULL;
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++)
        if (strcmp(root->entries[i].key->text, key) == 0)
            list = &root->entries[i];
    bool found = list && list->value->kind == NODE_LIST;
    if (!found)
        buffer_format(error, "'%s' has no list of %s", source->path, key);
    bool done = found && edit_remove_item(source, list, index, text, error);
    arena_release(&arena);
    return done;
}

/* ---------------------------------------------------------------------------------- one more -- */

static bool is_added(const void *wanted, const struct node *before, const struct node *after,
                     const char *text)
{
    const char *item = wanted;
    bool scalar = before->kind == NODE_SCALAR;
    uint32_t count = scalar ? before->count > 0 : before->count;
    if (after->kind != NODE_LIST || after->count != count + 1)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!same_nodes(scalar ? before : before->items[i], after->items[i]))
            return false;
    const struct node *last = after->items[count];
    return last->span.end - last->span.begin == strlen(item) &&
           memcmp(text + last->span.begin, item, strlen(item)) == 0;
}

static void add_to_list(const struct source *source, const struct node *list, const char *item,
                        struct change *changes)
{
    size_t begin = list->span.begin, end = list->span.end;
    if (list->kind == NODE_SCALAR) {
        bool empty = begin == end;
        changes[0].begin = changes[0].end = begin;
        changes[1].begin = changes[1].end = end;
        buffer_append_text(&changes[0].text, empty && source->text[begin - 1] == ':' ? " [" : "[");
        buffer_format(&changes[1].text, "%s%s]", empty ? "" : ", ", item);
        return;
    }
    changes[1].applied = true;
    if (list->flow) {
        size_t at = list->count ? list->items[list->count - 1]->span.end : begin + 1;
        changes[0].begin = changes[0].end = at;
        buffer_format(&changes[0].text, "%s%s", list->count ? ", " : "", item);
        return;
    }
    /* A line more, like the first one. */
    size_t line = line_begin(source->text, list->items[0]->span.begin);
    size_t indent = strspn(source->text + line, " ");
    size_t at = line_end(source, written_end(list->items[list->count - 1]));
    bool last = at == source->length;
    changes[0].begin = changes[0].end = last ? at : at + 1;
    if (last)
        buffer_append_text(&changes[0].text, line_ending(source));
    buffer_format(&changes[0].text, "%*s- %s%s", (int)indent, "", item,
                  last ? "" : line_ending(source));
}

bool edit_add_item(const struct source *source, const struct node *list, const char *item,
                   struct buffer *text, struct buffer *error)
{
    struct editing editing = {.source = source,
                              .target = list,
                              .changes = xcalloc(2, sizeof(struct change)),
                              .count = 2,
                              .is_wanted = is_added,
                              .wanted = item};
    add_to_list(source, list, item, editing.changes);
    bool done = editing_apply(&editing, text, error);
    editing_release(&editing);
    return done;
}
