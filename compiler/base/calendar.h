/*
 * calendar.h - times as text, and the days that they are made of: in the proleptic Gregorian
 * calendar, exact and locale-free. A time is milliseconds since the epoch.
 */
#ifndef FFC_CALENDAR_H
#define FFC_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3339 with an offset; false when it is not that. */
bool parse_time(const char *text, int64_t *ms);
/* "2026-11-20T10:00:00Z", with a fraction only where there is one. 32 bytes suffice. */
void format_time(int64_t ms, char *out, size_t size);

/* Whether parse_time() reads what format_time() writes: the years 0001 to 9999. */
bool time_can_be_written(int64_t ms);

/* Since 1970-01-01. The month is 1 to 12. */
int64_t days_from_date(int year, int month, int day);
int days_in_month(int year, int month);

#endif
