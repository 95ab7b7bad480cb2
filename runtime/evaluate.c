/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - the calls for a full result: the value, and how it came about. */
#include "constants.h"
#include "counters.h"
#include "decide.h"
#include "names.h"
#include "plan.h"
#include "wide_plan.h"

static fflag_result failure(enum fflag_error error)
{
    return (fflag_result){
        .error = error, .reason = FFLAG_REASON_ERROR, .variant_index = FFLAG_NO_VARIANT};
}

static __attribute__((noinline)) fflag_result unsupported(const fflag_view *view, uint32_t index)
{
    const struct ffs_flag *flag = &view->snapshot->flags[index];
    fault_of_flag(view, index, FAULT_UNSUPPORTED, 0);
    return (fflag_result){.error = FFLAG_ERROR_UNSUPPORTED,
                          .reason = FFLAG_REASON_ERROR,
                          .type = (enum fflag_type)flag->type,
                          .variant_index = FFLAG_NO_VARIANT,
                          .flag = string_bytes(view->snapshot, flag->name)};
}

/* Of a flag that is not constant. */
static __attribute__((noinline)) fflag_result run(const fflag_view *view, uint32_t index,
                                                  const fflag_context *context, int64_t *now)
{
    const struct ffs_flag *flag = &view->snapshot->flags[index];
    if (UNLIKELY(!runtime_is_supported(flag)))
        return unsupported(view, index);
    uint64_t decided = decide(view, flag, context, now);
    if (UNLIKELY(decided_variant(decided) == FFS_NO_VARIANT))
        count_none(view->counters, index);
    else
        count_variant(view->counters, index, decided_variant(decided));
    return result_of(view->snapshot, flag, decided);
}

static inline fflag_result count_constant(const fflag_view *view, uint32_t index,
                                          const fflag_result *constant)
{
    count_variant(view->counters, index, (uint16_t)constant->variant_index);
    return *constant;
}

static inline fflag_result run_at(const fflag_view *view, uint32_t index,
                                  const fflag_context *context)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    return run(view, index, context, &now);
}

/* By the plan of a handle's flag, of the one kind or the other. */
static __attribute__((noinline)) fflag_result run_planned(const fflag_view *view, uint64_t word,
                                                          const struct shortcut *shortcut,
                                                          const fflag_context *context)
{
    uint32_t outcome, index = word_index(word);
    if (UNLIKELY(!context || !(word & WORD_ANY_PLAN ? run_plan(shortcut->plan, context, &outcome)
                                                    : run_wide(shortcut->wide, context, &outcome))))
        return run_at(view, index, context);
    count_variant(view->counters, index, outcome_variant(outcome));
    const struct ffs_flag *flag = &view->snapshot->flags[index];
    uint32_t place = outcome_place(outcome);
    return result_of(view->snapshot, flag,
                     place < flag->code_count
                         ? decision_at(&view->snapshot->code[flag->first_code + place])
                         : serve_default(flag));
}

/* A constant flag does not even look at the context. */
ON_A_LINE fflag_result fflag_evaluate(const fflag_view *view, fflag_id flag,
                                      const fflag_context *context)
{
    if (UNLIKELY(!view))
        return failure(FFLAG_ERROR_GENERAL);
    uint64_t word = find_word(view, flag);
    if (UNLIKELY(!word)) {
        fault_of_handle(view, flag);
        return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
    uint32_t index = word_index(word);
    if (word & (WORD_ANY_PLAN | WORD_WIDE_PLAN))
        return run_planned(view, word, &view->shortcuts[flag], context);
    const fflag_result *constant = constant_result(view->snapshot, index);
    return constant ? count_constant(view, index, constant) : run_at(view, index, context);
}

static __attribute__((noinline)) fflag_result unknown_name(const fflag_view *view, const char *flag)
{
    fault_of_name(view, flag);
    return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
}

/* A constant flag's result has the name, too: in the line that is needed next. */
ON_A_LINE fflag_result fflag_evaluate_name(const fflag_view *view, const char *flag,
                                           const fflag_context *context)
{
    if (UNLIKELY(!view || !flag))
        return failure(FFLAG_ERROR_GENERAL);
    const struct snapshot *snapshot = view->snapshot;
    size_t length = strlen(flag);
    uint32_t index = only_index(snapshot, flag, length);
    if (UNLIKELY(index == FFS_NONE))
        return unknown_name(view, flag);
    const fflag_result *constant = constant_result(snapshot, index);
    if (LIKELY(constant)) {
        if (UNLIKELY(!is_text(constant->flag, flag, length)))
            return unknown_name(view, flag);
        return count_constant(view, index, constant);
    }
    if (UNLIKELY(!is_named(snapshot, &snapshot->flags[index], flag, length)))
        return unknown_name(view, flag);
    return run_at(view, index, context);
}

/* The flag's place in a call for many; FFS_NONE: there is none, which is a fault of a handle. */
static inline uint32_t index_of(const fflag_view *view, const fflag_id *flags, size_t i)
{
    if (!flags)
        return i < view->snapshot->flag_count ? (uint32_t)i : FFS_NONE;
    uint64_t word = find_word(view, flags[i]);
    if (UNLIKELY(!word))
        fault_of_handle(view, flags[i]);
    return word ? word_index(word) : FFS_NONE;
}

/* The clock is read at most once for all of them. */
void fflag_evaluate_all(const fflag_view *view, const fflag_id *flags, size_t count,
                        const fflag_context *context, fflag_result *results)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    for (size_t i = 0; results && i < count; i++) {
        uint32_t index = view ? index_of(view, flags, i) : FFS_NONE;
        if (UNLIKELY(index == FFS_NONE)) {
            results[i] = failure(view ? FFLAG_ERROR_FLAG_NOT_FOUND : FFLAG_ERROR_GENERAL);
            continue;
        }
        const fflag_result *constant = constant_result(view->snapshot, index);
        results[i] =
            constant ? count_constant(view, index, constant) : run(view, index, context, &now);
    }
}
