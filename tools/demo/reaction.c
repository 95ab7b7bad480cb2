/* reaction.c - see reaction.h. */
#include "reaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fflag.h"

#define LONGEST_NS INT64_C(60000000000)

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool answer(fflag_store *store, fflag_id flag)
{
    fflag_context who;
    fflag_context_init(&who);
    const fflag_view *view = fflag_acquire(store);
    bool value = fflag_bool(view, flag, &who, false);
    fflag_release(view);
    return value;
}

/* 0: it never changed. */
static int64_t wait_for_change(fflag_store *store, fflag_id flag, bool before, int64_t from)
{
    const struct timespec pause = {.tv_nsec = 50000};
    int64_t now;
    while ((now = now_ns()) - from < LONGEST_NS) {
        if (answer(store, flag) != before)
            return now_ns() - from;
        nanosleep(&pause, NULL);
    }
    return 0;
}

int react(const char *snapshot, const char *flag, char **command)
{
    fflag_store *store;
    enum fflag_error error = fflag_open(&store, snapshot, NULL);
    if (error) {
        fprintf(stderr, "service: %s: %s\n", snapshot, fflag_error_text(error));
        return 2;
    }
    fflag_id id = fflag_flag(store, flag);
    bool before = answer(store, id);
    int64_t from = now_ns();
    pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(command[0], command);
        _exit(127);
    }
    int64_t took = child > 0 ? wait_for_change(store, id, before, from) : 0;
    int status = 0;
    if (child > 0)
        waitpid(child, &status, 0);
    fflag_close(store);
    if (took)
        printf("%.1f\n", (double)took / 1e6);
    return took && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
