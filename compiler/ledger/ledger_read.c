/*
 * ledger_read.c - the ledger's files, and the order of their entries. See ledger.h.
 *
 * Only the outline of an entry in our own format is read: its first key, and its parents at its
 * end. Anything else is parsed, so that entries which somebody formatted differently are read as
 * well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/heap.h"
#include "compiler/base/text_lines.h"
#include "compiler/base/utf8.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "ledger.h"

#define MOST_OLD    ((size_t)1 << 30)
#define MOST_ENTRY  ((size_t)16 << 20)
#define MOST_TRIES  8
#define NOWHERE     UINT32_MAX
#define HASH_DIGITS (LEDGER_HASH - 1)
#define EACH_PARENT (HASH_DIGITS + 3) /* including its quotes and a comma */

static bool fail(const char *directory, const char *name, struct buffer *error)
{
    buffer_format(error, "cannot read %s/%s: %s", directory, name, strerror(errno));
    return false;
}

/* ----------------------------------------------------------------------------------- outline -- */

static bool is_hash(const char *text)
{
    return strspn(text, "0123456789abcdef") >= HASH_DIGITS;
}

/* Counts those in `,"parents":["…","…"]}` at the end; UINT32_MAX if the entry ends differently. */
static uint32_t count_parents(const struct ledger_entry *entry)
{
    static const char key[] = ",\"parents\":[";
    const char *end = entry->text + entry->length - 2;
    if (entry->length < sizeof key + 2 || memcmp(end, "]}", 2) != 0)
        return UINT32_MAX;
    size_t count = 0, most = (entry->length - sizeof key) / EACH_PARENT;
    const char *at = end;
    while (count < most && at[-1] == '"' && *(at - EACH_PARENT + 1) == '"' &&
           is_hash(at - EACH_PARENT + 2)) {
        count++;
        at -= EACH_PARENT - 1;
        if (at[-1] != ',')
            break;
        at--;
    }
    bool found = (size_t)(at - entry->text) >= sizeof key - 1 &&
                 memcmp(at - (sizeof key - 1), key, sizeof key - 1) == 0;
    return found ? (uint32_t)count : UINT32_MAX;
}

static void add_parent(struct arena *arena, struct ledger_entry *entry, const char *hash)
{
    *ARENA_APPEND(arena, entry->parents, entry->parent_count) =
        arena_copy(arena, hash, HASH_DIGITS);
}

/* Parses an entry that is not in our own format. */
static void parse_whole(struct arena *arena, struct ledger_entry *entry)
{
    json_t *json = json_loadb(entry->text, entry->length, 0, NULL);
    size_t index;
    json_t *parent;
    entry->is_readable = json_is_object(json);
    json_array_foreach(json_object_get(json, "parents"), index, parent)
    {
        if (json_is_string(parent) && json_string_length(parent) == HASH_DIGITS &&
            is_hash(json_string_value(parent)))
            add_parent(arena, entry, json_string_value(parent));
    }
    json_decref(json);
}

static void read_outline(struct arena *arena, struct ledger_entry *entry)
{
    static const char first[] = "{\"format_version\":";
    bool ours = entry->length > sizeof first && memcmp(entry->text, first, sizeof first - 1) == 0 &&
                entry->text[entry->length - 1] == '}';
    uint32_t count = ours && !entry->is_old ? count_parents(entry) : 0;
    ledger_hash(entry->text, entry->length + !entry->is_old, entry->hash);
    if (!ours || count == UINT32_MAX) {
        parse_whole(arena, entry);
        return;
    }
    entry->is_readable = true;
    const char *end = entry->text + entry->length - 2;
    for (uint32_t i = 0; i < count; i++)
        add_parent(arena, entry, end - (count - i) * EACH_PARENT + 2);
}

/* ------------------------------------------------------------------------------------- files -- */

static bool read_old(struct ledger_entries *entries, int directory, struct buffer *error)
{
    struct arena *arena = &entries->arena;
    struct buffer text = {0};
    if (!read_at(directory, LEDGER_OLD, MOST_OLD, &text) && errno != ENOENT) {
        buffer_release(&text);
        return fail(entries->directory, LEDGER_OLD, error);
    }
    const char *at = arena_copy(arena, text.length ? text.bytes : "", text.length);
    const char *end = at + text.length;
    at += text_mark(at, text.length);
    for (uint32_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        struct ledger_entry *entry = ARENA_APPEND(arena, entries->items, entries->count);
        *entry = (struct ledger_entry){.text = at,
                                       .length = text_line_length(at, length),
                                       .place = arena_format(arena, LEDGER_OLD ":%u", number),
                                       .time = INT64_MIN,
                                       .is_old = true,
                                       .is_cut = !newline};
        read_outline(arena, entry);
        at += length + 1;
    }
    buffer_release(&text);
    return true;
}

