/* edit_list.c - adds items to a list in a definition file, and removes them. See edit.h. */
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
    const struct node *root;
    const struct entry *entry;
    const struct edit_item *item; /* the new first item; NULL: remove the one at `index` */
    uint32_t index;
};

static bool find_list(struct arena *arena, const char *key, struct listing *listing,
                      struct buffer *error)
{
    struct node *root = yaml_parse(arena, listing->source->text, listing->source->length);
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++)
        if (strcmp(root->entries[i].key->text, key) == 0)
            listing->entry = &root->entries[i];
    listing->root = root;
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

static size_t dash_indent(const struct listing *listing)
{
    size_t dash = listing->entry->value->items[0]->span.begin;
    size_t begin = line_begin(listing->source->text, dash);
    return strspn(listing->source->text + begin, " ");
}

/* Above the comments of the previous first item. */
static void prepend_line(const struct listing *listing, struct change *change)
{
    const struct source *source = listing->source;
    change->begin = change->end = line_end(source, after_colon(listing)) + 1;
    edit_write_item(listing->item, dash_indent(listing), line_ending(source), &change->text);
}

static void prepend_to_flow(const struct listing *listing, struct change *change)
{
    const struct node *list = listing->entry->value;
    const struct source *source = listing->source;
    size_t between = strspn(source->text + list->span.begin + 1, " \t\r\n");
    bool bare = list->count == 0 && list->span.begin + 1 + between + 1 == list->span.end;
    if (bare && !listing->root->flow) {
        change->begin = after_colon(listing);
        change->end = list->span.end;
        buffer_append_text(&change->text, line_ending(source));
        edit_write_item(listing->item, 2, line_ending(source), &change->text);
        change->text.length -= strlen(line_ending(source));
        return;
    }
    change->begin = change->end = list->span.begin + 1;
    write_flow(listing->item, &change->text);
    if (list->count)
        buffer_append_text(&change->text, ", ");
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

static bool is_item(const struct edit_item *item, const struct node *after)
{
    struct arena arena = {0};
    struct buffer flow = {0};
    write_flow(item, &flow);
    struct node *node = yaml_parse(&arena, flow.bytes, flow.length);
    bool same = node && same_nodes(node, after);
    buffer_release(&flow);
    arena_release(&arena);
    return same;
}

static bool is_changed(const void *wanted, const struct node *before, const struct node *after,
                       const char *text)
{
    (void)text;
    const struct listing *listing = wanted;
    bool adds = listing->item != NULL;
    uint32_t at = listing->index;
    if (after->kind != NODE_LIST || after->count + !adds != before->count + adds ||
        (adds && !is_item(listing->item, after->items[0])))
        return false;
    for (uint32_t i = 0; i < before->count; i++)
        if ((adds || i != at) &&
            !same_nodes(before->items[i], after->items[adds ? i + 1 : i - (i > at)]))
            return false;
    return true;
}

static bool change_list(struct listing *listing, const char *key, struct buffer *text,
                        struct buffer *error)
{
    struct arena arena = {0};
    bool found = find_list(&arena, key, listing, error);
    struct editing editing = {.source = listing->source,
                              .changes = xcalloc(2, sizeof(struct change)),
                              .count = 2,
                              .is_wanted = is_changed,
                              .wanted = listing};
    if (found) {
        editing.target = listing->entry->value;
        editing.changes[1].applied = true;
        bool flow = editing.target->flow;
        if (listing->item && flow)
            prepend_to_flow(listing, editing.changes);
        else if (listing->item)
            prepend_line(listing, editing.changes);
        else if (flow)
            remove_from_flow(listing, editing.changes);
        else
            remove_lines(listing, editing.changes);
    }
    bool done = found && editing_apply(&editing, text, error);
    editing_release(&editing);
    arena_release(&arena);
    return done;
}

bool edit_prepend(const struct source *source, const char *key, const struct edit_item *item,
                  struct buffer *text, struct buffer *error)
{
    struct listing listing = {.source = source, .item = item};
    return change_list(&listing, key, text, error);
}

bool edit_remove(const struct source *source, const char *key, uint32_t index, struct buffer *text,
                 struct buffer *error)
{
    struct listing listing = {.source = source, .index = index};
    return change_list(&listing, key, text, error);
}
