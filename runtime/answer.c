/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - the calls for a flag's value, and their fast paths. */
#include "counters.h"
#include "decide.h"
#include "plan.h"
#include "wide_plan.h"

/* The value of a flag that always serves one variant, as stored in the variant. */
static inline __attribute__((always_inline)) uint64_t
run(const fflag_view *view, const struct ffs_flag *flag, const fflag_context *context)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    uint64_t decided = decide(view, flag, context, &now);
    count_variant(view->counters, flag_index(view->snapshot, flag), decided_variant(decided));
    return variant_of(view->snapshot, flag, decided_variant(decided))->value;
}

/* The result of a call for a value, returned in registers. */
struct answer {
    uint64_t value;
    bool given; /* otherwise the caller's default applies */
};

/* The same for a word of another type than the caller's, perhaps because the flag may serve no
 * variant. */
static __attribute__((noinline, cold)) struct answer run_rare(const fflag_view *view,
                                                              fflag_id handle, uint64_t word,
                                                              enum fflag_type type,
                                                              const fflag_context *context)
{
    if (word_type(word) != (WORD_MAY_BE_NONE | type)) {
        if (!word)
            fault_of_handle(view, handle);
        else if (word_type(word) == WORD_UNSUPPORTED)
            fault_of_flag(view, word_index(word), FAULT_UNSUPPORTED, 0);
        else
            fault_of_flag(view, word_index(word), FAULT_FLAG_TYPE, type);
        return (struct answer){0, false};
    }
    const struct ffs_flag *flag = &view->snapshot->flags[word_index(word)];
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    uint16_t variant = decided_variant(decide(view, flag, context, &now));
    if (variant == FFS_NO_VARIANT) {
        count_none(view->counters, word_index(word));
        return (struct answer){0, false};
    }
    count_variant(view->counters, word_index(word), variant);
    return (struct answer){variant_of(view->snapshot, flag, variant)->value, true};
}

/* The unit of a shortcut, if the context can answer it. */
static inline const struct fflag_slot *shortcut_unit(const struct shortcut *shortcut,
                                                     const fflag_context *context)
{
    const char *base = (const char *)context;
    const struct fflag_slot *unit = (const struct fflag_slot *)(base + shortcut->unit);
    uint64_t present = *(const uint64_t *)(base + shortcut->presence);
    return LIKELY((present & shortcut->present) && unit->key_type == shortcut->type) ? unit : NULL;
}

static inline bool is_below(const struct shortcut *rollout, const struct fflag_slot *unit)
{
    return ffs_mix(unit->bits ^ rollout->salt) < rollout->threshold;
}

static inline bool is_listed(const fflag_view *view, const struct shortcut *list,
                             const struct fflag_slot *unit)
{
    return set_holds(view->snapshot, list->set, unit->value.pointer, unit->length, unit->bits);
}

/* `word` is the handle's word. */
static __attribute__((noinline)) bool run_boolean(const fflag_view *view, uint64_t word,
                                                  const fflag_context *context, bool fallback,
                                                  fflag_id flag)
{
    if (LIKELY(word_type(word) == FFLAG_TYPE_BOOLEAN))
        return run(view, &view->snapshot->flags[word_index(word)], context);
    struct answer answer = run_rare(view, flag, word, FFLAG_TYPE_BOOLEAN, context);
    return answer.given ? answer.value : fallback;
}

/* For a handle created after the snapshot was loaded. */
static __attribute__((noinline)) bool run_late(const fflag_view *view, fflag_id flag,
                                               const fflag_context *context, bool fallback)
{
    return run_boolean(view, find_word(view, flag), context, fallback, flag);
}

/* Answers a list, if the store counts. */
static __attribute__((noinline)) bool count_list(const fflag_view *view, fflag_id flag,
                                                 const fflag_context *context, bool fallback,
                                                 uint64_t word)
{
    const struct shortcut *list = &view->shortcuts[flag];
    const struct fflag_slot *unit = LIKELY(context) ? shortcut_unit(list, context) : NULL;
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    bool holds = is_listed(view, list, unit);
    count_cell(view->counters, view->shortcut_cells[flag].cell[holds]);
    return list->value[holds];
}

/* Where the plan cannot answer. */
static __attribute__((noinline)) bool run_planned(const fflag_view *view, const struct plan *plan,
                                                  const fflag_context *context)
{
    return run(view, &view->snapshot->flags[plan->flag], context);
}

/* The answer of a boolean's plan. It always serves a variant, so there is no need for the default.
 */
