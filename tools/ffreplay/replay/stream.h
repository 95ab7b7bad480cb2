/*
 * stream.h - reads one file of a log a piece at a time, for callers that stop in between.
 */
#ifndef FFREPLAY_STREAM_H
#define FFREPLAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "replay.h"

struct bytes_read;

struct stream {
    struct replay *replay; /* whose counts it adds to */
    struct worker worker;  /* its records go to one consumer */
    struct consumer *consumer;
    struct lines lines;
    bool begun;  /* past the header, and past a byte order mark */
    bool passes; /* what is read was taken before */
    bool refused;
};

/* What to open, and what it is called where it is shown: most often the same. */
struct stream_file {
    const char *path, *shown;
    const uint32_t *source; /* its number, of replay_add_source(); NULL: it is to have a new one */
};

/*
 * "-" is stdin. With `follows`, what is unfinished at the end is waited for: stream_step() then
 * goes on when there is more. False: it has been reported, and there is nothing to close.
 */
bool stream_open(struct stream *stream, struct replay *replay, struct stream_file file,
                 uint32_t log, bool follows, struct consumer *consumer);
void stream_close(struct stream *stream);

/*
 * Reads as far as `content`, of which every record was taken before, perhaps from another file: so
 * that what lines say of those that follow them is known. Nothing is taken, counted or shown. It
 * then adds to `content` what it reads. False: it cannot be read, or has fewer or other bytes.
 */
bool stream_pass(struct stream *stream, struct bytes_read *content);

/*
 * The next piece: its records are taken, or it is counted as bad and the first of its kind shown.
 * False at the end, and when it cannot be read: see stream_is_sound().
 */
bool stream_step(struct stream *stream);
/* False: it cannot be read, which has been reported. */
bool stream_is_sound(const struct stream *stream);

#endif
