/*
 * random.h - random numbers that a seed fixes, and draws from a few distributions.
 */
#ifndef SIMULATE_RANDOM_H
#define SIMULATE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
    double spare; /* the second of a pair of normal numbers; NaN: none */
};

/* Streams of one seed are independent. */
void random_init(struct random *random, uint64_t seed, uint64_t stream);
double random_share(struct random *random); /* in [0, 1) */
double random_normal(struct random *random);
double random_lognormal(struct random *random, double spread); /* of median 1 */
double random_beta(struct random *random, double a, double b);

/* Draws of one binomial distribution, by its table. */
struct binomial {
    uint32_t n;
    double *at_most; /* n + 1 probabilities */
};
void binomial_init(struct binomial *binomial, uint32_t n, double p);
void binomial_release(struct binomial *binomial);
uint32_t binomial_draw(const struct binomial *binomial, struct random *random);

#endif
