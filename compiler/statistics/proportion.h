/*
 * proportion.h - events among so many observations.
 *
 * Counts are doubles, because extrapolation ("three times as much data") needs fractions.
 */
#ifndef FFC_PROPORTION_H
#define FFC_PROPORTION_H

struct proportion {
    double n, events;
};

/* Observations of both arms while the canary's share was constant: a stage, or its windows. */
struct stratum {
    struct proportion canary, control;
};

#endif
