/*
 * heterogeneity.h - whether parts of a whole differ by more than chance: their effects, or how
 * their counts are divided.
 */
#ifndef FFC_HETEROGENEITY_H
#define FFC_HETEROGENEITY_H

#include <stddef.h>
#include <stdint.h>

#include "estimated_change.h"

/* The longest row of a table of counts. */
#define HOMOGENEITY_COLUMNS_MOST 32

struct heterogeneity {
    double statistic, p; /* NaN with fewer than two parts */
    uint32_t degrees;
    uint32_t parts; /* that were tested: the others have no error */
};

/*
 * Cochran's Q (Cochran 1954) of independent changes: the sum of (d - m)²/se², where m is their mean
 * weighted by 1/se², against chi-square with one degree less than there are changes. It holds for a
 * look that was planned, and for estimates that are about normal: their errors count as known.
 */
struct heterogeneity cochran_q(const struct estimated_change *changes, size_t count);

/*
 * Pearson's chi-square of homogeneity, of a table of counts, row by row: whether all rows are
 * divided into the columns alike, however that is. Rows and columns without a count are none.
 */
struct heterogeneity homogeneity(const double *counts, size_t rows, size_t columns);

#endif
