/*
 * hurry.h - an emergency's steps, most important first: what services read, then the definitions
 * and the ledger, then plans and hooks, then messages. If one fails, the next is still done; the
 * failure is reported at the end and sets the exit status.
 *
 * The published file is changed without reading the definitions. They are read only once that is
 * done, or if the file cannot be patched, or if they are needed to know what is meant.
 */
#ifndef FFC_COMMANDS_HURRY_H
#define FFC_COMMANDS_HURRY_H

#include <stdbool.h>

#include "compiler/base/buffer.h"
#include "change.h"
#include "compiler/rollout/emergency.h"

struct hurry {
    struct change *change;
    struct patch patch;
    bool patched;  /* the published file is open for it, and may be given up */
    bool unsealed; /* no key for a signed one, or no snapshot: nothing is published */
    bool idle;     /* the published file serves what it is to serve already */
    bool published;
    bool written;            /* the definitions have the change */
    const char *environment; /* of the published file; NULL: none could be read */
    bool stale;              /* the definitions were read before they were edited */
    struct buffer why;       /* it is not patched */
    struct buffer failed;    /* what could not be published */
    struct buffer lost;      /* what could not be written to the definitions or the ledger */
    struct buffer entry;
};

/*
 * Locks the project, finishes what a run that was killed left, and opens the file that --build
 * names. `before`, which may be NULL, is called before anything is finished. False, and said, where
 * the command line is at fault. To be released in either case.
 */
bool hurry_begin(struct hurry *hurry, struct change *change,
                 void (*before)(struct hurry *hurry, const void *order), const void *order,
                 int *status);
void hurry_release(struct hurry *hurry);

/* The definitions, with whatever errors they have. */
const struct project *hurry_project(struct hurry *hurry);
/* The environment that is published; NULL where it is not known. */
const char *hurry_environment(const struct hurry *hurry);

/* Publishes the patch. */
void hurry_publish_patch(struct hurry *hurry);
/* Publishes what the definitions compile to by now, where --build names a file and it was not
 * patched. */
void hurry_publish_definitions(struct hurry *hurry);

/*
 * What a run that was killed left is finished first. The entry of one that did what `edit` is to do
 * (the same change by the same person for the same reason, within the hour) is returned, so that
 * nobody finds it done twice; NULL: there is none.
 */
const json_t *hurry_finished(const struct hurry *hurry, const struct override_edit *edit);

/* The entry that was put aside counts, or goes where the edit was not made. */
void hurry_record(struct hurry *hurry, enum replaced replaced);

/* Records a killed run's plan steps, then releases the lock. */
void hurry_unlock(struct hurry *hurry);

/* Carries out the plan and hook of a flag, which an override holds at its default (`is_off`), or
 * not; what fails is in *status. The lock must be given back. */
void hurry_run_steps(struct hurry *hurry, const struct flag *flag, bool is_off, int *status);

/* How to do by hand what could not be written to the definitions, if the published file has it. */
struct mend {
    const char *what;
    const struct buffer *definition; /* lines to put there; or NULL */
};
/* Prints what failed and what to do, and what else there is to know. Returns the overall exit
 * status. */
int hurry_say_rest(struct hurry *hurry, const struct mend *mend, int status);
/* Whether anything was changed; if not, nothing may be claimed. */
bool hurry_did_something(const struct hurry *hurry);

#endif
