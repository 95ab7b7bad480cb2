/* durable.c - see durable.h. */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"

int open_at(int directory, const char *name, int flags, mode_t mode)
{
    return (int)TEMP_FAILURE_RETRY(openat(directory, name, flags | O_CLOEXEC, mode));
}

bool write_all(int fd, const void *bytes, size_t length)
{
    const char *from = bytes;
    while (length > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(fd, from, length));
        if (written < 0)
            return false;
        from += written;
        length -= (size_t)written;
    }
    return true;
}

bool sync_file(int fd)
{
    return TEMP_FAILURE_RETRY(fsync(fd)) == 0;
}

static void close_quietly(int fd)
{
    int cause = errno;
    close(fd);
    errno = cause;
}

bool sync_names(int directory, const char *path)
{
    int fd = open_at(directory, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return false;
    bool synced = sync_file(fd) || errno == EINVAL;
    close_quietly(fd);
    return synced;
}

bool sync_name_of(const char *path)
{
    struct buffer directory = {0};
    const char *slash = strrchr(path, '/');
    if (slash)
        buffer_append(&directory, path, (size_t)(slash - path) + 1);
    bool synced = sync_names(AT_FDCWD, slash ? directory.bytes : ".");
    int cause = errno;
    buffer_release(&directory);
    errno = cause;
    return synced;
}

bool rename_at(int from_directory, const char *from, int to_directory, const char *to)
{
    return TEMP_FAILURE_RETRY(renameat(from_directory, from, to_directory, to)) == 0;
}

bool unlink_at(int directory, const char *name)
{
    return TEMP_FAILURE_RETRY(unlinkat(directory, name, 0)) == 0 || errno == ENOENT;
}
