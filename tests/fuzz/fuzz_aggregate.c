/*
 * fuzz_aggregate.c - any bytes as files of aggregates: they are merged, or it is said what is wrong
 * with them, and what they merge to is merged to itself.
 *
 * The input is files, each ended by a NUL, of rows without a checksum: the last row is added, so
 * that damage gets past it. A file that begins with '!' is taken as it is, without that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/files/durable.h"
#include "tools/ffreplay/aggregate/aggregate_file.h"
#include "tools/ffreplay/aggregate/merge_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_FILES 4

static char folder[] = "/tmp/fuzz-aggregate-XXXXXX";
static char paths[MOST_FILES + 2][sizeof folder + 16];

static void remove_folder(void)
{
    for (int i = 0; i < MOST_FILES + 2; i++)
        unlink(paths[i]);
    rmdir(folder);
}

static void make_folder(void)
{
    if (*paths[0] || !mkdtemp(folder))
        return;
    for (int i = 0; i < MOST_FILES + 2; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%d.agg", folder, i);
    atexit(remove_folder);
}

/* Rows that can be parsed are written as they would be, and get their end. */
static void write_rows(const char *path, const char *text, size_t length)
{
    struct aggregate_writer writer;
    struct buffer error = {0};
    if (!aggregate_create(&writer, path, &error)) {
        buffer_release(&error);
        return;
    }
    for (const char *at = text, *end = text + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        json_t *row = json_loadb(at, (size_t)(stop - at), JSON_REJECT_DUPLICATES, NULL);
        const char *key = json_string_value(json_object_get(row, "key"));
        char *copy = key ? strdup(key) : NULL;
        json_object_del(row, "key");
        if (copy)
            (void)aggregate_put(&writer, copy, row, &error);
        free(copy);
        json_decref(row);
        at = stop + 1;
    }
    (void)aggregate_finish(&writer, &error);
    buffer_release(&error);
}

static void write_as_it_is(const char *path, const char *text, size_t length)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0) {
        write_all(fd, text, length);
        close(fd);
    }
}

static uint32_t write_files(const char *data, size_t size)
{
    const char *at = data, *end = data + size;
    uint32_t count = 0;
    for (; at < end && count < MOST_FILES; count++) {
        const char *stop = memchr(at, 0, (size_t)(end - at));
        if (!stop)
            stop = end;
        if (*at == '!')
            write_as_it_is(paths[count], at + 1, (size_t)(stop - at) - 1);
        else
            write_rows(paths[count], at, (size_t)(stop - at));
        at = stop + 1;
    }
    return count;
}

static bool same_files(const char *a, const char *b)
{
    FILE *first = fopen(a, "r"), *second = fopen(b, "r");
    int x = 0, y = 0;
    while (first && second && x == y && x != EOF) {
        x = getc(first);
        y = getc(second);
    }
    if (first)
        fclose(first);
    if (second)
        fclose(second);
    return first && second && x == y;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer error = {0};
    make_folder();
    uint32_t count = write_files((const char *)data, size);
    const char *all[MOST_FILES];
    for (uint32_t i = 0; i < count; i++)
        all[i] = paths[count - 1 - i];
    const char *merged = paths[MOST_FILES], *again = paths[MOST_FILES + 1];
    if (count > 0 && merge_files(all, count, SAME_INPUT_COUNTED, merged, &error)) {
        if (!merge_files(&merged, 1, SAME_INPUT_REFUSED, again, &error) ||
            !same_files(merged, again))
            abort();
        for (uint32_t i = 0; i < count; i++)
            all[i] = paths[i];
        if (!merge_files(all, count, SAME_INPUT_COUNTED, again, &error) ||
            !same_files(merged, again))
            abort();
    } else if (count > 0 && error.length == 0) {
        abort();
    }
    buffer_release(&error);
    return 0;
}
