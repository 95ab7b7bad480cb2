/* steps_lock.c - see steps_lock.h; and steps whose process is gone. */
#include "steps_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "steps.h"

#define BEHIND_EVERY_LEDGER ((off_t)1 << 40)

/* Flags of one hash wait for one another, which does no harm. */
static struct flock byte_of(const char *flag)
{
    uint32_t hash = 2166136261u;
    for (; *flag; flag++)
        hash = (hash ^ (unsigned char)*flag) * 16777619u;
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = BEHIND_EVERY_LEDGER + hash, .l_len = 1};
}

static int open_ledger(const char *directory)
{
    char *path;
    if (asprintf(&path, "%s/%s", directory, LEDGER_FILE) < 0)
        return -1;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int cause = errno;
    free(path);
    errno = cause;
    return fd;
}

int steps_lock(const char *directory, const char *flag, struct buffer *error)
{
    int fd = open_ledger(directory);
    struct flock lock = byte_of(flag);
    int locked = fd < 0 ? -1 : fcntl(fd, F_OFD_SETLKW, &lock);
    while (fd >= 0 && locked < 0 && errno == EINTR)
        locked = fcntl(fd, F_OFD_SETLKW, &lock);
    if (locked == 0)
        return fd;
    buffer_format(error, "cannot lock %s/%s: %s", directory, LEDGER_FILE, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

bool steps_are_running(const char *directory, const char *flag)
{
    int fd = open_ledger(directory);
    struct flock lock = byte_of(flag);
    bool running = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return running;
}

/* ---------------------------------------------------------------------------------- recovery -- */

static bool is_started(const json_t *line)
{
    const char *state = json_string_value(json_object_get(json_object_get(line, "step"), "state"));
    return state && strcmp(state, "started") == 0;
}

/* Of the latest line about a step of each flag. */
static void remember(json_t *latest, json_t *line)
{
    const char *flag = json_string_value(json_object_get(line, "flag"));
    if (flag && json_object_get(line, "step"))
        json_object_set(latest, flag, line);
}

static bool add_interrupted(const struct ledger *ledger, const char *flag, json_t *line,
                            struct buffer *error)
{
    json_t *step = json_object_get(line, "step");
    fprintf(
        stderr,
        "note: step %lld of %lld of '%s' for '%s' was started at %s, and the run that did so is "
        "gone: it may be half done, and is not run again\n",
        (long long)json_integer_value(json_object_get(step, "number")),
        (long long)json_integer_value(json_object_get(step, "of")),
        json_string_value(json_object_get(step, "plan")), flag,
        json_string_value(json_object_get(line, "time")));
    json_object_set_new(step, "state", json_string("interrupted"));
    json_object_del(line, "previous");
    char *text = json_dumps(line, JSON_COMPACT);
    struct buffer entry = {0};
    buffer_append(&entry, text, strlen(text) - 1);
    free(text);
    bool added = ledger_add(ledger, &entry, error);
    buffer_release(&entry);
    return added;
}

bool steps_recover(const struct ledger *ledger, struct buffer *error)
{
    struct buffer text = {0};
    struct ledger_line line;
    json_t *latest = json_object();
    bool done = ledger_read(ledger->directory, &text, error);
    for (size_t at = 0; done && ledger_next(&text, &at, &line);) {
        if (!memmem(line.text, line.length, "\"step\":{", strlen("\"step\":{")))
            continue;
        json_t *json = json_loadb(line.text, line.length, 0, NULL);
        remember(latest, json);
        json_decref(json);
    }
    const char *flag;
    json_t *last;
    json_object_foreach(latest, flag, last)
    {
        if (done && is_started(last) && !steps_are_running(ledger->directory, flag))
            done = add_interrupted(ledger, flag, last, error);
    }
    json_decref(latest);
    buffer_release(&text);
    return done;
}
