/* kill_at.c - preloaded: kills the process just before its n-th call that leaves something on disk,
 * where n is KILL_AT. Children are left alone. */
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;
static pid_t self;

__attribute__((constructor)) static void remember(void)
{
    self = getpid();
}

static void count(void)
{
    const char *at = getenv("KILL_AT");
    if (at && getpid() == self && ++calls == strtol(at, NULL, 10))
        kill(self, SIGKILL);
}

#define COUNTED(type, name, parameters, arguments)                    \
    type name parameters                                              \
    {                                                                 \
        static type(*real) parameters;                                \
        if (!real)                                                    \
            real = (type(*) parameters)(long)dlsym(RTLD_NEXT, #name); \
        count();                                                      \
        return real arguments;                                        \
    }

COUNTED(ssize_t, write, (int fd, const void *bytes, size_t length), (fd, bytes, length))
COUNTED(int, fsync, (int fd), (fd))
COUNTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNTED(int, rename, (const char *from, const char *to), (from, to))
COUNTED(int, unlinkat, (int directory, const char *name, int flags), (directory, name, flags))
COUNTED(int, mkostemp, (char *name, int flags), (name, flags))
COUNTED(int, mkostemp64, (char *name, int flags), (name, flags))
