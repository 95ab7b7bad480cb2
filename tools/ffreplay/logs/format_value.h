/*
 * format_value.h - how far a value of a form reaches, and whether a text is one.
 *
 * The forms are those of format_string.h. Some have an end of their own, such as numbers and times.
 * The others are texts: they reach up to the literal text that follows them in the line's format,
 * wherever that is found first.
 */
#ifndef FFREPLAY_FORMAT_VALUE_H
#define FFREPLAY_FORMAT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/model/format_string.h"

/* Whether the form is a text's, which only what follows it ends. */
bool format_value_is_text(enum value_form as);

/* Of a text: whether it may contain the character, as such and not in an escape. */
bool format_value_has(enum value_form as, enum escape_mode escape, char c);

/*
 * Of a form with an end of its own: behind the longest value that begins here; NULL if none does.
 * "-" is a value of each but AS_HOST: somebody did ask. Nothing from `end` on is looked at.
 */
const char *format_value_end(const struct format_part *part, const char *text, const char *end);

/* Whether a text has what its form asks for beyond its characters. */
bool format_value_fits(enum value_form as, const char *text, const char *end);

/* A time by strftime's conversions, in parts; -1: not said. */
struct time_pieces {
    int year, month, day, day_of_year, hour, minute, second;
    int is_afternoon;  /* of a 12-hour clock */
    char offset[8];    /* "+01:00"; "": not said */
    char epoch[24];    /* seconds; "": not said */
    char fraction[12]; /* of a second, its digits */
};
extern const struct time_pieces no_time_pieces;

/*
 * Behind the time; NULL: it does not have that form. DIGITS_ALL: a number has all its digits, as
 * servers write it. DIGITS_ANY: it may lack the leading zero, as people do.
 */
enum time_digits { DIGITS_ALL, DIGITS_ANY };
const char *format_value_time(const char *conversions, enum time_digits digits, const char *text,
                              const char *end, struct time_pieces *pieces);

/* As RFC 3339 has it, without an offset where they say none; or as seconds; nothing if they are not
 * a time. Appends it. */
struct buffer;
void time_pieces_write(struct time_pieces *pieces, struct buffer *out);

#endif
