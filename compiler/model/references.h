/*
 * references.h - which flags a flag asks: in `requires`, and in conditions, through segments.
 */
#ifndef FFC_MODEL_REFERENCES_H
#define FFC_MODEL_REFERENCES_H

#include <stdint.h>

#include "model.h"

struct references {
    const struct project *project;
    uint32_t environment;
    void (*found)(void *user, const struct flag *needed); /* may be told of a flag repeatedly */
    void *user;
    uint32_t *seen_segments; /* by segment: 1 + the last flag it was followed for */
    uint32_t needing;
};

/* The caller sets `found` and `user`. Nothing of `project` is looked at before references_of(). */
void references_init(struct references *references, const struct project *project,
                     uint32_t environment);
void references_release(struct references *references);
/* Includes what a canary or an experiment would refer to if it ran, whatever its state. */
void references_of(struct references *references, const struct flag *flag);

#endif
