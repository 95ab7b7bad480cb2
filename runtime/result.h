/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h - a decision, and the whole result that it makes.
 */
#ifndef FFLAG_RUNTIME_RESULT_H
#define FFLAG_RUNTIME_RESULT_H

#include "snapshot.h"

/* What a program decided, in a register: rule << 32 | reason << 16 | variant. */
static inline uint64_t decision(uint64_t variant, uint64_t reason, uint64_t rule)
{
    return rule << 32 | reason << 16 | variant;
}

static inline uint16_t decided_variant(uint64_t decided)
{
    return (uint16_t)decided;
}

static inline uint64_t decision_at(const struct ffs_instruction *instruction)
{
    return decision(instruction->variant, instruction->flags, instruction->operand);
}

static inline uint64_t serve_default(const struct ffs_flag *flag)
{
    return decision(flag->default_variant,
                    flag->code_count ? FFLAG_REASON_DEFAULT : FFLAG_REASON_STATIC, FFS_NONE);
}

static inline const struct ffs_variant *variant_of(const struct snapshot *snapshot,
                                                   const struct ffs_flag *flag, uint16_t variant)
{
    return &snapshot->variants[flag->first_variant + variant];
}

static inline double bits_to_double(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline const char *string_or_null(const struct snapshot *snapshot, ffs_string string)
{
    return string == FFS_NONE ? NULL : string_bytes(snapshot, string);
}

static inline fflag_result result_of(const struct snapshot *snapshot, const struct ffs_flag *flag,
                                     uint64_t decided)
{
    fflag_result result = {
        .error = FFLAG_OK,
        .reason = (enum fflag_reason)(decided >> 16 & 0xff),
        .type = (enum fflag_type)flag->type,
        .variant_index = FFLAG_NO_VARIANT,
        .flag = string_bytes(snapshot, flag->name),
        .metadata = string_or_null(snapshot, flag->metadata),
        .rule = string_or_null(snapshot, (ffs_string)(decided >> 32)),
    };
    if (__builtin_expect(decided_variant(decided) == FFS_NO_VARIANT, 0)) {
        if (result.type == FFLAG_TYPE_STRING || result.type == FFLAG_TYPE_JSON)
            result.value.string.text = ""; /* for callers that print it unchecked */
        return result;
    }
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

#endif
