/*
 * unit_values.h - the values that units have in some fields of the lines that expose them, by
 * number: what an analysis is broken down by.
 */
#ifndef FFREPLAY_UNIT_VALUES_H
#define FFREPLAY_UNIT_VALUES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/logs/layout.h"

/* Those of a breakdown, and one that stratifies. */
#define UNIT_FIELDS_MOST 5

struct unit_fields {
    uint32_t count, shown; /* `shown`: of these, in a breakdown */
    struct {
        const char *name;
        const uint32_t *places; /* by log; NO_PLACE where it has none */
    } items[UNIT_FIELDS_MOST];
};

/* The place of a field as metrics call it, or of an attribute as the log's `context` does. */
uint32_t unit_field_place(struct layout *layout, const char *name);

/* Distinct values, numbered from 1 on as they come. */
#define UNIT_VALUES_MOST 100000
#define NO_VALUE         0 /* of a unit without one */
/* A value longer than that, in bytes, is cut. */
#define UNIT_VALUE_LONGEST 200

struct value_names {
    char **texts; /* the value's at its number - 1 */
    uint32_t count;
    uint32_t *slots; /* by hash: numbers; 0: free */
    uint32_t capacity;
    bool too_many; /* more than UNIT_VALUES_MOST; whether does not depend on their order */
};

/* The number of a text, which is new if need be; NO_VALUE: there would be too many. Cost: a hash
 * and a look-up. */
uint32_t value_names_number(struct value_names *names, const char *text, size_t length);
/* NULL of NO_VALUE. */
const char *value_names_text(const struct value_names *names, uint32_t number);

/* Those of all threads. */
struct shared_names {
    pthread_mutex_t lock;
    struct value_names names;
};
/* `count` of them, without a value. */
struct shared_names *shared_names_new(uint32_t count);
void shared_names_free(struct shared_names *names, uint32_t count);

/* Of two that a unit has at the same time, the one that stands, in whatever order they come: a
 * value before none, and of two the one that sorts first. */
uint32_t shared_names_first(struct shared_names *names, uint32_t a, uint32_t b);

/* Those that a thread has seen, and what their numbers are among all: so it waits for the others
 * only where a value is new to it. */
struct names_seen {
    struct value_names names;
    uint32_t *numbers; /* by their numbers here */
    uint32_t capacity;
};
/* The number, among all, of the value of a field of a line. */
uint32_t names_seen_take(struct names_seen *seen, struct shared_names *names,
                         const struct event *event, uint32_t place);
void names_seen_release(struct names_seen *seen);

#endif
