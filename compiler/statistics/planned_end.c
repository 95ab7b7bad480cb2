/* planned_end.c - see planned_end.h. */
#include "planned_end.h"

#include <math.h>

#include "distributions.h"

struct interval planned_end_bounds(const struct estimated_change *change, double alpha)
{
    double reach = change->error * student_quantile(1 - alpha, change->degrees);
    if (!(change->error > 0) || !isfinite(reach))
        return (struct interval){-INFINITY, INFINITY};
    return (struct interval){change->value - reach, change->value + reach};
}

double planned_end_p(const struct estimated_change *change)
{
    return change->error > 0
               ? 2 * student_upper(fabs(change->value / change->error), change->degrees)
               : NAN;
}

double planned_end_p_within(const struct estimated_change *change, enum side side, double margin)
{
    if (!(change->error > 0))
        return NAN;
    return student_upper(errors_within(change, side, margin), change->degrees);
}
