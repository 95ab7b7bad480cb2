/* told.h - what is said of a criterion and of data, however it is laid out. Texts are the arena's.
 */
#ifndef FFREPLAY_TOLD_H
#define FFREPLAY_TOLD_H

#include "tools/ffreplay/canary/verdict.h"

struct arena;

enum told_tone { TOLD_GOOD, TOLD_BAD, TOLD_OPEN };

struct told {
    const char *metric, *wanted, *canary, *samples, *control;
    const char *change, *interval; /* NULL: not of this kind of criterion */
    const char *verdict, *action;
    enum told_tone tone;
};
struct told judgement_told(struct arena *arena, const struct judgement *judgement);
/* A number that is known: not "-". */
bool told_is_said(const char *text);
/* "canary 1.55% over 39813, control 1.01%: +54.5% (+30.5% to +82.2%)" */
const char *told_measured(struct arena *arena, const struct told *told);

/* "error_rate: 3 of 812 canary samples (…)"; NULL: all of them can be read. */
const char *told_unreadable(struct arena *arena, const struct verdict *verdict,
                            const struct accumulator *accumulator);
/* Of a verdict without an issue. */
const char *told_health(struct arena *arena, const struct verdict *verdict);

#endif
