/*
 * cursor.h - what stands at a place of a text that is being written, and below which keys.
 *
 * Goes by the text alone, by indentation and brackets, so that it works where the text is no YAML
 * yet: while a key is typed, there is none.
 */
#ifndef FFC_LSP_CURSOR_H
#define FFC_LSP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"

#define CURSOR_DEPTH 64

struct cursor {
    /* From the top to what contains the place: a key, or NULL, an item of a list. */
    const char *steps[CURSOR_DEPTH];
    size_t keys[CURSOR_DEPTH]; /* where those keys begin */
    uint32_t depth;
    enum {
        CURSOR_NOWHERE, /* in a comment, or a text of several lines */
        CURSOR_KEY,     /* of a mapping */
        CURSOR_VALUE,   /* of the last step */
        CURSOR_ITEM     /* of a list: a value, or the first key of a mapping */
    } at;
    size_t begin, end; /* of what is written there, with its quotes */
    const char *text;  /* the same without quotes */
    bool flow;         /* in brackets */
    bool followed;     /* a key with its colon */
};

/* Texts are the arena's. Cost: a pass over the text up to there. */
struct cursor cursor_at(const char *text, size_t length, size_t offset, struct arena *arena);

#endif
