/* edit.c - keys of a block, and the file on disk. See edit.h and edit_text.h. */
#include "edit.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/utf8.h"
#include "edit_text.h"
#include "input.h"
#include "publish.h"
#include "yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A block whose keys are set. */
struct setting {
    const struct source *source;
    const struct node *block;
    const struct edit *edits;
    size_t count;
    struct change *changes; /* one an edit */
    struct buffer *error;
};

static bool refuse(const struct setting *setting, const struct edit *edit, const struct node *at,
                   const char *why)
{
    buffer_format(setting->error, "cannot set '%s' in %s:%u: %s", edit->key, setting->source->path,
                  line_number(setting->source, at->span.begin), why);
    return false;
}

/* --------------------------------------------------------------------------- replace a value -- */

/* From after its colon on, so that it may stand on the line of its key. */
static bool replace_block(const struct setting *setting, size_t index, const struct entry *entry)
{
    const struct source *source = setting->source;
    struct change *change = &setting->changes[index];
    const char *colon = memchr(source->text + entry->key->span.end, ':',
                               entry->value->span.begin - entry->key->span.end);
    change->begin = colon ? (size_t)(colon + 1 - source->text) : entry->value->span.begin;
    change->end = written_end(entry->value);
    if (has_comment(source, entry->value, change->begin, change->end))
        return refuse(setting, &setting->edits[index], entry->key,
                      "there are comments in its value, which would be lost");
    buffer_format(&change->text, " %s", setting->edits[index].value);
    return true;
}

static bool replace_value(const struct setting *setting, size_t index, const struct entry *entry)
{
    const struct node *value = entry->value;
    const char *text = setting->source->text;
    const struct edit *edit = &setting->edits[index];
    struct change *change = &setting->changes[index];
    if (value->kind != NODE_SCALAR && !value->flow)
        return replace_block(setting, index, entry);
    if (value->kind != NODE_SCALAR &&
        has_comment(setting->source, value, value->span.begin, value->span.end))
        return refuse(setting, edit, value, "there are comments in its value, which would be lost");
    change->begin = value->span.begin;
    change->end = value->span.end;
    bool empty = change->begin == change->end;
    if (!empty && value->plain == false &&
        (text[change->begin] == '|' || text[change->begin] == '>'))
        return refuse(setting, edit, value, "its value is a block of text");
    if (empty && text[change->begin - 1] == ':')
        buffer_append_text(&change->text, " ");
    buffer_append_text(&change->text, edit->value);
    return true;
}

/* --------------------------------------------------------------------------------- add a key -- */

static const struct edit *find_edit(const struct edit *edits, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(edits[i].key, key))
            return &edits[i];
    return NULL;
}

/* Next to the keys that belong with it, if any of those stay; otherwise at the end of the block. */
static const struct entry *neighbour(const struct setting *setting)
{
    const struct node *block = setting->block;
    for (uint32_t i = block->count; i-- > 0;) {
        const struct edit *edit =
            find_edit(setting->edits, setting->count, block->entries[i].key->text);
        if (edit && edit->value)
            return &block->entries[i];
    }
    return &block->entries[block->count - 1];
}

static void add_line(const struct setting *setting, size_t index)
{
    const struct source *source = setting->source;
    const struct node *first = setting->block->entries[0].key;
    const char *text = source->text, *ending = line_ending(source);
    const struct edit *edit = &setting->edits[index];
    struct change *change = &setting->changes[index];
    size_t begin = line_begin(text, first->span.begin);
    size_t indent = first->span.begin - begin;
    if (begin == 0 && text_mark(text, source->length))
        indent -= 3;

    size_t at = line_end(source, written_end(neighbour(setting)->value));
    bool last_line = at == source->length;
    change->begin = change->end = last_line ? at : at + 1;
    if (last_line)
        buffer_append_text(&change->text, ending);
    for (size_t i = 0; i < indent; i++)
        buffer_append(&change->text, " ", 1);
    edit_write_text(edit->key, &change->text);
    buffer_format(&change->text, ": %s%s", edit->value, last_line ? "" : ending);
}

