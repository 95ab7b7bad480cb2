/* evidence.c - see evidence.h. */
#include "evidence.h"

#include <stdlib.h>

void evidence_gather(struct evidence *evidence, const struct measure *measure,
                     struct observed canary, struct observed control, enum baseline baseline,
                     enum change change, double confidence)
{
    *evidence = (struct evidence){0};
    evidence->input = (struct comparison_input){.baseline = baseline,
                                                .change = change,
                                                .confidence = confidence,
                                                .strata = evidence->strata,
                                                .stratum_count = 1};
    measure->functions->evidence(evidence, measure, &canary, control.cell ? &control : NULL);
}

void evidence_release(struct evidence *evidence)
{
    free(evidence->bins[0]);
    free(evidence->bins[1]);
}
