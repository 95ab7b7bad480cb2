/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - which variant a flag serves.
 *
 * The commonest programs are run here, inlined; interpret.c runs the others. Both trust the
 * snapshot, which is verified, and nothing else: handles, contexts and their types are checked as
 * they are used.
 */
#ifndef FFLAG_RUNTIME_DECIDE_H
#define FFLAG_RUNTIME_DECIDE_H

#include "inputs.h"
#include "result.h"
#include "sets.h"

/*
 * If a program's last test is a percentage, its outcome is as good as random, so it is selected,
 * not branched on: a misprediction would cost more than everything else here.
 */
static inline bool is_last_test(const struct ffs_instruction *test,
                                const struct ffs_instruction *end)
{
    return test->jump == 2 && test + 2 == end && test[1].op == FFS_SERVE;
}

static inline uint64_t serve_if(bool holds, const struct ffs_instruction *test,
                                const struct ffs_flag *flag)
{
    uint64_t served = decision_at(test + 1), otherwise = serve_default(flag);
    uint64_t mask = (uint64_t)0 - (uint64_t)(holds != (test->flags & FFS_NEGATE));
    return (served & mask) | (otherwise & ~mask);
}

static inline bool string_equals(const struct snapshot *snapshot, uint64_t operand,
                                 const char *bytes, uint32_t length, uint64_t hash)
{
    ffs_string string = (ffs_string)operand;
    return (uint32_t)hash == operand >> 32 && length == string_length(snapshot, string) &&
           same_bytes(bytes, string_bytes(snapshot, string), length);
}

static inline const struct ffs_set *set_at(const struct snapshot *snapshot, uint64_t operand)
{
    return (const struct ffs_set *)(snapshot->sets + operand);
}

static inline uint64_t split_salt(const uint64_t *split, const struct ffs_flag *flag)
{
    return UNLIKELY(split[0] & FFS_SPLIT_SALTED) ? split[1] : flag->split_salt;
}

#define FEW_ARMS 16 /* are looked at one after another */

/* The variant of the arm that a bucket falls into. */
static inline uint64_t find_arm(const uint64_t *split, uint64_t bucket)
{
    const uint64_t *arm = split + (UNLIKELY(split[0] & FFS_SPLIT_SALTED) ? 2 : 1);
    /* The last arm's upper end is the maximum. */
    const uint64_t *last = arm + 2 * ((uint32_t)split[0] - 1);
    while (UNLIKELY(last - arm > 2 * FEW_ARMS)) {
        const uint64_t *middle = arm + (last - arm) / 4 * 2;
        if (bucket < middle[0])
            last = middle;
        else
            arm = middle + 2;
    }
    while (arm < last && bucket >= arm[0])
        arm += 2;
    return arm[1];
}

/* Runs a flag's program from an instruction on. */
uint64_t runtime_interpret(const fflag_view *view, const struct ffs_flag *flag,
                           const struct ffs_instruction *at, const fflag_context *context,
                           int64_t *now);

/*
 * The operations that most programs consist of, in a function that calls nothing and keeps all in
 * registers. Returns where it came upon another; NULL when *decided has the decision.
 */
static inline const struct ffs_instruction *decide_plain(const struct snapshot *snapshot,
                                                         const struct ffs_flag *flag,
                                                         const fflag_context *context,
                                                         uint64_t *decided)
{
    const struct ffs_instruction *at = snapshot->code + flag->first_code;
    const struct ffs_instruction *end = at + flag->code_count;
    while (at != end) {
        if (at->op == FFS_SERVE) {
            *decided = decision_at(at);
            return NULL;
        }
        bool holds = false;
        if (at->op == FFS_EXPOSED) {
            uint8_t declared;
            const struct fflag_slot *unit = find_input(snapshot, context, at->attribute, &declared);
            if (UNLIKELY(unit && unit->key_type != declared))
                return at;
            holds = unit && ffs_mix(unit->bits ^ flag->exposure_salt) < at->operand;
            if (is_last_test(at, end)) {
                *decided = serve_if(holds, at, flag);
                return NULL;
            }
        } else if ((at->op == FFS_STRING_EQ || at->op == FFS_STRING_IN) &&
                   !(at->flags & FFS_IGNORE_CASE)) {
            uint8_t declared;
            const struct fflag_slot *slot = find_input(snapshot, context, at->attribute, &declared);
            if (slot) {
                if (UNLIKELY(slot->key_type != declared || declared != FFLAG_ATTRIBUTE_STRING))
                    return at;
                holds = at->op == FFS_STRING_EQ
                            ? string_equals(snapshot, at->operand, slot->value.pointer,
                                            slot->length, slot->bits)
                            : set_holds(snapshot, set_at(snapshot, at->operand),
                                        slot->value.pointer, slot->length, slot->bits);
            }
        } else if (at->op == FFS_SPLIT && at->attribute < FFS_FIRST_KEY) {
            uint8_t declared;
            const struct fflag_slot *unit = find_input(snapshot, context, at->attribute, &declared);
            if (UNLIKELY(!unit || unit->key_type != declared))
                return at;
            const uint64_t *split = snapshot->splits + (uint32_t)at->operand;
            uint64_t bucket = ffs_mix(unit->bits ^ split_salt(split, flag));
            *decided = decision(find_arm(split, bucket), at->flags, at->operand >> 32);
            return NULL;
        } else if (at->op == FFS_CLOCK_GE && context->now != INT64_MIN) {
            holds = context->now >= (int64_t)at->operand;
        } else {
            return at;
        }
        at += holds != (at->flags & FFS_NEGATE) ? 1 : at->jump;
    }
    *decided = serve_default(flag);
    return NULL;
}

static inline uint64_t decide(const fflag_view *view, const struct ffs_flag *flag,
                              const fflag_context *context, int64_t *now)
{
    uint64_t decided;
    const struct ffs_instruction *at = decide_plain(view->snapshot, flag, context, &decided);
    return LIKELY(!at) ? decided : runtime_interpret(view, flag, at, context, now);
}

static inline uint32_t flag_index(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    return (uint32_t)(flag - snapshot->flags);
}

/* The word of a handle; zero where the snapshot does not have the flag. Acquire: seeing the word
 * implies seeing the plan. */
static inline uint64_t find_word(const fflag_view *view, fflag_id flag)
{
    if (LIKELY(flag < view->word_count))
        return atomic_load_explicit(&view->words[flag], memory_order_acquire);
    size_t length;
    const char *name = runtime_flag_name(view->store, flag, &length);
    return name ? runtime_flag_word(view->snapshot, name, length) : 0;
}

#endif
