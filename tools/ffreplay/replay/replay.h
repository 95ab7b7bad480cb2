/*
 * replay.h - log files in, consumers filled.
 *
 * Every file is read once, front to back, by as many threads as help, however many canaries are
 * decided on. No result depends on the order of lines or files, nor on the number of threads.
 */
#ifndef FFREPLAY_REPLAY_H
#define FFREPLAY_REPLAY_H

#include "compiler/processes/permission.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traffic.h"
#include "worker.h"

struct arena;
struct metric;

/* A file that was read, for who says where in it something stands. */
struct log_source {
    const char *path;       /* as it is shown */
    uint64_t *lines_before; /* by part, where it was read in blocks; or NULL */
};

/* Where it is recorded what was served when. */
struct served_record {
    bool is_asked;       /* false: nothing is looked up, and what is defined now is assumed */
    bool is_quiet;       /* what cannot be known was said before */
    const char *archive; /* NULL: where the project says, if it does */
    int64_t settle;      /* in milliseconds: so close to a publication, it is not known what was
                            served */
};

struct replay_times {
    int64_t now;      /* INT64_MIN: not known yet: what the logs say */
    int64_t first;    /* of the lines of all logs, without strays; 0: not known */
    int64_t window;   /* width */
    int64_t lateness; /* lines may be this late: a window is complete that long after its end */
    int64_t stale;    /* no decision for a canary unseen longer than this */
    uint32_t max_bad; /* thousandths of a percent of lines, or of a metric's samples */
    struct served_record served;
};

/* A stage that is decided on: of the lines since it began, not too many may be bad. */
struct replay_stage {
    const char *name, *flag;
    const int64_t *since; /* INT64_MIN: not known */
};

struct replay {
    struct project *project;
    struct arena *texts; /* what verdicts say: the project's, unless it is set to another */
    struct layout *layouts;
    struct log_counts *counts;
    bool *concerned; /* by log: a file without a log's name may be of it; see replay_concerns() */
    struct unit_set *ids; /* of the lines seen, for logs that name an `id` */
    struct replay_times times;
    struct log_source *sources; /* by their numbers */
    uint32_t source_count;
    uint32_t threads; /* at most; 0: as many as there are processors */
    bool now_given;
    struct permission commands, steps; /* to run those of logs; plans and hooks */
    bool takes_partial;                /* answers that say that they are not all there is */
    struct traffic bad;                /* lines, at the times of those beside them */
    struct traffic seen;               /* of all logs */
    struct traffic_span span; /* of those lines; known once it is settled what time it is */
    bool kept_strays;         /* they could not be left out */
    bool bad_shown[BAD_CAUSE_COUNT];
    struct replay_stage *stages;
    uint32_t stage_count;
    struct worker *workers; /* the first one's consumers are those that were added */
    uint32_t worker_count;
};

/* Lays out the project's logs; without any, one that fits the library's exposure lines. */
void replay_init(struct replay *replay, struct project *project);

/* What takes the logs' records: before any is read. */
void replay_add_consumer(struct replay *replay, struct consumer *consumer);

/* Before it is settled what time it is. `stage` is copied; what it points to is looked at later. */
void replay_add_stage(struct replay *replay, const struct replay_stage *stage);

/* The number of one that is to be read. */
uint32_t replay_add_source(struct replay *replay, const char *path);
/* "access.log:12", in memory of the arena. */
const char *replay_place_text(const struct replay *replay, struct arena *arena, uint32_t source,
                              struct place place);

/* What is asked about has this metric. Before arguments are looked at. */
void replay_concerns(struct replay *replay, const struct metric *metric);

/* "FILE" or "NAME=FILE" as a log and a path. Without a name it is the project's only log, or the
 * only one that what is asked about has metrics of. False after reporting. */
bool replay_find_log(const struct replay *replay, const char *argument, uint32_t *log,
                     const char **path);

/* By log, whether one of the arguments is a file of it. NULL: it has been reported. */
const bool *replay_logs_read(const struct replay *replay, char **arguments, size_t count);

/* Whether each of them can be read any number of times; a pipe cannot. Reports nothing. */
bool paths_can_be_read_again(char **arguments, size_t count);

/* Each "FILE" or "NAME=FILE": all records go to the consumers. False after reporting. */
bool replay_read(struct replay *replay, char **arguments, size_t count);

/*
 * Derives now from what was read, unless it was given, ignoring lines that are out of all
 * proportion to the others. *again: there are such lines, later than that, and the files can be
 * read once more; call replay_begin_anew(), prepare as before, and read. They are left out then.
 * False: no line has a time.
 */
bool replay_settle_now(struct replay *replay, char **arguments, size_t count, bool *again);
/* That it could not, and why: there is nothing that would have a time, or it has none. */
void replay_report_no_time(const struct replay *replay);
/* Whether somebody gave the time, or a line did; else that is reported. */
bool replay_has_time(const struct replay *replay);
/* As replay_settle_now() for who knows what time it is: what was ahead of that, and left out. */
void replay_settle_clocks(struct replay *replay, const struct stray_lines *ahead);
/* Lets the consumers go, so that others can take logs that are read next; of those of them that
 * were read already, by `again`, what was read is forgotten. What is prepared and what was shown
 * stays. */
void replay_begin_again(struct replay *replay, const bool *again);
/*
 * For logs that are read again and again, while others are read on: what a replay has read of those
 * others. replay_go_back() forgets what was read since then, which may be only lines of `logs`: by
 * log, those that will be read again. It releases the mark. Cost of either: bounded, 200 KB.
 */
struct replay_mark {
    struct traffic seen, bad;
};
struct replay_mark replay_mark(const struct replay *replay);
void replay_go_back(struct replay *replay, struct replay_mark *mark, const bool *logs);
/* Releases what was read and prepared; what was settled and what was shown stays. */
void replay_begin_anew(struct replay *replay);

/* What was read, of all logs. */
struct log_counts replay_counts(const struct replay *replay);

/* Those that no line of the log had, of those that are asked for, as bits by their places; none of
 * a log without lines. */
uint64_t replay_absent_fields(const struct replay *replay, uint32_t log);
/* "no line of log 'requests' has 'status' or 'rt'", of such bits, in the arena; NULL: of none. */
const char *replay_fields_text(const struct replay *replay, struct arena *arena, uint32_t log,
                               uint64_t fields);

/* Whether too many lines of a log were bad, or of those since the stage of a canary began; then it
 * has been reported that there is no verdict. */
bool replay_is_too_bad(const struct replay *replay);
/* The parts of that; `so` is what follows from it. */
bool replay_has_too_bad(const struct replay *replay);
/* Of one stage: of a log, or of the lines since then. */
bool replay_is_too_bad_since(const struct replay *replay, int64_t since);
void replay_report_too_bad(const struct replay *replay, const char *so);
void replay_report_good_again(const struct replay *replay);

void replay_release(struct replay *replay);

#endif
