/*
 * zone.h - local time: how far it is ahead of UTC, and when that changes.
 *
 * A named zone is read from the system's time zone database and kept as the changes of a fixed
 * range of years, so that what is compiled from it depends on the database and nothing else. After
 * the last change its offset stays.
 */
#ifndef FFC_ZONE_H
#define FFC_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buffer;

/* Changes from 2000-01-01 on, before 2100-01-01, UTC, in milliseconds. */
#define ZONE_FIRST INT64_C(946684800000)
#define ZONE_LAST  INT64_C(4102444800000)

struct zone_change {
    int64_t at; /* milliseconds */
    int32_t offset;
};
struct zone {
    const char *name; /* an IANA name; NULL: a fixed offset */
    int32_t offset;   /* seconds ahead of UTC, before the first change */
    struct zone_change *changes;
    uint32_t change_count;
};

/* "+01:00", "-03:30", "Z", to seconds: from -12:00 to +14:00, which no place is beyond. */
bool parse_offset(const char *text, int32_t *seconds);
/* The same as a regular expression of JSON Schema, and in words for a `help:`. */
#define OFFSET_PATTERN \
    "^(Z|[+](0[0-9]|1[0-3]):[0-5][0-9]|[+]14:00|-(0[0-9]|1[01]):[0-5][0-9]|-12:00)$"
#define OFFSET_HELP "offsets are written +01:00, -03:30 or Z, from -12:00 to +14:00"
/* The inverse; "UTC" for zero. 16 bytes suffice. */
void format_offset(int32_t seconds, char *out, size_t size);
/* "09:00", "24:00", to minutes. */
bool parse_time_of_day(const char *text, uint32_t *minutes);

/* Where the database is: $TZDIR, or /usr/share/zoneinfo. */
const char *zone_directory(void);
/* Reads a zone of the database. False: there is none of that name, or, if *error says something,
 * it cannot be used. */
bool zone_load(struct arena *arena, const char *name, struct zone *zone, struct buffer *error);
/* All names of the database, for suggestions. */
const char **zone_names(struct arena *arena, uint32_t *count);

int32_t zone_offset(const struct zone *zone, int64_t ms);
/* Milliseconds since the epoch, to minutes since a Monday 00:00, local time: 0 to 10079. */
uint32_t zone_minute_of_week(const struct zone *zone, int64_t ms);

#endif
