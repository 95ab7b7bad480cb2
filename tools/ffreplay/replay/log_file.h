/*
 * log_file.h - reads one file of a log with several workers.
 *
 * If a piece is a line, or a record of CSV, any number of workers read, each a block of them at a
 * time. Of other pieces only the end of one shows the start of the next, or what the next one
 * means, so the first worker reads alone.
 */
#ifndef FFREPLAY_LOG_FILE_H
#define FFREPLAY_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/logs/blocks.h"
#include "worker.h"

struct arena;

struct log_file {
    const struct layout *layout;
    uint32_t log;
    uint32_t source;  /* its number among the files that are read */
    const char *path; /* as it is shown */
    bool in_blocks;
    struct block_turns turns;  /* where records have an id */
    struct blocks blocks;      /* of formats whose pieces are lines, or records of CSV */
    struct line_parser *scout; /* of blocks; or NULL */
    struct block first;        /* what the header left of its block; for the first worker */
    struct lines lines;        /* of the others */
    struct worker *workers;
    uint32_t worker_count;
    bool incomplete; /* its last line was left out */
    struct place end;
    bool refused; /* it cannot be read as what it should be, which was reported */
};

/* "cannot read access.log: …", and what to do about it, which may be NULL. Returns false. */
bool log_file_report(const char *path, const char *what, const char *way);

/* "-" is stdin. False: it has been reported, and there is nothing to close. */
bool log_file_open(struct log_file *file, const char *path, const struct layout *layout,
                   uint32_t log);
void log_file_close(struct log_file *file);

/* By part of the file, when it was read, in memory of the arena; NULL: it was not read in parts. */
uint64_t *log_file_lines_before(const struct log_file *file, struct arena *arena);

/* Whether more than one worker would be of use. */
bool log_file_is_large(const struct log_file *file);

/*
 * Reads it to its end. The first bad line of each cause is shown, unless `shown` says that one was.
 * Counts are added to those of the log. False: it cannot be read, which has been reported.
 */
bool log_file_read(struct log_file *file, struct worker *workers, uint32_t worker_count,
                   struct log_counts *counts, bool shown[BAD_CAUSE_COUNT]);

#endif
