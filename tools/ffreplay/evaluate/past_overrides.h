/*
 * past_overrides.h - overrides that were lifted, put back into the definitions for as long as they
 * held.
 *
 * So lines of their time are decided by the code that decided on them then: what an override held
 * back is the override's. The ledger knows of them. An override that the definitions have and that
 * does not say `from` holds from `at` on.
 */
#ifndef FFREPLAY_PAST_OVERRIDES_H
#define FFREPLAY_PAST_OVERRIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/override.h"

struct flag;
struct project;

/*
 * Once a project, and before anything is compiled. A project with errors is left as it is. Of what
 * nobody lifted and the definitions do not have, the end is the next change of a rollout of one of
 * its flags. A condition is known where it is a segment; what is for some others only, is taken for
 * all. False: the ledger cannot be read, which has been reported.
 */
bool past_overrides_put_back(struct project *project);

/* Without those, and as the definitions say it: for what is named after the definitions. */
struct overrides_put_back {
    uint32_t count;
    int64_t *from;
};
struct overrides_put_back past_overrides_take_out(struct project *project);
void past_overrides_restore(struct project *project, struct overrides_put_back *put_back);

/* Whether there are any. */
bool past_overrides_are_put_back(const struct project *project);

/* When the flag was held back. */
struct held_time {
    int64_t from, until; /* INT64_MIN, INT64_MAX: always */
    const struct override *override;
};
struct held_times {
    struct held_time *items; /* as the overrides are */
    uint32_t count;
};
struct held_times held_times_of(struct project *project, const struct flag *flag,
                                uint32_t environment);

/* Whether it was held back then; *some: only for some of its units. */
bool held_at(const struct held_times *times, int64_t time, bool *some);
/* How much of [from, to) it was held back for everybody. */
int64_t held_between(const struct held_times *times, int64_t from, int64_t to);
/* What holds it back for everybody then, since the earliest; or NULL. */
const struct override *holds_at(const struct held_times *times, int64_t time);

#endif
