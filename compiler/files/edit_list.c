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

/* A list below a top-level key. */
struct listing {
    const struct source *source;
    const struct entry *entry;
    uint32_t index; /* of the item to remove */
};

static bool find_list(struct arena *arena, const char *key, struct listing *listing,
                      struct buffer *error)
{
    struct node *root = yaml_parse(arena, listing->source->text, listing->source->length);
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++)
        if (strcmp(root->entries[i].key->text, key) == 0)
            listing->entry = &root->entries[i];
    if (listing->entry && listing->entry->value->kind == NODE_LIST)
        return true;
    buffer_format(error, "'%s' has no list of %s", listing->source->path, key);
    return false;
}

static size_t after_colon(const struct listing *listing)
{
    const char *text = listing->source->text;
    const char *colon = strchr(text + listing->entry->key->span.end, ':');
    return (size_t)(colon + 1 - text);
}

/* The item's own lines; comments between items stay. Removing the last item leaves an empty
 * list. */
static void remove_lines(const struct listing *listing, struct change *changes)
{
    const struct source *source = listing->source;
    const struct node *list = listing->entry->value;
    const struct node *item = list->items[listing->index];
    changes[0].begin = line_begin(source->text, item->span.begin);
    size_t end = line_end(source, written_end(item));
    changes[0].end = end < source->length ? end + 1 : end;
    changes[1].applied = list->count > 1;
    if (list->count == 1) {
        changes[1].begin = changes[1].end = after_colon(listing);
        buffer_append_text(&changes[1].text, " []");
    }
}

static void remove_from_flow(const struct listing *listing, struct change *changes)
{
    const struct node *list = listing->entry->value;
    const struct node *item = list->items[listing->index];
    bool last = listing->index + 1 == list->count;
    changes[0].begin = item->span.begin;
    changes[0].end = last ? item->span.end : list->items[listing->index + 1]->span.begin;
    if (last && listing->index > 0)
        changes[0].begin = list->items[listing->index - 1]->span.end;
    changes[1].applied = true;
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

bool edit_remove(const struct source *source, const char *key, uint32_t index, struct buffer *text,
                 struct buffer *error)
{
    struct listing listing = {.source = source, .index = index};
    struct arena arena = {0};
    bool found = find_list(&arena, key, &listing, error);
    struct editing editing = {.source = source,
                              .changes = xcalloc(2, sizeof(struct change)),
                              .count = 2,
                              .is_wanted = is_removed,
                              .wanted = &listing};
    if (found) {
        editing.target = listing.entry->value;
        editing.changes[1].applied = true;
        if (editing.target->flow)
            remove_from_flow(&listing, editing.changes);
        else
            remove_lines(&listing, editing.changes);
    }
    bool done = found && editing_apply(&editing, text, error);
    editing_release(&editing);
    arena_release(&arena);
    return done;
}
