/* text.h - words of the definitions, with the place where each was written. */
#ifndef FFC_MODEL_TEXT_H
#define FFC_MODEL_TEXT_H

#include <stdint.h>

#include "compiler/base/source.h"

struct text {
    const char *text;
    struct span span;
};
struct texts {
    struct text *items;
    uint32_t count;
};

#endif
