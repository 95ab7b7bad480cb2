/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h - evaluations that gave a default, or ignored an attribute, because of a mistake in the
 * host program: counted by flag and cause, and reported once.
 *
 * An evaluation that meets one only increments a cell of its snapshot and sets a flag: the watcher,
 * or fflag_poll(), finds out what it was and calls the log callback. Correct evaluations run no
 * additional instructions.
 */
#ifndef FFLAG_RUNTIME_FAULTS_H
#define FFLAG_RUNTIME_FAULTS_H

#include "counters.h"
#include "store.h"

enum fault_cause {
    FAULT_FLAG_TYPE,      /* asked for as another type; detail: that */
    FAULT_ATTRIBUTE_TYPE, /* given as another type; detail: its index << 8 | that */
    FAULT_UNSUPPORTED,    /* the flag needs a newer library */
    FAULT_NOT_FOUND,      /* the snapshot does not have it; counted by handle */
};
#define FLAG_FAULTS FAULT_NOT_FOUND /* those before it are counted by flag */

/* Of a flag in a snapshot. */
struct flag_faults {
    _Atomic uint64_t count[FLAG_FAULTS];
    _Atomic uint32_t detail[FLAG_FAULTS]; /* of the last one */
    uint32_t place[FLAG_FAULTS];          /* under the store's lock: 1 + its series', once known */
};

#define UNKNOWN_NAME 128

/* Of a store. */
struct faults {
    _Atomic bool news;
    _Atomic uint64_t by_name;  /* evaluations of unknown names */
    _Atomic bool name_claimed; /* by the first of them, which then writes it */
    _Atomic bool name_written;
    char name[UNKNOWN_NAME];
    bool name_told;       /* this and the next: under the store's lock */
    struct counts counts; /* by flag and cause */
};

/* For evaluations: lock-free, without a system call. */
void fault_of_flag(const fflag_view *view, uint32_t index, enum fault_cause cause, uint32_t detail)
    __attribute__((cold));
/* An attribute that the flag's program reads was set as a type that cannot be meant. */
void fault_of_attribute(const fflag_view *view, const struct ffs_flag *flag, uint16_t attribute,
                        uint8_t given) __attribute__((cold));
void fault_of_handle(const fflag_view *view, fflag_id flag) __attribute__((cold));
void fault_of_name(const fflag_view *view, const char *name) __attribute__((cold));

/* The cells of a snapshot; false when out of memory. */
bool faults_create(struct snapshot *snapshot);

/* What a store still has a snapshot for. */
enum snapshot_use {
    SNAPSHOT_SERVED,
    SNAPSHOT_HELD,    /* another one replaced it; views of it are held */
    SNAPSHOT_RETIRED, /* and now none is */
};
/* Under the store's lock: adds the cells of a snapshot to the series, a retired one's for good. */
void faults_add(fflag_store *store, struct faults *faults, const struct snapshot *snapshot,
                enum snapshot_use use);

struct fault_line {
    enum fflag_error error;
    struct problem text;
};
#define FAULT_LINES 8
/*
 * Under the store's lock: texts for a snapshot's unreported faults, up to FAULT_LINES in all.
 * Returns the new number of lines. Not for a replaced file that is mapped.
 */
unsigned faults_tell(fflag_store *store, struct faults *faults, const struct snapshot *snapshot,
                     struct fault_line lines[FAULT_LINES], unsigned count);

/* The store's. */
struct faults *runtime_faults(const fflag_store *store);

#endif
