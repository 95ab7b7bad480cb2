/*
 * fuzz_ledger.c - any bytes as a ledger: `ffreplay history` finds its entries, their order, its
 * breaks and rollouts, or reports that they are damaged.
 *
 * The input is the files of `ledger/`, each ended by a NUL: a line with the file's name, and its
 * text. The name `=` stands for the name that matches the text, so that valid entries are found as
 * well; the name `-` is the old ledger.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/files/durable.h"
#include "tools/ffreplay/commands/history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_FILES 64

static char folder[] = "/tmp/fuzz-ledger-XXXXXX";

static void remove_folder(void)
{
    char path[sizeof folder + sizeof "/" LEDGER_FOLDER];
    snprintf(path, sizeof path, "%s/" LEDGER_FOLDER, folder);
    rmdir(path);
    rmdir(folder);
}

static int open_folder(void)
{
    static int directory = -1;
    if (directory < 0 && mkdtemp(folder)) {
        directory = open(folder, O_RDONLY | O_DIRECTORY);
        mkdirat(directory, LEDGER_FOLDER, 0777);
        atexit(remove_folder);
    }
    return directory;
}

/* ------------------------------------------------------------------------------------- files -- */

struct file {
    char name[256];
    const char *text;
    size_t length;
};

static void name_file(struct file *file, const char *name, size_t length, uint32_t number)
{
    char hash[LEDGER_HASH];
    if (length == 1 && *name == '-') {
        snprintf(file->name, sizeof file->name, LEDGER_OLD);
    } else if (length == 1 && *name == '=') {
        ledger_hash(file->text, file->length, hash);
        snprintf(file->name, sizeof file->name, LEDGER_FOLDER "/20261120T1000%02uZ-%.12s.json",
                 number % 60, hash);
    } else {
        snprintf(file->name, sizeof file->name, LEDGER_FOLDER "/%.*s",
                 (int)(length < 100 ? length : 100), name);
        for (char *at = file->name + sizeof LEDGER_FOLDER; *at; at++)
            if (*at == '/')
                *at = '_';
    }
}

static uint32_t cut_files(const uint8_t *data, size_t size, struct file *files)
{
    const char *at = (const char *)data, *end = at + size;
    uint32_t count = 0;
    while (at < end && count < MOST_FILES) {
        const char *last = memchr(at, 0, (size_t)(end - at));
        if (!last)
            last = end;
        const char *newline = memchr(at, '\n', (size_t)(last - at));
        if (newline) {
            files[count].text = newline + 1;
            files[count].length = (size_t)(last - newline - 1);
            name_file(&files[count], at, (size_t)(newline - at), count);
            count++;
        }
        at = last + 1;
    }
    return count;
}

static void write_file(int directory, const struct file *file)
{
    int fd = openat(directory, file->name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0) {
        write_all(fd, file->text, file->length);
        close(fd);
    }
}

/* ----------------------------------------------------------------------------------- history -- */

static void write_all_pages(struct arena *arena, struct recorded *records, size_t count)
{
    struct buffer out = {0};
    const struct page page = {.arena = arena, .out = &out, .width = 80};
    struct rollouts_wish wish = {.most = 8};
    for (size_t i = 0; i < count; i++) {
        history_write_record(&page, records, count, i);
        record_is_about(&records[i], "a", "production");
    }
    history_write_rollouts(&page, records, count, &wish);
    wish.json = true;
    history_write_rollouts(&page, records, count, &wish);
    buffer_release(&out);
}

/* Whether each entry comes after all those it follows, except in a cycle. */
static void check_order(const struct ledger_entries *entries, const struct ledger_breaks *breaks)
{
    for (uint32_t i = 0; i < entries->count; i++)
        for (uint32_t p = 0; p < entries->items[i].parent_count; p++)
            if (entries->items[i].parent_places[p] != UINT32_MAX &&
                entries->items[i].parent_places[p] >= i && breaks->count == 0)
                abort();
}

static void read_ledger(const struct ledger_entries *entries)
{
    struct arena arena = {0};
    struct ledger_breaks breaks;
    struct recorded *records = ARENA_ARRAY(&arena, struct recorded, entries->count + 1);
    struct recorded *shown = ARENA_ARRAY(&arena, struct recorded, entries->count + 1);
    size_t count = 0;
    for (uint32_t i = 0; i < entries->count; i++) {
        json_t *json = ledger_json(entries, i, NULL);
        if (json && record_parse(&records[i], json)) {
            shown[count++] = records[i];
            continue;
        }
        json_decref(json);
        records[i] = (struct recorded){0};
    }
    history_verify(entries, records, &arena, &breaks);
    check_order(entries, &breaks);
    write_all_pages(&arena, shown, count);
    for (size_t i = 0; i < count; i++)
        json_decref((json_t *)(uintptr_t)shown[i].json);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct file files[MOST_FILES];
    struct ledger_entries entries;
    struct buffer error = {0};
    int directory = open_folder();
    uint32_t count = cut_files(data, size, files);
    for (uint32_t i = 0; i < count; i++)
        write_file(directory, &files[i]);
    if (ledger_read(folder, &entries, &error)) {
        read_ledger(&entries);
        ledger_release(&entries);
    }
    for (uint32_t i = 0; i < count; i++)
        unlinkat(directory, files[i].name, 0);
    buffer_release(&error);
    return 0;
}
