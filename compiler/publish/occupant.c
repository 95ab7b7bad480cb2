/* occupant.c - see occupant.h. */
#include "occupant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/files/durable.h"
#include "compiler/model/model.h"
#include "fflag.h"
#include "fflag/snapshot.h"

static void look_into(struct occupant *occupant, const char *path)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    struct fflag_snapshot_info info = {.size = sizeof info};
    options.no_thread = true;
    if (fflag_open(&store, path, &options) != FFLAG_OK)
        return;
    const fflag_view *view = fflag_acquire(store);
    fflag_view_info(view, &info);
    occupant->is_sound = true;
    snprintf(occupant->signed_by, sizeof occupant->signed_by, "%s", info.signed_by);
    buffer_append_text(&occupant->project, info.project ? info.project : "");
    buffer_append_text(&occupant->environment, info.environment ? info.environment : "");
    fflag_release(view);
    fflag_close(store);
}

/* A file truncated within the magic is a damaged snapshot, too. */
static bool begins_as_snapshot(int fd)
{
    char start[FFS_MAGIC_SIZE];
    ssize_t length = pread(fd, start, sizeof start, 0);
    return length >= 0 && memcmp(start, FFS_MAGIC, (size_t)length) == 0;
}

static bool is_replaceable(const char *path, struct buffer *error)
{
    struct stat status;
    if (stat(path, &status) != 0) /* writing will report why it fails */
        return true;
    if (!S_ISREG(status.st_mode)) {
        buffer_format(error, "cannot replace '%s': it is %s, not a file", path,
                      S_ISDIR(status.st_mode) ? "a directory" : "a device, pipe or socket");
        return false;
    }
    /* It may have become a pipe meanwhile. An unreadable file could be anything. */
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
    bool replaceable =
        fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && begins_as_snapshot(fd);
    if (fd < 0)
        buffer_format(error, "cannot see what '%s' is: %s", path, strerror(errno));
    else if (!replaceable)
        buffer_format(
            error, "'%s' is not a snapshot, so it is not replaced: name another file, or remove it",
            path);
    if (fd >= 0)
        close(fd);
    return replaceable;
}

bool occupant_look(struct occupant *occupant, const char *path, struct buffer *error)
{
    *occupant = (struct occupant){.is_sound = false};
    if (!is_replaceable(path, error))
        return false;
    look_into(occupant, path);
    return true;
}

void occupant_release(struct occupant *occupant)
{
    buffer_release(&occupant->project);
    buffer_release(&occupant->environment);
}

static bool is_of(const char *path, const char *what, const char *own, const char *wanted,
                  struct buffer *error)
{
    if (!wanted || strcmp(own, wanted) == 0)
        return true;
    buffer_format(error, "'%s' is of %s '%s', not of '%s'", path, what, own, wanted);
    return false;
}

bool occupant_fits(const struct occupant *occupant, const char *path, const char *project,
                   const char *environment, struct buffer *error)
{
    return !occupant->is_sound ||
           (is_of(path, "project", occupant->project.bytes, project, error) &&
            is_of(path, "environment", occupant->environment.bytes, environment, error));
}

bool occupant_check(const char *path, const char *project, const char *environment,
                    struct buffer *error)
{
    struct occupant occupant;
    bool fits = occupant_look(&occupant, path, error) &&
                occupant_fits(&occupant, path, project, environment, error);
    occupant_release(&occupant);
    return fits;
}

/* "A3F0…", like info.signed_by. */
static void key_id_text(const uint8_t id[8], char text[17])
{
    for (unsigned i = 0; i < 8; i++)
        snprintf(text + (size_t)2 * i, 3, "%02X", id[7 - i]);
}

void occupant_warn_of_key(const struct occupant *occupant, const char *path, const uint8_t id[8])
{
    char text[17];
    key_id_text(id, text);
    if (!occupant->signed_by[0] || strcmp(occupant->signed_by, text) == 0)
        return;
    print_at((struct input_place){.path = path}, MESSAGE_WARNING,
             "it was signed by key %s, and now is by key %s", occupant->signed_by, text);
    print_help("services that trust only the old key keep what they have");
}
