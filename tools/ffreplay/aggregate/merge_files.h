/*
 * merge_files.h - the rows of several files of aggregates as those of one.
 *
 * Files are sorted, so one row of each is in memory at a time, however long they are. Which file
 * comes first makes no difference, nor does it whether some were merged before.
 */
#ifndef FFREPLAY_MERGE_FILES_H
#define FFREPLAY_MERGE_FILES_H

#include "aggregate_file.h"

/* So many are open at a time. */
#define MERGED_AT_ONCE 128

/* Whether a log that is in two of the files is refused: it would count twice. */
enum same_input { SAME_INPUT_REFUSED, SAME_INPUT_COUNTED };

struct merged_rows {
    struct aggregate_file *files;
    uint32_t *heap; /* of those that have a row, by its key */
    uint32_t count, opened;
    enum same_input same;
    char *key; /* of the row, until the next one */
    json_t *row;
};

/* At most MERGED_AT_ONCE paths. False: `error` says why, and there is nothing to close. */
bool merged_open(struct merged_rows *rows, const char *const *paths, uint32_t count,
                 enum same_input same, struct buffer *error);
/* The next row, the head first. */
enum aggregate_read merged_next(struct merged_rows *rows, struct buffer *error);
void merged_close(struct merged_rows *rows);

/*
 * Merges any number of files into one: where there are more than MERGED_AT_ONCE, in several steps,
 * by way of a temporary directory. "-" is stdin, which may hold several, one after the other.
 * False: `error` says why, and nothing was written to `path`.
 */
bool merge_files(const char *const *paths, uint32_t count, enum same_input same, const char *path,
                 struct buffer *error);

#endif