/* "20261120T100000Z-0123456789ab.json": the digits and the time. Other names have neither. */
static void read_name(struct ledger_entry *entry, const char *name)
{
    const char *digits = name + sizeof "20261120T100000Z-" - 1;
    char text[64];
    entry->time = INT64_MAX;
    if (strlen(name) != sizeof "20261120T100000Z-0123456789ab.json" - 1 || name[8] != 'T' ||
        name[15] != 'Z' || name[16] != '-' || strspn(digits, "0123456789abcdef") != LEDGER_DIGITS)
        return;
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", name, name + 4, name + 6,
             name + 9, name + 11, name + 13);
    if (parse_time(text, &entry->time))
        memcpy(entry->named, digits, LEDGER_DIGITS);
}

/* A file name must not send control characters to a terminal. */
static const char *place_of(struct arena *arena, const char *name)
{
    char *place = arena_format(arena, LEDGER_FOLDER "/%s", name);
    for (char *at = place; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return place;
}

/* What it holds is what was written: git may have changed how the line ends, an editor how the file
 * begins. */
static void take_line(struct arena *arena, struct ledger_entry *entry, const struct buffer *text)
{
    size_t mark = entry->is_cut ? 0 : text_mark(text->bytes, text->length);
    const char *line = text->length ? text->bytes + mark : "";
    entry->length = text->length - mark - !entry->is_cut;
    if (!entry->is_cut)
        entry->length = text_line_length(line, entry->length);
    char *copy = arena_copy(arena, line, entry->length + !entry->is_cut);
    if (!entry->is_cut)
        copy[entry->length] = '\n';
    entry->text = copy;
}

static void read_entry(struct ledger_entries *entries, int folder, const char *name,
                       struct buffer *text)
{
    struct arena *arena = &entries->arena;
    struct ledger_entry *entry = ARENA_APPEND(arena, entries->items, entries->count);
    text->length = 0;
    entry->place = place_of(arena, name);
    if (!read_at(folder, name, MOST_ENTRY, text))
        entry->problem = strerror(errno);
    entry->is_cut = text->length == 0 || text->bytes[text->length - 1] != '\n';
    take_line(arena, entry, text);
    read_name(entry, name);
    if (entry->is_cut)
        ledger_hash(entry->text, entry->length, entry->hash);
    else
        read_outline(arena, entry);
}

static bool is_entry(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".json") == 0;
}

static void read_new(struct ledger_entries *entries, DIR *stream)
{
    struct buffer text = {0};
    rewinddir(stream);
    for (struct dirent *found; (found = readdir(stream));)
        if (is_entry(found->d_name))
            read_entry(entries, dirfd(stream), found->d_name, &text);
    buffer_release(&text);
}

