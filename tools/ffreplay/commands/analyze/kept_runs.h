/* kept_runs.h - files of rows on the way to one, below $TMPDIR. */
#ifndef FFREPLAY_KEPT_RUNS_H
#define FFREPLAY_KEPT_RUNS_H

#include <pthread.h>
#include <stdint.h>

#include "tools/ffreplay/aggregate/aggregate_file.h"

/* Files of rows that did not stay in memory, of all threads and flags. */
struct kept_runs {
    pthread_mutex_t lock;
    const json_t *head; /* of each file; the caller's */
    char folder[256];   /* "": there is none yet */
    char **paths;
    uint32_t count;
    struct buffer error; /* why one could not be written */
};
void kept_runs_init(struct kept_runs *runs, const json_t *head);
/* Removes the files. */
void kept_runs_release(struct kept_runs *runs);
/* The path of a further one, which stays the caller of this to write. NULL: `error` says why. */
const char *kept_runs_add(struct kept_runs *runs);

#endif
