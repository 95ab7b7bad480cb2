/* excerpt.h - a line of definitions with a mark under a span: for diagnostics, and for messages in
 * their form. */
#ifndef FFC_EXCERPT_H
#define FFC_EXCERPT_H

#include <stddef.h>

#include "compiler/base/source.h"

struct buffer;

struct excerpt_style {
    size_t columns;                  /* of the terminal; 0: there is none */
    const char *gutter, *mark, *end; /* what begins these, and ends them */
};

/*
 * Two lines, each with its end. Of a line that is wider than the terminal, the part around the span
 * is shown. Text from a file is untrusted: it is escaped, but for tabs, below which tabs stand.
 */
void append_excerpt(struct buffer *out, const struct excerpt_style *style,
                    const struct source *source, struct span span, const struct position *position);

#endif
