/* statistics_tests.c - tests at a planned end, of means and counts. Looked at again and again they
 * find what is not there: what is looked at belongs to the sequences. */
#include "statistics.h"

#include <math.h>

#include "distributions.h"

static struct test_result nothing(void)
{
    return (struct test_result){NAN, NAN, NAN, NAN, {-INFINITY, INFINITY}};
}

/* Of a difference of two means, whose variances are given as those of the means. */
static struct test_result welch(double difference, double of_canary, double of_control,
                                double degrees, double alpha)
{
    struct test_result test = nothing();
    test.estimate = difference;
    double error = sqrt(of_canary + of_control);
    if (!(error > 0) || !isfinite(error))
        return test;
    test.statistic = difference / error;
    test.degrees = degrees;
    test.p = 2 * student_upper(fabs(test.statistic), test.degrees);
    double reach = error * student_quantile(1 - alpha / 2, test.degrees);
    test.interval = (struct interval){difference - reach, difference + reach};
    return test;
}

/* Satterthwaite's, of the difference itself. */
static double welch_degrees(const struct moments *canary, const struct moments *control)
{
    double of_canary = canary->variance / canary->n, of_control = control->variance / control->n;
    double both = of_canary + of_control;
    return both * both /
           (of_canary * of_canary / (canary->n - 1) + of_control * of_control / (control->n - 1));
}

struct test_result welch_t(const struct moments *canary, const struct moments *control,
                           double alpha)
{
    return welch(canary->mean - control->mean, canary->variance / canary->n,
                 control->variance / control->n, welch_degrees(canary, control), alpha);
}

struct test_result welch_t_relative(const struct moments *canary, const struct moments *control,
                                    double alpha)
{
    if (control->mean == 0)
        return nothing();
    double base = control->mean * control->mean;
    double ratio = canary->mean / control->mean;
    return welch((canary->mean - control->mean) / fabs(control->mean),
                 canary->variance / canary->n / base,
                 control->variance / control->n * ratio * ratio / base,
                 welch_degrees(canary, control), alpha);
}

static double share(struct proportion seen)
{
    return seen.events / seen.n;
}

static double unpooled_variance(struct proportion a, struct proportion b)
{
    return share(a) * (1 - share(a)) / a.n + share(b) * (1 - share(b)) / b.n;
}

static struct test_result of_proportions(struct proportion canary, struct proportion control,
                                         double variance, double alpha)
{
    struct test_result test = nothing();
    if (!(canary.n > 0) || !(control.n > 0))
        return test;
    test.estimate = share(canary) - share(control);
    double reach = sqrt(unpooled_variance(canary, control)) * normal_quantile(1 - alpha / 2);
    test.interval = (struct interval){test.estimate - reach, test.estimate + reach};
    if (!(variance > 0))
        return test;
    test.statistic = test.estimate / sqrt(variance);
    test.p = 2 * normal_upper(fabs(test.statistic));
    return test;
}

struct test_result two_proportions_z(struct proportion canary, struct proportion control,
                                     double alpha)
{
    double pooled = (canary.events + control.events) / (canary.n + control.n);
    return of_proportions(canary, control, pooled * (1 - pooled) * (1 / canary.n + 1 / control.n),
                          alpha);
}

struct test_result two_proportions_z_unpooled(struct proportion canary, struct proportion control,
                                              double alpha)
{
    return of_proportions(canary, control, unpooled_variance(canary, control), alpha);
}

struct interval wilson(struct proportion seen, double alpha)
{
    if (!(seen.n > 0))
        return (struct interval){0, 1};
    double z = normal_quantile(1 - alpha / 2), p = share(seen);
    double scale = 1 + z * z / seen.n;
    double middle = (p + z * z / (2 * seen.n)) / scale;
    double half = z * sqrt(p * (1 - p) / seen.n + z * z / (4 * seen.n * seen.n)) / scale;
    return (struct interval){fmax(0, middle - half), fmin(1, middle + half)};
}

struct interval newcombe(struct proportion canary, struct proportion control, double alpha)
{
    if (!(canary.n > 0) || !(control.n > 0))
        return (struct interval){-1, 1};
    struct interval a = wilson(canary, alpha), b = wilson(control, alpha);
    double p = share(canary), q = share(control);
    return (struct interval){p - q - hypot(p - a.lower, b.upper - q),
                             p - q + hypot(a.upper - p, q - b.lower)};
}

struct interval clopper_pearson(struct proportion seen, double alpha)
{
    double others = seen.n - seen.events;
    return (struct interval){
        seen.events > 0 ? beta_quantile(alpha / 2, seen.events, others + 1) : 0,
        others > 0 ? beta_quantile(1 - alpha / 2, seen.events + 1, others) : 1,
    };
}

static struct test_result of_chi_square(double statistic, double degrees)
{
    struct test_result test = nothing();
    if (degrees >= 1 && isfinite(statistic)) {
        test.statistic = statistic;
        test.degrees = degrees;
        test.p = chi_square_upper(statistic, degrees);
    }
    return test;
}

struct test_result chi_square_goodness(const double *observed, const double *expected, size_t count)
{
    double statistic = 0;
    for (size_t i = 0; i < count; i++)
        statistic += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
    return of_chi_square(statistic, (double)count - 1);
}

struct test_result chi_square_independence(const double *table, size_t rows, size_t columns)
{
    double total = 0, statistic = 0;
    for (size_t i = 0; i < rows * columns; i++)
        total += table[i];
    for (size_t row = 0; row < rows; row++) {
        double in_row = 0;
        for (size_t i = 0; i < columns; i++)
            in_row += table[row * columns + i];
        for (size_t column = 0; column < columns; column++) {
            double in_column = 0;
            for (size_t i = 0; i < rows; i++)
                in_column += table[i * columns + column];
            double expected = in_row * in_column / total;
            double off = table[row * columns + column] - expected;
            statistic += off * off / expected;
        }
    }
    return of_chi_square(statistic, (double)(rows - 1) * (double)(columns - 1));
}

struct sample_ratio sample_ratio(const double *observed, const double *weights, size_t count)
{
    struct sample_ratio found = {NAN, NAN, NAN, 0, NAN};
    double seen = 0, weight = 0, arms = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] > 0) {
            seen += observed[i];
            weight += weights[i];
            arms++;
        } else {
            found.leaked += observed[i];
        }
    }
    found.degrees = arms - 1;
    if (arms < 2 || seen < SAMPLE_RATIO_LEAST * arms)
        return found;
    found.statistic = 0;
    for (size_t i = 0; i < count; i++) {
        double expected = seen * weights[i] / weight;
        if (weights[i] > 0)
            found.statistic += (observed[i] - expected) * (observed[i] - expected) / expected;
    }
    found.p = chi_square_upper(found.statistic, found.degrees);
    /* The mean of e-values is one: of each arm, for having too many, and too few. */
    double e = 0;
    for (size_t i = 0; i < count; i++) {
        struct proportion arm = {seen, observed[i]};
        double wanted = weights[i] / weight;
        if (weights[i] > 0)
            e += (exp(proportion_log_e(arm, SIDE_ABOVE, wanted)) +
                  exp(proportion_log_e(arm, SIDE_BELOW, wanted))) /
                 (2 * arms);
    }
    found.anytime_p = fmin(1, 1 / e);
    return found;
}
