/* calendar.c - see calendar.h. */
#include "calendar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool two_digits(const char **at, int least, int most, int *value)
{
    if (!is_digit((*at)[0]) || !is_digit((*at)[1]))
        return false;
    *value = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
    *at += 2;
    return *value >= least && *value <= most;
}

static bool one_of(const char **at, const char *set)
{
    return **at && strchr(set, *(*at)++);
}

int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool time_can_be_written(int64_t ms)
{
    return ms >= TIME_FIRST && ms <= TIME_LAST;
}

bool parse_time(const char *text, int64_t *ms)
{
    const char *at = text;
    int century, year, month, day, hour, minute, second, millisecond = 0;
    if (!two_digits(&at, 0, 99, &century) || !two_digits(&at, 0, 99, &year) || !one_of(&at, "-") ||
        !two_digits(&at, 1, 12, &month) || !one_of(&at, "-") || !two_digits(&at, 1, 31, &day))
        return false;
    year += century * 100;
    if (day > days_in_month(year, month) || !one_of(&at, "Tt ") || !two_digits(&at, 0, 23, &hour) ||
        !one_of(&at, ":") || !two_digits(&at, 0, 59, &minute) || !one_of(&at, ":") ||
        !two_digits(&at, 0, 60, &second))
        return false;
    if (*at == '.') {
        if (!is_digit(*++at))
            return false;
        for (int unit = 100; is_digit(*at); at++, unit /= 10)
            millisecond += unit * (*at - '0');
    }
    int offset = 0;
    if (*at == '+' || *at == '-') {
        int sign = *at++ == '-' ? -1 : 1, hours, minutes;
        if (!two_digits(&at, 0, 23, &hours) || !one_of(&at, ":") ||
            !two_digits(&at, 0, 59, &minutes))
            return false;
        offset = sign * (hours * 60 + minutes);
    } else if (!one_of(&at, "Zz")) {
        return false;
    }
    if (*at)
        return false;
    int64_t minutes = days_from_date(year, month, day) * 1440 + hour * 60 + minute - offset;
    *ms = (minutes * 60 + second) * 1000 + millisecond;
    return time_can_be_written(*ms);
}

void format_time(int64_t ms, char *out, size_t size)
{
    if (!time_can_be_written(ms)) {
        snprintf(out, size, "%s", ms < 0 ? "before the year 1" : "after the year 9999");
        return;
    }
    int64_t days = ms / 86400000 - (ms % 86400000 < 0);
    int64_t rest = ms - days * 86400000;
    /* The inverse of days_from_date(). */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t part = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * part + 2) / 5 + 1;
    int64_t month = part < 10 ? part + 3 : part - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    int written =
        snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month, (int)day,
                 (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60));
    if (written < 0 || (size_t)written >= size)
        return;
    if (rest % 1000)
        snprintf(out + written, size - (size_t)written, ".%03dZ", (int)(rest % 1000));
    else
        snprintf(out + written, size - (size_t)written, "Z");
}
