/*
 * group_sequential.h - a change judged at a few looks that were planned: bounds that spend alpha as
 * information accrues (Lan and DeMets 1983), as O'Brien and Fleming would.
 */
#ifndef FFC_GROUP_SEQUENTIAL_H
#define FFC_GROUP_SEQUENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "estimated_change.h"

#define GROUP_LOOKS_MOST 20

/*
 * The bound, in standard errors and one-sided, at the last of the looks. `information` is the share
 * of all that is planned, ascending and above 0; beyond 1 it counts as 1, and no look may follow
 * one that has it all. NaN: they are not. Cost: some milliseconds a look.
 */
double group_sequential_bound(const double *information, size_t looks, double alpha);
/* The same of every one of the looks, in no more time. False: they are not. */
bool group_sequential_all_bounds(const double *information, size_t looks, double alpha,
                                 double *bounds);
/* How often a change that is `drift` standard errors with all information is beyond the bound at
 * any of the looks. */
double group_sequential_power(const double *information, const double *bounds, size_t looks,
                              double drift);

/* At the last of the looks: each bound fails at most alpha of the time over all looks together
 * (Jennison and Turnbull 1989). */
struct interval group_sequential_bounds(const struct estimated_change *change,
                                        const double *information, size_t looks, double alpha);
/* The least level, two-sided, at which the change would show; and one-sided, see planned_end.h. */
double group_sequential_p(const struct estimated_change *change, const double *information,
                          size_t looks);
double group_sequential_p_within(const struct estimated_change *change, const double *information,
                                 size_t looks, enum side side, double margin);

#endif
