/*
 * line_pattern.h - lines that look like the one before, read without a JSON parser.
 *
 * One piece of code writes a service's lines, so they have the same keys in the same order. A
 * pattern is learnt from an object of strings, numbers, booleans and nulls, and of objects of such.
 * A line is compared with it key by key, which also finds its values; the brackets of the objects
 * are part of what is compared. Anything that does not match exactly (an escape, a space, a byte
 * beyond ASCII, a truncated line) is left to the parser, which decides what a line is: on lines
 * that are read here, both give the same values.
 *
 * Where a value is the same in all lines, it can be part of what is compared, too: a pattern is
 * made firm with what lines that were watched had in common. It reads fewer lines, and these as the
 * one that it was made of.
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
#define PATTERN_TEXT  4096
#define PATTERN_SKIPS UINT32_MAX

struct line_pattern {
    uint32_t count; /* of its steps, the last of which has no value. 0: nothing learnt */
    struct pattern_step {
        enum pattern_value {
            PATTERN_STRING, /* when learnt */
            PATTERN_NUMBER,
            PATTERN_WORD,
            PATTERN_END
        } kind;
        /* What precedes the value, in `text`: `,"name":`, `},"in":{"name":"`, `,"a":null,"name":`.
         * It is never empty, and has no control character. */
        uint32_t lead, length;
        uint32_t mask;                         /* of its first SCAN_BYTES, as scan.h has them */
        uint32_t field;                        /* PATTERN_SKIPS: nobody wants the value */
        uint32_t first_constant, end_constant; /* those in its lead */
    } steps[PATTERN_STEPS + 1];
    /* The values in leads that a field wants. */
    struct pattern_constant {
        uint32_t field, offset; /* of its text in the lead */
        struct value value;     /* but for its text */
    } constants[PATTERN_STEPS];
    uint32_t constant_count;
    uint32_t length;
    char text[PATTERN_TEXT];
};

/* What the values of lines had in common, step by step. Zeros: no line was watched. */
struct pattern_watch {
    uint32_t lines, length;
    uint64_t same; /* a bit for each step's value that no line had in another way */
    struct {
        uint32_t at, length;
    } values[PATTERN_STEPS]; /* of the first line, in `text`, with their quotes */
    char text[PATTERN_TEXT];
};

/* Which field wants the value of this key, behind those of the objects that it is in, with dots;
 * PATTERN_SKIPS: none. */
typedef uint32_t line_pattern_field_of(const void *user, const char *path, size_t length);

/*
 * Of any function's line, the byte after it is a control character, a line end or zero, which
 * ends whatever is looked for; LINE_PADDING bytes more can be read.
 */

/* From a line that the parser took. False: it has no pattern that could be told. */
bool line_pattern_learn(struct line_pattern *pattern, const char *line, size_t length,
                        line_pattern_field_of *field_of, const void *user);

/*
 * Sets the values of a line's fields, and no others. Returns the line's length, which is found on
 * the way. 0: it does not have the pattern, and values may be set all the same. Cost: some 4 ns a
 * key whose value is no constant; half of that where lines are read side by side.
 */
size_t line_pattern_read(const struct line_pattern *pattern, const char *line,
                         struct value *values);
void line_pattern_read_abreast(const struct line_pattern *pattern,
                               const char *const lines[LINES_ABREAST],
                               struct value *const values[LINES_ABREAST],
                               size_t lengths[LINES_ABREAST]);

/* A line that has the pattern, which was learnt, not made firm. */
void line_pattern_watch(const struct line_pattern *pattern, const char *line,
                        struct pattern_watch *watch);

/* The pattern with what all lines that were watched had in common. False: with nothing more. */
bool line_pattern_make_firm(struct line_pattern *firm, const struct line_pattern *pattern,
                            const struct pattern_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
