/*
 * calendar.h - times as text, and dates: proleptic Gregorian, exact, and independent of the locale.
 * A time is milliseconds since the epoch.
 */
#ifndef FFC_CALENDAR_H
#define FFC_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The time now. */
int64_t clock_now(void);
/* Milliseconds since some time, whatever is done to the system's clock: for waiting. */
int64_t clock_steady(void);

/* The years 0001 to 9999, in UTC: those whose text can be read back. */
#define TIME_FIRST INT64_C(-62135596800000)
#define TIME_LAST  INT64_C(253402300799999)
/* Up to which a number is taken for a time, and down to its negative: so, nanoseconds that are read
 * as milliseconds are noticed until 2043, and a few of them are added without a thought. */
#define TIME_MOST (INT64_MAX / 4)
bool time_can_be_written(int64_t ms);

/* RFC 3339 with an offset; false when it is not that, or out of those years. */
bool parse_time(const char *text, int64_t *ms);
/*
 * "2026-11-20T10:00:00Z", with a fraction only if it is not zero. 32 bytes suffice. A time out of
 * range becomes words, for people: check before writing it to a file.
 */
void format_time(int64_t ms, char *out, size_t size);

/* Since 1970-01-01. The month is 1 to 12. */
int64_t days_from_date(int year, int month, int day);
int days_in_month(int year, int month);

#endif
