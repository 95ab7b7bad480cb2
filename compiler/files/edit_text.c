/* edit_text.c - see edit_text.h. */
#include "edit_text.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "edit.h"
#include "yaml.h"

/* ------------------------------------------------------------------------------------ places -- */

size_t line_begin(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

size_t line_end(const struct source *source, size_t at)
{
    const char *end = memchr(source->text + at, '\n', source->length - at);
    return end ? (size_t)(end - source->text) : source->length;
}

uint32_t line_number(const struct source *source, size_t at)
{
    uint32_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += source->text[i] == '\n';
    return line;
}

static bool is_in_scalar(const struct node *node, size_t at)
{
    if (node->kind == NODE_SCALAR)
        return at >= node->span.begin && at < node->span.end;
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->kind == NODE_LIST && is_in_scalar(node->items[i], at))
            return true;
        if (node->kind == NODE_MAP &&
            (is_in_scalar(node->entries[i].key, at) || is_in_scalar(node->entries[i].value, at)))
            return true;
    }
    return false;
}

bool has_comment(const struct source *source, const struct node *node, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (source->text[i] == '#' && (i == 0 || strchr(" \t\r\n", source->text[i - 1])) &&
            !is_in_scalar(node, i))
            return true;
    return false;
}

const char *line_ending(const struct source *source)
{
    const char *end = memchr(source->text, '\n', source->length);
    return end && end > source->text && end[-1] == '\r' ? "\r\n" : "\n";
}

size_t written_end(const struct node *node)
{
    while (node->kind != NODE_SCALAR && !node->flow && node->count > 0)
        node = node->kind == NODE_LIST ? node->items[node->count - 1]
                                       : node->entries[node->count - 1].value;
    return node->span.end;
}

/* ---------------------------------------------------------------------------------- new text -- */

static struct change *next_change(const struct editing *editing)
{
    struct change *next = NULL;
    for (size_t i = 0; i < editing->count; i++) {
        struct change *change = &editing->changes[i];
        if (!change->applied && (!next || change->begin < next->begin))
            next = change;
    }
    return next;
}

static void splice(const struct editing *editing, struct buffer *out)
{
    const struct source *source = editing->source;
    size_t at = 0;
    for (struct change *change; (change = next_change(editing)); change->applied = true) {
        buffer_append(out, source->text + at, change->begin - at);
        buffer_append(out, change->text.bytes, change->text.length);
        at = change->end;
    }
    buffer_append(out, source->text + at, source->length - at);
}

/* ------------------------------------------------------------------------------- comparisons -- */

static bool same_entry(const struct editing *editing, const char *text, const struct entry *before,
                       const struct entry *after);

/* With an `editing`, compares its target with the wanted value. */
static bool same(const struct editing *editing, const char *text, const struct node *before,
                 const struct node *after)
{
    const struct node *target = editing ? editing->target : NULL;
    if (target && before->kind == target->kind && before->span.begin == target->span.begin)
        return editing->is_wanted(editing->wanted, before, after, text);
    if (before->kind != after->kind || before->count != after->count)
        return false;
    if (before->kind == NODE_SCALAR)
        return before->plain == after->plain && !strcmp(before->text, after->text);
    for (uint32_t i = 0; i < before->count; i++) {
        if (before->kind == NODE_LIST && !same(editing, text, before->items[i], after->items[i]))
            return false;
        if (before->kind == NODE_MAP &&
            !same_entry(editing, text, &before->entries[i], &after->entries[i]))
            return false;
    }
    return true;
}

static bool same_entry(const struct editing *editing, const char *text, const struct entry *before,
                       const struct entry *after)
{
    return same(editing, text, before->key, after->key) &&
           same(editing, text, before->value, after->value);
}

bool same_nodes(const struct node *before, const struct node *after)
{
    return same(NULL, NULL, before, after);
}

static bool is_in(const struct node *node, const struct entry *entry)
{
    return node->span.begin >= entry->key->span.begin && node->span.end <= entry->value->span.end;
}

static bool changes_nothing_else(const struct editing *editing, const struct buffer *text)
{
    struct arena arena = {0};
    const struct source *source = editing->source;
    struct edited_entry entry;
    bool fine = source->root &&
                yaml_find_edited(&arena, source->root, source, text->bytes, text->length, &entry) &&
                is_in(editing->target, &entry.before);
    if (fine) {
        fine = same_entry(editing, text->bytes, &entry.before, &entry.after);
    } else {
        const struct node *before =
            source->root ? source->root : yaml_parse(&arena, source->text, source->length);
        const struct node *after = yaml_parse(&arena, text->bytes, text->length);
        fine = before && after && same(editing, text->bytes, before, after);
    }
    arena_release(&arena);
    return fine;
}

bool editing_apply(struct editing *editing, struct buffer *text, struct buffer *error)
{
    splice(editing, text);
    if (changes_nothing_else(editing, text))
        return true;
    struct buffer why = {0};
    if (yaml_mistake(editing->source, &why))
        buffer_format(error, "a file with a mistake cannot be edited: %s", why.bytes);
    else
        buffer_format(
            error,
            "cannot edit %s:%u without changing more than was requested: its layout must be "
            "edited by hand",
            editing->source->path, line_number(editing->source, editing->target->span.begin));
    buffer_release(&why);
    return false;
}

const char *edit_way_out(const struct source *source, const char *by_hand)
{
    struct buffer why = {0};
    bool mistaken = yaml_mistake(source, &why);
    buffer_release(&why);
    return mistaken ? "mend that first: ffc check shows it" : by_hand;
}

void editing_release(struct editing *editing)
{
    for (size_t i = 0; i < editing->count; i++)
        buffer_release(&editing->changes[i].text);
    free(editing->changes);
}

/* The next comma behind blanks, line ends and comments; `from` if something else comes first. */
static size_t comma_after(const struct source *source, size_t from)
{
    const char *text = source->text;
    for (size_t at = from; at < source->length; at++) {
        if (text[at] == ',')
            return at;
        if (text[at] == '#' && at > from && strchr(" \t\n", text[at - 1]))
            at = line_end(source, at);
        else if (!strchr(" \t\r\n", text[at]))
            break;
    }
    return from;
}

void cut_from_flow(const struct source *source, size_t before, size_t begin, size_t end,
                   size_t next, struct change changes[2])
{
    const char *text = source->text;
    size_t first = next == NOWHERE && before != NOWHERE ? before : begin;
    size_t last = next == NOWHERE ? end : next;
    changes[0].begin = first;
    changes[0].end = last;
    changes[1].applied = true;
    if (!memchr(text + first, '\n', last - first))
        return;
    size_t stop = end + strspn(text + end, " \t");
    if (text[stop] == ',')
        stop++;
    else if (next != NOWHERE)
        return; /* its comma stands in another line */
    stop += strspn(text + stop, " \t");
    size_t line = line_begin(text, begin);
    if (text[stop] == '#' || text[stop] == '\r' || text[stop] == '\n') {
        stop = line_end(source, stop);
        if (line + strspn(text + line, " ") == begin) {
            begin = line;
            stop += stop < source->length;
        }
    }
    changes[0].begin = begin;
    changes[0].end = stop;
    size_t comma = next == NOWHERE && before != NOWHERE ? comma_after(source, before) : begin;
    changes[1].applied = comma >= begin || text[comma] != ',';
    changes[1].begin = comma;
    changes[1].end = comma + 1;
}
