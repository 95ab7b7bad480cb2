/*
 * prove.h - what can be known about conditions without a context.
 *
 * The values of an attribute fall into finitely many regions that no test of the conditions at hand
 * can tell apart: for numbers, times and versions the points they are compared with and the gaps
 * between; for strings the values that are named, and the others; for addresses the pieces that
 * networks cut; and always "absent". A share of the units is a stretch of the places that one salt
 * gives to keys, and needs a key. A question is decided by trying the regions, so nesting,
 * negation and segments need no patterns of their own. Questions that need too many regions or too
 * long get no claim: an answer of true is certain, false says nothing.
 */
#ifndef FFC_PROVE_H
#define FFC_PROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/model/condition.h"

struct unit_key;

struct prover {
    struct arena arena; /* of one question; emptied by the next */
    /* Of the flag that the conditions are of, where that is known: what shares that do not say
     * otherwise are hashed from and with. */
    const struct unit_key *bucket_by;
    const char *salt;
};

/*
 * Whether certainly no context makes all of `holding` hold and none of `failing`. Segments must be
 * free of cycles. Cost: bounded; the common question is answered in a microsecond.
 */
bool prove_impossible(struct prover *prover, const struct condition *const *holding,
                      uint32_t holding_count, const struct condition *const *failing,
                      uint32_t failing_count);

/*
 * Whether some context certainly makes `holding` hold and `failing` not: true only if every region
 * contains a value, so never for flags, nor for parts of strings.
 */
bool prove_possible(struct prover *prover, const struct condition *holding,
                    const struct condition *failing);

void prover_release(struct prover *prover);

#endif
