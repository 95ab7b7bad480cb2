/*
 * rows.h - rows of aggregates in memory, by key: all but those of units, which may be any number.
 */
#ifndef FFREPLAY_AGGREGATE_ROWS_H
#define FFREPLAY_AGGREGATE_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"

struct keyed_row {
    char *key;
    json_t *row;
};

struct rows {
    struct keyed_row *items;
    size_t count, capacity;
};

/* A key of parts, "canary/checkout/metric/error_rate": the part is appended after a "/", and what
 * would be one within it is escaped. The first begins the key. */
void key_add(struct buffer *key, const char *part);
/* A key of so many parts. */
void key_of(struct buffer *key, size_t count, const char *const parts[]);
#define KEY(key, ...)                                                                \
    key_of((key), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), \
           (const char *const[]){__VA_ARGS__})

/* Takes the reference. */
void rows_add(struct rows *rows, const char *key, json_t *row);
/* By key, as bytes: before one is looked for. */
void rows_sort(struct rows *rows);
/* NULL: there is none. */
const json_t *rows_find(const struct rows *rows, const char *key);
/* The place of the first key that is not before this one. */
size_t rows_begin(const struct rows *rows, const char *key);
void rows_release(struct rows *rows);

#endif