static __attribute__((noinline)) ON_A_LINE bool
plan_boolean(const fflag_view *view, const struct plan *plan, const fflag_context *context)
{
    uint32_t outcome;
    if (UNLIKELY(!context || !run_plan(plan, context, &outcome)))
        return run_planned(view, plan, context);
    return outcome_value(outcome);
}

/* In a store that counts, too. */
static __attribute__((noinline)) bool wide_boolean(const fflag_view *view, fflag_id flag,
                                                   const fflag_context *context, bool fallback,
                                                   uint64_t word)
{
    uint32_t outcome;
    if (UNLIKELY(!context || word_type(word) != FFLAG_TYPE_BOOLEAN ||
                 !run_wide(view->shortcuts[flag].wide, context, &outcome)))
        return run_boolean(view, word, context, fallback, flag);
    count_variant(view->counters, word_index(word), outcome_variant(outcome));
    return outcome_value(outcome);
}

static __attribute__((noinline)) bool count_plan(const fflag_view *view, const struct plan *plan,
                                                 const fflag_context *context)
{
    uint32_t outcome;
    if (UNLIKELY(!context || !run_plan(plan, context, &outcome)))
        return run_planned(view, plan, context);
    count_variant(view->counters, plan->flag, outcome_variant(outcome));
    return outcome_value(outcome);
}

/* The answer, counted by a thread that has no row to itself. */
static __attribute__((noinline, cold)) bool count_rarely(const struct counters *counters,
                                                         uint32_t cell, bool value)
{
    count_elsewhere(counters, cell);
    return value;
}

/* count_cell() at the end of a function, which then calls nothing and so saves no registers. */
static inline bool counted(const struct counters *counters, uint32_t cell, bool value)
{
    uint32_t row = runtime_counted_row;
    if (UNLIKELY(!is_own_row(row)))
        return count_rarely(counters, cell, value);
    count_own(counters, row, cell);
    return value;
}

/* Not in fflag_bool(), whose other paths would then move registers for it. */
static __attribute__((noinline)) ON_A_LINE bool count_constant(const fflag_view *view,
                                                               fflag_id flag, uint64_t word)
{
    return counted(view->counters, view->shortcut_cells[flag].cell[1], word & WORD_VALUE);
}

/* What else fflag_bool() answers without the program, if the store counts; anything else takes the
 * slow path, which counts it. */
static __attribute__((noinline)) ON_A_LINE bool count_boolean(const fflag_view *view, fflag_id flag,
                                                              const fflag_context *context,
                                                              bool fallback, uint64_t word)
{
    if (UNLIKELY(!(word & WORD_COUNTED(WORD_ROLLOUT)) || !context)) {
        if (word & WORD_COUNTED(WORD_PLAN))
            return count_plan(view, view->shortcuts[flag].plan, context);
        return word & WORD_COUNTED(WORD_LIST) ? count_list(view, flag, context, fallback, word)
                                              : run_boolean(view, word, context, fallback, flag);
    }
    const struct shortcut *rollout = &view->shortcuts[flag];
    const struct fflag_slot *unit = shortcut_unit(rollout, context);
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    bool below = is_below(rollout, unit);
    return counted(view->counters, view->shortcut_cells[flag].cell[below], rollout->value[below]);
}

/* A short list. Its loop needs more registers than a long one's only slot. */
static __attribute__((noinline)) bool probed_list_boolean(const struct snapshot *snapshot,
                                                          const struct shortcut *list,
                                                          const struct fflag_slot *unit)
{
    return list->value[probed_set_holds(snapshot, list->set, unit->value.pointer, unit->length,
                                        unit->bits)];
}

/*
 * A flag that is one list. A look-up in a large list waits for memory; meanwhile the processor
 * starts on the next evaluation, if it is near enough in the instruction stream: the path through
 * the program is twice as long.
 */
static __attribute__((noinline)) ON_A_LINE bool list_boolean(const fflag_view *view, fflag_id flag,
                                                             const fflag_context *context,
                                                             bool fallback, uint64_t word)
{
    const struct shortcut *list = &view->shortcuts[flag];
    const struct fflag_slot *unit = LIKELY(context) ? shortcut_unit(list, context) : NULL;
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    if (UNLIKELY(!list->set->buckets))
        return probed_list_boolean(view->snapshot, list, unit);
    return list->value[bucketed_set_holds(view->snapshot, list->set, unit->value.pointer,
                                          unit->length, unit->bits)];
}

