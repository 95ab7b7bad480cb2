/*
 * division.h - the arms between which a flag divides units by percentages alone: those of its
 * experiment, or of its only split.
 */
#ifndef FFREPLAY_DIVISION_H
#define FFREPLAY_DIVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "flag_variants.h"

struct arena;
struct arm;
struct flag;

struct division {
    const struct arm *arms;
    uint32_t count;   /* 0: there is none, or more than one */
    const char *rule; /* what a result calls it */
    bool is_all;      /* nothing but it decides: what the log says suffices to know who is in it */
};
struct division division_of(struct arena *arena, const struct flag *flag, uint32_t environment);

/* The same, of an experiment that is concluded, too: while it ran. */
struct division division_while_it_ran(struct arena *arena, const struct flag *flag,
                                      uint32_t environment);

/* The place of the arm that the line's unit is in; NO_ARM: it does not take part, or the line does
 * not say whether it does. */
#define NO_ARM UINT32_MAX
uint32_t division_arm(const struct division *division, const struct served *served);

#endif