static bool is_same(const struct timespec *left, const struct timespec *right)
{
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

/* Reads again if somebody wrote meanwhile: a new entry may have been seen without its parent. */
static bool read_folder(struct ledger_entries *entries, int directory, struct buffer *error)
{
    int folder = open_at(directory, LEDGER_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = folder < 0 ? NULL : fdopendir(folder);
    uint32_t before = entries->count;
    struct stat begin, end;
    if (!stream)
        return errno == ENOENT || fail(entries->directory, LEDGER_FOLDER, error);
    bool stable = false;
    for (int i = 0; i < MOST_TRIES && !stable; i++) {
        entries->count = before;
        stable = fstat(folder, &begin) != 0;
        read_new(entries, stream);
        stable = stable || fstat(folder, &end) != 0 || is_same(&begin.st_mtim, &end.st_mtim);
    }
    closedir(stream);
    return true;
}

/* ------------------------------------------------------------------------------------- links -- */

static bool is_sound(const struct ledger_entry *entry)
{
    return entry->is_readable &&
           (entry->is_old || memcmp(entry->named, entry->hash, LEDGER_DIGITS) == 0);
}

bool ledger_is_tip(const struct ledger_entry *entry)
{
    return is_sound(entry) && !entry->is_followed;
}

/* The search key: the digits in its name, even if its content has changed since. */
static const char *key_of(const struct ledger_entry *entry)
{
    return *entry->named ? entry->named : entry->hash;
}

static int compare_keys(const void *left, const void *right)
{
    const struct ledger_entry *const *a = left, *const *b = right;
    return memcmp(key_of(*a), key_of(*b), LEDGER_DIGITS);
}

/* The entry with this hash, or one of that name with other content, which is then detected. */
static uint32_t find(const struct ledger_entries *entries, struct ledger_entry *const *sorted,
                     const char *hash)
{
    uint32_t low = 0, high = entries->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(key_of(sorted[middle]), hash, LEDGER_DIGITS) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t damaged = NOWHERE;
    for (; low < entries->count && memcmp(key_of(sorted[low]), hash, LEDGER_DIGITS) == 0; low++) {
        if (strcmp(sorted[low]->hash, hash) == 0)
            return (uint32_t)(sorted[low] - entries->items);
        if (!is_sound(sorted[low]))
            damaged = (uint32_t)(sorted[low] - entries->items);
    }
    return damaged;
}

static void link_parents(struct ledger_entries *entries)
{
    struct arena *arena = &entries->arena;
    struct ledger_entry **sorted = ARENA_ARRAY(arena, struct ledger_entry *, entries->count + 1);
    struct ledger_entry *previous = NULL;
    for (uint32_t i = 0; i < entries->count; i++)
        sorted[i] = &entries->items[i];
    if (entries->count)
        qsort(sorted, entries->count, sizeof *sorted, compare_keys);
    for (uint32_t i = 0; i < entries->count; i++) {
        struct ledger_entry *entry = &entries->items[i];
        entry->parent_places = ARENA_ARRAY(arena, uint32_t, entry->parent_count + 1);
        for (uint32_t p = 0; p < entry->parent_count; p++) {
            uint32_t place = find(entries, sorted, entry->parents[p]);
            entry->parent_places[p] = place;
            if (place != NOWHERE && is_sound(entry))
                entries->items[place].is_followed = true;
        }
        if (entry->is_old && entry->is_readable) {
            if (previous)
                previous->is_followed = true;
            previous = entry;
        }
    }
}

/* ------------------------------------------------------------------------------------- order -- */

static int compare_times(const void *left, const void *right)
{
    const struct ledger_entry *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    int order = strcmp(a->hash, b->hash);
    return order ? order : strcmp(a->place, b->place);
}

struct ordering {
    uint32_t *waits_for;            /* for each: how many parents must precede it */
    uint32_t *first_link;           /* for each: the first of its links to followers */
    uint32_t *next_link, *follower; /* for each link */
    struct heap free;               /* indices that wait for nothing */
    uint32_t *order, count;
};

static void prepare_order(struct ordering *ordering, struct ledger_entries *entries)
{
    struct arena *arena = &entries->arena;
    uint32_t count = entries->count, links = 0;
    for (uint32_t i = 0; i < count; i++)
        links += entries->items[i].parent_count;
    ordering->waits_for = ARENA_ARRAY(arena, uint32_t, count);
    ordering->first_link = ARENA_ARRAY(arena, uint32_t, count);
    ordering->free.items = ARENA_ARRAY(arena, uint32_t, count);
    ordering->order = ARENA_ARRAY(arena, uint32_t, count);
    ordering->next_link = ARENA_ARRAY(arena, uint32_t, links + 1);
    ordering->follower = ARENA_ARRAY(arena, uint32_t, links + 1);
    links = 0;
    for (uint32_t i = 0; i < count; i++)
        ordering->first_link[i] = NOWHERE;
    for (uint32_t i = 0; i < count; i++) {
        const struct ledger_entry *entry = &entries->items[i];
        for (uint32_t p = 0; p < entry->parent_count; p++) {
            uint32_t parent = entry->parent_places[p];
            if (parent == NOWHERE)
                continue;
            ordering->waits_for[i]++;
            ordering->follower[links] = i;
            ordering->next_link[links] = ordering->first_link[parent];
            ordering->first_link[parent] = links++;
        }
    }
}

static void find_order(struct ordering *ordering, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (ordering->waits_for[i] == 0)
            heap_push(&ordering->free, i);
    while (ordering->free.count > 0) {
        uint32_t place = heap_pop(&ordering->free);
        ordering->order[ordering->count++] = place;
        for (uint32_t link = ordering->first_link[place]; link != NOWHERE;
             link = ordering->next_link[link])
            if (--ordering->waits_for[ordering->follower[link]] == 0)
                heap_push(&ordering->free, ordering->follower[link]);
    }
    /* Only damaged entries form a cycle: no hash can contain itself. */
    for (uint32_t i = 0; i < count; i++)
        if (ordering->waits_for[i] > 0)
            ordering->order[ordering->count++] = i;
}

static void put_in_order(struct ledger_entries *entries, const struct ordering *ordering)
{
    struct arena *arena = &entries->arena;
    struct ledger_entry *items = ARENA_ARRAY(arena, struct ledger_entry, entries->count);
    uint32_t *places = ARENA_ARRAY(arena, uint32_t, entries->count);
    for (uint32_t i = 0; i < entries->count; i++) {
        items[i] = entries->items[ordering->order[i]];
        places[ordering->order[i]] = i;
    }
    for (uint32_t i = 0; i < entries->count; i++)
        for (uint32_t p = 0; p < items[i].parent_count; p++)
            if (items[i].parent_places[p] != NOWHERE)
                items[i].parent_places[p] = places[items[i].parent_places[p]];
    entries->items = items;
}

bool ledger_read(const char *directory, struct ledger_entries *entries, struct buffer *error)
{
    *entries = (struct ledger_entries){0};
    entries->directory = arena_format(&entries->arena, "%s", directory);
    int fd = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        buffer_format(error, "cannot open %s: %s", directory, strerror(errno));
    bool done = fd >= 0 && read_old(entries, fd, error);
    uint32_t old = entries->count;
    done = done && read_folder(entries, fd, error);
    if (fd >= 0)
        close(fd);
    if (done && entries->count) {
        struct ordering ordering = {0};
        if (entries->count > old)
            qsort(entries->items + old, entries->count - old, sizeof *entries->items,
                  compare_times);
        link_parents(entries);
        prepare_order(&ordering, entries);
        find_order(&ordering, entries->count);
        put_in_order(entries, &ordering);
    }
    if (!done)
        ledger_release(entries);
    return done;
}

void ledger_release(struct ledger_entries *entries)
{
    arena_release(&entries->arena);
    *entries = (struct ledger_entries){0};
}

/* -------------------------------------------------------------------------------------- kept -- */

struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

static struct stamp stamp_of(const char *directory, const char *name)
{
    struct buffer path = {0};
    struct stat status;
    buffer_format(&path, "%s/%s", directory, name);
    bool there = stat(path.bytes, &status) == 0;
    buffer_release(&path);
    return there ? (struct stamp){status.st_dev, status.st_ino, status.st_size, status.st_mtim}
                 : (struct stamp){0};
}

static bool same_stamp(const struct stamp *left, const struct stamp *right)
{
    return left->device == right->device && left->inode == right->inode &&
           left->size == right->size && is_same(&left->modified, &right->modified);
}

/* Two changes within one tick of the file system's clock get the same time. */
static bool is_settled(const struct stamp *stamp)
{
    return stamp->modified.tv_sec + 2 < time(NULL);
}

const struct ledger_entries *ledger_look(const char *directory, struct buffer *error)
{
    static struct ledger_entries kept;
    static struct stamp folder, old;
    static bool settled;
    const struct stamp folder_now = stamp_of(directory, LEDGER_FOLDER);
    const struct stamp old_now = stamp_of(directory, LEDGER_OLD);
    if (settled && kept.directory && strcmp(kept.directory, directory) == 0 &&
        same_stamp(&folder, &folder_now) && same_stamp(&old, &old_now))
        return &kept;
    ledger_release(&kept);
    folder = folder_now;
    old = old_now;
    settled = is_settled(&folder) && is_settled(&old);
    return ledger_read(directory, &kept, error) ? &kept : NULL;
}

/* -------------------------------------------------------------------------------------- JSON -- */

#define COMPLAINTS_KEPT 16 /* entries that are not complained of again, the last ones */

void ledger_complain(const struct ledger_entries *entries, uint32_t index)
{
    const struct ledger_entry *entry = &entries->items[index];
    static char said[COMPLAINTS_KEPT][LEDGER_HASH];
    static unsigned count;
    for (unsigned i = 0; i < count && i < COMPLAINTS_KEPT; i++)
        if (strcmp(said[i], entry->hash) == 0)
            return;
    memcpy(said[count++ % COMPLAINTS_KEPT], entry->hash, LEDGER_HASH);
    print_warning("%s/%s: %s, and is ignored", entries->directory, entry->place,
                  entry->problem ? "this entry cannot be read" : "this is no entry of the ledger");
}

/* As a JSON string. */
static bool holds(const struct ledger_entry *entry, const char *text)
{
    size_t length = strlen(text);
    const char *at = entry->text, *end = at + entry->length;
    while ((at = memmem(at, (size_t)(end - at), text, length))) {
        if (at > entry->text && at[-1] == '"' && at + length < end && at[length] == '"')
            return true;
        at++;
    }
    return false;
}

json_t *ledger_json(const struct ledger_entries *entries, uint32_t index, const char *text)
{
    const struct ledger_entry *entry = &entries->items[index];
    if (entry->is_readable && text && !holds(entry, text))
        return NULL;
    json_t *json = entry->is_readable ? json_loadb(entry->text, entry->length, 0, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    ledger_complain(entries, index);
    return NULL;
}