/*
 * The two commonest flags are answered here, in a function that calls nothing and so saves no
 * registers: a flag that is the same for everybody, and one that is a percentage. Anything unusual
 * about either, including a unit without a key, takes the slow path. The outcome of a percentage is
 * as good as random, so it is selected without a branch.
 */
ON_A_LINE bool fflag_bool(const fflag_view *view, fflag_id flag, const fflag_context *context,
                          bool fallback)
{
    if (UNLIKELY(!view))
        return fallback;
    if (UNLIKELY(flag >= view->word_count))
        return run_late(view, flag, context, fallback);
    uint64_t word = atomic_load_explicit(&view->words[flag], memory_order_acquire);
    if (LIKELY(word & WORD_CONSTANT))
        return word & WORD_VALUE;
    if (UNLIKELY(!(word & WORD_ROLLOUT) || !context)) {
        if (UNLIKELY(word & (WORD_PLAN | WORD_LIST | WORD_WIDE_PLAN))) {
            if (word & WORD_PLAN)
                return plan_boolean(view, view->shortcuts[flag].plan, context);
            return word & WORD_LIST ? list_boolean(view, flag, context, fallback, word)
                                    : wide_boolean(view, flag, context, fallback, word);
        }
        if (LIKELY(word & WORD_COUNTED(WORD_CONSTANT)))
            return count_constant(view, flag, word);
        return word & WORD_COUNTED(WORD_ANSWERED)
                   ? count_boolean(view, flag, context, fallback, word)
                   : run_boolean(view, word, context, fallback, flag);
    }
    const struct shortcut *rollout = &view->shortcuts[flag];
    const struct fflag_slot *unit = shortcut_unit(rollout, context);
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    return rollout->value[is_below(rollout, unit)];
}

static inline __attribute__((always_inline)) struct answer read_value(const fflag_view *view,
                                                                      fflag_id flag,
                                                                      enum fflag_type type,
                                                                      const fflag_context *context)
{
    uint64_t word = find_word(view, flag);
    if (UNLIKELY(word_type(word) != type))
        return run_rare(view, flag, word, type, context);
    const struct ffs_flag *record = &view->snapshot->flags[word_index(word)];
    uint32_t outcome;
    if (context &&
        ((word & WORD_ANY_PLAN && run_plan(view->shortcuts[flag].plan, context, &outcome)) ||
         (word & WORD_WIDE_PLAN && run_wide(view->shortcuts[flag].wide, context, &outcome)))) {
        count_variant(view->counters, word_index(word), outcome_variant(outcome));
        uint64_t value = variant_of(view->snapshot, record, outcome_variant(outcome))->value;
        return (struct answer){value, true};
    }
    return (struct answer){run(view, record, context), true};
}

int64_t fflag_integer(const fflag_view *view, fflag_id flag, const fflag_context *context,
                      int64_t fallback)
{
    if (!view)
        return fallback;
    struct answer answer = read_value(view, flag, FFLAG_TYPE_INTEGER, context);
    return answer.given ? (int64_t)answer.value : fallback;
}

double fflag_number(const fflag_view *view, fflag_id flag, const fflag_context *context,
                    double fallback)
{
    if (!view)
        return fallback;
    bool whole = (word_type(find_word(view, flag)) & ~WORD_MAY_BE_NONE) == FFLAG_TYPE_INTEGER;
    struct answer answer =
        read_value(view, flag, whole ? FFLAG_TYPE_INTEGER : FFLAG_TYPE_NUMBER, context);
    if (!answer.given)
        return fallback;
    return whole ? (double)(int64_t)answer.value : bits_to_double(answer.value);
}

static inline __attribute__((always_inline)) const char *
read_text(const fflag_view *view, fflag_id flag, enum fflag_type type, const fflag_context *context,
          const char *fallback, size_t *length)
{
    struct answer answer = view ? read_value(view, flag, type, context) : (struct answer){0, false};
    if (!answer.given) {
        if (length)
            *length = fallback ? strlen(fallback) : 0;
        return fallback;
    }
    ffs_string string = (ffs_string)answer.value;
    if (length)
        *length = string_length(view->snapshot, string);
    return string_bytes(view->snapshot, string);
}

const char *fflag_string(const fflag_view *view, fflag_id flag, const fflag_context *context,
                         const char *fallback, size_t *length)
{
    return read_text(view, flag, FFLAG_TYPE_STRING, context, fallback, length);
}

const char *fflag_json(const fflag_view *view, fflag_id flag, const fflag_context *context,
                       const char *fallback, size_t *length)
{
    return read_text(view, flag, FFLAG_TYPE_JSON, context, fallback, length);
}
