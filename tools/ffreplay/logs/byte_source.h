/*
 * byte_source.h - the bytes of a file or of stdin, unpacked.
 *
 * gzip and zstd are recognised by their first bytes, whatever the file's name. Several streams may
 * follow one another, as in rotated logs joined with cat. One that is damaged, or ends too early,
 * is an error: its output so far must not be taken for the whole.
 */
#ifndef FFREPLAY_BYTE_SOURCE_H
#define FFREPLAY_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "misfit.h"

struct packed;

struct byte_source {
    int fd;
    struct packed *packed;           /* NULL: the bytes are as they are in the file */
    unsigned char head[MISFIT_HEAD]; /* read to tell what it is, and not yet handed out */
    size_t head_begin, head_end;
    bool never_waits; /* what is not there yet is the end, for now */
    char error[160];  /* empty: none */
    const char *help; /* what to do about that; or NULL */
};

/* "-" is stdin. False: `error` says why; there is nothing to close. */
bool byte_source_open(struct byte_source *source, const char *path);
void byte_source_close(struct byte_source *source);

/* Up to `size` bytes; 0 at the end, and then `error` says whether that is a regular one. */
size_t byte_source_read(struct byte_source *source, void *bytes, size_t size);

#endif
