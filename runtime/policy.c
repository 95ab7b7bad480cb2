/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - judges valid snapshots: the signature, the environment, the generation. */
#include <stdlib.h>

#include "policy.h"

static enum fflag_error read_keys(struct policy *policy, const char *const *keys,
                                  struct problem *problem)
{
    size_t count = 0;
    while (keys && keys[count])
        count++;
    if (count == 0)
        return FFLAG_OK;
    if (!can_check_signatures()) {
        runtime_describe(problem, "this library was built without signatures");
        return FFLAG_ERROR_UNSUPPORTED;
    }
    policy->keys = calloc(count, sizeof *policy->keys);
    if (!policy->keys)
        return FFLAG_ERROR_NO_MEMORY;
    for (; policy->key_count < count; policy->key_count++)
        if (!read_public_key(keys[policy->key_count], &policy->keys[policy->key_count])) {
            runtime_describe(problem, "trusted key %zu is not a minisign public key",
                             policy->key_count + 1);
            return FFLAG_ERROR_GENERAL;
        }
    return FFLAG_OK;
}

enum fflag_error policy_init(struct policy *policy, const struct fflag_options *options,
                             struct problem *problem)
{
    policy->require_signature = options->require_signature;
    policy->refuse_older = options->refuse_older;
    atomic_init(&policy->least, options->least_generation);
    enum fflag_error error = read_keys(policy, options->trusted_keys, problem);
    if (error)
        return error;
    if (policy->require_signature && policy->key_count == 0) {
        runtime_describe(problem, "a signature is required, but no key is trusted");
        return FFLAG_ERROR_GENERAL;
    }
    if (options->environment && !(policy->environment = strdup(options->environment)))
        return FFLAG_ERROR_NO_MEMORY;
    return FFLAG_OK;
}

void policy_free(struct policy *policy)
{
    free(policy->keys);
    free(policy->environment);
}

static enum fflag_error judge_signature(const struct policy *policy,
                                        const struct snapshot *snapshot, struct problem *problem)
{
    if (!snapshot->signature) {
        if (!policy->require_signature)
            return FFLAG_OK;
        runtime_describe(problem, "it is not signed");
        return FFLAG_ERROR_UNSIGNED;
    }
    if (policy->key_count == 0)
        return FFLAG_OK;
    /* Two keys may share an id, by chance or by malice. */
    bool named = false;
    for (size_t i = 0; i < policy->key_count; i++) {
        if (is_signed_with(snapshot, &policy->keys[i]))
            return FFLAG_OK;
        named |= memcmp(snapshot->signature + offsetof(struct ffs_signature, key_id),
                        policy->keys[i].id, sizeof policy->keys[i].id) == 0;
    }
    char id[KEY_ID_SIZE];
    format_key_id(snapshot->signature + offsetof(struct ffs_signature, key_id), id);
    runtime_describe(problem,
                     named ? "its signature was not made over these bytes with key %s"
                           : "it is signed with key %s, which is not trusted",
                     id);
    return named ? FFLAG_ERROR_SIGNATURE : FFLAG_ERROR_UNTRUSTED;
}

enum fflag_error policy_judge(const struct policy *policy, const struct snapshot *snapshot,
                              struct problem *problem)
{
    enum fflag_error error = judge_signature(policy, snapshot, problem);
    if (error)
        return error;
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    const char *environment = string_bytes(snapshot, header->environment);
    if (policy->environment && strcmp(policy->environment, environment) != 0) {
        runtime_describe(problem, "it is of environment '%.100s', expected '%.100s'", environment,
                         policy->environment);
        return FFLAG_ERROR_ENVIRONMENT;
    }
    uint64_t least = atomic_load_explicit(&policy->least, memory_order_relaxed);
    if (header->generation < least) {
        runtime_describe(problem, "it is of generation %llu, expected %llu or later",
                         (unsigned long long)header->generation, (unsigned long long)least);
        return FFLAG_ERROR_OLDER;
    }
    return FFLAG_OK;
}

void policy_accepted(struct policy *policy, const struct snapshot *snapshot)
{
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    /* Relaxed: only the loader writes it and decides by it. */
    if (policy->refuse_older)
        atomic_store_explicit(&policy->least, header->generation, memory_order_relaxed);
}
