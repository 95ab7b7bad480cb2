/* posterior.c - see posterior.h. */
#include "posterior.h"

#include <math.h>

#include "distributions.h"

struct posterior posterior_of(const struct estimated_change *change, double prior_deviation)
{
    if (!(change->error > 0))
        return (struct posterior){NAN, NAN};
    double of_data = 1 / (change->error * change->error);
    double of_prior = 1 / (prior_deviation * prior_deviation);
    return (struct posterior){change->value * of_data / (of_data + of_prior),
                              1 / sqrt(of_data + of_prior)};
}

struct interval posterior_interval(const struct posterior *posterior, double alpha)
{
    double reach = normal_quantile(1 - alpha / 2) * posterior->deviation;
    return (struct interval){posterior->mean - reach, posterior->mean + reach};
}

double posterior_chance(const struct posterior *posterior, enum side side, double margin)
{
    double errors = (margin - posterior->mean) / posterior->deviation;
    return normal_upper(side == SIDE_ABOVE ? errors : -errors);
}

/* Of a normal variable X with that mean: E max(-X, 0), or E max(X, 0). */
double posterior_loss(const struct posterior *posterior, enum side side)
{
    double errors = posterior->mean / posterior->deviation * (side == SIDE_ABOVE ? 1 : -1);
    double density = exp(-errors * errors / 2) / sqrt(2 * M_PI);
    return posterior->deviation * (density - errors * normal_upper(errors));
}