static void add_to_flow(const struct setting *setting, size_t index)
{
    const struct node *block = setting->block;
    const struct edit *edit = &setting->edits[index];
    struct change *change = &setting->changes[index];
    if (block->count == 0) {
        bool first = true;
        for (size_t i = 0; i < index; i++)
            first = first && setting->changes[i].begin != block->span.begin + 1;
        change->begin = change->end = block->span.begin + 1;
        buffer_append_text(&change->text, first ? "" : ", ");
        edit_write_text(edit->key, &change->text);
        buffer_format(&change->text, ": %s", edit->value);
        return;
    }
    const struct node *value = neighbour(setting)->value;
    change->begin = change->end = value->span.end;
    /* `{a:, b: 1}` would become another key. */
    bool empty = value->span.begin == value->span.end;
    buffer_append_text(&change->text, empty ? " , " : ", ");
    edit_write_text(edit->key, &change->text);
    buffer_format(&change->text, ": %s", edit->value);
}

/* ------------------------------------------------------------------------------ remove a key -- */

/* The comment stays where the key was. */
static void remove_line(const struct setting *setting, struct change *change, uint32_t place)
{
    const struct source *source = setting->source;
    const struct entry *entry = &setting->block->entries[place];
    size_t end = line_end(source, written_end(entry->value));
    const char *comment =
        memchr(source->text + written_end(entry->value), '#', end - written_end(entry->value));
    change->begin = entry->key->span.begin;
    change->end = end;
    if (comment) {
        change->end = (size_t)(comment - source->text);
        return;
    }
    change->begin = line_begin(source->text, change->begin);
    if (end < source->length)
        change->end = end + 1;
    else if (change->begin > 0)
        change->begin--;
}

static void remove_from_flow(const struct setting *setting, struct change *change, uint32_t place)
{
    const struct node *block = setting->block;
    const struct entry *entry = &block->entries[place];
    size_t begin = entry->key->span.begin;
    size_t before = place > 0 ? block->entries[place - 1].value->span.end : begin;
    bool comment = memchr(setting->source->text + before, '#', begin - before) != NULL;
    change->begin = comment ? begin : before;
    change->end = entry->value->span.end;
    if (place + 1 < block->count && (place == 0 || comment)) {
        change->begin = begin;
        change->end = block->entries[place + 1].key->span.begin;
    }
}

static bool remove_all(const struct setting *setting, size_t index)
{
    const struct node *block = setting->block;
    struct change *change = &setting->changes[index];
    for (size_t i = 0; i < setting->count; i++)
        if (setting->edits[i].value)
            return refuse(setting, &setting->edits[index], block,
                          "it is the only key of its block, and others are added");
    size_t end = written_end(block);
    if (has_comment(setting->source, block, block->span.begin, end))
        return refuse(setting, &setting->edits[index], block,
                      "there are comments in its value, which would be lost");
    change->begin = block->span.begin;
    change->end = block->flow ? block->span.end : end;
    buffer_append_text(&change->text, "{}");
    return true;
}

static bool remove_key(const struct setting *setting, size_t index)
{
    const struct node *block = setting->block;
    struct change *change = &setting->changes[index];
    for (uint32_t i = 0; i < block->count; i++) {
        if (strcmp(block->entries[i].key->text, setting->edits[index].key) != 0)
            continue;
        if (block->count == 1)
            return remove_all(setting, index);
        if (block->flow)
            remove_from_flow(setting, change, i);
        else
            remove_line(setting, change, i);
        return true;
    }
    change->applied = true; /* it is not there */
    return true;
}

/* ---------------------------------------------------------------------------------- new text -- */

static const struct entry *entry_of(const struct node *block, const char *key)
{
    for (uint32_t i = 0; i < block->count; i++)
        if (strcmp(block->entries[i].key->text, key) == 0)
            return &block->entries[i];
    return NULL;
}

