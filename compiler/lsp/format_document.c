/* format_document.c - `ffc fmt` of one document, as edits. */
#include "compiler/base/arena.h"
#include "compiler/files/format.h"
#include "server.h"
#include "text_edits.h"

bool answer_formatting(struct server *server, const json_t *params, struct buffer *result)
{
    struct workspace_file file;
    if (!server_file(server, params, &file))
        return true;
    struct arena arena = {0};
    struct source source = {
        .path = file.path, .name = file.name, .text = file.text, .length = file.length};
    struct sources sources = {&arena, &source, 1};
    struct diagnostics diagnostics = {.arena = &arena, .sources = &sources};
    struct buffer text = {0};
    const char *problem = NULL;
    bool done = false;
    switch (format_source(&sources, 0, &arena, &diagnostics, &text, &problem)) {
    case FORMAT_FINE:
        write_text_edits(server_index(server, &file), text.bytes ? text.bytes : "", text.length,
                         result);
        done = true;
        break;
    case FORMAT_BROKEN:
        buffer_append_text(result, "it is no YAML yet: mend what is reported first");
        break;
    case FORMAT_REFUSED:
        buffer_append_text(result, problem);
        break;
    }
    buffer_release(&text);
    arena_release(&arena);
    return done;
}
