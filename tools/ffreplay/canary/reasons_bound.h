/* reasons_bound.h - sentences about criteria that judge a bound. Texts are the arena's. */
#ifndef FFREPLAY_REASONS_BOUND_H
#define FFREPLAY_REASONS_BOUND_H

#include "verdict.h"

struct arena;

/* "max_increase 10% vs before", "max 5% over 1m for 3" */
const char *wanted_text(struct arena *arena, const struct criterion *criterion);
/* A change, or of `confidence` an estimate: "+12%", "+3.4 ms", "4.1%". */
const char *change_text(struct arena *arena, const struct judgement *judgement, double change);
/* "-3% to +31%"; where one side is not known, "-3% or more"; "-" where neither is. */
const char *interval_text(struct arena *arena, const struct judgement *judgement);

/* "error_rate is 7.1% over 812 canary samples and 1.2% over 15320 of control: +490%, …" */
const char *bounded_text(struct arena *arena, const struct judgement *judgement);
/* "error_rate's max_increase of 10% were shown to be kept", and how much more that takes. */
const char *settled_text(struct verdict *verdict, const struct judgement *judgement);
/* "error_rate were shown to be beyond its max_increase of 10% (it is +3%)" */
const char *passed_text(struct arena *arena, const struct judgement *judgement);

#endif
