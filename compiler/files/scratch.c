/* scratch.c - see scratch.h. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "durable.h"

#define NO_PATH (-2) /* of a path that no file system has */

static bool keep_path(struct scratch *scratch, const char *path, size_t length)
{
    *ARENA_APPEND(&scratch->arena, scratch->paths, scratch->count) =
        arena_copy(&scratch->arena, path, length);
    return true;
}

static bool fail(const struct scratch *scratch, const char *path, struct buffer *error)
{
    terminal_format(error, "cannot write '%s' into '%s': %s", path, scratch->place,
                    strerror(errno));
    return false;
}

static bool is_plain_name(const char *name, size_t length)
{
    return length > 0 && !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* Opens the folder that a file is in, made as far as it is not there; never through a link. -1:
 * failed. */
static int open_folder(struct scratch *scratch, const char *path, const char **name)
{
    int folder = dup(scratch->folder);
    const char *at = path;
    for (const char *slash; folder >= 0 && (slash = strchr(at, '/')); at = slash + 1) {
        char part[256];
        size_t length = (size_t)(slash - at);
        int inner = NO_PATH;
        if (is_plain_name(at, length) && length < sizeof part) {
            memcpy(part, at, length);
            part[length] = '\0';
            if (mkdirat(folder, part, 0700) == 0)
                keep_path(scratch, path, (size_t)(slash - path));
            inner = open_at(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        }
        close(folder);
        folder = inner;
    }
    *name = at;
    if (folder >= 0 && !is_plain_name(at, strlen(at))) {
        close(folder);
        return NO_PATH;
    }
    return folder;
}

bool scratch_open(struct scratch *scratch, struct buffer *error)
{
    const char *base = getenv("TMPDIR");
    char *path = arena_format(&scratch->arena, "%s/ffc-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path)) {
        terminal_format(error, "cannot make a folder for a revision's files, '%s': %s", path,
                        strerror(errno));
        return false;
    }
    scratch->place = path;
    scratch->folder = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return scratch->folder >= 0 || fail(scratch, ".", error);
}

bool scratch_write(struct scratch *scratch, const char *path, const char *bytes, size_t length,
                   struct buffer *error)
{
    const char *name;
    int folder = open_folder(scratch, path, &name);
    if (folder == NO_PATH)
        return true;
    int fd =
        folder < 0 ? -1 : open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    bool done = fd >= 0 && write_all(fd, bytes, length);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return done ? keep_path(scratch, path, strlen(path)) : fail(scratch, path, error);
}

bool scratch_link(struct scratch *scratch, const char *path, const char *target, size_t length,
                  struct buffer *error)
{
    const char *name;
    int folder = open_folder(scratch, path, &name);
    if (folder == NO_PATH)
        return true;
    const char *text = arena_copy(&scratch->arena, target, length);
    bool done = folder >= 0 && symlinkat(text, folder, name) == 0;
    if (folder >= 0)
        close(folder);
    return done ? keep_path(scratch, path, strlen(path)) : fail(scratch, path, error);
}

void scratch_remove(struct scratch *scratch)
{
    for (size_t i = scratch->count; scratch->folder >= 0 && i-- > 0;)
        if (unlinkat(scratch->folder, scratch->paths[i], 0) != 0)
            unlinkat(scratch->folder, scratch->paths[i], AT_REMOVEDIR);
    if (scratch->folder >= 0)
        close(scratch->folder);
    if (scratch->place)
        rmdir(scratch->place);
    arena_release(&scratch->arena);
    *scratch = (struct scratch){.folder = -1};
}
