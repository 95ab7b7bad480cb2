/* hold.c - see hold.h. */
#include "hold.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/base/memory.h"
#include "compiler/files/durable.h"
#include "compiler/files/lock_file.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/ledger/entry.h"
#include "compiler/ledger/ledger.h"
#include "tools/ffreplay/commands/commands.h"
#include "watch.h"

#define MOST_WORDS 4096 /* bytes of a lock's file that are read */

/* ---------------------------------------------------------------------------------- the file -- */

static void name_lock(const struct watch *watch, const char *flag, struct buffer *path)
{
    const char *environment = watch->options->environment;
    uint64_t seed = hash64_seeded(environment, strlen(environment), 0);
    buffer_format(path, "%s/" LEDGER_ASIDE "/watch-%016" PRIx64, watch->directory,
                  hash64_seeded(flag, strlen(flag), seed));
}

static void write_holder(const struct watch *watch, int fd)
{
    char host[256] = "", since[32];
    struct buffer text = {0};
    (void)gethostname(host, sizeof host - 1);
    format_time(clock_now() / 1000 * 1000, since, sizeof since);
    buffer_format(&text, "{\"format_version\":1,\"process\":%ld", (long)getpid());
    field_text(&text, "host", host);
    field_text(&text, "actor", actor_name(watch->options->apply.actor, watch->options->directory));
    field_text(&text, "since", since);
    buffer_append_text(&text, "}\n");
    if (ftruncate(fd, 0) == 0)
        (void)write_all(fd, text.bytes, text.length);
    buffer_release(&text);
}

/* "process 4711 on web-1, by amira, since 2026-11-20T10:00:00Z"; of a file that does not say so,
 * what is known. */
static void append_holder(const char *path, struct buffer *out)
{
    char text[MOST_WORDS];
    int fd = open_at(AT_FDCWD, path, O_RDONLY, 0);
    ssize_t length = fd < 0 ? -1 : TEMP_FAILURE_RETRY(pread(fd, text, sizeof text, 0));
    json_t *holder =
        length > 0 ? json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *host = json_text_at(holder, "host"), *actor = json_text_at(holder, "actor");
    const char *since = json_text_at(holder, "since");
    if (host && actor && since)
        terminal_format(out, "process %" JSON_INTEGER_FORMAT " on %s, by %s, since %s",
                        json_integer_value(json_object_get(holder, "process")), host, actor, since);
    else
        buffer_append_text(out, "another process");
    json_decref(holder);
    if (fd >= 0)
        close(fd);
}

static void let_go(const struct watch *watch, struct hold *hold)
{
    struct buffer path = {0};
    if (hold->lock < 0)
        return;
    name_lock(watch, hold->flag, &path);
    unlink_at(AT_FDCWD, path.bytes);
    close(hold->lock);
    hold->lock = -1;
    buffer_release(&path);
}

/* ---------------------------------------------------------------------------------- canaries -- */

static struct hold *hold_of(struct watch *watch, const char *flag)
{
    struct holds *holds = &watch->holds;
    for (uint32_t i = 0; i < holds->count; i++)
        if (strcmp(holds->items[i].flag, flag) == 0)
            return &holds->items[i];
    return NULL;
}

static struct hold *add(struct watch *watch, const char *flag)
{
    struct holds *holds = &watch->holds;
    holds->items = xrealloc(holds->items, (holds->count + 1) * sizeof *holds->items);
    holds->items[holds->count] = (struct hold){.flag = strdup(flag), .lock = -1};
    return &holds->items[holds->count++];
}

static void report_held(const struct watch *watch, const char *flag, const char *path, bool is_new)
{
    struct buffer holder = {0};
    append_holder(path, &holder);
    if (watch->options->flag) {
        job_error(&watch_command, "'%s' in %s is watched already: %s", flag,
                  watch->options->environment, holder.bytes);
        print_help("one watch acts on a canary; without --apply, any number may look");
    } else if (is_new) {
        print_note("'%s' is left to the watch that acts on it: %s", flag, holder.bytes);
    }
    buffer_release(&holder);
}

/* Whether this watch acts on it from now on; else *fails, or another one does. */
static bool hold(struct watch *watch, const char *flag, bool *fails)
{
    struct hold *held = hold_of(watch, flag);
    bool is_new = !held;
    struct buffer path = {0};
    if (is_new)
        held = add(watch, flag);
    held->is_wanted = true;
    name_lock(watch, flag, &path);
    if (held->lock < 0) {
        held->lock = lock_file(path.bytes, LOCK_TRIES);
        if (held->lock >= 0)
            write_holder(watch, held->lock);
        else if (errno == EWOULDBLOCK)
            report_held(watch, flag, path.bytes, is_new);
        else
            *fails = job_error(&watch_command, "cannot lock '%s': %s", path.bytes,
                               strerror(errno)) != EXIT_FINE;
    }
    buffer_release(&path);
    return held->lock >= 0;
}

/* The locks' folder. */
static bool make_place(const struct watch *watch)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    bool made =
        ledger_lock(&ledger, watch->directory, &error) && ledger_make_folders(&ledger, &error);
    if (!made)
        job_error(&watch_command, "%s", error.bytes);
    ledger_unlock(&ledger);
    buffer_release(&error);
    return made;
}

static void forget_unwanted(struct watch *watch)
{
    struct holds *holds = &watch->holds;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < holds->count; i++) {
        if (holds->items[i].is_wanted) {
            holds->items[kept++] = holds->items[i];
        } else {
            let_go(watch, &holds->items[i]);
            free(holds->items[i].flag);
        }
    }
    holds->count = kept;
}

bool hold_canaries(struct watch *watch)
{
    struct analyses *analyses = &watch->analyses;
    uint32_t kept = 0, count = analyses->count;
    bool fails = false, is_first = !watch->holds.began;
    watch->holds.began = true;
    if (!watch->options->apply.given || (count > 0 && !make_place(watch)))
        return !watch->options->apply.given;
    for (uint32_t i = 0; i < watch->holds.count; i++)
        watch->holds.items[i].is_wanted = false;
    for (uint32_t i = 0; i < count; i++)
        if (hold(watch, analyses->items[i].subject.flag->name.text, &fails))
            analyses->items[kept++] = analyses->items[i];
    analyses->count = kept;
    forget_unwanted(watch);
    bool is_idle = is_first && count > 0 && kept == 0 && !fails;
    if (is_idle && !watch->options->flag)
        job_error(&watch_command, "another watch acts on every canary of %s",
                  watch->options->environment);
    return !fails && !is_idle;
}

bool hold_is_free(const struct watch *watch)
{
    bool is_free = false;
    for (uint32_t i = 0; i < watch->holds.count && !is_free; i++) {
        struct buffer path = {0};
        if (watch->holds.items[i].lock >= 0)
            continue;
        name_lock(watch, watch->holds.items[i].flag, &path);
        int lock = lock_file(path.bytes, LOCK_TRIES);
        is_free = lock >= 0;
        if (is_free)
            close(lock);
        buffer_release(&path);
    }
    return is_free;
}

void hold_release(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->holds.count; i++) {
        let_go(watch, &watch->holds.items[i]);
        free(watch->holds.items[i].flag);
    }
    free(watch->holds.items);
    watch->holds = (struct holds){.count = 0};
}
