/*
 * edit.c - changes to a definition file in place.
 *
 * The new text is made by replacing and inserting runs of bytes. Before it is written it is read
 * again as YAML and compared with the old: unless it differs in the edited keys and nowhere else,
 * nothing is written. So a layout that this file does not foresee is refused, never damaged.
 */
#include "edit.h"
#include "replace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct change {
    size_t begin, end; /* of the bytes that go */
    struct buffer text;
    bool applied;
};

struct editing {
    const struct source *source;
    const struct node *block;
    const struct edit *edits;
    size_t count;
    struct change *changes; /* one an edit */
    const char *new_text;
    struct buffer *error;
};

static bool refuse(struct editing *editing, const struct edit *edit, const char *why)
{
    buffer_format(editing->error, "cannot set '%s' in %s: %s", edit->key, editing->source->path,
                  why);
    return false;
}

/* --------------------------------------------------------------------------- replace a value -- */

static bool replace_value(struct editing *editing, size_t index, const struct node *value)
{
    const char *text = editing->source->text;
    const struct edit *edit = &editing->edits[index];
    struct change *change = &editing->changes[index];
    if (value->kind != NODE_SCALAR)
        return refuse(editing, edit, "its value is not a scalar");
    change->begin = value->span.begin;
    change->end = value->span.end;
    bool empty = change->begin == change->end;
    if (!empty && value->plain == false &&
        (text[change->begin] == '|' || text[change->begin] == '>'))
        return refuse(editing, edit, "its value is a block of text");
    if (empty && text[change->begin - 1] == ':')
        buffer_append_text(&change->text, " ");
    buffer_append_text(&change->text, edit->value);
    return true;
}

/* --------------------------------------------------------------------------------- add a key -- */

/* Where what is written of a node ends. The span of a block runs on to whatever comes next, so the
 * end is that of the last thing in it. */
static size_t written_end(const struct node *node)
{
    while (node->kind != NODE_SCALAR && !node->flow && node->count > 0)
        node = node->kind == NODE_LIST ? node->items[node->count - 1]
                                       : node->entries[node->count - 1].value;
    return node->span.end;
}

static const struct edit *find_edit(const struct editing *editing, const char *key)
{
    for (size_t i = 0; i < editing->count; i++)
        if (!strcmp(editing->edits[i].key, key))
            return &editing->edits[i];
    return NULL;
}

