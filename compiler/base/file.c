/* file.c - see file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"

/* ----------------------------------------------------------------------------------- opening -- */

#define PIPE_WAIT 3000 /* milliseconds, for what is to write to a pipe and begins later */
#define PIPE_LOOK 20

/* Whether anything writes to the pipe, or has written. Looks at a byte, and leaves it. */
static bool has_writer(int fd, int scratch)
{
    ssize_t got;
    do
        got = tee(fd, scratch, 1, SPLICE_F_NONBLOCK);
    while (got < 0 && errno == EINTR);
    return got != 0;
}

/* Opening a FIFO would wait for ever where nothing ever writes. */
static bool await_writer(int fd)
{
    const struct timespec pause = {.tv_nsec = PIPE_LOOK * 1000000L};
    int scratch[2];
    if (pipe2(scratch, O_CLOEXEC | O_NONBLOCK) != 0)
        return true;
    bool found = has_writer(fd, scratch[1]);
    for (int waited = 0; !found && waited < PIPE_WAIT; waited += PIPE_LOOK) {
        nanosleep(&pause, NULL);
        found = has_writer(fd, scratch[1]);
    }
    close(scratch[0]);
    close(scratch[1]);
    return found;
}

/* What has no writer any more but is no FIFO, such as a shell's "<(command)" that has ended, is at
 * its end. */
static bool is_at_end(int fd)
{
    struct pollfd state = {.fd = fd, .events = POLLIN};
    return poll(&state, 1, 0) == 1;
}

static bool is_endless(int fd, const struct stat *status)
{
    bool null = status->st_rdev == makedev(1, 3);
    return S_ISBLK(status->st_mode) || (S_ISCHR(status->st_mode) && !null && !isatty(fd));
}

/* NULL: it can be read. */
static const char *misfit_to_read(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return strerror(EISDIR);
    if (is_endless(fd, &status))
        return "it is a device, not a file";
    if (S_ISFIFO(status.st_mode) && !is_at_end(fd) && !await_writer(fd))
        return "it is a pipe to which nothing writes";
    return NULL;
}

int open_to_read(const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        *why = errno == ENXIO ? "it is a socket, not a file" : strerror(errno);
        return -1;
    }
    *why = misfit_to_read(fd);
    int flags = fcntl(fd, F_GETFL);
    if (!*why && (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0))
        *why = strerror(errno);
    if (!*why)
        return fd;
    close(fd);
    return -1;
}

FILE *open_stream_to_read(const char *path, const char **why)
{
    if (strcmp(path, "-") == 0)
        return stdin;
    int fd = open_to_read(path, why);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && !file) {
        *why = strerror(errno);
        close(fd);
    }
    return file;
}

/* ----------------------------------------------------------------------------------- reading -- */

static bool read_all(int fd, size_t limit, struct buffer *out)
{
    char chunk[1 << 16];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if ((size_t)got > limit - out->length) {
            errno = EFBIG;
            return false;
        }
        buffer_append(out, chunk, (size_t)got);
    }
}

/* A file that is larger than may be is not read first. */
static bool is_larger(int fd, size_t limit)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
           (uint64_t)status.st_size > limit;
}

bool read_file(const char *path, size_t limit, struct buffer *out, struct buffer *error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *why = NULL;
    int fd = standard ? STDIN_FILENO : open_to_read(path, &why);
    out->length = 0;
    buffer_append(out, "", 0);
    if (fd < 0) {
        buffer_append_text(error, why);
        return false;
    }
    bool large = !standard && is_larger(fd, limit);
    bool sound = !large && read_all(fd, limit, out);
    if (large || (!sound && errno == EFBIG))
        buffer_format(error, "more than %zu bytes", limit);
    else if (!sound)
        buffer_append_text(error, strerror(errno));
    if (!standard)
        close(fd);
    return sound;
}
