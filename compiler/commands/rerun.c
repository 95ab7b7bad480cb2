/* rerun.c - see rerun.h. */
#include "rerun.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/files/place.h"
#include "compiler/rollout/changes.h"

#define SETTLING    60   /* milliseconds without a change that end one */
#define MOST_WAITS  50   /* … unless it goes on for so many of them */
#define LEAST_POLL  1000 /* milliseconds between looks where nobody tells of changes */
#define POLL_FACTOR 20   /* … and so many times what a look takes */

/* A run only reads, so it may end anywhere. */
static volatile sig_atomic_t status_of_last = EXIT_JOB, is_running, interrupted;

static void interrupt(int signal)
{
    (void)signal;
    if (is_running)
        _exit(status_of_last);
    interrupted = 1;
}

struct watched {
    const struct rerun *rerun;
    struct changes changes;
    struct file_marks marks;
    sigset_t signals; /* while it runs or waits; else those that end it are blocked */
};

/* The directory is looked up each time: `flags` may appear, or be gone for a while. */
static void read_marks(struct watched *watched, struct file_marks *marks)
{
    char *place = project_place(watched->rerun->directory);
    changes_add(&watched->changes, place);
    file_marks_read(marks, place, &watched->changes);
    free(place);
}

static void pause_for(const struct watched *watched, int64_t ms)
{
    struct changes deaf = {.inotify = -1};
    changes_wait(&deaf, false, ms, &watched->signals);
}

/* Nothing changes any more, in `marks`. */
static void settle(struct watched *watched, struct file_marks *marks)
{
    for (int waits = 0; waits < MOST_WAITS && !interrupted; waits++) {
        struct file_marks later = {.count = 0};
        pause_for(watched, SETTLING);
        read_marks(watched, &later);
        bool settled = !file_marks_differ(marks, &later);
        file_marks_release(marks);
        *marks = later;
        if (settled)
            return;
    }
}

/* Appends what changed, and takes it as seen. False: interrupted. */
static bool wait_for_change(struct watched *watched, struct buffer *what)
{
    int64_t poll = LEAST_POLL;
    for (;;) {
        struct file_marks now = {.count = 0};
        int64_t started = clock_steady();
        read_marks(watched, &now);
        int64_t cost = (clock_steady() - started) * POLL_FACTOR;
        poll = cost > LEAST_POLL ? cost : LEAST_POLL;
        if (file_marks_differ(&watched->marks, &now))
            settle(watched, &now);
        /* It may have become what it was. */
        bool changed = file_marks_differ(&watched->marks, &now);
        if (changed)
            file_marks_tell(&watched->marks, &now, what);
        file_marks_release(&watched->marks);
        watched->marks = now;
        if (interrupted)
            return false;
        if (changed)
            return true;
        changes_wait(&watched->changes, false, poll, &watched->signals);
        if (interrupted)
            return false;
    }
}

/* On a terminal, a run begins at its top; elsewhere, a line is between two. */
static void begin_run(const struct buffer *what)
{
    struct buffer line = {0};
    char time[32];
    const char *terminal = getenv("TERM");
    bool screen =
        isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    format_time(clock_now() / 1000 * 1000, time, sizeof time);
    buffer_append_text(&line, screen ? "\033[H\033[2J" : "\n");
    print_lines(&line);
    line.length = 0;
    buffer_format(&line, "%s%s  %s\n", screen ? "" : "--- ", time, what->bytes);
    print_sentences(&line);
    buffer_release(&line);
}

static void end_run(const struct rerun *rerun, int status, int64_t took)
{
    static const char *const words[] = {
        [EXIT_FINE] = "passed", [EXIT_INPUT] = "failed", [EXIT_JOB] = "could not run"};
    bool color = use_color(rerun->color, stderr);
    char *place = project_place(rerun->directory);
    struct buffer line = {0};
    terminal_format(&line, "--- ");
    buffer_append_text(&line, !color ? "" : status == EXIT_FINE ? "\033[32m" : "\033[31m");
    buffer_append_text(&line, words[status]);
    buffer_append_text(&line, color ? "\033[0m" : "");
    if (took < 1000)
        buffer_format(&line, ", %d ms", (int)took);
    else
        buffer_format(&line, ", %.1f s", (double)took / 1000);
    terminal_format(&line, "; waiting for changes in '%s'\n", place);
    print_lines(&line);
    buffer_release(&line);
    free(place);
}

static void run_once(const struct watched *watched)
{
    const struct rerun *rerun = watched->rerun;
    sigset_t blocked;
    int64_t started = clock_steady();
    is_running = 1;
    sigprocmask(SIG_SETMASK, &watched->signals, &blocked);
    int status = rerun->once(rerun->user);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    is_running = 0;
    status_of_last = status;
    end_run(rerun, status, clock_steady() - started);
}

int rerun_on_changes(const struct rerun *rerun)
{
    struct watched watched = {.rerun = rerun};
    struct sigaction action = {.sa_handler = interrupt};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &watched.signals);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    changes_open(&watched.changes);
    read_marks(&watched, &watched.marks);
    struct buffer what = {0};
    do {
        if (what.length)
            begin_run(&what);
        what.length = 0;
        run_once(&watched);
    } while (wait_for_change(&watched, &what));
    buffer_release(&what);
    file_marks_release(&watched.marks);
    changes_close(&watched.changes);
    return status_of_last;
}
