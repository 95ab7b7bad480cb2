/* follower.c - see follower.h. */
#include "follower.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/memory.h"
#include "compiler/cli/messages.h"

/* ms for which a writer may continue a file that was renamed or removed. */
#define REPLACED_FOR INT64_C(60000)

static bool refuse(const struct follower *follower, const char *why, const char *help)
{
    job_error(NULL, "cannot follow %s: %s", follower->path, why);
    print_help("%s", help);
    return false;
}

/* ------------------------------------------------------------------------------------- files -- */

/* Opens the file from its beginning, whatever its name is by now. */
static bool open_stream(struct follower *follower, struct followed_file *file)
{
    char path[32] = "-";
    if (!follower->is_stdin)
        snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    const struct stream_file opened = {path, follower->is_stdin ? "<stdin>" : follower->path};
    if (!stream_open(&file->stream, follower->replay, opened, follower->log, true,
                     follower->consumer))
        return false;
    file->open = true;
    if (follower->replay->layouts[follower->log].id != NO_PLACE)
        file->stream.worker.ids = &follower->replay->ids[follower->log];
    if (file->stream.lines.source.packed)
        return refuse(follower, "it is compressed",
                      "decide reads compressed files; follow the log that is written");
    return true;
}

static void close_stream(struct followed_file *file)
{
    if (file->open)
        stream_close(&file->stream);
    file->open = false;
}

static void let_go(struct follower *follower, uint32_t place)
{
    struct followed_file *file = &follower->files[place];
    close_stream(file);
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    follower->file_count--;
    memmove(file, file + 1, (follower->file_count - place) * sizeof *file);
}

static struct followed_file *add_file(struct follower *follower, int fd)
{
    uint32_t count = ++follower->file_count;
    follower->files = xrealloc(follower->files, count * sizeof *follower->files);
    struct followed_file *file = &follower->files[count - 1];
    *file = (struct followed_file){.fd = fd, .replaced = INT64_MAX};
    return file;
}

/* The stream's worker points into it, so the pointer is set again after a move. */
static void mend_pointers(struct follower *follower)
{
    for (uint32_t i = 0; i < follower->file_count; i++) {
        struct stream *stream = &follower->files[i].stream;
        stream->worker.consumers = &stream->consumer;
        stream->worker.records.context = &stream->worker;
    }
}

static bool is_current(const struct follower *follower, const struct stat *status)
{
    if (follower->file_count == 0)
        return false;
    const struct followed_file *file = &follower->files[follower->file_count - 1];
    return file->device == status->st_dev && file->inode == status->st_ino;
}

/* Opens the path's current file if it is a new one. *added: it is. */
static bool open_path(struct follower *follower, int64_t now, bool *added)
{
    struct stat status;
    *added = false;
    if (stat(follower->path, &status) != 0)
        return errno == ENOENT || refuse(follower, strerror(errno), "check the path");
    if (is_current(follower, &status))
        return true;
    if (!S_ISREG(status.st_mode))
        return refuse(follower, "it is not a regular file", "pipe it to '-'");
    int fd = open(follower->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return errno == ENOENT || refuse(follower, strerror(errno), "check the path");
    if (follower->file_count > 0)
        follower->files[follower->file_count - 1].replaced = now;
    struct followed_file *file = add_file(follower, fd);
    mend_pointers(follower);
    file->device = status.st_dev;
    file->inode = status.st_ino;
    *added = true;
    return open_stream(follower, file);
}

/* ----------------------------------------------------------------------------------- reading -- */

static bool read_on(struct followed_file *file)
{
    while (stream_step(&file->stream))
        ;
    return stream_is_sound(&file->stream);
}

/* A truncated file is written from its beginning again. */
static bool was_cut(const struct followed_file *file)
{
    struct stat status;
    off_t at = lseek(file->stream.lines.source.fd, 0, SEEK_CUR);
    return fstat(file->fd, &status) == 0 && status.st_size < at;
}

static bool read_files(struct follower *follower)
{
    for (uint32_t i = 0; i < follower->file_count; i++) {
        struct followed_file *file = &follower->files[i];
        if (was_cut(file)) {
            close_stream(file);
            if (!open_stream(follower, file))
                return false;
        }
        if (!read_on(file))
            return false;
    }
    return true;
}

static void forget_old(struct follower *follower, int64_t now, int64_t needed)
{
    for (uint32_t i = 0; i < follower->file_count; i++) {
        const struct followed_file *file = &follower->files[i];
        if (file->replaced == INT64_MAX || now - file->replaced < REPLACED_FOR ||
            traffic_latest(&file->stream.worker.traffic) >= needed)
            continue;
        let_go(follower, i--);
        mend_pointers(follower);
    }
}

static bool is_ready(void)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

static bool read_stdin(struct follower *follower)
{
    while (!follower->ended && is_ready()) {
        int there = 0;
        if (follower->file_count == 0 && !open_stream(follower, add_file(follower, STDIN_FILENO)))
            return false;
        struct followed_file *file = &follower->files[0];
        if (!file->open && !open_stream(follower, file))
            return false;
        struct stat status;
        bool is_file = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
        bool at_end = is_file || (ioctl(STDIN_FILENO, FIONREAD, &there) == 0 && there == 0);
        follower->ended = at_end;
        /* A last line without a line end is complete by now. */
        file->stream.lines.follows = !at_end;
        if (!read_on(file))
            return false;
    }
    return true;
}

bool follower_read(struct follower *follower, int64_t now, int64_t needed)
{
    if (follower->is_stdin)
        return read_stdin(follower);
    bool added = true;
    while (added)
        if (!read_files(follower) || !open_path(follower, now, &added))
            return false;
    forget_old(follower, now, needed);
    return true;
}

/* ----------------------------------------------------------------------------- begin and end -- */

bool follower_begin(struct follower *follower, struct replay *replay, const char *argument,
                    struct consumer *consumer)
{
    follower->replay = replay;
    follower->consumer = consumer;
    if (!replay_find_log(replay, argument, &follower->log, &follower->path))
        return false;
    follower->is_stdin = strcmp(follower->path, "-") == 0;
    if (layout_framing(&replay->layouts[follower->log]) == FRAMING_JSON)
        return refuse(follower, "a time series is a document, which cannot be followed",
                      "run decide on the new answer each time");
    for (uint32_t i = 0; i < follower->file_count && !follower->is_stdin; i++)
        if (!open_stream(follower, &follower->files[i]))
            return false;
    return true;
}

void follower_stop(struct follower *follower)
{
    for (uint32_t i = 0; i < follower->file_count; i++)
        close_stream(&follower->files[i]);
}

void follower_close(struct follower *follower)
{
    while (follower->file_count > 0)
        let_go(follower, follower->file_count - 1);
    free(follower->files);
    follower->files = NULL;
}