static bool plan(const struct setting *setting)
{
    for (size_t i = 0; i < setting->count; i++) {
        const struct edit *edit = &setting->edits[i];
        const struct entry *found = entry_of(setting->block, edit->key);
        if (!edit->value) {
            if (!remove_key(setting, i))
                return false;
            continue;
        }
        if (!*edit->value)
            return refuse(setting, edit, setting->block, "the new value is empty");
        if (found && !replace_value(setting, i, found))
            return false;
        if (!found && setting->block->flow)
            add_to_flow(setting, i);
        else if (!found)
            add_line(setting, i);
    }
    return true;
}

static bool is_set(const void *wanted, const struct node *before, const struct node *after,
                   const char *text)
{
    const struct setting *setting = wanted;
    uint32_t count = before->count;
    if (after->kind != NODE_MAP)
        return false;
    for (size_t i = 0; i < setting->count; i++) {
        const char *written = setting->edits[i].value;
        const struct node *value = node_get(after, setting->edits[i].key);
        bool was_there = node_get(before, setting->edits[i].key) != NULL;
        count = count - (was_there && !written) + (!was_there && written);
        if (!written ? value != NULL
                     : !value || value->span.end - value->span.begin != strlen(written) ||
                           memcmp(text + value->span.begin, written, strlen(written)) != 0)
            return false;
    }
    if (after->count != count)
        return false;
    for (uint32_t i = 0; i < before->count; i++) {
        const char *key = before->entries[i].key->text;
        const struct node *value = node_get(after, key);
        if (!find_edit(setting->edits, setting->count, key) &&
            (!value || !same_nodes(before->entries[i].value, value)))
            return false;
    }
    return true;
}

/* ----------------------------------------------------------------------------------- on disk -- */

static bool is_unchanged(const struct source *source, struct stat *status, struct buffer *error)
{
    struct buffer text = {0};
    int fd = input_open(AT_FDCWD, source->path, status);
    bool equal = fd >= 0 && input_read(fd, source->length, &text);
    if (!equal && errno != EFBIG) {
        buffer_format(error, "cannot read '%s': %s", source->path, input_error(errno));
        if (fd >= 0)
            close(fd);
        buffer_release(&text);
        return false;
    }
    equal = equal && text.length == source->length &&
            (!text.length || !memcmp(text.bytes, source->text, text.length));
    close(fd);
    buffer_release(&text);
    if (!equal)
        buffer_format(error, "'%s' has changed since it was read", source->path);
    return equal;
}

bool source_is_current(const struct source *source, struct buffer *error)
{
    struct stat status;
    return is_unchanged(source, &status, error);
}

enum replaced edit_write(const struct source *source, const struct buffer *text,
                         struct buffer *error)
{
    struct stat status;
    if (!is_unchanged(source, &status, error))
        return REPLACED_NOT;
    const struct content content = {text->bytes, text->length, &status, NULL};
    return replace_file(source->path, &content, error);
}

enum replaced edit_create(const char *path, const struct buffer *text, struct buffer *error)
{
    mode_t mask = umask(0);
    umask(mask);
    struct stat status = {.st_mode = 0666 & ~mask, .st_uid = geteuid(), .st_gid = getegid()};
    const struct content content = {text->bytes, text->length, &status, NULL};
    return replace_file(path, &content, error);
}

bool edit_keys(const struct source *source, const struct node *block, const struct edit *edits,
               size_t count, struct buffer *text, struct buffer *error)
{
    struct editing editing = {.source = source,
                              .target = block,
                              .changes = xcalloc(count + 1, sizeof(struct change)),
                              .count = count,
                              .is_wanted = is_set};
    struct setting setting = {.source = source,
                              .block = block,
                              .edits = edits,
                              .count = count,
                              .changes = editing.changes,
                              .error = error};
    editing.wanted = &setting;
    bool done = plan(&setting) && editing_apply(&editing, text, error);
    editing_release(&editing);
    return done;
}

enum replaced edit_block(const struct sources *sources, const struct node *block,
                         const struct edit *edits, size_t count, struct buffer *error)
{
    const struct source *source = &sources->items[block->span.file];
    struct buffer text = {0};
    enum replaced done = REPLACED_NOT;
    if (edit_keys(source, block, edits, count, &text, error))
        done = edit_write(source, &text, error);
    buffer_release(&text);
    return done;
}
