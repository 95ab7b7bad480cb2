/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - the calls for a full result: the value, and how it came about. */
#include "counters.h"
#include "decide.h"

static fflag_result failure(enum fflag_error error)
{
    return (fflag_result){
        .error = error, .reason = FFLAG_REASON_ERROR, .variant_index = FFLAG_NO_VARIANT};
}

static const char *string_or_null(const struct snapshot *snapshot, ffs_string string)
{
    return string == FFS_NONE ? NULL : string_bytes(snapshot, string);
}

static fflag_result evaluate(const fflag_view *view, const struct ffs_flag *flag,
                             const fflag_context *context, int64_t *now)
{
    const struct snapshot *snapshot = view->snapshot;
    if (UNLIKELY(!runtime_is_supported(flag))) {
        fault_of_flag(view, flag_index(snapshot, flag), FAULT_UNSUPPORTED, 0);
        return (fflag_result){.error = FFLAG_ERROR_UNSUPPORTED,
                              .reason = FFLAG_REASON_ERROR,
                              .type = (enum fflag_type)flag->type,
                              .variant_index = FFLAG_NO_VARIANT,
                              .flag = string_bytes(snapshot, flag->name)};
    }
    uint64_t decided = decide(view, flag, context, now);
    fflag_result result = {
        .error = FFLAG_OK,
        .reason = (enum fflag_reason)(decided >> 16 & 0xff),
        .type = (enum fflag_type)flag->type,
        .variant_index = FFLAG_NO_VARIANT,
        .flag = string_bytes(snapshot, flag->name),
        .metadata = string_or_null(snapshot, flag->metadata),
        .rule = string_or_null(snapshot, (ffs_string)(decided >> 32)),
    };
    if (UNLIKELY(decided_variant(decided) == FFS_NO_VARIANT)) {
        count_none(view->counters, flag_index(snapshot, flag));
        if (result.type == FFLAG_TYPE_STRING || result.type == FFLAG_TYPE_JSON)
            result.value.string.text = ""; /* for callers that print it unchecked */
        return result;
    }
    count_variant(view->counters, flag_index(snapshot, flag), decided_variant(decided));
    const struct ffs_variant *variant = variant_of(snapshot, flag, decided_variant(decided));
    result.variant_index = decided_variant(decided);
    result.variant = string_or_null(snapshot, variant->name);
    switch (result.type) {
    case FFLAG_TYPE_BOOLEAN:
        result.value.boolean = variant->value;
        break;
    case FFLAG_TYPE_INTEGER:
        result.value.integer = (int64_t)variant->value;
        break;
    case FFLAG_TYPE_NUMBER:
        result.value.number = bits_to_double(variant->value);
        break;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        result.value.string.text = string_bytes(snapshot, (ffs_string)variant->value);
        result.value.string.length = string_length(snapshot, (ffs_string)variant->value);
        break;
    }
    return result;
}

static fflag_result evaluate_handle(const fflag_view *view, fflag_id handle,
                                    const fflag_context *context, int64_t *now)
{
    uint64_t word = find_word(view, handle);
    if (UNLIKELY(!word)) {
        fault_of_handle(view, handle);
        return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
    return evaluate(view, &view->snapshot->flags[word_index(word)], context, now);
}

fflag_result fflag_evaluate(const fflag_view *view, fflag_id flag, const fflag_context *context)
{
    if (!view)
        return failure(FFLAG_ERROR_GENERAL);
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    return evaluate_handle(view, flag, context, &now);
}

fflag_result fflag_evaluate_name(const fflag_view *view, const char *flag,
                                 const fflag_context *context)
{
    if (!view || !flag)
        return failure(FFLAG_ERROR_GENERAL);
    const struct ffs_flag *found = runtime_find_flag(view->snapshot, flag, strlen(flag));
    if (UNLIKELY(!found)) {
        fault_of_name(view, flag);
        return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    return evaluate(view, found, context, &now);
}

void fflag_evaluate_all(const fflag_view *view, const fflag_id *flags, size_t count,
                        const fflag_context *context, fflag_result *results)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    for (size_t i = 0; results && i < count; i++) {
        if (!view)
            results[i] = failure(FFLAG_ERROR_GENERAL);
        else if (flags)
            results[i] = evaluate_handle(view, flags[i], context, &now);
        else if (i < view->snapshot->flag_count)
            results[i] = evaluate(view, &view->snapshot->flags[i], context, &now);
        else
            results[i] = failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
}
