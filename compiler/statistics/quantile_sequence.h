/* quantile_sequence.h - quantiles at every look: confidence sequences for any distribution. */
#ifndef FFC_QUANTILE_SEQUENCE_H
#define FFC_QUANTILE_SEQUENCE_H

#include "bins.h"
#include "interval.h"

/* Each bound alone fails at most alpha of the time. `growth` extrapolates to that many times the
 * data; 1 takes the data as they are. */
struct interval quantile_sequence(const struct distribution *values, double q, double alpha,
                                  double growth);
struct interval quantiles_sequence(const struct distribution *canary,
                                   const struct distribution *control, double q, enum change change,
                                   double alpha, double growth);

#endif
