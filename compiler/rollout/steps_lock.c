/* steps_lock.c - see steps_lock.h; and steps whose process is gone. */
#include "steps_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/files/durable.h"
#include "ledger.h"
#include "steps.h"

#define LOCK_FILE LEDGER_ASIDE "/steps"

/* Flags of one hash wait for one another, which does no harm. */
static struct flock byte_of(const char *flag)
{
    uint32_t hash = 2166136261u;
    for (; *flag; flag++)
        hash = (hash ^ (unsigned char)*flag) * 16777619u;
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)hash, .l_len = 1};
}

/* Steps follow a change, whose entry made the folder. */
static int open_lock(const char *directory, int flags)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/" LOCK_FILE, directory);
    int fd = open_at(AT_FDCWD, path.bytes, O_RDWR | flags, 0666);
    int cause = errno;
    buffer_release(&path);
    errno = cause;
    return fd;
}

int steps_lock(const char *directory, const char *flag, struct buffer *error)
{
    int fd = open_lock(directory, O_CREAT);
    struct flock lock = byte_of(flag);
    if (fd >= 0 && TEMP_FAILURE_RETRY(fcntl(fd, F_OFD_SETLKW, &lock)) == 0)
        return fd;
    buffer_format(error, "cannot lock %s/%s: %s", directory, LOCK_FILE, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

bool steps_are_running(const char *directory, const char *flag)
{
    int fd = open_lock(directory, 0);
    struct flock lock = byte_of(flag);
    bool running = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return running;
}

/* ---------------------------------------------------------------------------------- recovery -- */

static bool is_started(const json_t *entry)
{
    const char *state = json_string_value(json_object_get(json_object_get(entry, "step"), "state"));
    return state && strcmp(state, "started") == 0;
}

static bool add_interrupted(struct ledger *ledger, const char *flag, json_t *last,
                            struct buffer *error)
{
    json_t *step = json_object_get(last, "step");
    fprintf(
        stderr,
        "note: step %lld of %lld of '%s' for '%s' was started at %s, and the run that did so is "
        "gone: it may be half done, and is not run again\n",
        (long long)json_integer_value(json_object_get(step, "number")),
        (long long)json_integer_value(json_object_get(step, "of")),
        json_string_value(json_object_get(step, "plan")), flag,
        json_string_value(json_object_get(last, "time")));
    json_object_set_new(step, "state", json_string("interrupted"));
    json_object_del(last, "previous");
    json_object_del(last, "parents");
    char *text = json_dumps(last, JSON_COMPACT);
    struct buffer entry = {0};
    buffer_append(&entry, text, strlen(text) - 1);
    free(text);
    bool added = ledger_add(ledger, &entry, error);
    buffer_release(&entry);
    return added;
}

json_t *steps_latest(const struct ledger_entries *entries)
{
    json_t *latest = json_object();
    for (uint32_t i = 0; i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, "\"step\":{");
        const char *flag = json_string_value(json_object_get(entry, "flag"));
        if (flag && json_object_get(entry, "step"))
            json_object_set(latest, flag, entry);
        json_decref(entry);
    }
    return latest;
}

bool steps_recover(struct ledger *ledger, struct buffer *error)
{
    struct ledger_entries entries;
    if (!ledger_read(ledger->directory, &entries, error))
        return false;
    json_t *latest = steps_latest(&entries), *last;
    const char *flag;
    bool done = true;
    json_object_foreach(latest, flag, last)
    {
        if (done && is_started(last) && !steps_are_running(ledger->directory, flag))
            done = add_interrupted(ledger, flag, last, error);
    }
    json_decref(latest);
    ledger_release(&entries);
    return done;
}
