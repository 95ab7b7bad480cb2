/* score_test.c - see score_test.h. */
#include "score_test.h"

#include <math.h>
#include <stdbool.h>

#include "distributions.h"

#define HALVINGS 100

static double share(struct proportion seen)
{
    return seen.events / seen.n;
}

/* The control's share that makes the counts likeliest if the variant's is that much more: a root of
 * a cubic, by Farrington and Manning's (1990) trigonometric form. */
static double likeliest_below(struct proportion variant, struct proportion control, double more)
{
    double theta = control.n / variant.n, p = share(variant), q = share(control);
    double a = 1 + theta;
    double b = -(1 + theta + p + theta * q + more * (theta + 2));
    double c = more * more + more * (2 * p + theta + 1) + p + theta * q;
    double d = -p * more * (1 + more);
    double v = pow(b / (3 * a), 3) - b * c / (6 * a * a) + d / (2 * a);
    double inner = b * b / (9 * a * a) - c / (3 * a);
    double u = (v > 0 ? 1 : -1) * sqrt(fmax(inner, 0));
    double cosine = u == 0 ? 0 : fmin(1, fmax(-1, v / (u * u * u)));
    double angle = (M_PI + acos(cosine)) / 3;
    double root = 2 * u * cos(angle) - b / (3 * a);
    /* The cosines cancel half of the digits: two of Newton's steps bring them back. */
    for (int i = 0; i < 2; i++) {
        double slope = (3 * a * root + 2 * b) * root + c;
        if (slope != 0)
            root -= (((a * root + b) * root + c) * root + d) / slope;
    }
    return fmin(1, fmax(0, root - more));
}

/* The same if the variant's is `times` as much: a root of a quadratic. */
static double likeliest_times(struct proportion variant, struct proportion control, double times)
{
    double a = (variant.n + control.n) * times;
    double b = -(variant.n * times + variant.events + control.n + control.events * times);
    double c = variant.events + control.events;
    double root = sqrt(fmax(b * b - 4 * a * c, 0));
    double q = a > 0 ? 2 * c / (-b + root) : -c / b;
    return fmin(1, fmax(0, q));
}

/* Standard errors by which the counts exceed that change. */
static double score(struct proportion variant, struct proportion control, enum change change,
                    double tested)
{
    double n = variant.n, m = control.n, p = share(variant), q = share(control), variance, off;
    if (change == CHANGE_ABSOLUTE) {
        double low = likeliest_below(variant, control, tested);
        double high = fmin(1, fmax(0, low + tested));
        variance = high * (1 - high) / n + low * (1 - low) / m;
        off = p - q - tested;
    } else {
        double times = 1 + tested, low = likeliest_times(variant, control, times);
        double high = fmin(1, low * times);
        variance = high * (1 - high) / n + times * times * low * (1 - low) / m;
        off = p - q * times;
    }
    variance *= (n + m) / (n + m - 1);
    if (!(variance > 0))
        return off > 0 ? INFINITY : off < 0 ? -INFINITY : 0;
    return off / sqrt(variance);
}

/* The change at which the score is `wanted`: it falls as the change grows. */
static double change_at(struct proportion variant, struct proportion control, enum change change,
                        double wanted, struct interval limits)
{
    double low = limits.lower, high = limits.upper;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2;
        if (score(variant, control, change, middle) > wanted)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static bool has_counts(struct proportion variant, struct proportion control)
{
    return variant.n >= 1 && control.n >= 1;
}

struct interval score_bounds(struct proportion variant, struct proportion control,
                             enum change change, double alpha)
{
    struct interval found = {-INFINITY, INFINITY};
    if (!has_counts(variant, control))
        return found;
    double reach = normal_quantile(1 - alpha);
    struct interval limits = {-1, 1};
    if (change == CHANGE_RELATIVE) {
        /* A share is at most 1, so the ratio is at most what makes the control's one event in very
         * many. */
        double times = 2;
        while (times < 1e9 && score(variant, control, change, times - 1) > -reach)
            times *= 2;
        if (times >= 1e9)
            limits.upper = INFINITY;
        else
            limits.upper = times - 1;
        if (share(control) == 0 && share(variant) == 0)
            return found;
    }
    struct interval bounded = limits;
    if (isinf(bounded.upper))
        bounded.upper = 1e9;
    found.lower = change_at(variant, control, change, reach, bounded);
    if (!isinf(limits.upper))
        found.upper = change_at(variant, control, change, -reach, bounded);
    return found;
}

double score_p(struct proportion variant, struct proportion control)
{
    if (!has_counts(variant, control))
        return NAN;
    double z = score(variant, control, CHANGE_ABSOLUTE, 0);
    return fmin(1, 2 * normal_upper(fabs(z)));
}

double score_p_within(struct proportion variant, struct proportion control, enum change change,
                      enum side side, double margin)
{
    if (!has_counts(variant, control))
        return NAN;
    double z = score(variant, control, change, margin);
    return normal_upper(side == SIDE_ABOVE ? -z : z);
}
