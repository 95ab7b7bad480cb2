/* statistics_multiple.c - p-values of several tests, adjusted for their number. */
#include "compiler/base/memory.h"
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double p = **(const double *const *)a, q = **(const double *const *)b;
    return (p > q) - (p < q);
}

/* Pointers to the p-values, ascending. A test without a p-value does not count. */
static size_t ascending(const double *p, size_t count, const double ***order)
{
    *order = xcalloc(count + 1, sizeof **order);
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            (*order)[found++] = &p[i];
    qsort(*order, found, sizeof **order, by_value);
    return found;
}

static void hand_out(const double *p, size_t count, const double **order, const double *values,
                     size_t found, double *adjusted)
{
    double *result = xcalloc(count + 1, sizeof *result);
    for (size_t i = 0; i < count; i++)
        result[i] = NAN;
    for (size_t i = 0; i < found; i++)
        result[order[i] - p] = values[i];
    if (count > 0)
        memcpy(adjusted, result, count * sizeof *adjusted);
    free(result);
}

void adjust_holm(const double *p, size_t count, double *adjusted)
{
    const double **order;
    size_t found = ascending(p, count, &order);
    double *values = xcalloc(found + 1, sizeof *values), greatest = 0;
    for (size_t i = 0; i < found; i++)
        values[i] = greatest = fmax(greatest, fmin(1, (double)(found - i) * *order[i]));
    hand_out(p, count, order, values, found, adjusted);
    free(values);
    free(order);
}

void adjust_benjamini_hochberg(const double *p, size_t count, double *adjusted)
{
    const double **order;
    size_t found = ascending(p, count, &order);
    double *values = xcalloc(found + 1, sizeof *values), least = 1;
    for (size_t i = found; i-- > 0;)
        values[i] = least = fmin(least, (double)found / (double)(i + 1) * *order[i]);
    hand_out(p, count, order, values, found, adjusted);
    free(values);
    free(order);
}
