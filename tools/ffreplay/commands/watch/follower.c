/* follower.c - see follower.h. */
#include "follower.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "heartbeat.h"
#include "tools/ffreplay/replay/log_paths.h"

/* ms for which a writer may continue a file that lost its name, and a copy may take. */
#define GRACE INT64_C(60000)
/* What was read of files that are gone; a compressed copy comes soon after. */
#define MOST_PASTS 256

static bool refuse_file(const char *path, const char *why, const char *help)
{
    job_error(NULL, "cannot follow %s: %s", path, why);
    if (help)
        print_help("%s", help);
    return false;
}

static bool refuse(const struct follower *follower, const char *why, const char *help)
{
    return refuse_file(follower->path, why, help);
}

/* ----------------------------------------------------------------- what was read before -- */

static void drop_past(struct follower *follower, uint32_t place)
{
    free(follower->pasts[place].path);
    follower->past_count--;
    memmove(&follower->pasts[place], &follower->pasts[place + 1],
            (follower->past_count - place) * sizeof *follower->pasts);
}

static void remember(struct follower *follower, const struct followed_file *file, enum past_end end,
                     int64_t now)
{
    follower->epoch++;
    if (file->content.bytes == 0)
        return;
    if (follower->past_count == MOST_PASTS)
        drop_past(follower, 0);
    follower->pasts =
        xrealloc(follower->pasts, (follower->past_count + 1) * sizeof *follower->pasts);
    follower->pasts[follower->past_count++] =
        (struct past_file){strdup(file->path), file->content, now, follower->last_read, end};
}

static void say_loss(const struct follower *follower, const struct past_file *past)
{
    char from[32], to[32];
    format_time(past->read / 1000 * 1000, from, sizeof from);
    format_time(past->when / 1000 * 1000, to, sizeof to);
    print_warning("%s was truncated between %s and %s: lines that were written to it then may be "
                  "lost",
                  past->path, from, to);
    print_help(follower->is_pattern
                   ? "no file at the log's 'path' has what it held: let 'path' match its copy, too"
                   : "let rotation rename it, or give the log a 'path' that matches its copies, "
                     "such as %s*",
               past->path);
}

/* Of what was cut, where no copy has shown up. */
static void say_losses(struct follower *follower, int64_t now)
{
    for (uint32_t i = 0; i < follower->past_count; i++) {
        struct past_file *past = &follower->pasts[i];
        if (past->end != PAST_CUT || (follower->is_pattern && now - past->when < GRACE))
            continue;
        past->end = PAST_GONE;
        say_loss(follower, past);
    }
}

/* ------------------------------------------------------------------------------------- files -- */

static bool open_stream(struct follower *follower, struct followed_file *file)
{
    char path[32] = "-";
    if (!follower->is_stdin)
        snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    struct replay *replay = follower->replay;
    const char *shown =
        follower->is_stdin ? "<stdin>" : arena_format(&replay->project->arena, "%s", file->path);
    const struct stream_file opened = {.path = path, .shown = shown};
    if (!stream_open(&file->stream, replay, opened, follower->log, !file->is_compressed,
                     follower->consumer))
        return false;
    file->state = FOLLOWED_OPEN;
    if (replay->layouts[follower->log].id != NO_PLACE)
        file->stream.worker.ids = &replay->ids[follower->log];
    if (!follower->is_stdin)
        file->stream.lines.content = &file->content;
    file->stream.lines.may_be_cut = !follower->is_stdin && !file->is_compressed;
    return true;
}

/* Reads the file after the content that was read of it, or of what it continues. */
static bool open_after(struct follower *follower, struct followed_file *file,
                       const struct bytes_read *content)
{
    file->content = *content;
    if (!open_stream(follower, file))
        return false;
    /* If it has other bytes, it was written anew since it was compared. */
    file->stream.lines.was_cut |= !stream_pass(&file->stream, &file->content);
    return true;
}

