/*
 * calibration.h - how often the statistics are wrong, and how often they find real effects:
 * simulated canaries, each looked at many times.
 */
#ifndef SIMULATE_CALIBRATION_H
#define SIMULATE_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

/* Standard errors that a test for one look, one-sided at 5 %, allows. */
#define ONE_LOOK 1.6448536269514722

/* What the replays of a setting came to, each at its first verdict of a kind. */
struct outcome {
    uint32_t above, below;             /* found to be above, below the hypothesis */
    uint32_t fixed_above, fixed_below; /* by a test for one look, repeated at each */
    uint32_t judged;                   /* bounded at all by the last look */
};

enum shares {
    SHARES_FIXED,  /* so many requests of each arm a look */
    SHARES_RANDOM, /* each request is the canary's by chance; one stratum of the shares seen */
    SHARES_RAMP    /* 5 %, 20 %, 50 %, a stratum each, while the error rate doubles twice */
};

struct requests {
    double canary, control; /* error rates */
    uint32_t canary_a_look, control_a_look;
    uint32_t looks;
    enum shares shares;
    double ratio, difference; /* the hypothesis: canary = ratio * control + difference */
};
/*
 * Requests by chance of both arms, while the canary's share and the error rate of both move, each
 * look a stretch of time; judged by as many strata as the share's moves make of them.
 */
enum course {
    COURSE_STILL,
    COURSE_RISING,   /* evenly, from the first number to the second */
    COURSE_STEPPING, /* from the first to the second in the middle */
    COURSE_DAILY,    /* between the two, four times up and down */
    COURSE_BURSTING  /* the second at one look of twenty, by chance; otherwise the first */
};
struct moving {
    enum course course;
    double share[2], rate[2]; /* of the canary's requests, and of errors */
    double harm;              /* the canary's errors are so many times as many */
    uint32_t a_look, looks;
    bool stratified;
    bool alone; /* the canary against a constant, which is the true mean rate */
};
struct outcome simulate_moving(const struct moving *setting, uint32_t replays, uint64_t seed);

/* Units assigned by chance, and no arm favoured: a mismatch found at p < 0.001, by chi-square at
 * each look (`fixed_above`) and by the e-process (`above`). */
struct outcome simulate_sample_ratio(double canary_share, uint32_t a_look, uint32_t looks,
                                     uint32_t replays, uint64_t seed);

/* Rollouts of so many bounds at `alpha` each, on data of their own: what any of them found. */
struct outcome simulate_rollouts(const struct requests *setting, uint32_t bounds, double alpha,
                                 uint32_t replays, uint64_t seed);
struct outcome simulate_requests(const struct requests *setting, uint32_t replays, uint64_t seed);

/* Lognormal values; the canary's are `scale` times as great. */
struct values {
    double spread, scale;
    uint32_t canary_a_look, control_a_look;
    uint32_t looks;
    double ratio; /* the hypothesis */
};
struct outcome simulate_means(const struct values *setting, uint32_t replays, uint64_t seed);
struct outcome simulate_quantiles(const struct values *setting, double q, uint32_t replays,
                                  uint64_t seed);

/* Values of one arm, and a limit of so many times their true mean: above it, or below. */
enum shape {
    SHAPE_LOGNORMAL, /* the parameter: its spread */
    SHAPE_PARETO,    /* its exponent */
    SHAPE_SELDOM,    /* lognormal of spread 1 in that share of units, otherwise 0 */
    SHAPE_SHARE      /* 1 in that share of units, otherwise 0 */
};
struct alone {
    enum shape shape;
    double parameter;
    double cap; /* 0: none */
    uint32_t a_look, looks;
    double times;
    uint32_t before; /* compared with so many units of a time before instead; 0: with the limit */
};
struct outcome simulate_alone(const struct alone *setting, uint32_t replays, uint64_t seed);

/* Units of which the share `busy` was shown something, and clicked some of it. */
struct ratios {
    double busy;
    uint32_t canary_a_look, control_a_look;
    uint32_t looks;
};
struct outcome simulate_ratios(const struct ratios *setting, uint32_t replays, uint64_t seed);

/* Users whose error rates differ by a beta distribution, with so many requests each. */
enum clustering { CLUSTERS_IGNORED, CLUSTERS_CORRECTED, CLUSTERS_COUNTED_ONCE };
struct users {
    double rate, correlation; /* of two requests of a user */
    uint32_t requests;        /* of each user */
    uint32_t canary_a_look, control_a_look;
    uint32_t looks;
    enum clustering clustering;
};
struct outcome simulate_users(const struct users *setting, uint32_t replays, uint64_t seed);

/*
 * Users who come back: each has its own number of requests a look, which differ as much as its
 * values differ between users (both lognormal). Those values are judged by a quantile.
 */
struct returning {
    double quantile;
    double scale;             /* the canary's values are so many times as great */
    double between, within;   /* spread of values: of users' medians, of one user's */
    double requests, unequal; /* the median user's requests a look, and the spread of that */
    uint32_t canary, control; /* users */
    uint32_t looks;
    enum clustering clustering;
};
struct outcome simulate_returning(const struct returning *setting, uint32_t replays, uint64_t seed);

/*
 * As many users in each arm, who come at every look with a value around their own mean: both
 * normal, of spreads `between` and 1. Those means' means are compared.
 */
struct settling {
    double between;
    uint32_t users, looks;
};
struct outcome simulate_settling(const struct settling *setting, uint32_t replays, uint64_t seed);

#endif
