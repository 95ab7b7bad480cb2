/* e_process.c - see e_process.h. */
#include "e_process.h"

#include <math.h>
#include <stdbool.h>

#define LEAST_EXPONENT (-10)
#define HALVINGS       64
#define DOUBLINGS      100
#define RATIO_LIMIT    1e6

void mixture_init(struct mixture *mixture)
{
    double total = 0;
    for (int i = 0; i < MIXTURE_EFFECTS; i++) {
        int exponent = LEAST_EXPONENT + i;
        /* Cauchy tails: an effect far from the likely ones costs a factor, not the detection. */
        double distance = (exponent - 0.5) / 1.5;
        mixture->ratio[i] = 1 + ldexp(1, exponent);
        mixture->weight[i] = 1 / (1 + distance * distance);
        total += mixture->weight[i];
    }
    for (int i = 0; i < MIXTURE_EFFECTS; i++)
        mixture->weight[i] /= total;
}

double log_mean_exp(const double *logs, const double *weights, size_t count)
{
    double greatest = -INFINITY;
    for (size_t i = 0; i < count; i++)
        greatest = fmax(greatest, logs[i]);
    if (isinf(greatest))
        return greatest;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] * exp(logs[i] - greatest);
    return greatest + log(sum);
}

void proportion_bets_init(struct proportion_bets *bets, enum side side, double value)
{
    struct mixture mixture;
    mixture_init(&mixture);
    for (int i = 0; i < MIXTURE_EFFECTS; i++) {
        /* The alternative has `ratio` times the odds. */
        double ratio = side == SIDE_ABOVE ? mixture.ratio[i] : 1 / mixture.ratio[i];
        double scale = log1p(value * (ratio - 1));
        bets->event[i] = log(ratio) - scale;
        bets->other[i] = -scale;
        bets->weight[i] = mixture.weight[i];
    }
}

double proportion_bets_log_e(const struct proportion_bets *bets, double events, double others)
{
    double logs[MIXTURE_EFFECTS];
    for (int i = 0; i < MIXTURE_EFFECTS; i++)
        logs[i] = events * bets->event[i] + others * bets->other[i];
    return log_mean_exp(logs, bets->weight, MIXTURE_EFFECTS);
}

static bool rejects(log_e_function *log_e, const void *data, enum side side, double value,
                    double threshold)
{
    return log_e(data, side, value) >= threshold;
}

/* `kept` is not rejected and `rejected` is; either may be the greater. */
static double bisect(log_e_function *log_e, const void *data, enum side side, double threshold,
                     double kept, double rejected)
{
    for (int i = 0; i < HALVINGS; i++) {
        double middle = kept + (rejected - kept) / 2;
        if (middle == kept || middle == rejected)
            break;
        if (rejects(log_e, data, side, middle, threshold))
            rejected = middle;
        else
            kept = middle;
    }
    return kept;
}

static double search(log_e_function *log_e, const void *data, enum side side, double alpha,
                     double limit, double within, double step)
{
    double threshold = -log(alpha);
    double outward = side == SIDE_ABOVE ? -step : step;
    double kept = within;
    /* If shares have changed, the start may lie outside the bound: go inward first. */
    for (int i = 0; i < DOUBLINGS && rejects(log_e, data, side, kept, threshold); i++)
        kept -= ldexp(outward, i);
    for (int i = 0; i < DOUBLINGS; i++) {
        double next = kept + ldexp(outward, i);
        if (side == SIDE_ABOVE ? next <= limit : next >= limit)
            next = limit;
        if (isinf(next))
            return limit;
        if (rejects(log_e, data, side, next, threshold))
            return bisect(log_e, data, side, threshold, kept, next);
        if (next == limit)
            return limit;
        kept = next;
    }
    return limit;
}

struct interval sequence_search(log_e_function *log_e, const void *data, double alpha,
                                struct interval limits, double within, double step)
{
    return (struct interval){
        .lower = search(log_e, data, SIDE_ABOVE, alpha, limits.lower, within, step),
        .upper = search(log_e, data, SIDE_BELOW, alpha, limits.upper, within, step),
    };
}

struct of_logarithm {
    log_e_function *log_e;
    const void *data;
};

static double log_e_of_logarithm(const void *data, enum side side, double value)
{
    const struct of_logarithm *of = data;
    return of->log_e(of->data, side, exp(value));
}

struct interval sequence_search_ratio(log_e_function *log_e, const void *data, double alpha)
{
    struct of_logarithm of = {log_e, data};
    double most = log(RATIO_LIMIT);
    struct interval found =
        sequence_search(log_e_of_logarithm, &of, alpha, (struct interval){-most, most}, 0, 0.125);
    return (struct interval){
        .lower = found.lower <= -most ? -1 : expm1(found.lower),
        .upper = found.upper >= most ? INFINITY : expm1(found.upper),
    };
}
