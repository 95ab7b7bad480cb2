/*
 * kill_at.c - preloaded: makes the n-th call that changes or syncs the disk go wrong. Does not
 * affect children.
 *
 * KILL_AT=n kills the process just before the call. FAIL_AT=n makes it fail with the errno
 * FAIL_WITH.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long calls, kill_at, fail_at;
static int fail_with;
static pid_t self;

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void remember(void)
{
    self = getpid();
    kill_at = number("KILL_AT");
    fail_at = number("FAIL_AT");
    fail_with = (int)number("FAIL_WITH");
}

/* Whether this call is to fail. */
static bool count(void)
{
    if (getpid() != self)
        return false;
    calls++;
    if (calls == kill_at)
        kill(self, SIGKILL);
    if (calls == fail_at)
        errno = fail_with;
    return calls == fail_at;
}

#define REAL(type, name, parameters) \
    static type(*real) parameters;   \
    if (!real)                       \
        real = (type(*) parameters)(long)dlsym(RTLD_NEXT, #name);

#define COUNTED(type, name, parameters, arguments) \
    type name parameters                           \
    {                                              \
        REAL(type, name, parameters)               \
        if (count())                               \
            return (type)-1;                       \
        return real arguments;                     \
    }

COUNTED(int, fsync, (int fd), (fd))
COUNTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNTED(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
COUNTED(int, rename, (const char *from, const char *to), (from, to))
COUNTED(int, renameat, (int below, const char *from, int there, const char *to),
        (below, from, there, to))
COUNTED(int, unlinkat, (int directory, const char *name, int flags), (directory, name, flags))
COUNTED(int, unlink, (const char *name), (name))
COUNTED(int, mkdirat, (int directory, const char *name, mode_t mode), (directory, name, mode))
COUNTED(int, mkostemp, (char *name, int flags), (name, flags))
COUNTED(int, mkostemp64, (char *name, int flags), (name, flags))
COUNTED(int, flock, (int fd, int operation), (fd, operation))

/* Output to the terminal may be lost without harm; of a write to a file, only half is written. */
ssize_t write(int fd, const void *bytes, size_t length)
{
    REAL(ssize_t, write, (int, const void *, size_t))
    if (fd > 2 && count()) {
        if (fail_with == ENOSPC && length > 1)
            (void)!real(fd, bytes, length / 2);
        errno = fail_with;
        return -1;
    }
    return real(fd, bytes, length);
}

/* Only calls that create something, or open a directory to sync it. */
#define OPEN(name, before, ...)                           \
    {                                                     \
        mode_t mode = 0;                                  \
        if (flags & O_CREAT) {                            \
            va_list rest;                                 \
            va_start(rest, flags);                        \
            mode = (mode_t)va_arg(rest, int);             \
            va_end(rest);                                 \
        }                                                 \
        REAL(int, name, before)                           \
        if ((flags & (O_CREAT | O_DIRECTORY)) && count()) \
            return -1;                                    \
        return real(__VA_ARGS__, flags, mode);            \
    }

int open(const char *path, int flags, ...) OPEN(open, (const char *, int, ...), path)

    int openat(int directory, const char *path, int flags, ...)
        OPEN(openat, (int, const char *, int, ...), directory, path)
