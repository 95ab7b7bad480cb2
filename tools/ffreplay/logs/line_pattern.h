/*
 * line_pattern.h - lines that look like the one before, read without a JSON parser.
 *
 * One piece of code writes a service's lines, so they have the same keys in the same order. A
 * pattern is learnt from an object of strings, numbers, booleans and nulls, and of objects of such.
 * A line is compared with it key by key, which also finds its values; the brackets of the objects
 * are part of what is compared. Anything that does not match exactly (an escape, a space, a byte
 * beyond ASCII, a truncated line) is left to the parser, which decides what a line is: on lines
 * that are read here, both give the same values.
 */
#ifndef FFREPLAY_LINE_PATTERN_H
#define FFREPLAY_LINE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "value.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PATTERN_STEPS 64
#define PATTERN_LEAD  56 /* bytes; less than LINE_PADDING, which may be read after a line */
#define PATTERN_SKIPS UINT32_MAX

struct line_pattern {
    uint32_t count; /* 0: nothing learnt */
    struct pattern_step {
        char lead[PATTERN_LEAD]; /* `,"name":`, `,"name":"`, `},"in":{"name":"`; then zeros */
        enum pattern_value { PATTERN_STRING, PATTERN_NUMBER, PATTERN_WORD } kind; /* when learnt */
        uint32_t mask, more;    /* of its first bytes, and the next, as scan.h has them */
        uint32_t length, field; /* PATTERN_SKIPS: nobody wants the value */
    } steps[PATTERN_STEPS];
    char tail[PATTERN_LEAD]; /* `}`, or what else follows the last value */
    uint32_t tail_length;
};

/* Which field wants the value of this key, behind those of the objects that it is in, with dots;
 * PATTERN_SKIPS: none. */
typedef uint32_t line_pattern_field_of(const void *user, const char *path, size_t length);

/*
 * Of either function's line, the byte after it is a control character, a line end or zero, which
 * ends whatever is looked for; LINE_PADDING bytes more can be read.
 */

/* From a line that the parser took. False: it has no pattern that could be told. */
bool line_pattern_learn(struct line_pattern *pattern, const char *line, size_t length,
                        line_pattern_field_of *field_of, const void *user);

/*
 * Sets the values of a line's fields, and no others. Returns the line's length, which is found on
 * the way. 0: it does not have the pattern, and values may be set all the same. Cost: some 4 ns a
 * key; half of that where lines are read side by side.
 */
size_t line_pattern_read(const struct line_pattern *pattern, const char *line,
                         struct value *values);
void line_pattern_read_abreast(const struct line_pattern *pattern,
                               const char *const lines[LINES_ABREAST],
                               struct value *const values[LINES_ABREAST],
                               size_t lengths[LINES_ABREAST]);

#ifdef __cplusplus
}
#endif
#endif