static bool open_new(struct follower *follower, struct followed_file *file)
{
    file->content = (struct bytes_read)CONTENT_INIT;
    return open_stream(follower, file);
}

static void add_file(struct follower *follower, struct followed_file *file)
{
    follower->files =
        xrealloc(follower->files, (follower->file_count + 1) * sizeof(struct followed_file *));
    follower->files[follower->file_count++] = file;
}

static void let_go(struct follower *follower, uint32_t place, int64_t now)
{
    struct followed_file *file = follower->files[place];
    if (file->state != FOLLOWED_UNKNOWN)
        remember(follower, file, PAST_GONE, now);
    followed_free(file);
    follower->file_count--;
    memmove(&follower->files[place], &follower->files[place + 1],
            (follower->file_count - place) * sizeof(struct followed_file *));
}

/* It was written anew; what a copy was made of before, goes on there. */
static void begin_file_again(struct follower *follower, struct followed_file *file, int64_t now)
{
    remember(follower, file, file->is_compressed ? PAST_GONE : PAST_CUT, now);
    followed_close_stream(file);
    file->state = FOLLOWED_UNKNOWN;
    file->content = (struct bytes_read)CONTENT_INIT;
    file->epoch = 0;
}

/* ------------------------------------------------------------------------------------- names -- */

static struct followed_file *find(const struct follower *follower, const struct stat *status,
                                  uint32_t *place)
{
    for (*place = 0; *place < follower->file_count; (*place)++)
        if (status_is_of_same_file(&follower->files[*place]->status, status))
            return follower->files[*place];
    return NULL;
}

/* The file that has the name now: another may have got it since it was looked at. */
static bool add_path(struct follower *follower, const char *path, int64_t now)
{
    struct followed_file *file = followed_new(path, now);
    uint32_t place;
    if (!file)
        return errno == ENOENT || refuse_file(path, strerror(errno), "check the path");
    if (find(follower, &file->status, &place))
        followed_free(file);
    else
        add_file(follower, file);
    return true;
}

static void rename_file(struct followed_file *file, const char *path)
{
    file->is_named = true;
    if (strcmp(file->path, path) == 0)
        return;
    free(file->path);
    file->path = strdup(path);
}

static bool look_at(struct follower *follower, const char *path, int64_t now)
{
    struct stat status;
    uint32_t place;
    if (stat(path, &status) != 0)
        return errno == ENOENT || refuse_file(path, strerror(errno), "check the path");
    if (!S_ISREG(status.st_mode))
        return refuse_file(path, "it is not a regular file", "pipe it to '-'");
    struct followed_file *file = find(follower, &status, &place);
    /* One that is not held may be another by now, or have grown. */
    if (file && file->fd < 0 && !status_is_same(&file->status, &status)) {
        let_go(follower, place, now);
        file = NULL;
    }
    if (!file)
        return add_path(follower, path, now);
    rename_file(file, path);
    return true;
}

/* Notes which files have names, and adds those that are new. */
static bool look_for_files(struct follower *follower, int64_t now)
{
    struct log_files found = {0};
    bool looked = true;
    for (uint32_t i = 0; i < follower->file_count; i++) {
        struct followed_file *file = follower->files[i];
        file->was_named = file->is_named;
        file->is_named = file->is_newest = false;
    }
    if (follower->is_pattern)
        log_files_find(&found, follower->path);
    else
        looked = look_at(follower, follower->path, now);
    for (size_t i = 0; i < found.count && looked; i++)
        looked = look_at(follower, found.paths[i], now);
    const char *newest =
        follower->is_pattern ? (found.count ? found.paths[found.count - 1] : NULL) : follower->path;
    for (uint32_t i = 0; i < follower->file_count; i++) {
        struct followed_file *file = follower->files[i];
        file->is_newest = newest && file->is_named && strcmp(file->path, newest) == 0;
        if (!file->is_named && file->was_named)
            file->left = now;
    }
    log_files_release(&found);
    return looked;
}

/* ----------------------------------------------------------------------------------- reading -- */

