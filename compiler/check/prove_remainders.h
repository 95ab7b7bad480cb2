/*
 * prove_remainders.h - the integers that tests of remainders can tell apart, for prove_regions.c.
 */
#ifndef FFC_PROVE_REMAINDERS_H
#define FFC_PROVE_REMAINDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "prove_regions.h"

struct arena;

/* What is known of a number beside its place among those that tests name. */
struct integral {
    enum { ANY_NUMBER, NO_INTEGER, AN_INTEGER } kind;
    int64_t value; /* of an integer */
};

/* Of a number that is known. */
struct integral integral_of(double number);

/* Whether the test, of a remainder, holds for it; false for ANY_NUMBER. */
bool leaves_remainder(const struct condition *test, struct integral number);

struct integrals {
    struct integral *items;
    uint32_t count;
};
/*
 * Numbers that stand for all between two others, as far as the subject's tests of remainders can
 * tell: one that is no integer, and integers. ANY_NUMBER alone where no test asks for remainders,
 * or too many combinations of them are possible.
 */
struct integrals integrals_between(const struct subject *subject, struct arena *arena, double low,
                                   double high);

#endif
