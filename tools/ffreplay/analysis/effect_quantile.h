/*
 * effect_quantile.h - what a variant changed in a quantile: by order statistics at a planned end,
 * or by a confidence sequence, which holds at every look.
 */
#ifndef FFREPLAY_EFFECT_QUANTILE_H
#define FFREPLAY_EFFECT_QUANTILE_H

#include "effect.h"

/* Fills in the effect of two arms that have values. */
void judge_quantiles(struct effect *effect, const struct judgement *judgement,
                     const struct arm_evidence *variant, const struct arm_evidence *control,
                     const struct measure *measure);
/* As effect_p_within(), of arms whose effect is known to be fine. */
double quantile_p_within(const struct judgement *judgement, const struct arm_evidence *variant,
                         const struct arm_evidence *control, const struct measure *measure,
                         enum change change, enum side side, double margin);

#endif
