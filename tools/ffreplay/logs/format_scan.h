/*
 * format_scan.h - lines of one form, read from left to right, several at once.
 *
 * For lines of which nothing has to be tried twice: no value is a list, none has an escape, a
 * quote or a control character in it, and each ends where what follows it is found first. They are
 * nearly all. Any other line is left to parse_format_string.c, which decides what a line is: on
 * lines that are read here, both find the same.
 */
#ifndef FFREPLAY_FORMAT_SCAN_H
#define FFREPLAY_FORMAT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "value.h"
#include "compiler/model/format_string.h"

/* Where the value of a part stands. */
struct found {
    const char *begin, *end;
};

/* NULL: the form has parts that are not read in this way. To be freed with free(). */
struct format_scan *format_scan_compile(const struct format_string *format);
/* From now on the value of the part is set at this place. False: it is set at another one. */
bool format_scan_want(struct format_scan *scan, uint32_t part, uint32_t place,
                      enum value_kind kind);
/* From now on it is told where the part's value stands. */
void format_scan_find(struct format_scan *scan, uint32_t part);

/*
 * Of each line the byte after it is a control character, and LINE_PADDING bytes more can be read.
 * Sets the values that are wanted, finds those asked for, and the line's length. 0: it is not to be
 * told here, and values may be set all the same. Whether a value may end elsewhere as well, is
 * known for those parts of which format_scan_ends_once() says so. Cost: some 4 ns a part.
 */
size_t format_scan_read(const struct format_scan *scan, const char *line, struct found *found,
                        struct value *values);
void format_scan_read_abreast(const struct format_scan *scan,
                              const char *const lines[LINES_ABREAST],
                              struct found *const found[LINES_ABREAST],
                              struct value *const values[LINES_ABREAST],
                              size_t lengths[LINES_ABREAST]);

/* Whether a text before a literal that begins with a blank has no other end in a line that was
 * read: because no blank follows, up to the first quote, that could be this literal's. */
bool format_scan_ends_once(const struct format_string *format, uint32_t part);

#endif
