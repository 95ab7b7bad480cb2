/* declaration.h - what flags refer to by name: attributes, segments, layers, holdouts. */
#ifndef FFC_MODEL_DECLARATION_H
#define FFC_MODEL_DECLARATION_H

#include <stdint.h>

#include "fflag.h"
#include "condition.h"

struct attribute {
    struct text name;
    enum fflag_attribute_type type;
    struct texts choices;    /* `enum`; none: any */
    const char *description; /* or NULL */
    /* Of an entry of a list, or of how many it has: that list. NULL: it is declared itself. */
    const struct attribute *list;
};

struct segment {
    struct text name;
    uint32_t index; /* in the project's array */
    const char *description;
    struct condition *condition;
    bool samples; /* a share of the units is part of it, or of a segment that it uses */
};

struct layer {
    struct text name;
    const struct attribute *bucket_by;
};

struct holdout {
    struct text name;
    const struct attribute *bucket_by;
    uint32_t percent;
};

#endif
