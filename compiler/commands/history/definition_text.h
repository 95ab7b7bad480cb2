/*
 * definition_text.h - a definition file cut into its definitions, without reading them.
 *
 * For whoever compares many versions of a project: what stands in the same words means the same.
 * Only the usual layout is cut, a definition's name on a line of its own below its section; what is
 * written in another way stays whole, as something that everything may depend on.
 */
#ifndef FFC_COMMANDS_DEFINITION_TEXT_H
#define FFC_COMMANDS_DEFINITION_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/table.h"

struct arena;

enum block_kind {
    BLOCK_FLAG,
    BLOCK_NAMED,     /* what flags name: a segment, an attribute */
    BLOCK_COMMON,    /* what all may depend on: `project`, and what cannot be cut */
    BLOCK_OVERRIDES, /* a whole section */
    BLOCK_TESTS
};

struct block {
    enum block_kind kind;
    const char *section, *name; /* "flags", "checkout"; name "" unless it is one of the first two */
    const char *text;           /* whole lines; of the first two without that of the section */
    size_t length;
    const struct block *next; /* with the same name, in another section or a second time */
};

struct definition_text {
    struct block *blocks; /* in their order */
    uint32_t count;
    struct table by_name; /* to the first struct block of a name */
};

/* `text` is borrowed, the rest the arena's. Cost: one pass. */
struct definition_text definition_text_cut(const char *text, size_t length, struct arena *arena);

#endif
