/* ledger.c - writes entries; see ledger.h. ledger_read.c reads them. */
#include "ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "compiler/base/json_read.h"

#define NEW_FILE   LEDGER_ASIDE "/.new"
#define MOST_ASIDE ((size_t)64 << 20)

static bool fail(const struct ledger *ledger, const char *what, const char *name,
                 struct buffer *error)
{
    buffer_format(error, "cannot %s %s/%s: %s", what, ledger->directory, name,
                  errno == EXDEV ? input_error(errno) : strerror(errno));
    return false;
}

/* ----------------------------------------------------------------------------------- waiting -- */

#define PATIENCE 1 /* seconds before a wait is announced */

struct wait {
    const char *directory;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool over;
};

static void *say_wait(void *user)
{
    struct wait *wait = user;
    struct timespec until;
    int problem = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&wait->mutex);
    while (!wait->over && !problem)
        problem = pthread_cond_timedwait(&wait->ended, &wait->mutex, &until);
    if (!wait->over)
        print_note("waiting for another run, which has locked '%s'", wait->directory);
    pthread_mutex_unlock(&wait->mutex);
    return NULL;
}

/* Signals go to the thread that waits for the lock. */
static bool start_saying(struct wait *wait, pthread_t *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(thread, NULL, say_wait, wait) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* Joins the kernel's queue at once, so that locks are granted in order of arrival. */
static bool wait_for_lock(int lock, const char *directory)
{
    struct wait wait = {.directory = directory,
                        .mutex = PTHREAD_MUTEX_INITIALIZER,
                        .ended = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    bool says = start_saying(&wait, &thread);
    bool locked = TEMP_FAILURE_RETRY(flock(lock, LOCK_EX)) == 0;
    int cause = errno;
    pthread_mutex_lock(&wait.mutex);
    wait.over = true;
    pthread_cond_signal(&wait.ended);
    pthread_mutex_unlock(&wait.mutex);
    if (says)
        pthread_join(thread, NULL);
    errno = cause;
    return locked;
}

static bool lock_directory(int lock, const char *directory)
{
    return flock(lock, LOCK_EX | LOCK_NB) == 0 ||
           ((errno == EWOULDBLOCK || errno == EINTR) && wait_for_lock(lock, directory));
}

bool ledger_lock(struct ledger *ledger, const char *directory, struct buffer *error)
{
    ledger->directory = directory;
    ledger->lock = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    if (ledger->lock >= 0 && lock_directory(ledger->lock, directory))
        return true;
    buffer_format(error, "cannot lock %s: %s", directory, strerror(errno));
    ledger_unlock(ledger);
    return false;
}

void ledger_unlock(struct ledger *ledger)
{
    if (ledger->lock >= 0)
        close(ledger->lock);
    ledger->lock = -1;
    buffer_release(&ledger->doubt);
    buffer_release(&ledger->tips);
}

/* ------------------------------------------------------------------------------------- files -- */

static bool make_folder(const struct ledger *ledger, const char *name, struct buffer *error)
{
    return folder_make(ledger->lock, name) >= 0 || fail(ledger, "write to", name, error);
}

/* By the one temporary name, whose writer holds the lock. */
static enum replaced put_file(const struct ledger *ledger, const char *folder, const char *path,
                              const struct buffer *text, struct buffer *error)
{
    const struct target target = {ledger->lock, ledger->directory, NEW_FILE, path, folder};
    struct stat made;
    int fd = open_at(ledger->lock, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
    if (fd < 0 || fstat(fd, &made) != 0) {
        fail(ledger, "write", path, error);
        if (fd >= 0)
            close(fd);
        return REPLACED_NOT;
    }
    const struct content content = {text->bytes, text->length, &made, NULL};
    return publish_at(fd, &target, &content, error);
}

/* Entries put aside, and locks of running steps, are local to this checkout. */
static bool ignore_aside(const struct ledger *ledger, struct buffer *error)
{
    static const char name[] = LEDGER_ASIDE "/.gitignore";
    static char all[] = "*\n";
    const struct buffer text = {all, sizeof all - 1, 0};
    return faccessat(ledger->lock, name, F_OK, 0) == 0 ||
           put_file(ledger, LEDGER_ASIDE, name, &text, error) == REPLACED_SAFELY;
}

bool ledger_make_folders(const struct ledger *ledger, struct buffer *error)
{
    return make_folder(ledger, LEDGER_FOLDER, error) && make_folder(ledger, LEDGER_ASIDE, error) &&
           ignore_aside(ledger, error);
}

struct path {
    char text[sizeof LEDGER_ASIDE + 1 + LEDGER_NAME];
};

static struct path path_in(const char *folder, const char *name)
{
    struct path path;
    snprintf(path.text, sizeof path.text, "%s/%.*s", folder, LEDGER_NAME - 1, name);
    return path;
}

/* ------------------------------------------------------------------------------------- names -- */

/* "20261120T100000Z-0123456789ab.json". False: the entry's time cannot be written. */
static bool name_entry(const struct buffer *entry, char name[LEDGER_NAME])
{
    static const char key[] = "\"time\":\"";
    const char *time = memmem(entry->bytes, entry->length, key, sizeof key - 1);
    char written[32] = "", compact[32], hash[LEDGER_HASH];
    int64_t ms;
    size_t length = time ? strcspn(time += sizeof key - 1, "\"") : 0;
    if (time && length < sizeof written)
        memcpy(written, time, length);
    length = 0;
    if (!parse_time(written, &ms))
        return false;
    for (const char *from = written; *from && *from != '.' && *from != 'Z'; from++)
        if (*from != '-' && *from != ':')
            compact[length++] = *from;
    compact[length] = '\0';
    ledger_hash(entry->bytes, entry->length, hash);
    snprintf(name, LEDGER_NAME, "%sZ-%.*s.json", compact, LEDGER_DIGITS, hash);
    return true;
}

void ledger_hash(const char *bytes, size_t length, char hex[LEDGER_HASH])
{
    unsigned char hash[(LEDGER_HASH - 1) / 2];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes, length, NULL, 0);
    sodium_bin2hex(hex, LEDGER_HASH, hash, sizeof hash);
}

/* ----------------------------------------------------------------------------------- entries -- */

static const char *const aside_words[] = WORDS(ASIDES);

bool aside_named(const char *name, enum aside *aside)
{
    int found = words_find(aside_words, name);
    if (found >= 0)
        *aside = (enum aside)found;
    return found >= 0;
}

static void add_tip(struct ledger *ledger, const char *hash)
{
    buffer_append_text(&ledger->tips, ledger->tips.length ? ",\"" : "\"");
    buffer_append_text(&ledger->tips, hash);
    buffer_append_text(&ledger->tips, "\"");
}

static bool find_tips(struct ledger *ledger, struct buffer *error)
{
    struct ledger_entries entries;
    if (ledger->tips.length)
        return true;
    if (!ledger_read(ledger->directory, &entries, error))
        return false;
    for (uint32_t i = 0; i < entries.count; i++) {
        if (!entries.items[i].is_readable)
            ledger_complain(&entries, i);
        if (ledger_is_tip(&entries.items[i]))
            add_tip(ledger, entries.items[i].hash);
    }
    ledger_release(&entries);
    return true;
}

static void write_todo(const struct todo *todo, struct buffer *out)
{
    buffer_append_text(out, "{");
    field_text(out, "aside", aside_words[todo->aside]);
    field_text(out, "file", todo->file);
    if (todo->text)
        field_text(out, "text", todo->text->bytes ? todo->text->bytes : "");
    buffer_append_text(out, "}\n");
}

static bool put_aside(struct ledger *ledger, struct buffer *text, const char *name,
                      const struct todo *todo, struct buffer *error)
{
    const struct path path = path_in(LEDGER_ASIDE, name);
    write_todo(todo, text);
    if (!ledger_make_folders(ledger, error))
        return false;
    /* Before the first entry, the folders themselves have not been synced. */
    if (!sync_names(ledger->lock, ".") || !sync_names(ledger->lock, LEDGER_FOLDER))
        return fail(ledger, "sync", LEDGER_FOLDER, error);
    if (put_file(ledger, LEDGER_ASIDE, path.text, text, error) == REPLACED_SAFELY)
        return true;
    unlink_at(ledger->lock, path.text);
    return false;
}

bool ledger_prepare(struct ledger *ledger, const struct buffer *entry, const struct todo *todo,
                    struct buffer *error)
{
    struct buffer text = {0};
    char name[LEDGER_NAME];
    bool prepared = sodium_init() >= 0 && find_tips(ledger, error);
    if (prepared) {
        buffer_append(&text, entry->bytes, entry->length);
        buffer_format(&text, ",\"parents\":[%s]}\n", ledger->tips.length ? ledger->tips.bytes : "");
        prepared = name_entry(&text, name);
        if (!prepared)
            buffer_append_text(error, "the time of this change is outside the years 0001 to 9999");
    }
    if (prepared && put_aside(ledger, &text, name, todo, error))
        memcpy(ledger->aside, name, sizeof name);
    else
        prepared = false;
    buffer_release(&text);
    return prepared;
}

void ledger_drop(struct ledger *ledger)
{
    const struct path path = path_in(LEDGER_ASIDE, ledger->aside);
    if (*ledger->aside)
        unlink_at(ledger->lock, path.text);
    *ledger->aside = '\0';
}

/* A doubtful change is not undone: the doubt is reported at the end, and the entry stays put
 * aside. */
static void keep_doubt(struct ledger *ledger, struct buffer *error)
{
    if (ledger->doubt.length == 0)
        buffer_append(&ledger->doubt, error->bytes, error->length);
    buffer_release(error);
}

bool ledger_edited(struct ledger *ledger, enum replaced edited, struct buffer *error)
{
    if (edited == REPLACED_NOT)
        ledger_drop(ledger);
    if (edited == REPLACED_IN_DOUBT)
        keep_doubt(ledger, error);
    return edited != REPLACED_NOT;
}

/* The next entry follows only this one, provided this one was written after all others. */
static void follow(struct ledger *ledger, const struct put_aside *found)
{
    char hash[LEDGER_HASH];
    bool follows_all = ledger->tips.length && memmem(found->entry.bytes, found->entry.length,
                                                     ledger->tips.bytes, ledger->tips.length);
    buffer_release(&ledger->tips);
    ledger_hash(found->entry.bytes, found->entry.length, hash);
    if (follows_all)
        add_tip(ledger, hash);
}

bool ledger_commit(struct ledger *ledger, struct buffer *error)
{
    const struct path path = path_in(LEDGER_FOLDER, ledger->aside);
    struct put_aside found;
    if (!ledger_read_aside(ledger, ledger->aside, &found, error))
        return false;
    enum replaced written = put_file(ledger, LEDGER_FOLDER, path.text, &found.entry, error);
    if (written != REPLACED_NOT)
        follow(ledger, &found);
    put_aside_release(&found);
    if (written == REPLACED_IN_DOUBT)
        keep_doubt(ledger, error);
    if (written == REPLACED_SAFELY && ledger->doubt.length == 0)
        ledger_drop(ledger);
    *ledger->aside = '\0';
    return written != REPLACED_NOT;
}

bool ledger_add(struct ledger *ledger, const struct buffer *entry, struct buffer *error)
{
    return ledger_prepare(ledger, entry, &(struct todo){.aside = ASIDE_RECORD}, error) &&
           ledger_commit(ledger, error);
}

bool ledger_is_certain(struct ledger *ledger, struct buffer *error)
{
    if (ledger->doubt.length == 0)
        return true;
    buffer_append(error, ledger->doubt.bytes, ledger->doubt.length);
    buffer_append_text(error, "; it was changed, and the next run verifies it");
    return false;
}

/* --------------------------------------------------------------------------------- put aside -- */

static bool is_entry_name(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length < LEDGER_NAME && length > 5 &&
           strcmp(name + length - 5, ".json") == 0;
}

bool ledger_has_aside(const char *directory)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/" LEDGER_ASIDE, directory);
    DIR *stream = opendir(path.bytes);
    bool found = false;
    for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
        found = is_entry_name(entry->d_name);
    if (stream)
        closedir(stream);
    buffer_release(&path);
    return found;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

bool ledger_list_aside(const struct ledger *ledger, struct arena *arena, const char ***names,
                       uint32_t *count, struct buffer *error)
{
    int fd = open_at(ledger->lock, LEDGER_ASIDE, O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    *names = NULL;
    *count = 0;
    if (!stream)
        return errno == ENOENT || fail(ledger, "open", LEDGER_ASIDE, error);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (is_entry_name(entry->d_name))
            *ARENA_APPEND(arena, *names, *count) = arena_format(arena, "%s", entry->d_name);
    closedir(stream);
    if (*count)
        qsort(*names, *count, sizeof **names, compare_names);
    return true;
}

bool ledger_read_aside(const struct ledger *ledger, const char *name, struct put_aside *found,
                       struct buffer *error)
{
    const struct path path = path_in(LEDGER_ASIDE, name);
    struct buffer text = {0};
    char whose[LEDGER_NAME];
    *found = (struct put_aside){0};
    if (!read_at(ledger->lock, path.text, MOST_ASIDE, &text)) {
        buffer_release(&text);
        return fail(ledger, "read", path.text, error);
    }
    const char *end = text.length ? memchr(text.bytes, '\n', text.length) : NULL;
    if (end) {
        buffer_append(&found->entry, text.bytes, (size_t)(end + 1 - text.bytes));
        if (name_entry(&found->entry, whose) && strcmp(whose, name) == 0) {
            found->json = json_loadb(found->entry.bytes, found->entry.length, 0, NULL);
            found->todo = json_loads(end + 1, 0, NULL);
        }
    }
    buffer_release(&text);
    return true;
}

void put_aside_release(struct put_aside *found)
{
    buffer_release(&found->entry);
    json_decref(found->json);
    json_decref(found->todo);
}

bool ledger_finish_aside(struct ledger *ledger, const char *name, const struct put_aside *found,
                         struct buffer *error)
{
    const struct path path = path_in(LEDGER_FOLDER, name);
    const char *file = json_text_at(found->todo, "file");
    struct buffer edited = {0};
    if (file)
        buffer_format(&edited, "%s/%s", ledger->directory, file);
    bool sure =
        !file || sync_name_of(edited.bytes) || errno == ENOENT || fail(ledger, "sync", file, error);
    buffer_release(&edited);
    if (!sure)
        return false;
    snprintf(ledger->aside, sizeof ledger->aside, "%s", name);
    if (faccessat(ledger->lock, path.text, F_OK, 0) != 0)
        return ledger_commit(ledger, error);
    if (!sync_names(ledger->lock, LEDGER_FOLDER))
        return fail(ledger, "sync", path.text, error);
    ledger_drop(ledger);
    return true;
}

void ledger_drop_aside(struct ledger *ledger, const char *name)
{
    snprintf(ledger->aside, sizeof ledger->aside, "%s", name);
    ledger_drop(ledger);
}
