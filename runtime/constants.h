/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constants.h - the whole results of flags that serve one variant to everybody: made once, when a
 * snapshot is bound, and handed out from then on.
 */
#ifndef FFLAG_RUNTIME_CONSTANTS_H
#define FFLAG_RUNTIME_CONSTANTS_H

#include "snapshot.h"

/* Makes them; linear in the number of flags, and touches no memory for those that are not constant.
 * False when out of memory. */
bool constants_create(struct snapshot *snapshot);
void constants_free(struct snapshot *snapshot);

/* The result of the flag of that index; NULL if it is not constant. */
static inline const fflag_result *constant_result(const struct snapshot *snapshot, uint32_t index)
{
    bool is_constant = snapshot->constant[index / 64] >> index % 64 & 1;
    return LIKELY(is_constant) ? &snapshot->results[index] : NULL;
}

#endif
