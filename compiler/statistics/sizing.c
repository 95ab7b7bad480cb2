/* sizing.c - see sizing.h. */
#include "sizing.h"

#include <math.h>
#include <stdbool.h>

#include "distributions.h"

struct planned_test planned_test(double canary_share, double alpha, double power)
{
    bool is_sane =
        canary_share > 0 && canary_share < 1 && alpha > 0 && alpha < 1 && power >= 0.5 && power < 1;
    return is_sane ? (struct planned_test){normal_quantile(1 - alpha / 2), normal_quantile(power),
                                           canary_share}
                   : (struct planned_test){NAN, NAN, NAN};
}

/* The test takes both to be the same; what it finds is not. */
double proportions_sample_size(const struct planned_test *test, double control, double canary)
{
    double of_canary = test->canary_share, of_control = 1 - of_canary;
    double pooled = of_canary * canary + of_control * control;
    double same = pooled * (1 - pooled) * (1 / of_canary + 1 / of_control);
    double apart = canary * (1 - canary) / of_canary + control * (1 - control) / of_control;
    double reach = (test->bound * sqrt(same) + test->luck * sqrt(apart)) / (canary - control);
    return reach * reach;
}

double means_sample_size(const struct planned_test *test, double difference,
                         double standard_deviation)
{
    double reach = (test->bound + test->luck) * standard_deviation / difference;
    return reach * reach * (1 / test->canary_share + 1 / (1 - test->canary_share)) +
           test->bound * test->bound / 2;
}
