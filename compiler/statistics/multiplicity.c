/* multiplicity.c - see multiplicity.h. */
#include "multiplicity.h"

#include <math.h>
#include <stdlib.h>

#include "compiler/base/memory.h"

static int by_value(const void *a, const void *b)
{
    double p = **(const double *const *)a, q = **(const double *const *)b;
    return (p > q) - (p < q);
}

/* The p-values that there are, ascending, as pointers into `p`. */
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

static void adjust(const double *p, size_t count, double *adjusted,
                   void (*step)(const double *const *order, size_t found, double *values))
{
    const double **order;
    size_t found = ascending(p, count, &order);
    double *values = xcalloc(found + 1, sizeof *values);
    size_t *places = xcalloc(found + 1, sizeof *places);
    for (size_t i = 0; i < found; i++)
        places[i] = (size_t)(order[i] - p);
    step(order, found, values);
    for (size_t i = 0; i < count; i++)
        adjusted[i] = NAN;
    for (size_t i = 0; i < found; i++)
        adjusted[places[i]] = values[i];
    free(places);
    free(values);
    free(order);
}

static void step_holm(const double *const *order, size_t found, double *values)
{
    double greatest = 0;
    for (size_t i = 0; i < found; i++)
        values[i] = greatest = fmax(greatest, fmin(1, (double)(found - i) * *order[i]));
}

static void step_benjamini_hochberg(const double *const *order, size_t found, double *values)
{
    double least = 1;
    for (size_t i = found; i-- > 0;)
        values[i] = least = fmin(least, (double)found / (double)(i + 1) * *order[i]);
}

void adjust_holm(const double *p, size_t count, double *adjusted)
{
    adjust(p, count, adjusted, step_holm);
}

void adjust_benjamini_hochberg(const double *p, size_t count, double *adjusted)
{
    adjust(p, count, adjusted, step_benjamini_hochberg);
}

void adjust_e_values(const double *e, size_t count, double *adjusted)
{
    double *p = xcalloc(count + 1, sizeof *p);
    for (size_t i = 0; i < count; i++)
        p[i] = 1 / e[i];
    adjust(p, count, adjusted, step_benjamini_hochberg);
    free(p);
}
