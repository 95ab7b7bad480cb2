/*
 * line_shape.h - a pattern of lines, with what is the same in nearly all of them.
 *
 * A log says the same again and again: a kind, a version, whether there was an error. What is the
 * same in the first lines of a pattern is compared as a part of it, instead of being looked for.
 * Lines in which it is another are read by the pattern alone, and where there are too many of them,
 * the constants are looked for again, in more lines.
 */
#ifndef FFREPLAY_LINE_SHAPE_H
#define FFREPLAY_LINE_SHAPE_H

#include "line_pattern.h"

#ifdef __cplusplus
extern "C" {
#endif

struct line_shape {
    struct line_pattern form, firm; /* without constants; with them, if there are any */
    struct pattern_watch watch;
    uint32_t patience;      /* lines to be watched; 0: there is nothing to find */
    uint32_t tried, missed; /* of this many lines lately, so many were not as firm */
    uint64_t held;          /* lines since the firm one was made */
};

/* Of lines that have this pattern. */
void line_shape_begin(struct line_shape *shape, const struct line_pattern *form);

/* As those of a pattern do it: of any line, what line_pattern_read() finds by the form alone. */
size_t line_shape_read(struct line_shape *shape, const char *line, struct value *values);
void line_shape_read_abreast(struct line_shape *shape, const char *const lines[LINES_ABREAST],
                             struct value *const values[LINES_ABREAST],
                             size_t lengths[LINES_ABREAST]);

#ifdef __cplusplus
}
#endif
#endif
