/*
 * hold.h - one watch acts on a canary: a lock on a file next to the ledger, for as long as the
 * process lives, however it ends. The file says who has it. Watches that only look take none.
 */
#ifndef FFREPLAY_HOLD_H
#define FFREPLAY_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct watch;

/* A canary that this watch acts on, or leaves to another one. */
struct hold {
    char *flag;
    int lock; /* -1: it is left to another watch */
    bool is_wanted;
};
struct holds {
    struct hold *items;
    uint32_t count;
    bool began; /* canaries were chosen before */
};

/*
 * Takes those of the canaries that were chosen, lets the others go, and takes out of the watch's
 * analyses what another watch acts on: with --all, a note says so. False: nothing is left to this
 * one; reported, and the watch is over.
 */
bool hold_canaries(struct watch *watch);
/* Whether a canary that was left to another watch has become free. */
bool hold_is_free(const struct watch *watch);
void hold_release(struct watch *watch);

#endif
