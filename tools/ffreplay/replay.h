/*
 * replay.h - log files in, analyses filled.
 *
 * Every file is read once, front to back, whatever the number of canaries that are decided on.
 * Nothing that is computed depends on the order of lines or files.
 */
#ifndef FFREPLAY_REPLAY_H
#define FFREPLAY_REPLAY_H

#include "analysis.h"

enum bad_cause { BAD_UNPARSABLE, BAD_NO_TIME, BAD_NUMBER, BAD_CAUSE_COUNT };
/* "unparsable" */
const char *bad_cause_text(enum bad_cause cause);

/* Of one log, which may be in several files. */
struct log_counts {
    uint64_t lines;  /* records, and lines that are none; blank ones do not count */
    uint64_t pieces; /* of files: lines that hold any number of records */
    uint64_t bad[BAD_CAUSE_COUNT];
};

/* So many of the latest lines are remembered, to find a clock that jumped ahead. */
#define NEWEST_COUNT 17

struct replay {
    struct project *project;
    struct layout *layouts;
    struct log_counts *counts;
    struct unit_set *ids; /* of the lines seen, for logs that name an `id` */
    struct replay_times times;
    uint32_t max_bad; /* thousandths of a percent of a log's lines */
    bool now_given;
    int64_t earliest;             /* of all lines with a time; INT64_MAX: there is none */
    int64_t newest[NEWEST_COUNT]; /* their latest times, latest first; INT64_MIN: no more */
    uint64_t timed;               /* how many lines with a time there were */
    bool bad_shown[BAD_CAUSE_COUNT];
    struct analysis *analyses;
    uint32_t analysis_count;
};

/* Lays out the project's logs; without any, one that fits the library's exposure lines. */
void replay_init(struct replay *replay, struct project *project);

/* After the analyses are prepared. "FILE" or "NAME=FILE". False: it has been reported. */
bool replay_read(struct replay *replay, const char *argument);

/* Whether too many lines of a log were bad; then it has been reported. */
bool replay_is_too_bad(const struct replay *replay);

void replay_release(struct replay *replay);

#endif