static bool read_on(const struct follower *follower, struct followed_file *file)
{
    while (stream_step(&file->stream))
        heartbeat_read_on(follower->heartbeat);
    return stream_is_sound(&file->stream);
}

static void note_change(struct followed_file *file, int64_t now)
{
    struct stat status;
    if (file->fd < 0 || fstat(file->fd, &status) != 0)
        return;
    if (!status_is_same(&status, &file->status))
        file->changed = now;
    file->status = status;
}

/* Rotated files rest: only the newest is expected to grow. */
static bool is_at_rest(const struct followed_file *file, int64_t now)
{
    return !file->is_newest && now - file->changed >= GRACE;
}

/* What was read of it, and has grown since. */
static bool has_woken(const struct followed_file *file, int64_t now)
{
    return file->state == FOLLOWED_RESTING && file->fd >= 0 && file->changed == now;
}

static bool read_file_on(struct follower *follower, struct followed_file *file, int64_t now)
{
    note_change(file, now);
    bool woken = has_woken(file, now);
    if (file->state == FOLLOWED_UNKNOWN || (file->state == FOLLOWED_RESTING && !woken))
        return true;
    if ((woken && file->is_compressed) || followed_was_cut(file)) {
        begin_file_again(follower, file, now);
        return true;
    }
    if (woken) {
        struct bytes_read content = file->content;
        if (!open_after(follower, file, &content))
            return false;
    }
    if (!read_on(follower, file))
        return false;
    if (file->is_compressed || is_at_rest(file, now))
        followed_close_stream(file);
    return true;
}

static bool read_files(struct follower *follower, int64_t now)
{
    for (uint32_t i = 0; i < follower->file_count; i++)
        if (!read_file_on(follower, follower->files[i], now))
            return false;
    return true;
}

/* ---------------------------------------------------------------------------------- new ones -- */

static bool needs_examination(const struct follower *follower, const struct followed_file *file)
{
    return file->state == FOLLOWED_UNKNOWN &&
           (file->epoch != follower->epoch || !status_is_same(&file->examined, &file->status));
}

/* The copy of a file that is whole, and has been read further than that. */
static bool continue_file(struct follower *follower, struct followed_file *file,
                          struct followed_file *begun, int64_t now, bool *again)
{
    struct bytes_read content = begun->content;
    if (!begun->is_compressed && begun->fd >= 0) {
        uint64_t length = (uint64_t)begun->status.st_size;
        note_change(begun, now);
        *again = followed_was_cut(begun) || length != (uint64_t)begun->status.st_size;
        if (*again) { /* that is looked at first */
            file->epoch = 0;
            return true;
        }
        if (!file->is_compressed && (uint64_t)file->status.st_size <= length)
            return true;
        /* This one goes on where the other one ends. */
        remember(follower, begun, PAST_GONE, now);
        followed_close_stream(begun);
        begun->state = FOLLOWED_UNKNOWN;
        begun->content = (struct bytes_read)CONTENT_INIT;
        begun->examined = begun->status;
        begun->epoch = follower->epoch;
    }
    *again = true;
    return open_after(follower, file, &content);
}

static bool continue_past(struct follower *follower, struct followed_file *file, uint32_t past,
                          bool further)
{
    struct bytes_read content = follower->pasts[past].content;
    for (uint32_t i = follower->past_count; i-- > 0;)
        if (content_is_same(&follower->pasts[i].content, &content))
            drop_past(follower, i);
    if (further)
        return open_after(follower, file, &content);
    file->content = content;
    file->state = FOLLOWED_RESTING;
    return true;
}

#define MOST_DOUBTS 100

/* It had half a line when it was read, and has more by now: nothing is known of it to compare
 * with. */
static bool begins_unread(const struct followed_file *file)
{
    struct stat status;
    return file->state == FOLLOWED_OPEN && !file->is_compressed && file->content.bytes == 0 &&
           fstat(file->fd, &status) == 0 &&
           status.st_size > lseek(file->stream.lines.source.fd, 0, SEEK_CUR);
}

