/*
 * simulation.h - simulates one policy over logs, from its first stage.
 *
 * The rollout begins with the logs, in its first stage. At every look the current stage is judged,
 * on the lines since it began and up to that time, by the code that decides on running canaries;
 * the decision takes effect at once. Each stage has its own analysis, empty when the stage begins.
 */
#ifndef FFREPLAY_SIMULATION_H
#define FFREPLAY_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/cli/options.h"
#include "timeline.h"
#include "tools/ffreplay/canary/verdict.h"

struct play_options {
    const char *flag, *environment;
    int64_t window, lateness, stale;
    uint32_t max_bad;
    bool takes_partial;
    int64_t interval;
    int64_t from, until; /* INT64_MIN, INT64_MAX: as the logs */
    bool approves;       /* what waits for a person is let through at once */
    /* What is known of the logs. */
    int64_t harm_from; /* INT64_MIN: not known */
    bool no_harm;      /* there was none at all */
};

/* A decision that changed where the rollout stands, or would have without `automatic: false`. */
struct turn {
    int64_t time;
    int64_t elapsed; /* since the stage began */
    struct decision decision;
    const struct stage *stage; /* it stood at */
    const struct stage *next;  /* where it advanced to; or NULL */
    const char *reason;        /* the first one */
    bool left_to_person;
};

/* Who was in the canary, from the harm on where its beginning is known. */
struct exposure {
    uint64_t requests;
    struct unit_set units;
    bool knows_units;
};

struct simulation {
    const struct play_options *options;
    struct project *project;
    struct replay replay;
    struct analyses analyses; /* one per stage */
    struct canary *canary;    /* whose state, stage and since are where the rollout stands */
    struct arena texts;       /* of the look that is taken */
    bool logged;              /* a log itself says who was in the canary */

    int64_t began;     /* INT64_MIN: not yet */
    int64_t last_look; /* INT64_MIN: none yet */
    uint64_t looks;
    struct turn *turns;
    uint32_t turn_count;
    struct exposure exposure;
    struct timeline timeline;

    /* Of the last look, where the rollout has not ended: what still holds it. */
    struct decision last_decision;
    const char *last_reason, *last_would;
};

/*
 * `project` has no errors and becomes the simulation's. Every stage's analysis is made ready.
 * Returns false when the canary cannot be judged, or there is none, which has been reported;
 * *status is what to exit with. To be released in any case.
 */
bool simulation_prepare(struct simulation *simulation, const struct command *command,
                        struct project *project, const struct play_options *options, int *status);
void simulation_release(struct simulation *simulation);

/* Reads the logs and plays. False: no result, which has been reported. */
bool simulation_run(struct simulation *simulation, char **logs, size_t count);

#endif
