/* publish.c - replaces files atomically, so that a reader never sees half of one. */
#include "compiler/base/buffer.h"
#include "durable.h"
#include "publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Explains errno where its own text says too little. */
static void explain(struct buffer *error, const char *what, const char *path)
{
    int cause = errno;
    buffer_format(error, "cannot %s '%s': %s", what, path, strerror(cause));
    if (cause == EBUSY)
        buffer_append_text(error, "; it is a mount point, such as a file mounted into a container: "
                                  "mount its directory instead");
    else if (cause == EXDEV)
        buffer_append_text(error,
                           "; it is on another file system than its directory, such as a file "
                           "mounted into a container: mount its directory instead");
    else if (cause == EROFS)
        buffer_append_text(error, "; a snapshot is published by renaming, which needs a writable "
                                  "directory");
}

static bool fill(int fd, const void *bytes, size_t length, const struct stat *like)
{
    if (!write_all(fd, bytes, length))
        return false;
    /* Only root can give a file away; anyone else gets the owner they would have had anyway. */
    if (like && (like->st_uid != geteuid() || like->st_gid != getegid()) &&
        TEMP_FAILURE_RETRY(fchown(fd, like->st_uid, like->st_gid)) != 0 && errno != EPERM)
        return false;
    mode_t mode = like ? like->st_mode & 07777 : 0444;
    return TEMP_FAILURE_RETRY(fchmod(fd, mode)) == 0 && sync_file(fd);
}

/* Temporary files left by a run that was killed. No write takes this long. */
#define LEFT_BEHIND 3600 /* seconds */
#define RANDOM      "XXXXXX"

static void remove_leftovers(const char *directory, const char *prefix)
{
    DIR *entries = opendir(directory);
    size_t length = strlen(prefix);
    struct stat status;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        bool ours = strncmp(entry->d_name, prefix, length) == 0 &&
                    strlen(entry->d_name) == length + sizeof RANDOM - 1;
        if (ours && fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) && time(NULL) - status.st_mtime > LEFT_BEHIND)
            unlinkat(dirfd(entries), entry->d_name, 0);
    }
    if (entries)
        closedir(entries);
}

static int create_temporary(char *name)
{
    int fd;
    do { /* mkostemp() has replaced the suffix: restore it before trying again */
        memcpy(name + strlen(name) - (sizeof RANDOM - 1), RANDOM, sizeof RANDOM - 1);
        fd = mkostemp(name, O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static enum replaced replace(const char *path, const char *directory, char *temporary,
                             const void *bytes, size_t length, const struct stat *like,
                             bool (*verify)(const char *path, struct buffer *error),
                             struct buffer *error)
{
    int fd = create_temporary(temporary);
    if (fd < 0) {
        explain(error, "create a file beside", path);
        return REPLACED_NOT;
    }
    bool written = fill(fd, bytes, length, like);
    if (!written)
        explain(error, "write", temporary);
    close(fd); /* already synced */
    if (!written || (verify && !verify(temporary, error))) {
        unlink_at(AT_FDCWD, temporary);
        return REPLACED_NOT;
    }
    if (!rename_at(AT_FDCWD, temporary, AT_FDCWD, path)) {
        explain(error, "replace", path);
        unlink_at(AT_FDCWD, temporary);
        return REPLACED_NOT;
    }
    if (!sync_names(AT_FDCWD, directory)) {
        explain(error, "make sure that the disk holds the new name in", directory);
        return REPLACED_IN_DOUBT;
    }
    return REPLACED_SAFELY;
}

static bool is_replaceable(const char *path, struct buffer *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode))
        return true;
    buffer_format(error, "cannot replace '%s': it is %s, not a file", path,
                  S_ISDIR(status.st_mode) ? "a directory" : "a device, pipe or socket");
    return false;
}

enum replaced replace_file(const char *path, const void *bytes, size_t length,
                           const struct stat *like,
                           bool (*verify)(const char *path, struct buffer *error),
                           struct buffer *error)
{
    if (!is_replaceable(path, error))
        return REPLACED_NOT;
    char *resolved = realpath(path, NULL);
    const char *target = resolved ? resolved : path;
    const char *slash = strrchr(target, '/');
    const char *base = slash ? slash + 1 : target;
    struct buffer directory = {0}, prefix = {0}, temporary = {0};
    if (slash)
        buffer_append(&directory, target, (size_t)(slash - target) + 1);
    else
        buffer_append_text(&directory, "./");
    /* A leading dot: readers of directories of definitions and snapshots ignore such names. */
    buffer_format(&prefix, ".%.200s.", base);
    buffer_format(&temporary, "%s%s" RANDOM, directory.bytes, prefix.bytes);
    remove_leftovers(directory.bytes, prefix.bytes);

    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, &before);
    enum replaced done =
        replace(target, directory.bytes, temporary.bytes, bytes, length, like, verify, error);
    sigprocmask(SIG_SETMASK, &before, NULL);

    buffer_release(&directory);
    buffer_release(&prefix);
    buffer_release(&temporary);
    free(resolved);
    return done;
}

bool publish_file(const char *path, const void *bytes, size_t length,
                  bool (*verify)(const char *path, struct buffer *error), struct buffer *error)
{
    return replace_file(path, bytes, length, NULL, verify, error) == REPLACED_SAFELY;
}
