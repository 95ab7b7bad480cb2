/* part.c - see part.h. */
#include "part.h"

#include "compiler/base/arena.h"
#include "workspace.h"

struct project *project_part(const struct workspace *workspace, const char *const *flags,
                             uint32_t count, int64_t now)
{
    struct arena arena = {0};
    struct parsed_view view = {.closed = true, .now = now};
    view.texts = workspace_texts(workspace, &arena, &view.text_count);
    view.flags = parsed_related(workspace->parsed, RELATIVES_NEEDED, view.texts, view.text_count,
                                flags, count, &arena, &view.flag_count);
    if (!view.flags) /* none, and not all */
        view.flags = ARENA_ARRAY(&arena, const char *, 1);
    struct project *project = parsed_project(workspace->parsed, &view);
    arena_release(&arena);
    return project;
}
