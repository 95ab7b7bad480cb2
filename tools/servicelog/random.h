/*
 * random.h - numbers that a seed fixes, to the bit, on every machine.
 *
 * Draws use nothing but integers and + - * / of doubles, which IEEE 754 rounds the same everywhere;
 * exp() and log() differ in the last bit from one C library to the next. So the curves are tables
 * that are read by linear interpolation, and good to about 1e-5 of a value.
 */
#ifndef SERVICELOG_RANDOM_H
#define SERVICELOG_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* Streams of one seed are independent. */
void random_init(struct random *random, uint64_t seed, uint64_t stream);

double random_share(struct random *random); /* in [0, 1) */
uint32_t random_below(struct random *random, uint32_t count);
bool random_chance(struct random *random, double share);
double random_normal(struct random *random);      /* of mean 0 and deviation 1, up to 7.9 */
double random_exponential(struct random *random); /* of mean 1 */

/* Bits that a number has forever: the same ones each time. */
uint64_t bits_of(uint64_t number);

double power_of_two(double exponent);  /* of -1000 to 1000 */
double logarithm_of_two(double value); /* of 2^-64 to 2^64; slow */

#endif
