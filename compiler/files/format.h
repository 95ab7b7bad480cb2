/*
 * format.h - the canonical form of a definition file.
 *
 * Two spaces per level; lists indented below their key; bracketed collections stay on one line if
 * they fit; blank lines are kept. Comments stay above or after what they belong to; values keep
 * their spelling, keys their order. The result means the same: it is parsed again and compared, and
 * formatting is idempotent.
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
    FORMAT_REFUSED /* it has something that this form cannot keep; *problem is a sentence */
};

/* Appends the canonical form of one source to `out`. */
enum format_result format_source(const struct sources *sources, uint32_t file, struct arena *arena,
                                 struct diagnostics *diagnostics, struct buffer *out,
                                 const char **problem);

#endif
