/*
 * input.c - see input.h. The kernel resolves a name without links and inside the directory by
 * itself (openat2); where it has a link, or the kernel cannot, the opened file's own path counts.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/outside.h"

/* Opening a pipe would block, and a terminal become ours. */
#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int refuse(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

static int check_regular(int fd, struct stat *status)
{
    if (fd < 0)
        return -1;
    if (fstat(fd, status) != 0)
        return refuse(fd, errno);
    if (!S_ISREG(status->st_mode))
        return refuse(fd, S_ISDIR(status->st_mode) ? EISDIR : EINVAL);
    return fd;
}

int input_open(int directory, const char *name, struct stat *status)
{
    return check_regular((int)TEMP_FAILURE_RETRY(openat(directory, name, READ_FLAGS)), status);
}

static bool path_of(int fd, char *path)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

bool input_is_inside(int project, int fd)
{
    char outer[PATH_MAX], inner[PATH_MAX];
    if (!path_of(project, outer) || !path_of(fd, inner))
        return false;
    size_t length = strlen(outer);
    if (length == 1) /* the root */
        return true;
    return (strncmp(inner, outer, length) == 0 && (inner[length] == '/' || !inner[length])) ||
           outside_has(inner);
}

int input_open_inside(int project, const char *name, struct stat *status)
{
    struct open_how how = {.flags = READ_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int fd = (int)TEMP_FAILURE_RETRY(syscall(SYS_openat2, project, name, &how, sizeof how));
    if (fd >= 0)
        return check_regular(fd, status);
    fd = input_open(project, name, status);
    return fd >= 0 && !input_is_inside(project, fd) ? refuse(fd, EXDEV) : fd;
}

bool folder_is_inside(int project, const char *name)
{
    int fd = (int)TEMP_FAILURE_RETRY(openat(project, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0)
        return false;
    bool inside = input_is_inside(project, fd);
    close(fd);
    if (!inside)
        errno = EXDEV;
    return inside;
}

int folder_make(int project, const char *name)
{
    if (TEMP_FAILURE_RETRY(mkdirat(project, name, 0777)) == 0)
        return 1;
    return errno == EEXIST && folder_is_inside(project, name) ? 0 : -1;
}

bool input_read(int fd, size_t limit, struct buffer *out)
{
    char block[65536];
    size_t length = 0;
    ssize_t got;
    while ((got = TEMP_FAILURE_RETRY(read(fd, block, sizeof block))) > 0) {
        length += (size_t)got;
        if (length > limit) {
            errno = EFBIG;
            return false;
        }
        buffer_append(out, block, (size_t)got);
    }
    return got == 0;
}

bool read_at(int directory, const char *name, size_t limit, struct buffer *out)
{
    struct stat status;
    int fd = input_open(directory, name, &status);
    if (fd < 0)
        return false;
    bool whole = input_read(fd, limit, out);
    int error = errno;
    close(fd);
    errno = error;
    return whole;
}

const char *input_error(int error)
{
    switch (error) {
    case EINVAL:
        return "it is not a regular file";
    case EISDIR:
        return "it is a directory";
    case EXDEV:
        return "it is a link that leads out of the project";
    case EFBIG:
        return "it is larger than the limit";
    default:
        return strerror(error);
    }
}
