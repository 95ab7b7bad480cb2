/*
 * watch.h - one run of `ffreplay watch`, and its parts, a file each.
 *
 * What was read is kept, and judged again at every look; of logs that a program prints, which are
 * read anew at each, it is judged together with that. When the definitions change, through an
 * applied decision or by anybody else, the analyses start over, and the logs are read again.
 */
#ifndef FFREPLAY_WATCH_H
#define FFREPLAY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/rollout/changes.h"
#include "compiler/publish/publication.h"
#include "follower.h"
#include "heartbeat.h"
#include "hold.h"
#include "holdback.h"
#include "tools/ffreplay/apply/apply_options.h"
#include "tools/ffreplay/commands/log_options.h"
#include "tools/ffreplay/canary/layers.h"
#include "tools/ffreplay/canary/verdict.h"

struct watch_options {
    const char *directory, *environment, *flag; /* no flag: all */
    bool all;
    const char *interval_text;
    int64_t interval;
    struct log_options logs;
    struct apply_options apply;
    const char *status_file;
    bool json, exit_code;
    enum color_choice color;
};

/* What was announced last of a canary. */
struct announced {
    const char *flag;
    uint32_t stage;
    enum canary_state state;
    struct decision decision;
    bool blind; /* there was no verdict */
};

/* Logs whose `command` is run at each look. */
struct polled_logs {
    const bool *asked; /* by log: it is one of them; in the project's memory, as the next */
    uint32_t *sources; /* by log: its number in the replay; UINT32_MAX: none yet */
    bool any;
    bool is_silent; /* one failed at the last look */
    /* While a look judges what they printed. */
    struct layers layers;
    struct replay_mark mark;
    struct stray_lines ahead; /* of what they printed */
};

struct watch {
    const struct watch_options *options;
    struct publication publication;
    struct replay replay; /* of the definitions that compiled last */
    struct analyses analyses;
    bool loaded, was_loaded;
    bool broken; /* the definitions as they are do not compile: only rollbacks are applied */
    bool blind;  /* so many lines of a log were bad at the last look: there was no verdict */
    char *directory;
    uint64_t mark; /* of the definitions that were looked at last */
    struct holdback holdback;
    char **logs; /* as they were given */
    size_t log_count;
    struct follower *followers; /* of those, and of logs whose `path` is followed */
    size_t follower_count;
    struct polled_logs polled;
    struct changes changes;
    struct holds holds;
    struct heartbeat heartbeat;
    sigset_t signals; /* as they were blocked before; while it waits, and for programs it runs */
    struct arena texts;
    struct announced *announced;
    uint32_t announced_count;
    int status;
    bool over;
    bool unheard;    /* the last words could not be written … */
    bool lost_words; /* … or some before */
};

/* A signal has asked it to end. */
bool watch_is_interrupted(void);
/* Nothing more is to be done: what to exit with. */
void watch_end(struct watch *watch, int status);

/* The definitions as they are now; those that do not compile leave the last good ones in force, and
 * those that lack what is watched are read again for some seconds. False: there are none, or they
 * cannot be judged by, which was reported, and the watch is over. */
bool watch_load(struct watch *watch);
void watch_unload(struct watch *watch);
bool watch_is_outdated(const struct watch *watch);

/* Takes what the logs have by now. False: one cannot be read, and the watch is over. */
bool watch_read(struct watch *watch);
/*
 * Runs the commands of logs, and takes what they print, which is all there is of their logs. False:
 * there is no verdict at this look, for one failed, or the watch is over. Until watch_end_poll(),
 * no log is read on.
 */
bool watch_poll(struct watch *watch);
/* Forgets what they printed. */
void watch_end_poll(struct watch *watch);
/* What a look judges, of all logs; and the lines that were left out of it as ahead of the clock. */
struct analyses *watch_judged(struct watch *watch);
struct stray_lines watch_ahead(const struct watch *watch);

/* Each look as JSON; for people what is new, as a line, or as a page where it changes something. */
void watch_announce(struct watch *watch, struct verdict *verdict);

/* That there is no verdict, for bad lines, or is one again: where that is new. */
void watch_announce_blindness(struct watch *watch, bool blind);

/* That a command failed, so that there is no verdict; or none does any more: where that is new. */
void watch_announce_silence(struct watch *watch, bool silent);

/* Makes the verdict true, under the project's lock; what fails ends the watch. Definitions that
 * were changed meanwhile are left as they are, for the next look. */
void watch_apply(struct watch *watch, struct verdict *verdict);
/* With --run-steps, the hooks of what people should know of it. */
void watch_tell(struct watch *watch, struct verdict *verdict);
/* Finishes what a run that was killed left behind. */
bool watch_recover(struct watch *watch);

#endif
