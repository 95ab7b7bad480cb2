/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - which sound snapshots a store accepts: whose, of which environment, how new.
 */
#ifndef FFLAG_RUNTIME_POLICY_H
#define FFLAG_RUNTIME_POLICY_H

#include "signature.h"

struct policy {
    struct public_key *keys;
    size_t key_count;
    char *environment; /* NULL: any */
    bool require_signature;
    bool refuse_older;
    _Atomic uint64_t least; /* the earliest generation that is accepted */
};

/* Copies what the options demand. On failure, too, policy_free() may follow. */
enum fflag_error policy_init(struct policy *policy, const struct fflag_options *options,
                             struct problem *problem);
void policy_free(struct policy *policy);

/* Judges a verified snapshot; only the loader does, one at a time. */
enum fflag_error policy_judge(const struct policy *policy, const struct snapshot *snapshot,
                              struct problem *problem);
/* From here on the snapshot is what others have to be newer than. */
void policy_accepted(struct policy *policy, const struct snapshot *snapshot);

#endif
