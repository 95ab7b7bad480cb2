/*
 * prove_clock.h - which tests of the clock can hold together.
 */
#ifndef FFC_PROVE_CLOCK_H
#define FFC_PROVE_CLOCK_H

#include <stdbool.h>

struct arena;
struct subject;

/* Fills in the regions of a subject that is the clock, as subject_cut() does. */
bool clock_cut(struct subject *subject, struct arena *arena);
/* Whether each of them is some time. */
bool clock_is_exact(const struct subject *subject);

#endif
