/* statistics_checks.h - comparing with constants of scipy and R, and samples that tests share. */
#ifndef STATISTICS_CHECKS_H
#define STATISTICS_CHECKS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "statistics_constants.h"
#include "compiler/statistics/interval.h"
#include "compiler/statistics/moments.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void is_within(double found, double wanted, double tolerance, const char *what,
                             int line)
{
    if (fabs(found - wanted) <= tolerance * fmax(fabs(wanted), 1e-300))
        return;
    fail_msg("line %d: %s is %.17g, not %.17g", line, what, found, wanted);
}

#define EQUALS(found, wanted)           is_within(found, wanted, 1e-9, #found, __LINE__)
#define NEARS(found, wanted, tolerance) is_within(found, wanted, tolerance, #found, __LINE__)
#define IS_UNKNOWN(interval)                                                                  \
    assert_true(isinf((interval).lower) && (interval).lower < 0 && isinf((interval).upper) && \
                (interval).upper > 0)

static inline struct moments moments(double n, double mean, double variance)
{
    return (struct moments){.n = n, .mean = mean, .variance = variance};
}

/* From sums that were rounded to doubles already. */
static inline struct moments of_sums(double n, double sum, double squares)
{
    return moments(n, sum / n, (squares - sum * sum / n) / (n - 1));
}

static inline struct moments revenue_a(double n)
{
    return of_sums(n, 1396.87, 52377.9767);
}

static inline struct moments revenue_b(void)
{
    return of_sums(3461, 2422.7, 134698.29);
}

#endif