static size_t line_begin(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* The line end of the file, by its first line. */
static const char *line_ending(const struct source *source)
{
    const char *end = memchr(source->text, '\n', source->length);
    return end && end > source->text && end[-1] == '\r' ? "\r\n" : "\n";
}

/* Beside the keys that belong with it, where there are any, else at the end of the block. */
static const struct entry *neighbour(const struct editing *editing)
{
    const struct node *block = editing->block;
    for (uint32_t i = block->count; i-- > 0;)
        if (find_edit(editing, block->entries[i].key->text))
            return &block->entries[i];
    return &block->entries[block->count - 1];
}

static void add_line(struct editing *editing, size_t index)
{
    const struct source *source = editing->source;
    const struct node *first = editing->block->entries[0].key;
    const char *text = source->text, *ending = line_ending(source);
    const struct edit *edit = &editing->edits[index];
    struct change *change = &editing->changes[index];
    size_t indent = first->span.begin - line_begin(text, first->span.begin);
    bool after_mark = line_begin(text, first->span.begin) == 0 && source->length >= 3 &&
                      !memcmp(text, "\xEF\xBB\xBF", 3);
    if (after_mark)
        indent -= 3;

    size_t at = written_end(neighbour(editing)->value);
    while (at < source->length && text[at] != '\n')
        at++;
    bool last_line = at == source->length;
    change->begin = change->end = last_line ? at : at + 1;
    if (last_line)
        buffer_append_text(&change->text, ending);
    for (size_t i = 0; i < indent; i++)
        buffer_append(&change->text, " ", 1);
    buffer_format(&change->text, "%s: %s%s", edit->key, edit->value, last_line ? "" : ending);
}

static void add_to_flow(struct editing *editing, size_t index)
{
    const struct node *block = editing->block;
    const struct edit *edit = &editing->edits[index];
    struct change *change = &editing->changes[index];
    if (block->count == 0) {
        bool first = true;
        for (size_t i = 0; i < index; i++)
            first = first && editing->changes[i].begin != block->span.begin + 1;
        change->begin = change->end = block->span.begin + 1;
        buffer_format(&change->text, "%s%s: %s", first ? "" : ", ", edit->key, edit->value);
        return;
    }
    const struct node *value = neighbour(editing)->value;
    change->begin = change->end = value->span.end;
    /* `{a:, b: 1}` would be another key. */
    bool empty = value->span.begin == value->span.end;
    buffer_format(&change->text, "%s, %s: %s", empty ? " " : "", edit->key, edit->value);
}

/* ---------------------------------------------------------------------------------- new text -- */

static bool plan(struct editing *editing)
{
    for (size_t i = 0; i < editing->count; i++) {
        const struct node *value = node_get(editing->block, editing->edits[i].key);
        if (!*editing->edits[i].value)
            return refuse(editing, &editing->edits[i], "the new value is empty");
        if (value && !replace_value(editing, i, value))
            return false;
        if (!value && editing->block->flow)
            add_to_flow(editing, i);
        else if (!value)
            add_line(editing, i);
    }
    return true;
}

/* By place; edits of one place stay in their order. */
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

static void apply(const struct editing *editing, struct buffer *out)
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

static bool same(const struct editing *editing, const struct node *before,
                 const struct node *after);

static bool same_edited(const struct editing *editing, const struct node *before,
                        const struct node *after)
{
    uint32_t added = 0;
    for (size_t i = 0; i < editing->count; i++) {
        added += !node_get(before, editing->edits[i].key);
        const struct node *value = node_get(after, editing->edits[i].key);
        const char *written = editing->edits[i].value;
        if (!value || value->span.end - value->span.begin != strlen(written) ||
            memcmp(editing->new_text + value->span.begin, written, strlen(written)) != 0)
            return false;
    }
    if (after->count != before->count + added)
        return false;
    for (uint32_t i = 0; i < before->count; i++) {
        const char *key = before->entries[i].key->text;
        const struct node *value = node_get(after, key);
        if (!find_edit(editing, key) && (!value || !same(editing, before->entries[i].value, value)))
            return false;
    }
    return true;
}

static bool same(const struct editing *editing, const struct node *before, const struct node *after)
{
    if (before->kind != after->kind)
        return false;
    bool edited = before->kind == NODE_MAP && before->span.begin == editing->block->span.begin;
    if (edited)
        return same_edited(editing, before, after);
    if (before->count != after->count)
        return false;
    if (before->kind == NODE_SCALAR)
        return before->plain == after->plain && !strcmp(before->text, after->text);
    for (uint32_t i = 0; i < before->count; i++) {
        if (before->kind == NODE_LIST && !same(editing, before->items[i], after->items[i]))
            return false;
        if (before->kind == NODE_MAP &&
            (!same(editing, before->entries[i].key, after->entries[i].key) ||
             !same(editing, before->entries[i].value, after->entries[i].value)))
            return false;
    }
    return true;
}

static struct node *parse(struct arena *arena, const char *text, size_t length)
{
    struct source source = {.path = "", .name = "", .text = text, .length = length};
    struct sources sources = {arena, &source, 1};
    struct diagnostics diagnostics = {.arena = arena, .sources = &sources};
    bool complete = true;
    struct node *root = yaml_read(&sources, 0, arena, &diagnostics, &complete);
    return complete && !diagnostics.errors ? root : NULL;
}

static bool changes_nothing_else(const struct editing *editing, const struct buffer *text)
{
    struct arena arena = {0};
    struct node *before = parse(&arena, editing->source->text, editing->source->length);
    struct node *after = parse(&arena, text->bytes, text->length);
    bool fine = before && after && same(editing, before, after);
    arena_release(&arena);
    return fine;
}

/* ----------------------------------------------------------------------------------- on disk -- */

static bool is_unchanged(const struct source *source, struct stat *status, struct buffer *error)
{
    FILE *file = fopen(source->path, "rb");
    if (!file || fstat(fileno(file), status) != 0) {
        buffer_format(error, "cannot read '%s': %s", source->path, strerror(errno));
        if (file)
            fclose(file);
        return false;
    }
    size_t at = 0, got;
    char block[8192];
    bool equal = true;
    while (equal && (got = fread(block, 1, sizeof block, file)) > 0) {
        equal = got <= source->length - at && !memcmp(source->text + at, block, got);
        at += got;
    }
    equal = equal && !ferror(file) && at == source->length;
    fclose(file);
    if (!equal)
        buffer_format(error, "'%s' has changed since it was read", source->path);
    return equal;
}

bool edit_block(const struct project *project, const struct node *block, const struct edit *edits,
                size_t count, struct buffer *error)
{
    const struct source *source = &project->sources.items[block->span.file];
    struct editing editing = {.source = source,
                              .block = block,
                              .edits = edits,
                              .count = count,
                              .changes = xcalloc(count + 1, sizeof(struct change)),
                              .error = error};
    struct buffer text = {0};
    struct stat status;
    bool done = is_unchanged(source, &status, error) && plan(&editing);
    if (done) {
        apply(&editing, &text);
        editing.new_text = text.bytes;
        done = changes_nothing_else(&editing, &text);
        if (!done)
            buffer_format(error,
                          "cannot edit '%s' without changing more than was asked: its layout "
                          "is one that must be edited by hand",
                          source->path);
    }
    done = done && replace_file(source->path, text.bytes, text.length, &status, NULL, error);

    for (size_t i = 0; i < count; i++)
        buffer_release(&editing.changes[i].text);
    free(editing.changes);
    buffer_release(&text);
    return done;
}
