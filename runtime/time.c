/* SPDX-License-Identifier: Apache-2.0 */
/* time.c - converts RFC 3339 to milliseconds since the epoch. */
#include "bytes.h"
#include "values.h"

static bool read_digits(const char **at, const char *end, unsigned count, int *value)
{
    int read = 0;
    for (unsigned i = 0; i < count; i++, (*at)++) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        read = read * 10 + (**at - '0');
    }
    *value = read;
    return true;
}

static bool read_character(const char **at, const char *end, char wanted)
{
    if (*at == end || fold_ascii(**at) != wanted)
        return false;
    (*at)++;
    return true;
}

/* Days since the epoch in the proleptic Gregorian calendar, with years that begin in March. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool read_fraction(const char **at, const char *end, int *ms)
{
    *ms = 0;
    if (*at == end || **at != '.')
        return true;
    const char *start = ++*at;
    for (int unit = 100; *at < end && **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        *ms += (**at - '0') * unit;
    return *at > start;
}

static bool read_offset(const char **at, const char *end, int *minutes)
{
    *minutes = 0;
    if (read_character(at, end, 'z'))
        return true;
    int sign = read_character(at, end, '-') ? -1 : 1;
    if (sign > 0 && !read_character(at, end, '+'))
        return false;
    int hour, minute;
    if (!read_digits(at, end, 2, &hour) || !read_character(at, end, ':') ||
        !read_digits(at, end, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool runtime_parse_time(const char *text, size_t length, int64_t *ms)
{
    const char *at = text, *end = text + length;
    int year, month, day, hour, minute, second, fraction, offset;
    if (!read_digits(&at, end, 4, &year) || !read_character(&at, end, '-') ||
        !read_digits(&at, end, 2, &month) || !read_character(&at, end, '-') ||
        !read_digits(&at, end, 2, &day) || !read_character(&at, end, 't') ||
        !read_digits(&at, end, 2, &hour) || !read_character(&at, end, ':') ||
        !read_digits(&at, end, 2, &minute) || !read_character(&at, end, ':') ||
        !read_digits(&at, end, 2, &second) || !read_fraction(&at, end, &fraction) ||
        !read_offset(&at, end, &offset) || at != end)
        return false;
    /* A leap second is read as the following second, as POSIX clocks count. */
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    int64_t minutes = days_from_date(year, month, day) * 1440 + hour * 60 + minute - offset;
    *ms = (minutes * 60 + second) * 1000 + fraction;
    return true;
}
