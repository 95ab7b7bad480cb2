/* kept_runs.c - see kept_runs.h. */
#include "kept_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/files/durable.h"

void kept_runs_init(struct kept_runs *runs, const json_t *head)
{
    *runs = (struct kept_runs){.head = head};
    pthread_mutex_init(&runs->lock, NULL);
}

void kept_runs_release(struct kept_runs *runs)
{
    for (uint32_t i = 0; i < runs->count; i++) {
        unlink_at(AT_FDCWD, runs->paths[i]);
        free(runs->paths[i]);
    }
    free(runs->paths);
    if (*runs->folder)
        rmdir(runs->folder);
    buffer_release(&runs->error);
    pthread_mutex_destroy(&runs->lock);
}

static bool make_folder(struct kept_runs *runs)
{
    const char *place = getenv("TMPDIR");
    if (*runs->folder)
        return true;
    snprintf(runs->folder, sizeof runs->folder, "%.200s/ffreplay-units-XXXXXX",
             place && *place ? place : "/tmp");
    if (mkdtemp(runs->folder))
        return true;
    terminal_format(&runs->error, "cannot make %s: %s", runs->folder, strerror(errno));
    *runs->folder = '\0';
    return false;
}

const char *kept_runs_add(struct kept_runs *runs)
{
    char path[320];
    if (runs->error.length > 0 || !make_folder(runs))
        return NULL;
    snprintf(path, sizeof path, "%s/%u.agg", runs->folder, runs->count);
    char *copy = strdup(path);
    if (!copy)
        out_of_memory();
    runs->paths = xrealloc(runs->paths, (runs->count + 1u) * sizeof *runs->paths);
    return runs->paths[runs->count++] = copy;
}
