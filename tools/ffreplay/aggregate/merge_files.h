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
    /* Of the row at hand, until the next one. */
    const char *key;              /* NULL: there is none */
    const struct unit_line *unit; /* it, where one file alone has it, so written; or NULL */
    struct aggregate_file *lent;  /* the file that has it; NULL: it is merged, into the next two */
    struct buffer own_key;
    json_t *own;
};

/* At most MERGED_AT_ONCE paths. False: `error` says why, and there is nothing to close. */
bool merged_open(struct merged_rows *rows, const char *const *paths, uint32_t count,
                 enum same_input same, struct buffer *error);
/* The next row, the head first. */
enum aggregate_read merged_next(struct merged_rows *rows, struct buffer *error);
/* The fields of the row at hand, whether `unit` has them or not. */
const json_t *merged_row(struct merged_rows *rows);
void merged_close(struct merged_rows *rows);

/*
 * Merges any number of files into one: where there are more than MERGED_AT_ONCE, in several steps,
 * by way of a temporary directory. "-" is stdin, which may hold several, one after the other.
 * False: `error` says why, and nothing was written to `path`.
 */
bool merge_files(const char *const *paths, uint32_t count, enum same_input same, const char *path,
                 struct buffer *error);

#endif
