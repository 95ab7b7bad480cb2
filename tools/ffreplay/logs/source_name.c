/* source_name.c - see source_name.h. */
#include "source_name.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

static struct named {
    const char *path, *name;
    struct named *next;
} * all_named;

const char *source_name(const char *path)
{
    for (const struct named *named = all_named; named; named = named->next)
        if (strcmp(named->path, path) == 0)
            return named->name;
    return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

void source_name_set(const char *path, const char *name)
{
    struct named *named = xcalloc(1, sizeof *named);
    *named = (struct named){path, name, all_named};
    all_named = named;
}

void source_name_forget(const char *path)
{
    for (struct named **at = &all_named; *at; at = &(*at)->next) {
        struct named *named = *at;
        if (strcmp(named->path, path) != 0)
            continue;
        *at = named->next;
        free(named);
        return;
    }
}
