/* forecast.c - see forecast.h. */
#include "forecast.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"
#include "compiler/statistics/distributions.h"

/* Expected data, in another amount, with the canary off by some effect. */
struct expected {
    struct comparison_input input; /* points into here */
    struct stratum stratum;
    struct bin *bins[2];
};

static struct bin *scale_bins(const struct distribution *values, double growth, double factor,
                              double difference)
{
    struct bin *bins = xcalloc(values->count + 1, sizeof *bins);
    for (size_t i = 0; i < values->count; i++)
        bins[i] = (struct bin){.low = values->bins[i].low * factor + difference,
                               .high = values->bins[i].high * factor + difference,
                               .count = values->bins[i].count * growth};
    return bins;
}

static double change_by(const struct comparison_input *input, double value, double effect)
{
    bool relative = input->change == CHANGE_RELATIVE && input->baseline != BASELINE_NONE;
    return relative ? value * (1 + effect) : value + effect;
}

/* The standard error of the difference of two shares. */
static double error_of_shares(const struct stratum *stratum, double canary, double control,
                              double design_effect)
{
    double variance = canary * (1 - canary) / stratum->canary.n;
    if (stratum->control.n > 0)
        variance += control * (1 - control) / stratum->control.n;
    return sqrt(variance * fmax(design_effect, 1));
}

static double error_of_rates(const struct stratum *stratum, double canary, double control,
                             double design_effect)
{
    double variance = canary / stratum->canary.n;
    if (stratum->control.n > 0)
        variance += control / stratum->control.n;
    return sqrt(variance * fmax(design_effect, 1));
}

static void expect_counts(struct expected *expected, double growth, double effect, double luck)
{
    struct comparison_input *input = &expected->input;
    struct stratum *stratum = &expected->stratum;
    bool shares = input->measurement == MEASURED_PROPORTION;
    stratum->canary.n *= growth;
    stratum->control.n *= growth;
    stratum->control.events *= growth;
    double before = stratum->canary.events * growth / stratum->canary.n;
    double control = stratum->control.n > 0 ? stratum->control.events / stratum->control.n : before;
    double canary = fmax(change_by(input, before, effect), 0);
    double error = shares ? error_of_shares(stratum, fmin(canary, 1), control, input->design_effect)
                          : error_of_rates(stratum, canary, control, input->design_effect);
    double seen = fmax(canary + luck * error, 0);
    stratum->canary.events = (shares ? fmin(seen, 1) : seen) * stratum->canary.n;
    input->strata = stratum;
}

static void expect_means(struct comparison_input *input, double growth, double effect, double luck)
{
    input->canary.n *= growth;
    input->control.n *= growth;
    double variance = input->canary.variance / input->canary.n;
    if (input->control.n > 0)
        variance += input->control.variance / input->control.n;
    input->canary.mean = change_by(input, input->canary.mean, effect) + luck * sqrt(variance);
}

static void expect_quantiles(struct expected *expected, double growth, double effect)
{
    struct comparison_input *input = &expected->input;
    bool relative = input->change == CHANGE_RELATIVE && input->baseline != BASELINE_NONE;
    expected->bins[0] =
        scale_bins(&input->canary_values, growth, relative ? 1 + effect : 1, relative ? 0 : effect);
    expected->bins[1] = scale_bins(&input->control_values, growth, 1, 0);
    input->canary_values.bins = expected->bins[0];
    input->control_values.bins = expected->bins[1];
}

/* `luck` is in standard errors, upwards for the canary. */
static enum margin_verdict verdict_at(const struct comparison_input *input,
                                      const struct question_asked *asked, double growth,
                                      double effect, double luck)
{
    struct expected expected = {.input = *input};
    if (input->stratum_count > 0)
        expected.stratum = input->strata[0];
    switch (input->measurement) {
    case MEASURED_QUANTILE:
        expect_quantiles(&expected, growth, effect);
        break;
    case MEASURED_MEAN:
        expect_means(&expected.input, growth, effect, luck);
        break;
    case MEASURED_PROPORTION:
    case MEASURED_RATE:
        expect_counts(&expected, growth, effect, luck);
    }
    struct comparison comparison = compare(&expected.input);
    enum margin_verdict verdict = MARGIN_UNDECIDED;
    if (comparison.state == COMPARISON_FINE)
        verdict = margin_judge(&comparison, asked->harm, asked->margin);
    free(expected.bins[0]);
    free(expected.bins[1]);
    return verdict;
}

#define MOST_GROWTH   1e9
#define LEAST_GROWTH  1e-9
#define FINE_ENOUGH   1.02
#define EFFECT_STEPS  24
#define MOST_DOUBLING 30

double forecast_growth(const struct comparison_input *input, const struct question_asked *asked)
{
    double luck = normal_quantile(asked->power) * (asked->harm == SIDE_ABOVE ? 1 : -1);
    double high = 1, low = 1;
    if (verdict_at(input, asked, 1, 0, luck) == MARGIN_WITHIN)
        while (low > LEAST_GROWTH && verdict_at(input, asked, low, 0, luck) == MARGIN_WITHIN)
            low /= 4;
    while (high < MOST_GROWTH && verdict_at(input, asked, high, 0, luck) != MARGIN_WITHIN) {
        low = high;
        high *= 4;
    }
    if (high >= MOST_GROWTH)
        return INFINITY;
    while (high / low > FINE_ENOUGH) {
        double middle = sqrt(low * high);
        if (verdict_at(input, asked, middle, 0, luck) == MARGIN_WITHIN)
            high = middle;
        else
            low = middle;
    }
    return high;
}

double forecast_effect(const struct comparison_input *input, const struct question_asked *asked,
                       double growth)
{
    double sign = asked->harm == SIDE_ABOVE ? 1 : -1;
    double luck = -sign * normal_quantile(asked->power);
    double low = fabs(asked->margin), high = low > 0 ? low : 1e-6;
    if (input->baseline == BASELINE_NONE) {
        low = 0;
        high = fabs(asked->margin) / 1000;
    }
    int doublings = 0;
    while (verdict_at(input, asked, growth, sign * high, luck) != MARGIN_BEYOND) {
        low = high;
        high *= 2;
        if (++doublings == MOST_DOUBLING)
            return NAN;
    }
    for (int i = 0; i < EFFECT_STEPS; i++) {
        double middle = low + (high - low) / 2;
        if (verdict_at(input, asked, growth, sign * middle, luck) == MARGIN_BEYOND)
            high = middle;
        else
            low = middle;
    }
    return high;
}
