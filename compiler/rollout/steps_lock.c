/* steps_lock.c - see steps_lock.h. Also recovers steps whose process is gone. */
#include "steps_lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/files/durable.h"
#include "compiler/files/lock_file.h"
#include "compiler/ledger/ledger.h"
#include "steps.h"
#include "compiler/base/json_read.h"

#define LOCK_PREFIX "steps-"

/* Flags whose hashes collide wait for each other, which is harmless. */
static void name_lock(const char *directory, const char *flag, struct buffer *path)
{
    uint32_t hash = 2166136261u;
    for (; *flag; flag++)
        hash = (hash ^ (unsigned char)*flag) * 16777619u;
    buffer_format(path, "%s/" LEDGER_ASIDE "/" LOCK_PREFIX "%08x", directory, hash);
}

int steps_lock(const char *directory, const char *flag, struct buffer *error)
{
    struct buffer path = {0};
    name_lock(directory, flag, &path);
    int fd = lock_file(path.bytes, LOCK_WAITS); /* the change's entry has created the folder */
    if (fd >= 0 && !sync_name_of(path.bytes)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        buffer_format(error, "cannot lock %s: %s", path.bytes, strerror(errno));
    buffer_release(&path);
    return fd;
}

void steps_unlock(const char *directory, const char *flag, int lock)
{
    struct buffer path = {0};
    name_lock(directory, flag, &path);
    unlink_at(AT_FDCWD, path.bytes);
    close(lock);
    buffer_release(&path);
}

/* -1 if there is none: no steps were run here, or they have finished. */
static int open_lock(const char *directory, const char *flag)
{
    struct buffer path = {0};
    name_lock(directory, flag, &path);
    int fd = open_at(AT_FDCWD, path.bytes, O_RDWR, 0);
    buffer_release(&path);
    return fd;
}

bool steps_are_running(const char *directory, const char *flag)
{
    int fd = open_lock(directory, flag);
    bool running = fd >= 0 && lock_is_held(fd);
    if (fd >= 0)
        close(fd);
    return running;
}

/* ---------------------------------------------------------------------------------- recovery -- */

static bool is_started(const json_t *entry)
{
    const char *state = json_text_at(json_object_get(entry, "step"), "state");
    return state && strcmp(state, "started") == 0;
}

static bool add_interrupted(struct ledger *ledger, const char *flag, json_t *last,
                            struct buffer *error)
{
    json_t *step = json_object_get(last, "step");
    print_note(
        "step %lld of %lld of '%s' for '%s' was started at %s, but the run that did so is gone:\n  "
        "it may be half done; only --run-steps runs it again, along with all those before it",
        (long long)json_integer_value(json_object_get(step, "number")),
        (long long)json_integer_value(json_object_get(step, "of")), json_text_at(step, "plan"),
        flag, json_text_at(last, "time"));
    json_object_set_new(step, "state", json_string("interrupted"));
    json_object_del(last, "previous");
    json_object_del(last, "parents");
    char *text = json_dumps(last, JSON_COMPACT);
    struct buffer entry = {0};
    json_write_document(&entry, text, strlen(text) - 1);
    free(text);
    bool added = ledger_add(ledger, &entry, error);
    buffer_release(&entry);
    return added;
}

json_t *steps_latest(const struct ledger_entries *entries)
{
    json_t *latest = json_object();
    for (uint32_t i = 0; i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, "step");
        const char *flag = json_text_at(entry, "flag");
        if (flag && json_object_get(entry, "step"))
            json_object_set(latest, flag, entry);
        json_decref(entry);
    }
    return latest;
}

/* Whether any lock exists, held or not. */
static bool any_lock(const char *directory)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/" LEDGER_ASIDE, directory);
    DIR *stream = opendir(path.bytes);
    bool found = false;
    for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
        found = strncmp(entry->d_name, LOCK_PREFIX, sizeof LOCK_PREFIX - 1) == 0;
    if (stream)
        closedir(stream);
    buffer_release(&path);
    return found;
}

/* If a run died, its lock exists and can be taken. Runs started in another checkout are not judged
 * here. */
static bool recover_flag(struct ledger *ledger, const char *flag, json_t *last,
                         struct buffer *error)
{
    int fd = open_lock(ledger->directory, flag);
    if (fd < 0)
        return true;
    bool done = true;
    if (lock_open_file(fd, LOCK_TRIES)) {
        done = !is_started(last) || add_interrupted(ledger, flag, last, error);
        if (done)
            steps_unlock(ledger->directory, flag, fd);
        else
            close(fd);
    } else {
        close(fd);
    }
    return done;
}

bool steps_recover(struct ledger *ledger, struct buffer *error)
{
    struct ledger_entries entries;
    if (!any_lock(ledger->directory))
        return true;
    if (!ledger_read(ledger->directory, &entries, error))
        return false;
    json_t *latest = steps_latest(&entries), *last;
    const char *flag;
    bool done = true;
    json_object_foreach(latest, flag, last)
    {
        done = done && recover_flag(ledger, flag, last, error);
    }
    json_decref(latest);
    ledger_release(&entries);
    return done;
}
