/*
 * from_aggregates.h - `--from FILE…`: files of aggregates in place of logs.
 *
 * What was gathered is put where a replay would have gathered it, so that what follows is the same,
 * to the byte.
 */
#ifndef FFREPLAY_FROM_AGGREGATES_H
#define FFREPLAY_FROM_AGGREGATES_H

#include <stdbool.h>

#include "compiler/cli/options.h"
#include "tools/ffreplay/aggregate/merge_files.h"
#include "tools/ffreplay/aggregate/rows.h"
#include "tools/ffreplay/metrics/unit_rows.h"
#include "tools/ffreplay/replay/replay.h"

#define FROM_AGGREGATES_OPTION(target)                           \
    {                                                            \
        "from", 0, OPTION_TEXTS, &(target), "FILE",              \
            "files of 'ffreplay aggregate' in place of the logs" \
    }

/* The same of a command that also has --from TIME: from_time_or_aggregates() tells which it is. */
#define FROM_TIME_OR_AGGREGATES_OPTION(target)                                    \
    {                                                                             \
        "from", 0, OPTION_TEXTS, &(target), "TIME",                               \
            "only lines from this time; or a FILE of aggregates in place of logs" \
    }

/*
 * Of what --from was given, a time goes to `*time`, and what is none stays, as files of aggregates,
 * and "-" as those of stdin. False after reporting what is neither.
 */
bool from_time_or_aggregates(const struct command *command, struct option_texts *given,
                             int64_t *time);

struct from_aggregates {
    const struct command *command;
    struct merged_rows merged; /* those of units are still to come */
    struct rows rows;          /* all others, by key */
    const bool *reads;         /* by log, whether it was read */
    const char **paths;        /* of the files */
    size_t count;
};

/* What the aggregates are of, which `options` of the reader's must be, too: their head, for the
 * caller to release. */
json_t *aggregates_head(const struct replay *replay, const char *environment);

/*
 * Reads what is not of units, and checks that it is of the replay's definitions and options.
 * `paths` are the option's, and `more` the operands. False after reporting; close it all the same.
 */
bool from_open(struct from_aggregates *from, const struct command *command,
               const struct replay *replay, const char *environment,
               const struct option_texts *paths, char **more, size_t more_count);
/* What the replay knows of its logs, once the fields are laid out; then the time is settled. False
 * after reporting: without a time, if lines are in that are later, or are not in that are not. */
bool from_settle(struct from_aggregates *from, struct replay *replay);
/* The same for who asks for no time, and wants all lines. */
bool from_read_all(struct from_aggregates *from, struct replay *replay);
/* Whether they have what is kept of each unit; else it is reported that `metric` needs it. */
bool from_has_units(const struct from_aggregates *from, const struct metric *metric);
/* Whether they have how canaries went over time; else it is reported. */
bool from_has_times(const struct from_aggregates *from);
/* What is kept of each unit, into these cells, which are let go. False after reporting. */
bool from_units(struct from_aggregates *from, struct unit_cells *cells);
/* Whether a file can be read once more, as a pipe cannot; else it is reported, as it was given. */
bool from_can_read_again(const struct command *command, const char *path, const char *given);
/* Begins again with the rows of units. False after reporting. */
bool from_read_again(struct from_aggregates *from);
void from_close(struct from_aggregates *from);

/* "FILE:LINE: …" and the like. Returns false. */
bool from_fail(const struct from_aggregates *from, struct buffer *error);

#endif