/* A copy that was being made when it was read may be whole by now, and the file that it is of
 * truncated: then it looked like neither. Or that file is one of which no line was read yet. */
static bool was_too_early(const struct follower *follower, struct followed_file *file,
                          const struct kin *kin, int64_t now)
{
    struct stat before = file->status;
    note_change(file, now);
    bool early = kin->resembles && !file->is_compressed && !status_is_same(&before, &file->status);
    for (uint32_t i = 0; i < follower->file_count; i++)
        early |= begins_unread(follower->files[i]);
    return early && file->doubts++ < MOST_DOUBTS;
}

/* A copy that is being made is whole before long. */
static bool wait_for_rest(const struct followed_file *file, const struct kin *kin, int64_t now)
{
    if (file->is_compressed && now - file->changed < GRACE)
        return true;
    return refuse_file(file->path, kin->error, kin->help);
}

static bool examine(struct follower *follower, struct followed_file *file, int64_t now, bool *again)
{
    const struct known_contents known = {follower->files, follower->file_count, follower->pasts,
                                         follower->past_count};
    note_change(file, now);
    file->examined = file->status;
    file->epoch = follower->epoch;
    struct kin kin = followed_kin(file, &known);
    if (file->is_compressed && !follower->is_pattern)
        return refuse(follower, "it is compressed",
                      "decide reads compressed files, and so does watch where a log's 'path' "
                      "matches them; name the log that is written");
    switch (kin.kinship) {
    case KIN_EMPTY:
    case KIN_PART:
        return true;
    case KIN_INCOMPLETE:
        file->epoch = 0;
        return wait_for_rest(file, &kin, now);
    case KIN_NONE:
        *again = true;
        if (!was_too_early(follower, file, &kin, now))
            return open_new(follower, file);
        file->epoch = 0;
        return true;
    case KIN_COPY:
    case KIN_FURTHER:
        break;
    }
    bool further = kin.kinship == KIN_FURTHER;
    if (kin.file && further)
        return continue_file(follower, file, (struct followed_file *)(uintptr_t)kin.file, now,
                             again);
    *again |= further;
    return kin.file || continue_past(follower, file, kin.past, further);
}

static bool examine_all(struct follower *follower, int64_t now, bool *again)
{
    for (uint32_t i = 0; i < follower->file_count && !*again; i++)
        if (needs_examination(follower, follower->files[i]) &&
            !examine(follower, follower->files[i], now, again))
            return false;
    return true;
}

/* ------------------------------------------------------------------------------------ ending -- */

static int64_t latest_of(const struct followed_file *file)
{
    if (file->state != FOLLOWED_OPEN)
        return file->latest;
    int64_t latest = traffic_latest(&file->stream.worker.traffic);
    return latest > file->latest ? latest : file->latest;
}

static bool is_over(const struct followed_file *file, int64_t now)
{
    return !file->is_named && now - file->left >= GRACE;
}

static void put_to_rest(struct follower *follower, int64_t now, int64_t needed)
{
    for (uint32_t i = 0; i < follower->file_count; i++) {
        struct followed_file *file = follower->files[i];
        if (file->state == FOLLOWED_OPEN && is_at_rest(file, now))
            followed_close_stream(file);
        bool is_needed = file->state != FOLLOWED_UNKNOWN && latest_of(file) >= needed;
        if (is_over(file, now) && !is_needed) {
            let_go(follower, i--, now);
        } else if (file->state == FOLLOWED_RESTING && !is_needed && file->fd >= 0) {
            close(file->fd);
            file->fd = -1;
        }
    }
}

/* ------------------------------------------------------------------------------------- stdin -- */

static bool is_ready(void)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

static struct followed_file *stdin_file(struct follower *follower)
{
    if (follower->file_count == 0) {
        struct followed_file *file = xcalloc(1, sizeof *file);
        *file = (struct followed_file){.path = strdup("<stdin>"), .fd = STDIN_FILENO};
        add_file(follower, file);
    }
    return follower->files[0];
}

