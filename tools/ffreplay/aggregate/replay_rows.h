/*
 * replay_rows.h - what a replay knows of its logs, whatever they are asked about: lines and bad
 * lines, which fields there were, when they were written.
 */
#ifndef FFREPLAY_REPLAY_ROWS_H
#define FFREPLAY_REPLAY_ROWS_H

#include "row.h"
#include "rows.h"
#include "tools/ffreplay/replay/replay.h"

/* Whether what a log calls `id` is in one part alone: then parts add up. */
enum ids { IDS_MAY_REPEAT, IDS_ARE_DISTINCT };

/* `reads`: by log, whether a file of it was read. */
void replay_put(const struct replay *replay, const bool *reads, enum ids ids, struct rows *rows);

/* Which logs were read, in memory of the project's arena. */
const bool *replay_rows_read(const struct replay *replay, const struct rows *rows);
/* Into a replay that has read nothing, once its fields are laid out. False: `error` says why. */
bool replay_read_rows(struct replay *replay, const struct rows *rows, struct buffer *error);

#endif
