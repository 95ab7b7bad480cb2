/*
 * live_text.h - a file's text that changes again and again, as in an editor, and what is parsed of
 * it.
 *
 * A change within one definition parses that definition alone. Memory stays within a few times what
 * the text takes once it is parsed. For one thread.
 */
#ifndef FFC_LIVE_TEXT_H
#define FFC_LIVE_TEXT_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/read/read_files.h"

struct live_text {
    struct source source; /* its path and name are the caller's; its text is owned */
    uint32_t file;        /* the number that places in it have */
    struct document document;
    struct diagnostics diagnostics; /* of its syntax */

    struct arena arena; /* of all that was parsed since the text was parsed as a whole */
    size_t whole;       /* the arena's size then */
};

/* Zeroed memory, with `source.path` and `source.name`, is an empty one. Whatever was taken from it
 * before is gone. */
void live_text_set(struct live_text *live, uint32_t file, const char *text, size_t length);
void live_text_release(struct live_text *live);

#endif
