/*
 * frames.h - where messages begin and end in a stream of bytes.
 *
 * Two forms: a header with the length, as the language server protocol has it, and a line each.
 * What cannot be a message is told once, and skipped up to where the next one begins.
 */
#ifndef FFC_FRAMES_H
#define FFC_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"

struct frames {
    struct buffer bytes;
    size_t taken;  /* of them */
    size_t looked; /* behind those, with no line's end among them */
    uint64_t skip; /* bytes that are still to come, of a message that is too long */
    bool lost;     /* until a header, or a line's end, is found */
};

struct frame {
    enum { FRAME_MESSAGE, FRAME_TOO_LONG, FRAME_NO_HEADER } kind;
    const char *text; /* as long as nothing is added */
    size_t length;
};

void frames_add(struct frames *frames, const char *bytes, size_t length);
/* The next one; false: more has to come. */
bool frames_next(struct frames *frames, bool lines, struct frame *frame);
void frames_release(struct frames *frames);

#endif
