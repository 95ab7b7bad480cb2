/*
 * reasons.h - the sentences of a verdict, in two files: reasons.c says why it is what it is,
 * counterfactual.c what would change it.
 */
#ifndef FFREPLAY_REASONS_H
#define FFREPLAY_REASONS_H

#include <stdint.h>

#include "verdict.h"

/* "advance if …", without a full stop. */
const char *would_text(struct verdict *verdict);

/* "error_rate is 7.1% over 812 canary samples in the last 1m, above the max of 5%" */
const char *measured_text(struct verdict *verdict, const struct judgement *judgement);
/* "error_rate was not measured in the canary in the last 1m" */
const char *unmeasured_text(struct verdict *verdict, const struct judgement *judgement);

/* "log 'requests' has not mentioned the canary since …", where it is silent. */
const char *silence_text(const struct verdict *verdict);

/* By how many samples a criterion falls short of `min_samples`. */
uint64_t missing_samples(const struct judgement *judgement);

#endif
