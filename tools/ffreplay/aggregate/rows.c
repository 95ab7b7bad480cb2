/* rows.c - see rows.h. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

void key_add(struct buffer *key, const char *part)
{
    if (key->length > 0)
        buffer_append_text(key, "/");
    for (const unsigned char *at = (const unsigned char *)part; *at; at++)
        if (*at == '/' || *at == '%' || *at < ' ')
            buffer_format(key, "%%%02x", *at);
        else
            buffer_append(key, at, 1);
}

void key_of(struct buffer *key, size_t count, const char *const parts[])
{
    key->length = 0;
    for (size_t i = 0; i < count; i++)
        key_add(key, parts[i]);
}

void rows_add(struct rows *rows, const char *key, json_t *row)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 64;
        rows->items = xrealloc(rows->items, rows->capacity * sizeof *rows->items);
    }
    char *copy = strdup(key);
    if (!copy)
        out_of_memory();
    rows->items[rows->count++] = (struct keyed_row){copy, row};
}

static int by_key(const void *left, const void *right)
{
    return strcmp(((const struct keyed_row *)left)->key, ((const struct keyed_row *)right)->key);
}

void rows_sort(struct rows *rows)
{
    if (rows->count > 0)
        qsort(rows->items, rows->count, sizeof *rows->items, by_key);
}

const json_t *rows_find(const struct rows *rows, const char *key)
{
    const struct keyed_row wanted = {(char *)(uintptr_t)key, NULL};
    const struct keyed_row *found =
        rows->count == 0 ? NULL
                         : bsearch(&wanted, rows->items, rows->count, sizeof *rows->items, by_key);
    return found ? found->row : NULL;
}

size_t rows_begin(const struct rows *rows, const char *key)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(rows->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void rows_release(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].key);
        json_decref(rows->items[i].row);
    }
    free(rows->items);
    *rows = (struct rows){0};
}
