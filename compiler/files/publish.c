/* publish.c - see publish.h. */
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
static void explain(struct buffer *error, const char *what, const char *shown, const char *path)
{
    int cause = errno;
    buffer_format(error, "cannot %s '%s%s%s': %s", what, shown ? shown : "", shown ? "/" : "", path,
                  strerror(cause));
    if (cause == EBUSY)
        buffer_append_text(error, "; it is a mount point, such as a file mounted into a container: "
                                  "mount its directory instead");
    else if (cause == EXDEV)
        buffer_append_text(error, "; it is not on the file system of its directory, such as a file "
                                  "mounted into a container: mount its directory instead");
    else if (cause == EROFS)
        buffer_append_text(error, "; a snapshot is published by renaming, which needs a writable "
                                  "directory");
}

/* --------------------------------------------------------------------------------- at a name -- */

static bool fill(int fd, const struct content *content)
{
    const struct stat *like = content->like;
    if (!write_all(fd, content->bytes, content->length))
        return false;
    /* Only root can give a file away; anyone else gets the owner they would have had anyway. */
    if (like && (like->st_uid != geteuid() || like->st_gid != getegid()) &&
        TEMP_FAILURE_RETRY(fchown(fd, like->st_uid, like->st_gid)) != 0 && errno != EPERM)
        return false;
    mode_t mode = like ? like->st_mode & 07777 : 0444;
    return TEMP_FAILURE_RETRY(fchmod(fd, mode)) == 0 && sync_file(fd);
}

static bool write_temporary(int fd, const struct target *target, const struct content *content,
                            struct buffer *error)
{
    bool written = fill(fd, content);
    if (!written)
        explain(error, "write", target->shown, target->temporary);
    close(fd); /* already synced */
    return written && (!content->verify || content->verify(target->temporary, error));
}

enum replaced publish_at(int fd, const struct target *target, const struct content *content,
                         struct buffer *error)
{
    bool named = write_temporary(fd, target, content, error);
    if (named &&
        !rename_at(target->directory, target->temporary, target->directory, target->path)) {
        explain(error, "replace", target->shown, target->path);
        named = false;
    }
    if (!named) {
        unlink_at(target->directory, target->temporary);
        return REPLACED_NOT;
    }
    if (sync_names(target->directory, target->folder))
        return REPLACED_SAFELY;
    explain(error, "sync", target->shown, target->path);
    return REPLACED_IN_DOUBT;
}

/* --------------------------------------------------------------------------- beside the file -- */

/* Temporary files left by a run that was killed. No write takes this long. */
#define LEFT_BEHIND 3600 /* seconds */
#define RANDOM      "XXXXXX"
#define LEFT_BY     ".ffc-" /* nobody's own copy, such as .flags.yaml.backup, is called so */

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

static bool is_replaceable(const char *path, struct buffer *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode))
        return true;
    buffer_format(error, "cannot replace '%s': it is %s, not a file", path,
                  S_ISDIR(status.st_mode) ? "a directory" : "a device, pipe or socket");
    return false;
}

static enum replaced replace(const struct target *target, char *temporary,
                             const struct content *content, struct buffer *error)
{
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, &before);
    int fd = create_temporary(temporary);
    enum replaced done = REPLACED_NOT;
    if (fd < 0)
        explain(error, "create a file beside", target->shown, target->path);
    else
        done = publish_at(fd, target, content, error);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return done;
}

enum replaced replace_file(const char *path, const struct content *content, struct buffer *error)
{
    if (!is_replaceable(path, error))
        return REPLACED_NOT;
    char *resolved = realpath(path, NULL);
    const char *name = resolved ? resolved : path;
    const char *slash = strrchr(name, '/');
    struct buffer directory = {0}, prefix = {0}, temporary = {0};
    if (slash)
        buffer_append(&directory, name, (size_t)(slash - name) + 1);
    else
        buffer_append_text(&directory, "./");
    /* A leading dot: readers of directories of definitions and snapshots ignore such names. */
    buffer_format(&prefix, ".%.200s" LEFT_BY, slash ? slash + 1 : name);
    buffer_format(&temporary, "%s%s" RANDOM, directory.bytes, prefix.bytes);
    remove_leftovers(directory.bytes, prefix.bytes);
    const struct target target = {AT_FDCWD, NULL, .temporary = temporary.bytes, .path = name,
                                  .folder = directory.bytes};
    enum replaced done = replace(&target, temporary.bytes, content, error);
    buffer_release(&directory);
    buffer_release(&prefix);
    buffer_release(&temporary);
    free(resolved);
    return done;
}

bool publish_file(const char *path, const void *bytes, size_t length, file_check *verify,
                  struct buffer *error)
{
    const struct content content = {.bytes = bytes, .length = length, .verify = verify};
    return replace_file(path, &content, error) == REPLACED_SAFELY;
}

enum replaced remove_file(const char *path, const char *folder, struct buffer *error)
{
    if (!unlink_at(AT_FDCWD, path)) {
        explain(error, "remove", NULL, path);
        return REPLACED_NOT;
    }
    if (sync_names(AT_FDCWD, folder))
        return REPLACED_SAFELY;
    explain(error, "sync the removal of", NULL, path);
    return REPLACED_IN_DOUBT;
}
