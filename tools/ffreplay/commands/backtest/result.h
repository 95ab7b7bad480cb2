/*
 * result.h - the outcomes of simulated policies, side by side: for programs and for people.
 */
#ifndef FFREPLAY_RESULT_H
#define FFREPLAY_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "simulation.h"
#include "tools/ffreplay/page/page.h"

struct buffer;

struct result {
    const struct play_options *options;
    struct simulation *simulations;
    const char **names; /* of the policies: their files, or NULL for the project's own */
    uint32_t count;
};

/* One JSON object and a newline. */
void result_json(const struct result *result, struct buffer *out);
/* For people. */
void result_text(const struct result *result, const struct page *page);

/* "complete"; "running" and "paused" are where the logs ended. */
const char *simulation_end_text(const struct simulation *simulation);

/* The turn that first answered harm: a pause or a rollback, not before the harm where its beginning
 * is known. NULL: none. */
const struct turn *simulation_detection(const struct simulation *simulation);
/* How long that took: from the harm or, where it is not known, from the stage's beginning. */
int64_t simulation_detection_time(const struct simulation *simulation);

/* Whether it was rolled back where there was no harm, or none yet. */
bool simulation_is_false_alarm(const struct simulation *simulation);
/* Whether that can be told. */
bool play_knows_harm(const struct play_options *options);

#endif
