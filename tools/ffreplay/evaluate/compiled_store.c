/* compiled_store.c - see compiled_store.h. */
#include "compiled_store.h"

#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "past_overrides.h"
#include "compiler/project/project.h"
#include "compiler/model/model.h"

bool compiled_store_open(struct project *project, uint32_t environment, fflag_store **store)
{
    struct buffer bytes = {0};
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    const char *name = project->environments.items[environment].text;
    bool opened = project_compile(project, name, NULL, 0, &bytes);
    enum fflag_error error =
        opened ? fflag_open_memory(store, bytes.bytes, bytes.length, &options) : FFLAG_OK;
    if (error)
        job_error(NULL, "the compiled snapshot is refused: %s", fflag_error_text(error));
    buffer_release(&bytes);
    return opened && !error;
}

bool compiled_build(struct project *project, uint32_t environment, char hex[BUILD_TEXT])
{
    struct overrides_put_back put_back = past_overrides_take_out(project);
    fflag_store *store = NULL;
    bool opened = compiled_store_open(project, environment, &store);
    past_overrides_restore(project, &put_back);
    if (!opened)
        return false;
    const fflag_view *view = fflag_acquire(store);
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(view, &info);
    memcpy(hex, info.build, BUILD_TEXT);
    fflag_release(view);
    fflag_close(store);
    return true;
}
