/* value.c - parses numbers in log text. See value.h. */
#include "value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"

#define LONGEST_NUMBER 320

const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* strtod, restricted to decimal notation: no hexadecimal, no "inf", no blanks. */
static bool parse_any_number(const char *text, size_t length, double *number)
{
    char copy[LONGEST_NUMBER + 1];
    if (length > LONGEST_NUMBER)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]) && !memchr("+-.eE", text[i], 5))
            return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end;
    *number = strtod(copy, &end);
    return length > 0 && *end == '\0' && isfinite(*number);
}

bool number_from_text(const char *text, size_t length, double *number)
{
    if (digits_number(text, length, number))
        return true;
    const char *at = text, *end = text + length;
    bool negative = at < end && *at == '-';
    at += negative;
    uint64_t digits = 0;
    const char *first = at;
    while (at < end && is_digit(*at))
        digits = digits * 10 + (uint64_t)(*at++ - '0');
    size_t digit_count = (size_t)(at - first), fraction = 0;
    if (at < end && *at == '.' && digit_count > 0) {
        const char *point = at++;
        while (at < end && is_digit(*at))
            digits = digits * 10 + (uint64_t)(*at++ - '0');
        fraction = (size_t)(at - point) - 1;
        digit_count += fraction;
        if (fraction == 0)
            return false;
    }
    /* Up to 15 digits and the power of ten are exact doubles, so one division rounds correctly. */
    if (at != end || digit_count == 0 || digit_count > 15)
        return parse_any_number(text, length, number);
    double magnitude = (double)digits / powers_of_ten[fraction];
    *number = negative ? -magnitude : magnitude;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Trims the blanks around it. */
static size_t trim(const char **text, size_t length)
{
    for (; length > 0 && is_blank(**text); length--)
        ++*text;
    while (length > 0 && is_blank((*text)[length - 1]))
        length--;
    return length;
}

bool value_number(const struct value *value, double *number)
{
    if (value->kind != VALUE_NUMBER && value->kind != VALUE_STRING)
        return false;
    const char *text = value->text;
    size_t length = trim(&text, value->length);
    return number_from_text(text, length, number);
}

bool value_is_nothing(const struct value *value)
{
    if (value->kind != VALUE_STRING)
        return value_is_absent(value);
    const char *text = value->text;
    size_t length = trim(&text, value->length);
    return length == 0 || (length == 1 && *text == '-');
}

size_t value_text_within(const struct value *value, size_t most)
{
    size_t length = value->length;
    if (length > most) {
        length = most;
        while (length > 0 && ((unsigned char)value->text[length] & 0xc0) == 0x80)
            length--;
    }
    return strnlen(value->text, length);
}

bool value_spells(const struct value *value, const char *text)
{
    return value_is_text(value) && strlen(text) == value->length &&
           memcmp(value->text, text, value->length) == 0;
}
