/*
 * explain.h - the sentences of a verdict, in two files: explain.c says why it is what it is,
 * explain_would.c what would change it.
 */
#ifndef FFREPLAY_EXPLAIN_H
#define FFREPLAY_EXPLAIN_H

#include "tools/ffreplay/canary/verdict.h"

/* "advance if …", without a full stop. */
const char *would_text(struct verdict *verdict);

/* By how many samples a criterion falls short of `min_samples`. */
uint64_t missing_samples(const struct judgement *judgement);

#endif
