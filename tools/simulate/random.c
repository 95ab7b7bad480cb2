/* random.c - see random.h. */
#include "random.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

/* SplitMix64: Steele, Lea, Flood, OOPSLA 2014. */
static uint64_t random_bits(struct random *random)
{
    uint64_t bits = random->state += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

void random_init(struct random *random, uint64_t seed, uint64_t stream)
{
    *random = (struct random){seed, NAN};
    random->state = random_bits(random) ^ stream * UINT64_C(0xd1342543de82ef95);
    random->state = random_bits(random);
}

double random_share(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method. */
double random_normal(struct random *random)
{
    double spare = random->spare;
    random->spare = NAN;
    if (!isnan(spare))
        return spare;
    double a, b, squared;
    do {
        a = 2 * random_share(random) - 1;
        b = 2 * random_share(random) - 1;
        squared = a * a + b * b;
    } while (squared >= 1 || squared == 0);
    double scale = sqrt(-2 * log(squared) / squared);
    random->spare = b * scale;
    return a * scale;
}

double random_lognormal(struct random *random, double spread)
{
    return exp(spread * random_normal(random));
}

/* Marsaglia and Tsang 2000; for a shape below 1, scaled by a power of a uniform number. */
static double random_gamma(struct random *random, double shape)
{
    if (shape < 1)
        return random_gamma(random, shape + 1) * pow(1 - random_share(random), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = random_normal(random), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(1 - random_share(random)) < x * x / 2 + d - d * v + d * log(v))
            return d * v;
    }
}

double random_beta(struct random *random, double a, double b)
{
    double x = random_gamma(random, a), y = random_gamma(random, b);
    return x / (x + y);
}

void binomial_init(struct binomial *binomial, uint32_t n, double p)
{
    binomial->n = n;
    binomial->at_most = xcalloc((size_t)n + 1, sizeof *binomial->at_most);
    double sum = 0;
    for (uint32_t k = 0; k <= n; k++) {
        double chance = exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) +
                            (n - k) * log1p(-p));
        binomial->at_most[k] = sum += chance;
    }
    binomial->at_most[n] = 1;
}

void binomial_release(struct binomial *binomial)
{
    free(binomial->at_most);
}

uint32_t binomial_draw(const struct binomial *binomial, struct random *random)
{
    double share = random_share(random);
    uint32_t low = 0, high = binomial->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (binomial->at_most[middle] > share)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
