/*
 * layers.h - for logs that are read anew at each look, while others are read on.
 *
 * Of several canaries, what was taken of the logs that are read on stays where it is, and what the
 * others have now goes to a layer for each, which is laid over it to be judged, and is then thrown
 * away. An accumulator is of one log, so it lies in one of the two, and is lent rather than copied.
 */
#ifndef FFREPLAY_LAYERS_H
#define FFREPLAY_LAYERS_H

#include <stdbool.h>

#include "analysis.h"

/* Zeroed: closed. */
struct layers {
    struct analyses analyses; /* the layers: one for each of … */
    struct analyses *below;   /* … these */
    const bool *anew;         /* once they are laid; see layers_lay() */
};

/* Empty ones, which no report is made of. `below` is prepared, and stays until they are closed. */
void layers_open(struct layers *layers, struct analyses *below);
/*
 * Once they have taken all: until they are closed, they hold what was taken of all logs, and
 * nothing is taken below. `anew`: by log, those that the layers took the records of; the others'
 * were taken below. Cost: of counts, and of the units that tell the sizes of groups, of which there
 * are at most UNIT_SHARES_MOST; not of what was measured.
 */
void layers_lay(struct layers *layers, const bool *anew);
/* Gives back what was lent, and frees the rest; nothing if they are closed. */
void layers_close(struct layers *layers);

#endif
