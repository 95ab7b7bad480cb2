/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handles.h - the names that a store's handles stand for.
 *
 * Handles are given out in order and never taken back. They are added under the store's lock; a
 * flag's name is also read without it, by an evaluation on a snapshot older than the handle. So
 * names live in blocks that never move, each twice as long as the one before.
 *
 * A fork may come while another thread holds the lock. So every step leaves a state that the child
 * can use; at worst, a name that was being added gets a second handle.
 */
#ifndef FFLAG_RUNTIME_HANDLES_H
#define FFLAG_RUNTIME_HANDLES_H

#include "base.h"

#define FIRST_BLOCK 64
#define BLOCKS      26

struct name {
    char *bytes;
    size_t length;
};

/* Open addressing: 1 + handle, or 0. */
struct index {
    uint32_t capacity; /* a power of two */
    uint32_t place[];
};

struct handles {
    _Atomic(struct name *) blocks[BLOCKS];
    _Atomic uint32_t flag_count;
    _Atomic(struct index *) index;

    struct name attributes[FFLAG_CONTEXT_SLOTS];
    uint32_t attribute_count;
};

/* The handle of a flag's name; *added says whether it is new. FFLAG_NO_FLAG when out of memory. */
fflag_id handles_flag(struct handles *handles, const char *name, size_t length, bool *added);
/* The same for an attribute; FFLAG_NO_ATTR also when there are no slots left. */
fflag_attr handles_attribute(struct handles *handles, const char *name, size_t length, bool *added);
/* Lock-free. NULL for a handle that was never given out. */
const struct name *handles_flag_name(const struct handles *handles, fflag_id flag);
void handles_free(struct handles *handles);

#endif
