/* references.c - go to a definition, and all places that name the same. */
#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/files/yaml.h"
#include "names.h"
#include "server.h"

#define MOST_PLACES 20000u

static void put_location(struct server *server, const struct workspace_file *file,
                         const struct node *node, struct buffer *out)
{
    struct buffer uri = {0};
    workspace_uri(&server->workspace, file, &uri);
    buffer_append_text(out, "{");
    field_text(out, "uri", uri.bytes);
    server_range(server, file, node->span.begin, node->span.end, "range", out);
    buffer_append_text(out, "}");
    buffer_release(&uri);
}

bool answer_definition(struct server *server, const json_t *params, struct buffer *result)
{
    struct arena arena = {0};
    struct cursor cursor;
    struct workspace_file file;
    struct name_place place;
    if (server_cursor(server, params, &file, &cursor, &arena)) {
        const struct name name = name_at(&cursor, file.root, &arena);
        if (name_find(&server->workspace, &name, &place))
            put_location(server, &place.file, place.node, result);
    }
    arena_release(&arena);
    return true;
}

struct collecting {
    struct server *server;
    const struct workspace_file *file;
    const struct name *name;
    bool definitions;
    uint32_t count;
    struct buffer *out;
};

static void collect(const struct name_use *use, void *user)
{
    struct collecting *collecting = user;
    if ((use->defines && !collecting->definitions) || !name_is_same(&use->name, collecting->name) ||
        collecting->count == MOST_PLACES)
        return;
    collecting->count++;
    json_write_comma(collecting->out);
    put_location(collecting->server, collecting->file, use->node, collecting->out);
}

bool answer_references(struct server *server, const json_t *params, struct buffer *result)
{
    struct arena arena = {0};
    struct cursor cursor;
    struct workspace_file file;
    buffer_append_text(result, "[");
    if (server_cursor(server, params, &file, &cursor, &arena)) {
        const struct name name = name_at(&cursor, file.root, &arena);
        const json_t *context = json_object_get(params, "context");
        struct collecting collecting = {
            .server = server,
            .file = &file,
            .name = &name,
            .definitions = !json_is_false(json_object_get(context, "includeDeclaration")),
            .out = result};
        uint32_t count = workspace_file_count(&server->workspace);
        for (uint32_t i = 0; name.kind != NAMED_NOTHING && i < count; i++) {
            file = workspace_file(&server->workspace, i);
            names_in(file.root, collect, &collecting);
        }
    }
    buffer_append_text(result, "]");
    arena_release(&arena);
    return true;
}
