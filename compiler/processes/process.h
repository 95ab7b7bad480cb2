/*
 * process.h - runs one program of a plan, a hook or a log, without a shell and with a time-out.
 */
#ifndef FFC_PROCESS_H
#define FFC_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "compiler/model/invocation.h"

#define MOST_OUTPUT 4096 /* what is kept of what it prints: the end */

#define PROCESS_ENDINGS(X)                                                                      \
    X(PROCESS_DONE, "done")       /* with exit status 0 */                                      \
    X(PROCESS_FAILED, "failed")   /* another status, or a signal, or it could not be started */ \
    X(PROCESS_TIMEOUT, "timeout") /* it took too long, and was killed */                        \
    /* Whoever waits for it was told to end, and it was killed. */                              \
    X(PROCESS_CANCELLED, "cancelled")
enum process_ending { PROCESS_ENDINGS(WORDS_MEMBER) };

struct process_result {
    enum process_ending ending;
    int status;   /* -1: it did not exit */
    int signal;   /* 0: none ended it */
    int error;    /* errno, where it could not be started */
    int64_t took; /* milliseconds */
    struct buffer output;
    bool cut; /* the output's beginning is not kept */
};

/*
 * Signals that end a program (INT, TERM, HUP) are held while programs run: they cancel the running
 * one, or the next. process_begin() returns what process_run() needs; process_end() lets signals
 * through again.
 */
struct processes {
    int signals;
    sigset_t before;
};
bool process_begin(struct processes *processes);
void process_end(struct processes *processes);

/* What it reads and writes. */
struct process_files {
    const struct buffer *input; /* on its standard input */
    int output; /* where its standard output goes, and what it leaves running is killed in the end;
                   -1: it is kept, as its standard error is */
};

/*
 * Runs it in `directory`. Killing is TERM, then KILL two seconds later, to it and what it started.
 * The result's output is the caller's to release.
 */
void process_run(struct processes *processes, const char *directory,
                 const struct invocation *invocation, const struct process_files *files,
                 struct process_result *result);

/* How it ended, for the end of a sentence: "exited with status 1". */
void process_explain(const struct process_result *result, struct buffer *out);

#endif
