/* design_effect.c - see design_effect.h. */
#include "design_effect.h"

#include <math.h>
#include <stdbool.h>

#include "distributions.h"

double design_effect(const struct ratio_moments *ratio)
{
    struct moments share = ratio_as_moments(ratio);
    double requests = ratio->denominator.mean * share.n;
    double independent = share.mean * (1 - share.mean) / requests;
    double effect = share.variance / share.n / independent;
    return effect > 1 ? effect : 1;
}

/* Fewer groups do not show how much groups differ. */
#define GROUPS_TO_TELL 30

double grouped_design_effect(const struct grouped *arms, size_t count)
{
    double all = 0, squares = 0, variation = 0, degrees = 0;
    bool told = true;
    for (size_t i = 0; i < count; i++) {
        const struct grouped *arm = &arms[i];
        double n = 0, events = 0, arm_squares = 0, filled = 0, off = 0;
        for (size_t j = 0; j < arm->count; j++) {
            n += arm->groups[j].n;
            events += arm->groups[j].events;
            arm_squares += arm->groups[j].n * arm->groups[j].n;
            filled += arm->groups[j].n > 0;
        }
        double share = events / n;
        for (size_t j = 0; j < arm->count; j++)
            off += pow(arm->groups[j].events - share * arm->groups[j].n, 2);
        /* For independent values, each arm's term has expectation n. */
        variation += off / (share * (1 - share)) / (1 - arm_squares / (n * n));
        told &= filled >= GROUPS_TO_TELL && share > 0 && share < 1;
        all += n;
        squares += arm_squares;
        degrees += filled - 1;
    }
    double most = fmax(squares / all, 1);
    if (!told)
        return most;
    double effect = variation / all * degrees / chi_square_upper_quantile(0.95, (uint32_t)degrees);
    return fmin(fmax(effect, 1), most);
}
