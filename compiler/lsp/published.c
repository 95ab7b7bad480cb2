/* published.c - see published.h. */
#include "published.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/rpc/rpc.h"
#include "workspace.h"

static const char none[] = "[]";

void published_release(struct published *publications)
{
    for (uint32_t i = 0; i < publications->count; i++) {
        free(publications->items[i]->uri);
        free(publications->items[i]->json);
    }
    arena_release(&publications->arena);
    *publications = (struct published){.count = 0};
}

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        out_of_memory();
    return copy;
}

static struct published_file *find(struct published *publications, const char *name)
{
    struct published_file *found = table_get(&publications->table, name);
    if (found)
        return found;
    struct arena *arena = &publications->arena;
    found = ARENA_NEW(arena, struct published_file);
    found->name = arena_copy(arena, name, strlen(name));
    table_add(&publications->table, arena, found->name, found);
    *ARENA_APPEND(arena, publications->items, publications->count) = found;
    return found;
}

static void tell(struct rpc *rpc, const char *uri, const char *json, const struct overlay *overlay)
{
    struct buffer params = {0};
    buffer_append_text(&params, "{");
    field_text(&params, "uri", uri);
    if (overlay && overlay->is_open)
        field_integer(&params, "version", overlay->version);
    json_write_key(&params, "diagnostics");
    buffer_append_text(&params, json);
    buffer_append_text(&params, "}");
    rpc_notify(rpc, "textDocument/publishDiagnostics", &params);
}

void published_put(struct published *publications, struct rpc *rpc,
                   const struct workspace *workspace, const char *name, const char *json)
{
    struct published_file *publication = find(publications, name);
    struct overlay *overlay = workspace_overlay(workspace, name);
    struct buffer uri = {0};
    const char *before = publication->json ? publication->json : none;
    publication->round = publications->round;
    if (overlay && overlay->uri) {
        buffer_append_text(&uri, overlay->uri);
    } else {
        buffer_format(&uri, "%s/%s", workspace->directory, name);
        char *path = copy_of(uri.bytes);
        buffer_release(&uri);
        uri_append(&uri, path);
        free(path);
    }
    bool moved = publication->uri && strcmp(publication->uri, uri.bytes) != 0;
    if (moved && strcmp(before, none) != 0)
        tell(rpc, publication->uri, none, NULL);
    if (moved || strcmp(before, json) != 0)
        tell(rpc, uri.bytes, json, overlay);
    free(publication->uri);
    publication->uri = copy_of(uri.bytes);
    if (strcmp(before, json) != 0) {
        free(publication->json);
        publication->json = strcmp(json, none) == 0 ? NULL : copy_of(json);
    }
    buffer_release(&uri);
}

void published_begin(struct published *publications)
{
    publications->round++;
}

void published_end(struct published *publications, struct rpc *rpc,
                   const struct workspace *workspace)
{
    for (uint32_t i = 0; i < publications->count; i++) {
        const struct published_file *publication = publications->items[i];
        if (publication->json && publication->round != publications->round)
            published_put(publications, rpc, workspace, publication->name, none);
    }
}

const char *published_of(const struct published *publications, const char *name)
{
    const struct published_file *found = table_get(&publications->table, name);
    return found ? found->json : NULL;
}
