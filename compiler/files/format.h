/*
 * format.h - the canonical form of a definition file.
 *
 * Two spaces a level, lists indented below their key, what fits on a line in brackets stays there,
 * a blank line where there was one. Comments stay with what they stand above or behind; values keep
 * their spelling, keys their order. The result says the same: it is read again and compared, and
 * formatting it once more changes nothing.
 */
#ifndef FFC_FORMAT_H
#define FFC_FORMAT_H

#include <stdint.h>

#include "yaml.h"

struct arena;
struct buffer;

enum format_result {
    FORMAT_FINE,
    FORMAT_BROKEN, /* the file is not YAML: has been reported to `diagnostics` */
    FORMAT_REFUSED /* it says something that this form cannot keep; *problem is a sentence */
};

/* Appends the canonical form of one source to `out`. */
enum format_result format_source(const struct sources *sources, uint32_t file, struct arena *arena,
                                 struct diagnostics *diagnostics, struct buffer *out,
                                 const char **problem);

#endif
