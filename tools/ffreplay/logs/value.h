/*
 * value.h - the value of one field of one log line.
 *
 * Values are borrowed: their text points into the line, or into the parser's scratch memory, and is
 * good until the next line is parsed. Numbers stay text until somebody needs the number, so that a
 * unit or a nanosecond time loses no digit.
 */
#ifndef FFREPLAY_VALUE_H
#define FFREPLAY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum value_kind {
    VALUE_ABSENT, /* also what the log writes for "nothing": "-" */
    VALUE_NULL,   /* of JSON: as good as absent, unless it is asked for */
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_BOOLEAN,
    VALUE_LIST, /* of strings */
    VALUE_OTHER /* an object, or a list of other things: present, and equal to nothing */
                /* `items` of a list of numbers, or of numbers and strings, are their texts; of all
                 * else NULL, and the length is 0 */
};

struct value {
    enum value_kind kind;
    bool boolean;
    uint32_t length;          /* of the text, or of the list */
    const char *text;         /* of a number as it was written; not NUL-terminated */
    const char *const *items; /* NUL-terminated */
};

enum number_state {
    NUMBER_ABSENT,
    NUMBER_GIVEN,
    NUMBER_UNREADABLE /* there is a value, and it is no number: it spoils what needs one */
};

/* It is not there, or null. */
static inline bool value_is_absent(const struct value *value)
{
    return value->kind <= VALUE_NULL;
}

/*
 * A finite decimal number, whole text, correctly rounded; false for anything else, "NaN" and "inf"
 * included. Cost: a few nanoseconds for up to 15 digits.
 */
bool number_from_text(const char *text, size_t length, double *number);

/* The number of a number, or of a string that spells one, with or without blanks around it. */
bool value_number(const struct value *value, double *number);

/* Whether it is how a log writes "nothing": absent, null, blank or "-". */
bool value_is_nothing(const struct value *value);

/* Whether it identifies something, a unit or an event: a string or a number. An empty string does
 * not: lines that have it have nothing in common. */
static inline bool value_identifies(const struct value *value)
{
    return value->kind == VALUE_NUMBER || (value->kind == VALUE_STRING && value->length > 0);
}

/* Whether it is a string, a number or a boolean: what has a text. */
static inline bool value_is_text(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_BOOLEAN ||
           value->kind == VALUE_NUMBER;
}
/* How much of that text, in bytes, is shown where it names something: up to a zero byte, and at
 * most so many, in whole characters. */
size_t value_text_within(const struct value *value, size_t most);
/* Whether that text is this one. */
bool value_spells(const struct value *value, const char *text);

/* A text that many values are compared with: costs a few instructions where it is short. */
struct spelling {
    const char *text; /* NULL: no value has it */
    size_t length;
    uint64_t head;
};
static inline struct spelling spelling_of(const char *text);
static inline bool value_has_spelling(const struct value *value, const struct spelling *spelling);

/* The first bytes, up to eight; those of texts of the same length differ as the bytes do. */
static inline uint64_t spelling_head(const char *text, size_t length)
{
    uint64_t head = 0;
    if (length >= sizeof head) {
        memcpy(&head, text, sizeof head);
    } else if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - sizeof last, sizeof last);
        head = (uint64_t)last << 32 | first;
    } else if (length > 0) {
        head = (uint64_t)(unsigned char)text[0] | (uint64_t)(unsigned char)text[length / 2] << 8 |
               (uint64_t)(unsigned char)text[length - 1] << 16;
    }
    return head;
}

static inline struct spelling spelling_of(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    return (struct spelling){text, length, spelling_head(text, length)};
}

static inline bool value_has_spelling(const struct value *value, const struct spelling *spelling)
{
    size_t length = value->length;
    if (length != spelling->length || !spelling->text || !value_is_text(value) ||
        spelling_head(value->text, length) != spelling->head)
        return false;
    return length <= 8 || memcmp(value->text + 8, spelling->text + 8, length - 8) == 0;
}

#ifdef __cplusplus
}
#endif
#endif
