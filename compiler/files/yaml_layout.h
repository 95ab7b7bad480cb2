/*
 * yaml_layout.h - what YAML says of white space and libyaml does not look at: how deep the lines of
 * quoted text and of brackets are indented, and that a space stands before a comment.
 *
 * Without it a quote that is never closed ends at the next one, and what stands between them is
 * part of the text.
 */
#ifndef FFC_YAML_LAYOUT_H
#define FFC_YAML_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/diagnostics/diagnostics.h"

/* Offsets are bytes in the file. */
struct yaml_layout {
    const struct source *source;
    uint32_t file;
    struct diagnostics *diagnostics;
    uint32_t indent;  /* a line here begins with at least as many spaces */
    uint32_t bracket; /* the innermost that is open here; NO_BRACKET: none */
    uint32_t seen;    /* what precedes it has been looked at */
    bool separators;  /* the text may have some, which belong into quotes */
};
#define NO_BRACKET UINT32_MAX

/* What stands between values, up to `to`: white space, comments and indicators. False: reported. */
bool yaml_layout_gap(struct yaml_layout *layout, uint32_t to);
/* A scalar, up to where libyaml ended it, which is seen then. False: reported. */
bool yaml_layout_scalar(struct yaml_layout *layout, uint32_t begin, uint32_t end);
/* Whether what is not seen yet has a separator that stopped libyaml before `to`: reported. */
bool yaml_layout_separator(struct yaml_layout *layout, uint32_t to);

#endif
