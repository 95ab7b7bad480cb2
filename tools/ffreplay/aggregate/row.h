/*
 * row.h - the fields of an aggregate's row: written from what they count, and read back.
 *
 * A row is a JSON object. Counts and times are integers, everything else that is a number is a
 * decimal string. What is zero, empty or unknown is left out, so that equal aggregates are equal
 * bytes. merge_rows.h says how two rows become one.
 */
#ifndef FFREPLAY_AGGREGATE_ROW_H
#define FFREPLAY_AGGREGATE_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/statistics/exact_sum.h"
#include "compiler/statistics/sketch.h"
#include "compiler/statistics/slices.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/logs/unit_set.h"
#include "tools/ffreplay/replay/traffic.h"

/* More is no count of anything, and up to so many files can be added up without a thought. */
#define MOST_COUNTED (INT64_C(1) << 53)

/* ----------------------------------------------------------------------------------- writing -- */

void row_put_count(json_t *row, const char *field, uint64_t count);
/* INT64_MIN and INT64_MAX are none. */
void row_put_time(json_t *row, const char *field, int64_t time);
/* That it is so; nothing where it is not. */
void row_put_truth(json_t *row, const char *field, bool truth);
void row_put_text(json_t *row, const char *field, const char *text);
/* The shortest decimal that reads back as the same; of what is finite. */
void row_put_number(json_t *row, const char *field, double number);
void row_put_sum(json_t *row, const char *field, const struct exact_sum *sum);
/* Of up to 126 bits; nothing for 0. */
void row_put_wide(json_t *row, const char *field, __int128 number);
void row_put_digest(json_t *row, const char *field, const struct input_digest *digest);
void row_put_sketch(json_t *row, const char *field, const struct sketch *sketch);
void row_put_slices(json_t *row, const char *field, const struct slices *slices);
void row_put_traffic(json_t *row, const char *field, const struct traffic *traffic);
/* A row within the row, of which the reference is taken; nothing where that is empty. */
void row_put_row(json_t *row, const char *field, json_t *inner);

/* ----------------------------------------------------------------------------------- reading -- */

/*
 * Reads what the functions above have put, and remembers what is wrong first. A field that is not
 * there is zero, INT64_MIN, false, NULL or empty.
 */
struct row_reader {
    const json_t *row; /* NULL: empty */
    size_t known;      /* fields that were asked for, and are there */
    char *fault;       /* ROW_FAULT bytes that the readers of inner rows share; empty: none */
};
#define ROW_FAULT 200

struct row_reader row_reader(const json_t *row, char fault[ROW_FAULT]);
bool row_is_sound(const struct row_reader *reader);
void row_fault(struct row_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* That there are no other fields than those that were asked for. Returns row_is_sound(). */
bool row_end(struct row_reader *reader);

bool row_has(const struct row_reader *reader, const char *field);
uint64_t row_count(struct row_reader *reader, const char *field);
/* `none` where it is not there. */
int64_t row_time(struct row_reader *reader, const char *field, int64_t none);
/* Of slots; 0: there is none. At most INT64_MAX / 4. */
int64_t row_width(struct row_reader *reader, const char *field);
bool row_truth(struct row_reader *reader, const char *field);
const char *row_text(struct row_reader *reader, const char *field);
double row_number(struct row_reader *reader, const char *field);
/* Each into one that is empty. */
void row_sum(struct row_reader *reader, const char *field, struct exact_sum *sum);
__int128 row_wide(struct row_reader *reader, const char *field);
void row_digest(struct row_reader *reader, const char *field, struct input_digest *digest);
void row_sketch(struct row_reader *reader, const char *field, struct sketch *sketch);
void row_slices(struct row_reader *reader, const char *field, struct slices *slices);
void row_traffic(struct row_reader *reader, const char *field, struct traffic *traffic);
struct row_reader row_inner(struct row_reader *reader, const char *field);
/* The same of a row whose fields are what somebody called them: all are known. */
const json_t *row_named(struct row_reader *reader, const char *field);

/* A count, or a time, that is a field's value; false: it is none. Of times up to TIME_MOST,
 * sums and differences are computed without a thought. */
bool json_count(const json_t *value, uint64_t *count);
bool json_time(const json_t *value, int64_t *time);
/* The same of what row_put_wide() writes. */
bool json_wide(const json_t *value, __int128 *number);
bool wide_fits(__int128 number);
/* "-12", as snprintf() writes it. */
bool text_integer(const char *text, int64_t *number);

/* 32 hexadecimal digits, the high half first. */
#define UNIT_TEXT 33
void unit_text(struct unit_hash unit, char hex[UNIT_TEXT]);
bool unit_from_text(const char *hex, struct unit_hash *unit);

#endif
