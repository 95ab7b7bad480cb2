/* compiled_store.c - see compiled_store.h. */
#include "compiled_store.h"

#include <stdio.h>

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
        fprintf(stderr, "ffreplay: the compiled snapshot is refused: %s\n",
                fflag_error_text(error));
    buffer_release(&bytes);
    return opened && !error;
}
