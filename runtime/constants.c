/* SPDX-License-Identifier: Apache-2.0 */
/* constants.c - see constants.h. */
#include "constants.h"

#include <stdlib.h>

#include "names.h"
#include "result.h"

/* Flags that the library does not support, and those that may serve no variant, take the long way:
 * there is more to do than to hand out a result. */
static bool has_result(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    return runtime_is_supported(flag) && !(flag->flags & FFS_FLAG_SERVES_NONE) &&
           is_constant(snapshot, flag);
}

bool constants_create(struct snapshot *snapshot)
{
    size_t count = (size_t)snapshot->flag_count + 1;
    /* Not zeroed, so that nothing is written where no result is; each has a cache line. */
    fflag_result *results = aligned_alloc(sizeof *results, count * sizeof *results);
    uint64_t *constant = calloc(count / 64 + 1, sizeof *constant);
    snapshot->results = results;
    snapshot->constant = constant;
    if (!results || !constant)
        return false;
    for (uint32_t i = 0; i < snapshot->flag_count; i++) {
        const struct ffs_flag *flag = &snapshot->flags[i];
        if (!has_result(snapshot, flag))
            continue;
        const struct ffs_instruction *code = &snapshot->code[flag->first_code];
        results[i] =
            result_of(snapshot, flag, flag->code_count ? decision_at(code) : serve_default(flag));
        constant[i / 64] |= UINT64_C(1) << i % 64;
    }
    return true;
}

void constants_free(struct snapshot *snapshot)
{
    free(snapshot->results);
    free(snapshot->constant);
}
