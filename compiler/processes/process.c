/* process.c - see process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"

#define GRACE 2000 /* milliseconds between TERM and KILL */

bool process_begin(struct processes *processes)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, &processes->before);
    processes->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    return processes->signals >= 0;
}

void process_end(struct processes *processes)
{
    if (processes->signals >= 0)
        close(processes->signals);
    sigprocmask(SIG_SETMASK, &processes->before, NULL);
}

/* Whether a signal asks to terminate; SIGCHLD only means that a child may have exited. */
static bool was_told_to_end(const struct processes *processes)
{
    struct signalfd_siginfo info;
    bool told = false;
    while (read(processes->signals, &info, sizeof info) == (ssize_t)sizeof info)
        told |= info.ssi_signo != SIGCHLD;
    return told;
}

/* ------------------------------------------------------------------------------------- child -- */

static int input_file(const struct buffer *input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < input->length) {
        ssize_t put = write(fd, input->bytes + done, input->length - done);
        if (put <= 0 && errno != EINTR)
            break;
        done += put > 0 ? (size_t)put : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

struct child {
    pid_t pid;
    int output;
};

/* Never returns; writes to `report` why the program could not be executed. */
static void become(const struct processes *processes, const char *directory, char **arguments,
                   const int files[4])
{
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &processes->before, NULL);
    signal(SIGPIPE, SIG_DFL); /* an ignored signal would stay ignored */
    if (dup2(files[0], STDIN_FILENO) >= 0 && dup2(files[1], STDOUT_FILENO) >= 0 &&
        dup2(files[2], STDERR_FILENO) >= 0 && chdir(directory) == 0)
        execvp(arguments[0], arguments);
    int cause = errno;
    ssize_t ignored = write(files[3], &cause, sizeof cause);
    (void)ignored;
    _exit(127);
}

/* Returns errno, or 0. */
static int start(const struct processes *processes, const char *directory, char **arguments,
                 const struct process_files *files, struct child *child)
{
    int output[2] = {-1, -1}, report[2] = {-1, -1}, cause = 0;
    int in = input_file(files->input);
    if (in < 0 || pipe2(output, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
        cause = errno;
    child->pid = cause ? -1 : fork();
    int out = files->output < 0 ? output[1] : files->output;
    if (child->pid == 0)
        become(processes, directory, arguments, (const int[4]){in, out, output[1], report[1]});
    if (!cause && child->pid < 0)
        cause = errno;
    close(in);
    close(output[1]);
    close(report[1]);
    if (child->pid > 0 && read(report[0], &cause, sizeof cause) > 0)
        waitpid(child->pid, NULL, 0);
    close(report[0]);
    child->output = output[0];
    if (cause)
        close(output[0]);
    else
        fcntl(child->output, F_SETFL, O_NONBLOCK);
    return cause;
}

/* ----------------------------------------------------------------------------------- waiting -- */

static void keep_end(struct process_result *result, const char *bytes, size_t length)
{
    struct buffer *output = &result->output;
    buffer_append(output, bytes, length);
    if (output->length <= MOST_OUTPUT)
        return;
    memmove(output->bytes, output->bytes + output->length - MOST_OUTPUT, MOST_OUTPUT);
    output->length = MOST_OUTPUT;
    output->bytes[MOST_OUTPUT] = '\0';
    result->cut = true;
}

static bool drain(int fd, struct process_result *result)
{
    char block[4096];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0)
        keep_end(result, block, (size_t)got);
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Waits for events of the child and of this process: output, exit, a signal, the timeout. */
static void watch(const struct processes *processes, const struct child *child, int64_t timeout,
                  struct process_result *result)
{
    int64_t began = clock_steady(), limit = began + timeout;
    bool open = true, killed = false, hard = false;
    int state = 0;
    while (waitpid(child->pid, &state, WNOHANG) == 0) {
        struct pollfd files[2] = {{processes->signals, POLLIN, 0},
                                  {open ? child->output : -1, POLLIN, 0}};
        int64_t left = limit - clock_steady();
        if (left > 0)
            poll(files, 2, left > 60000 ? 60000 : (int)left);
        bool told = was_told_to_end(processes);
        open = open && drain(child->output, result);
        if ((told || limit <= clock_steady()) && !hard) {
            if (!killed)
                result->ending = told ? PROCESS_CANCELLED : PROCESS_TIMEOUT;
            hard = killed;
            kill(-child->pid, killed ? SIGKILL : SIGTERM);
            killed = true;
            limit = clock_steady() + GRACE;
        } else if (limit <= clock_steady()) {
            limit = clock_steady() + GRACE;
        }
    }
    if (killed)
        kill(-child->pid, SIGKILL);
    drain(child->output, result);
    result->took = clock_steady() - began;
    result->status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    result->signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
    if (!killed)
        result->ending = result->status == 0 ? PROCESS_DONE : PROCESS_FAILED;
}

void process_run(struct processes *processes, const char *directory,
                 const struct invocation *invocation, const struct process_files *files,
                 struct process_result *result)
{
    *result = (struct process_result){.ending = PROCESS_CANCELLED, .status = -1};
    if (was_told_to_end(processes))
        return;
    uint32_t count = invocation->arguments.count;
    char **arguments = xcalloc(count + 1, sizeof *arguments);
    for (uint32_t i = 0; i < count; i++)
        arguments[i] = strdup(invocation->arguments.items[i].text);
    struct child child;
    result->error = start(processes, directory, arguments, files, &child);
    result->ending = PROCESS_FAILED;
    if (!result->error) {
        watch(processes, &child, invocation->timeout, result);
        if (files->output >= 0)
            kill(-child.pid, SIGKILL);
        close(child.output);
    }
    for (uint32_t i = 0; i < count; i++)
        free(arguments[i]);
    free(arguments);
}

void process_explain(const struct process_result *result, struct buffer *out)
{
    if (result->ending == PROCESS_CANCELLED)
        buffer_append_text(out, "was cancelled");
    else if (result->ending == PROCESS_TIMEOUT)
        buffer_append_text(out, "took longer than its timeout, and was killed");
    else if (result->error)
        buffer_format(out, "could not be started: %s", strerror(result->error));
    else if (result->signal)
        buffer_format(out, "was ended by signal %d", result->signal);
    else
        buffer_format(out, "exited with status %d", result->status);
}
