/*
 * rollout_past.h - what the ledger has of a canary's rollout: its changes, and overrides of it.
 */
#ifndef FFREPLAY_ROLLOUT_PAST_H
#define FFREPLAY_ROLLOUT_PAST_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buffer;
struct flag;
struct project;

struct rollout_change {
    int64_t at;
    const char *actor, *verdict, *rule, *reason;
    /* Of a change of the canary; else NULL. */
    const char *from, *to;             /* stages */
    const char *from_state, *to_state; /* words of canary_state_words */
    int64_t since;                     /* of the stage it was made in; INT64_MIN */
    const char *override;              /* of an override, or its end: its id; else NULL */
};

struct rollout_past {
    struct rollout_change *items; /* in the ledger's order, from the newest start on */
    uint32_t count;
};

/* Texts are the arena's. False: the ledger cannot be read, with a sentence in `error`. */
bool rollout_past_read(struct rollout_past *past, const struct project *project,
                       const struct flag *flag, uint32_t environment, struct arena *arena,
                       struct buffer *error);

/* The change that ended it, if the canary is over as the definitions say; NULL. */
const struct rollout_change *rollout_past_end(const struct rollout_past *past,
                                              const struct flag *flag, uint32_t environment);

/*
 * Puts the canary of the model where it stood before that change: its state, its stage, and since
 * when. Before anything is prepared for it. False: the policy has no such stage any more.
 */
bool rollout_put_back(const struct rollout_change *end, const struct flag *flag,
                      uint32_t environment);

#endif
