/* mixture_sequence.c - see mixture_sequence.h. docs/statistics.md has the formula's sources. */
#include "mixture_sequence.h"

#include <math.h>

#include "mean_sequence.h"

static struct interval around(const struct estimated_change *change, double errors)
{
    double reach = errors * change->error;
    if (!(change->error > 0) || !isfinite(reach))
        return (struct interval){-INFINITY, INFINITY};
    return (struct interval){change->value - reach, change->value + reach};
}

struct interval mixture_sequence_interval(const struct estimated_change *change, double alpha)
{
    double w = mixture_width(change->n, alpha);
    return around(change, sqrt(2 * (w + 1) / w * log(sqrt(w + 1) / alpha)));
}

double mixture_sequence_log_e(const struct estimated_change *change, double alpha)
{
    if (!(change->error > 0))
        return 0;
    double w = mixture_width(change->n, alpha), z = change->value / change->error;
    return z * z / 2 * w / (w + 1) - log1p(w) / 2;
}

double mixture_sequence_p_within(const struct estimated_change *change, double alpha,
                                 enum side side, double margin)
{
    double errors = errors_within(change, side, margin);
    if (!(change->error > 0) || isnan(errors))
        return NAN;
    /* sequence_multiplier(), solved for the level, the mixture's width being that of alpha. */
    double w = mixture_width(change->n, 2 * alpha);
    if (!(errors > 0))
        return 1;
    return fmin(1, sqrt(w + 1) / (2 * expm1(errors * errors / 2 * w / (w + 1))));
}
