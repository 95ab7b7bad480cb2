/* log_time.c - see log_time.h. */
#include "log_time.h"

#include <string.h>

#include "compiler/base/calendar.h"
#include "digits.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `count` digits as a number, or a negative number. */
static int digits_at(const char *text, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(text[i]))
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* "Z", "+01:00", and ISO 8601's "+0100" and "+01", which strftime's %z, Java and Postgres write. */
static bool parse_offset(const char *text, size_t length, int64_t *ms)
{
    if (length == 1 && (text[0] == 'Z' || text[0] == 'z')) {
        *ms = 0;
        return true;
    }
    bool has_colon = length == 6 && text[3] == ':';
    if ((!has_colon && length != 5 && length != 3) || (text[0] != '+' && text[0] != '-'))
        return false;
    int hours = digits_at(text + 1, 2);
    int minutes = length == 3 ? 0 : digits_at(text + length - 2, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ms = (hours * 60 + minutes) * INT64_C(60000);
    if (text[0] == '-')
        *ms = -*ms;
    return true;
}

/* Nothing, where the zone says what is meant. */
static bool parse_rest(const char *text, size_t length, struct time_zone zone, int64_t *ms)
{
    if (length > 0 || !zone.given)
        return parse_offset(text, length, ms);
    *ms = zone.seconds * INT64_C(1000);
    return true;
}

static bool parse_rfc3339(const char *text, size_t length, struct time_zone zone, int64_t *ms)
{
    if (length < 19 || text[4] != '-' || text[7] != '-' || !memchr("Tt ", text[10], 3) ||
        text[13] != ':' || text[16] != ':')
        return false;
    int year = digits_at(text, 4), month = digits_at(text + 5, 2), day = digits_at(text + 8, 2);
    int hour = digits_at(text + 11, 2), minute = digits_at(text + 14, 2);
    int second = digits_at(text + 17, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    size_t at = 19;
    int64_t fraction = 0;
    if (at < length && (text[at] == '.' || text[at] == ',')) {
        int64_t weight = 100;
        size_t begin = ++at;
        for (; at < length && is_digit(text[at]); at++, weight /= 10)
            fraction += (text[at] - '0') * weight;
        if (at == begin)
            return false;
    }
    int64_t offset;
    if (!parse_rest(text + at, length - at, zone, &offset))
        return false;
    int64_t days = days_from_date(year, month, day);
    *ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction - offset;
    return true;
}

/* "17/May/2015:10:05:03 +0000", as in access logs. */
static bool parse_clf_time(const char *text, size_t length, int64_t *ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (length != 26 || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':' ||
        text[17] != ':' || text[20] != ' ')
        return false;
    int month = 0;
    while (month < 12 && memcmp(months + month * 3, text + 3, 3) != 0)
        month++;
    int day = digits_at(text, 2), year = digits_at(text + 7, 4);
    int hour = digits_at(text + 12, 2), minute = digits_at(text + 15, 2);
    int second = digits_at(text + 18, 2);
    if (month == 12 || year < 0 || day < 1 || day > days_in_month(year, month + 1) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    char offset[] = {text[21], text[22], text[23], ':', text[24], text[25]};
    int64_t east;
    if (!parse_offset(offset, sizeof offset, &east))
        return false;
    int64_t days = days_from_date(year, month + 1, day);
    *ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 - east;
    return true;
}

/* Less is a number of days since 1899, or no time at all. */
#define FEWEST_SECONDS UINT64_C(100000)

static enum time_unit unit_by_size(uint64_t whole)
{
    if (whole < UINT64_C(100000000000))
        return TIME_SECONDS;
    if (whole < UINT64_C(100000000000000))
        return TIME_MILLISECONDS;
    return whole < UINT64_C(100000000000000000) ? TIME_MICROSECONDS : TIME_NANOSECONDS;
}

/* "1763632800.123": exact, which a double would not be for nanoseconds. */
static bool parse_numeric_time(const char *text, size_t length, enum time_unit unit, int64_t *ms)
{
    uint64_t whole = 0, thousandths = 0;
    size_t at = 0;
    /* Milliseconds, as in most logs, have thirteen digits. */
    if (length == 13) {
        uint64_t upper = digits_load(text, 8), lower = digits_load(text + 8, 5);
        if (digits_are(upper) && digits_are(lower)) {
            whole = (uint64_t)digits_value(upper) * 100000 + digits_value(lower);
            at = length;
        }
    }
    for (; at < length && is_digit(text[at]); at++) {
        if (at >= 19)
            return false;
        whole = whole * 10 + (uint64_t)(text[at] - '0');
    }
    if (at == 0)
        return false;
    if (at < length && text[at] == '.') {
        uint64_t weight = 100;
        for (at++; at < length && is_digit(text[at]); at++, weight /= 10)
            thousandths += (uint64_t)(text[at] - '0') * weight;
    }
    if (at < length) {
        double number;
        if (!number_from_text(text, length, &number) || number < 0 || number > 9.2e18)
            return false;
        whole = (uint64_t)number;
        thousandths = (uint64_t)((number - (double)whole) * 1000);
    }
    if (unit == TIME_AUTO && whole < FEWEST_SECONDS)
        return false;
    switch (unit == TIME_AUTO ? unit_by_size(whole) : unit) {
    case TIME_SECONDS:
        if (whole > INT64_MAX / 1000 - 1)
            return false;
        whole = whole * 1000 + thousandths;
        break;
    case TIME_MICROSECONDS:
        whole /= 1000;
        break;
    case TIME_NANOSECONDS:
        whole /= 1000000;
        break;
    case TIME_MILLISECONDS:
    case TIME_AUTO: /* decided before */
        break;
    }
    *ms = (int64_t)whole;
    return whole <= TIME_MOST;
}

bool value_time(const struct value *value, enum time_unit unit, int64_t *ms)
{
    return value_local_time(value, unit, (struct time_zone){0}, ms);
}

bool value_local_time(const struct value *value, enum time_unit unit, struct time_zone zone,
                      int64_t *ms)
{
    if (value->kind != VALUE_NUMBER && value->kind != VALUE_STRING)
        return false;
    if (value->kind == VALUE_STRING && (parse_rfc3339(value->text, value->length, zone, ms) ||
                                        parse_clf_time(value->text, value->length, ms)))
        return true;
    return parse_numeric_time(value->text, value->length, unit, ms);
}

/* -------------------------------------------------------------------------------- one by one -- */

#define MILLISECONDS_LENGTH 13 /* "1763632800123" */
#define SECOND_OF_NUMBER    10 /* "1763632800": all of it, or what precedes the milliseconds */
#define SECOND_OF_RFC3339   19
#define CLF_LENGTH          26 /* "17/May/2015:10:05:03 +0000", all of it */

static inline bool thousandths_at(const char *text, int64_t *ms)
{
    unsigned hundreds = (unsigned char)text[0] - '0', tens = (unsigned char)text[1] - '0',
             ones = (unsigned char)text[2] - '0';
    *ms = hundreds * 100 + tens * 10 + ones;
    return hundreds < 10 && tens < 10 && ones < 10;
}

/* "123" after a number's seconds; "Z", ".123Z" or nothing after RFC 3339's. */
static inline bool read_fraction(const struct value *value, uint32_t second, int64_t *ms)
{
    *ms = 0;
    if (second == CLF_LENGTH)
        return true;
    const char *text = value->text + second;
    size_t length = value->length - second;
    if (second == SECOND_OF_RFC3339 && length > 0) {
        if (text[length - 1] != 'Z' || (length != 1 && (length != 5 || text[0] != '.')))
            return false;
        text++;
        length = length == 1 ? 0 : 3;
    }
    return length == 0 || thousandths_at(text, ms);
}

/* Where the seconds end in a time, if read_fraction() can read what follows; otherwise 0. */
static uint32_t second_length(const struct value *value, enum time_unit unit)
{
    bool counts_ms = unit == TIME_AUTO || unit == TIME_MILLISECONDS;
    bool counts_seconds = unit == TIME_AUTO || unit == TIME_SECONDS;
    if (value->length == MILLISECONDS_LENGTH)
        return counts_ms ? SECOND_OF_NUMBER : 0;
    if (value->length == SECOND_OF_NUMBER)
        return counts_seconds ? SECOND_OF_NUMBER : 0;
    if (value->kind == VALUE_STRING && value->length == CLF_LENGTH && value->text[2] == '/')
        return CLF_LENGTH;
    return value->kind == VALUE_STRING && value->length >= SECOND_OF_RFC3339 ? SECOND_OF_RFC3339
                                                                             : 0;
}

/* Whether a time that was parsed has its seconds there, and reads the fraction. */
static bool has_second(const struct value *value, uint32_t length, int64_t *fraction)
{
    if (length == 0 || !read_fraction(value, length, fraction))
        return false;
    /* Without a leading zero, this many digits can only be milliseconds. */
    bool digits = value->text[0] != '0';
    for (uint32_t i = 0; i < length && length == SECOND_OF_NUMBER; i++)
        digits &= is_digit(value->text[i]);
    return digits || length == SECOND_OF_RFC3339 || length == CLF_LENGTH;
}

/* 8 to 32 bytes: compares them in words, which may overlap. */
static inline bool is_same_text(const char *a, const char *b, uint32_t length)
{
    return memcmp(a, b, 8) == 0 && memcmp(a + length - 8, b + length - 8, 8) == 0 &&
           (length <= 16 || memcmp(a + 8, b + 8, 8) == 0) &&
           (length <= 24 || memcmp(a + 16, b + 16, 8) == 0);
}

/* As long as the one before, of the same kind and second: so it is of the same form. */
static inline bool has_form_before(const struct times_read *times, const struct value *value)
{
    return value->length == times->whole && value->kind == times->kind && times->length > 0 &&
           is_same_text(value->text, times->text, times->length);
}

bool times_read(struct times_read *times, const struct value *value, int64_t *ms)
{
    int64_t fraction;
    if (has_form_before(times, value) && read_fraction(value, times->length, &fraction)) {
        *ms = times->ms + fraction;
        return true;
    }
    if (!value_local_time(value, times->unit, times->zone, ms))
        return false;
    uint32_t length = second_length(value, times->unit);
    times->length = 0;
    if (has_second(value, length, &fraction)) {
        memcpy(times->text, value->text, length);
        times->length = length;
        times->kind = value->kind;
        times->whole = value->length;
        times->ms = *ms - fraction;
    }
    return true;
}