static bool read_stdin(struct follower *follower)
{
    while (!follower->ended && is_ready()) {
        int there = 0;
        struct followed_file *file = stdin_file(follower);
        if (file->state != FOLLOWED_OPEN && !open_stream(follower, file))
            return false;
        if (file->stream.lines.source.packed)
            return refuse(follower, "it is compressed", "unpack it before: zcat …");
        struct stat status;
        bool is_file = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
        bool at_end = is_file || (ioctl(STDIN_FILENO, FIONREAD, &there) == 0 && there == 0);
        follower->ended = at_end;
        /* A last line without a line end is complete by now. */
        file->stream.lines.follows = !at_end;
        if (!read_on(follower, file))
            return false;
    }
    return true;
}

bool follower_read(struct follower *follower, struct heartbeat *heartbeat, int64_t now,
                   int64_t needed)
{
    follower->heartbeat = heartbeat;
    if (follower->is_stdin)
        return read_stdin(follower);
    for (bool again = true; again;) {
        again = false;
        if (!read_files(follower, now) || !look_for_files(follower, now) ||
            !examine_all(follower, now, &again))
            return false;
    }
    say_losses(follower, now);
    put_to_rest(follower, now, needed);
    follower->last_read = now;
    return true;
}

/* ----------------------------------------------------------------------------- begin and end -- */

/* Everything is read again, from those that are still there. */
static void begin_anew(struct follower *follower)
{
    follower->epoch = 1;
    while (follower->past_count > 0)
        drop_past(follower, follower->past_count - 1);
    for (uint32_t i = 0; i < follower->file_count && !follower->is_stdin; i++) {
        struct followed_file *file = follower->files[i];
        file->state = FOLLOWED_UNKNOWN;
        file->content = (struct bytes_read)CONTENT_INIT;
        file->epoch = 0;
        file->latest = INT64_MIN;
        if (file->fd >= 0)
            continue;
        followed_free(file);
        follower->file_count--;
        memmove(&follower->files[i], &follower->files[i + 1],
                (follower->file_count - i) * sizeof(struct followed_file *));
        i--;
    }
}

static bool begin(struct follower *follower, struct replay *replay, struct consumer *consumer,
                  const char *path)
{
    follower->replay = replay;
    follower->consumer = consumer;
    if (!follower->path || strcmp(follower->path, path) != 0) {
        follower_close(follower);
        follower->path = strdup(path);
        follower->last_read = INT64_MIN;
    }
    follower->is_idle = false;
    follower->is_stdin = !follower->is_pattern && strcmp(path, "-") == 0;
    begin_anew(follower);
    return layout_framing(&replay->layouts[follower->log]) != FRAMING_JSON ||
           refuse(follower, "a time series is a document, which cannot be followed",
                  "run decide on the new answer each time, or give the log a 'command'");
}

bool follower_begin(struct follower *follower, struct replay *replay, const char *argument,
                    struct consumer *consumer)
{
    const char *path;
    follower->is_pattern = false;
    return replay_find_log(replay, argument, &follower->log, &path) &&
           begin(follower, replay, consumer, path);
}

bool follower_begin_log(struct follower *follower, struct replay *replay, uint32_t log,
                        struct consumer *consumer)
{
    follower->is_pattern = true;
    follower->log = log;
    return begin(follower, replay, consumer, log_pattern(replay->project, log));
}

void follower_stop(struct follower *follower)
{
    for (uint32_t i = 0; i < follower->file_count; i++)
        followed_close_stream(follower->files[i]);
}

void follower_close(struct follower *follower)
{
    for (uint32_t i = 0; i < follower->file_count; i++)
        followed_free(follower->files[i]);
    while (follower->past_count > 0)
        drop_past(follower, follower->past_count - 1);
    free(follower->files);
    free(follower->pasts);
    free(follower->path);
    follower->files = NULL;
    follower->pasts = NULL;
    follower->path = NULL;
    follower->file_count = 0;
}
