/* run_tool.c - see run_tool.h. */
#include "run_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "compiler/cli/options.h"
#include "compiler/rpc/rpc.h"

#define LONGEST_SECONDS 600
#define LOOK_AFTER      100 /* milliseconds, at whether the request was taken back */

const char *replay_program(void)
{
    static char path[PATH_MAX];
    static const char name[] = "ffreplay";
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (!slash)
        return NULL;
    memcpy(slash + 1, name, sizeof name);
    return access(path, X_OK) == 0 ? path : NULL;
}

void run_release(struct run *run)
{
    buffer_release(&run->out);
    buffer_release(&run->error);
}

/* --------------------------------------------------------------------------------- the child -- */

static const struct command *command_of(const char *name)
{
    const struct commands known = known_commands();
    for (size_t i = 0; i < known.count; i++)
        if (strcmp(known.items[i].name, name) == 0)
            return &known.items[i];
    return NULL;
}

static int count_of(char **argv)
{
    int count = 0;
    while (argv[count])
        count++;
    return count;
}

static _Noreturn void be_child(enum tool_program program, char **argv, int out, int error,
                               pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    int none = open("/dev/null", O_RDONLY);
    if (getppid() != parent || none < 0 || dup2(none, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0)
        _exit(EXIT_JOB);
    signal(SIGPIPE, SIG_DFL);
    if (program == TOOL_FFREPLAY) {
        const char *path = replay_program();
        char **with = calloc((size_t)count_of(argv) + 2, sizeof *with);
        /* Nobody has an allow-list there: what its user may run, an assistant may not. */
        if (path && with && setenv("XDG_CONFIG_HOME", "/dev/null", 1) == 0) {
            with[0] = (char *)(uintptr_t)path;
            memcpy(with + 1, argv, (size_t)count_of(argv) * sizeof *with);
            execv(path, with);
        }
        _exit(EXIT_JOB);
    }
    const struct command *command = command_of(argv[0]);
    int status = command ? command->run(count_of(argv), argv) : EXIT_JOB;
    _exit(fflush(stdout) == 0 ? status : EXIT_JOB);
}

/* -------------------------------------------------------------------------------- its output -- */

static bool take(struct pollfd *end, struct buffer *text, size_t *left)
{
    char block[16384];
    ssize_t got = read(end->fd, block, sizeof block);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0) {
        close(end->fd);
        end->fd = -1;
        return false;
    }
    size_t room = RUN_LONGEST_OUTPUT - text->length;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    buffer_append(text, block, kept);
    *left += (size_t)got - kept;
    return true;
}

static void follow(struct rpc *rpc, const json_t *id, pid_t child, int out, int error,
                   struct run *run)
{
    struct pollfd ends[2] = {{.fd = out, .events = POLLIN}, {.fd = error, .events = POLLIN}};
    time_t began = time(NULL);
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        (void)poll(ends, 2, LOOK_AFTER);
        if (ends[0].fd >= 0 && ends[0].revents)
            take(&ends[0], &run->out, &run->out_left);
        if (ends[1].fd >= 0 && ends[1].revents)
            take(&ends[1], &run->error, &run->error_left);
        bool cancelled = id && rpc_is_cancelled(rpc, id);
        if (cancelled || time(NULL) - began > LONGEST_SECONDS) {
            run->how = cancelled ? RUN_CANCELLED : RUN_TOO_LONG;
            kill(-child, SIGKILL);
            kill(child, SIGKILL);
            break;
        }
    }
    for (int i = 0; i < 2; i++)
        if (ends[i].fd >= 0)
            close(ends[i].fd);
}

void run_tool(struct rpc *rpc, const json_t *id, enum tool_program program, char **argv,
              struct run *run)
{
    int out[2], error[2], status = 0;
    *run = (struct run){.how = RUN_FAILED, .status = EXIT_JOB};
    buffer_append(&run->out, "", 0);
    buffer_append(&run->error, "", 0);
    if (pipe2(out, O_CLOEXEC) != 0)
        return;
    if (pipe2(error, O_CLOEXEC) != 0) {
        close(out[0]);
        close(out[1]);
        return;
    }
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        be_child(program, argv, out[1], error[1], parent);
    close(out[1]);
    close(error[1]);
    if (child < 0) {
        close(out[0]);
        close(error[0]);
        return;
    }
    run->how = RUN_ENDED;
    follow(rpc, id, child, out[0], error[0], run);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    run->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_JOB;
    if (run->how == RUN_ENDED && !WIFEXITED(status))
        run->how = RUN_FAILED;
}
