/*
 * reading.h - values that a log writes in its own way: what a definition says that they are.
 *
 * Each has a place of its own, the first ones of a layout, and is made of what a parser found at
 * other places. A log that needs none pays nothing.
 */
#ifndef FFREPLAY_READING_H
#define FFREPLAY_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/log.h"
#include "value.h"

struct buffer;
#define READING_TEXTS 2

struct reading {
    const struct log_field *field; /* NULL: of the time */
    uint32_t from, rest;           /* places; `rest`: of what follows a time's text; or NO_PLACE */
    bool is_used;
};

/* A field's number and value, of what is logged. Durations come out in the field's unit, and every
 * number is scaled. A value is the entry, where the field is one of a list. */
enum number_state reading_number(const struct log *log, const struct log_field *field,
                                 const struct value *logged, double *number, struct value *value);

/* A time in its log's form, as RFC 3339 or a number, in READING_TEXTS buffers; VALUE_OTHER: it is
 * none. `rest` may be NULL. */
void reading_time(const struct log *log, const struct value *from, const struct value *rest,
                  struct buffer *texts, struct value *time);

/*
 * The form that would read a time that nothing reads, for `time: {format: …}`; NULL: none is known.
 * `other`: one that would read it, too, where a day may be a month.
 */
const char *reading_guess(const char *text, size_t length, const char **other);

#endif
