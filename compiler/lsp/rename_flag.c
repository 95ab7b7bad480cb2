/* rename_flag.c - `ffc rename` of the flag under the cursor, as edits of the editor's texts. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/commands/edit/rename.h"
#include "names.h"
#include "server.h"
#include "text_edits.h"

/* The flag that the cursor is on, if it is defined. The arena's. */
static const char *flag_under(struct server *server, const json_t *params,
                              struct workspace_file *file, struct cursor *cursor,
                              struct arena *arena)
{
    struct name_place place;
    if (!server_cursor(server, params, file, cursor, arena))
        return NULL;
    const struct name name = name_at(cursor, file->root, arena);
    return name.kind == NAMED_FLAG && name_find(&server->workspace, &name, &place) ? name.text
                                                                                   : NULL;
}

bool answer_prepare_rename(struct server *server, const json_t *params, struct buffer *result)
{
    struct arena arena = {0};
    struct workspace_file file;
    struct cursor cursor;
    const char *flag = flag_under(server, params, &file, &cursor, &arena);
    if (flag) {
        buffer_append_text(result, "{");
        server_range(server, &file, cursor.begin, cursor.end, "range", result);
        field_text(result, "placeholder", flag);
        buffer_append_text(result, "}");
    }
    arena_release(&arena);
    return true;
}

/* A name in a file that cannot be read would stay what it is. */
static const char *unread_file(const struct workspace *workspace)
{
    const struct sources *sources = parsed_sources(workspace->parsed);
    for (uint32_t i = 0; i < workspace_file_count(workspace); i++) {
        const struct workspace_file file = workspace_file(workspace, i);
        bool known = file.overlay         ? file.overlay->live.source.root != NULL || !file.length
                     : i < sources->count ? sources->items[i].root || file.root || !file.length
                                          : true;
        if (!known)
            return file.name;
    }
    return NULL;
}

/* Takes over what the editor has. */
static void take_overlays(const struct workspace *workspace, struct edits *edits)
{
    for (uint32_t i = 0; i < workspace->count; i++) {
        const struct overlay *overlay = workspace->overlays[i];
        struct edited *file = edits_file(edits, overlay->name);
        struct buffer text = {0};
        buffer_append(&text, overlay->live.source.text, overlay->live.source.length);
        edits_take(edits, file ? file : edits_new_file(edits, overlay->name), &text);
    }
}

static void put_changes(struct server *server, const struct edits *edits, struct buffer *out)
{
    buffer_append_text(out, "{");
    field_object(out, "changes");
    for (uint32_t i = 0; i < edits->file_count; i++) {
        const struct source *now = &edits->files[i]->now;
        struct workspace_file file;
        struct buffer uri = {0};
        if (!workspace_find(&server->workspace, now->name, &file) ||
            (file.length == now->length && memcmp(file.text, now->text, file.length) == 0))
            continue;
        workspace_uri(&server->workspace, &file, &uri);
        json_write_key(out, uri.bytes);
        write_text_edits(server_index(server, &file), now->text, now->length, out);
        buffer_release(&uri);
    }
    buffer_append_text(out, "}}");
}

bool answer_rename(struct server *server, const json_t *params, struct buffer *result)
{
    struct arena arena = {0};
    struct workspace_file file;
    struct cursor cursor;
    const char *new_name = json_text_at(params, "newName");
    const char *flag = flag_under(server, params, &file, &cursor, &arena);
    const char *unread = flag ? unread_file(&server->workspace) : NULL;
    struct buffer why = {0};
    bool done = false;
    if (!flag || !new_name) {
        buffer_append_text(&why, "only flags can be renamed, and the name of one is not here");
    } else if (unread) {
        buffer_format(&why, "'%s' is no YAML: a name in it could not be followed", unread);
    } else {
        struct edits edits = EDITS_INIT(&rename_command);
        edits.why = &why;
        edits.change.ledger.directory = strdup(server->workspace.directory);
        edits.parsed = parsed_read(server->workspace.directory);
        take_overlays(&server->workspace, &edits);
        done = rename_plan(&edits, flag, new_name);
        if (done)
            put_changes(server, &edits, result);
        edits_release(&edits);
    }
    if (!done)
        buffer_append_text(result, why.length ? why.bytes : "it cannot be renamed");
    buffer_release(&why);
    arena_release(&arena);
    return done;
}
