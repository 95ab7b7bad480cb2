/* sync.c - the documents that are open in the editor, and what it does to them. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/json_read.h"
#include "compiler/base/memory.h"
#include "server.h"
#include "uri.h"

static const char *uri_of(const json_t *params)
{
    return json_text_at(json_object_get(params, "textDocument"), "uri");
}

/* In the project; NULL: it is no file of it. */
static char *name_of(const struct server *server, const json_t *params)
{
    char *path = server->has_workspace ? uri_path(uri_of(params)) : NULL;
    char *name = path ? workspace_name(&server->workspace, path) : NULL;
    free(path);
    return name;
}

/* The overlay of a document that is open; NULL: there is none. */
static struct overlay *server_document(struct server *server, const json_t *params)
{
    char *name = name_of(server, params);
    struct overlay *overlay = name ? workspace_overlay(&server->workspace, name) : NULL;
    free(name);
    return overlay && overlay->is_open ? overlay : NULL;
}

bool server_file(struct server *server, const json_t *params, struct workspace_file *file)
{
    char *name = name_of(server, params);
    bool found = name && workspace_find(&server->workspace, name, file);
    free(name);
    return found;
}

struct position_utf16 read_position(const json_t *position)
{
    json_int_t line = json_integer_value(json_object_get(position, "line"));
    json_int_t character = json_integer_value(json_object_get(position, "character"));
    return (struct position_utf16){line < 0           ? 0
                                   : line > INT32_MAX ? INT32_MAX
                                                      : (uint32_t)line,
                                   character < 0           ? 0
                                   : character > INT32_MAX ? INT32_MAX
                                                           : (uint32_t)character};
}

/* ------------------------------------------------------------------------------------ places -- */

const struct text_index *server_index(struct server *server, const struct workspace_file *file)
{
    if (file->overlay)
        return &file->overlay->index;
    if (server->index.text != file->text)
        text_index_make(&server->index, file->text, file->length);
    return &server->index;
}

bool server_cursor(struct server *server, const json_t *params, struct workspace_file *file,
                   struct cursor *cursor, struct arena *arena)
{
    if (!server_file(server, params, file))
        return false;
    const json_t *position = json_object_get(params, "position");
    size_t offset = text_index_offset(server_index(server, file), read_position(position));
    *cursor = cursor_at(file->text, file->length, offset, arena);
    return true;
}

void server_range(struct server *server, const struct workspace_file *file, size_t begin,
                  size_t end, const char *key, struct buffer *out)
{
    write_range(out, key, server_index(server, file), begin, end);
}

void server_position(struct server *server, const struct workspace_file *file, size_t offset,
                     const char *key, struct buffer *out)
{
    write_position(out, key, server_index(server, file), offset);
}

/* --------------------------------------------------------------------------------- documents -- */

void note_open(struct server *server, const json_t *params)
{
    const json_t *document = json_object_get(params, "textDocument");
    const json_t *text = json_object_get(document, "text");
    char *name = name_of(server, params);
    if (name && json_is_string(text)) {
        struct overlay *overlay = workspace_put(&server->workspace, name, json_string_value(text),
                                                json_string_length(text));
        free(overlay->uri);
        overlay->uri = strdup(uri_of(params));
        overlay->is_open = true;
        overlay->version = json_integer_value(json_object_get(document, "version"));
        checking_want(&server->checking, name);
    }
    free(name);
}

/* Of the text so far. */
static void apply(const json_t *change, struct buffer *text, struct text_index *index)
{
    const json_t *range = json_object_get(change, "range");
    const json_t *inserted = json_object_get(change, "text");
    const char *bytes = json_string_value(inserted);
    size_t length = json_string_length(inserted), begin = 0, end = text->length;
    if (!bytes)
        return;
    if (json_is_object(range)) {
        text_index_make(index, text->bytes, text->length);
        begin = text_index_offset(index, read_position(json_object_get(range, "start")));
        end = text_index_offset(index, read_position(json_object_get(range, "end")));
        if (end < begin)
            end = begin;
    }
    struct buffer changed = {0};
    buffer_append(&changed, text->bytes, begin);
    buffer_append(&changed, bytes, length);
    buffer_append(&changed, text->bytes + end, text->length - end);
    buffer_release(text);
    *text = changed;
}

void note_change(struct server *server, const json_t *params)
{
    struct overlay *overlay = server_document(server, params);
    const json_t *changes = json_object_get(params, "contentChanges"), *change;
    size_t i;
    if (!overlay)
        return;
    struct buffer text = {0};
    struct text_index index = {.text = ""};
    buffer_append(&text, overlay->live.source.text, overlay->live.source.length);
    json_array_foreach(changes, i, change) apply(change, &text, &index);
    workspace_put(&server->workspace, overlay->name, text.bytes, text.length);
    overlay->version =
        json_integer_value(json_object_get(json_object_get(params, "textDocument"), "version"));
    checking_want(&server->checking, overlay->name);
    text_index_release(&index);
    buffer_release(&text);
}

void note_close(struct server *server, const json_t *params)
{
    struct overlay *overlay = server_document(server, params);
    if (!overlay)
        return;
    workspace_revert(&server->workspace, overlay);
    checking_want(&server->checking, NULL);
}

void note_save(struct server *server, const json_t *params)
{
    note_files(server, params);
}

void note_files(struct server *server, const json_t *params)
{
    (void)params;
    if (server->has_workspace && workspace_refresh(&server->workspace))
        checking_want(&server->checking, NULL);
}
