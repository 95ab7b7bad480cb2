/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.h - what a program decides, while it is on its way to a result.
 */
#ifndef FFLAG_RUNTIME_DECISION_H
#define FFLAG_RUNTIME_DECISION_H

#include "internal.h"

/* What a program decided, in a register: rule << 32 | reason << 16 | variant. */
static inline uint64_t decision(uint64_t variant, uint64_t reason, uint64_t rule)
{
    return rule << 32 | reason << 16 | variant;
}

static inline uint16_t decided_variant(uint64_t decided)
{
    return (uint16_t)decided;
}

static inline uint64_t serve(const struct ffs_instruction *instruction)
{
    return decision(instruction->variant, instruction->flags, instruction->operand);
}

static inline uint64_t serve_default(const struct ffs_flag *flag)
{
    return decision(flag->default_variant,
                    flag->code_count ? FFLAG_REASON_DEFAULT : FFLAG_REASON_STATIC, FFS_NONE);
}

/*
 * Where the last test of a program is a percentage, the outcome is as good as random, so it is
 * chosen, not branched on: a wrong guess would cost more than everything else here.
 */
static inline bool is_last_test(const struct ffs_instruction *test,
                                const struct ffs_instruction *end)
{
    return test->jump == 2 && test + 2 == end && test[1].op == FFS_SERVE;
}

static inline uint64_t serve_if(bool holds, const struct ffs_instruction *test,
                                const struct ffs_flag *flag)
{
    uint64_t served = serve(test + 1), otherwise = serve_default(flag);
    uint64_t mask = (uint64_t)0 - (uint64_t)(holds != (test->flags & FFS_NEGATE));
    return (served & mask) | (otherwise & ~mask);
}

#endif
