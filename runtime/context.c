/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c - the attributes of one evaluation: typed values in slots, keys hashed once.
 *
 * A slot's type is an enum fflag_attribute_type, or SLOT_NULL, which fits none. `key_type` repeats
 * it if `bits` is the hash of a key, so that a bucket test checks type and key with one comparison.
 * An empty string is no key: it is the identifier of whoever has none, and they are not one unit.
 */
#include <math.h>

#include "fflag/snapshot.h"
#include "hash.h"
#include "snapshot.h"
#include "values.h"

void fflag_context_init(fflag_context *context)
{
    if (!context)
        return;
    for (unsigned i = 0; i < FFLAG_CONTEXT_SLOTS / 64; i++)
        context->present[i] = 0;
    context->now = INT64_MIN;
    context->previous = NULL;
}

void fflag_set_now(fflag_context *context, int64_t ms)
{
    if (context)
        context->now = ms;
}

enum fflag_error fflag_set_previous(fflag_context *context, const struct fflag_previous *previous,
                                    size_t count)
{
    if (!context)
        return FFLAG_ERROR_INVALID_CONTEXT;
    context->previous = NULL;
    bool usable = previous || count == 0;
    for (size_t i = 0; usable && i < count; i++)
        usable = previous[i].variant != NULL;
    if (!usable)
        return FFLAG_ERROR_INVALID_CONTEXT;
    context->previous = previous;
    context->previous_count = count;
    return FFLAG_OK;
}

void fflag_unset(fflag_context *context, fflag_attr attr)
{
    if (context && attr < FFLAG_CONTEXT_SLOTS)
        context->present[attr / 64] &= ~(UINT64_C(1) << attr % 64);
}

/* The slot to fill, marked present; NULL if the value is refused, which makes the attribute
 * absent. */
static struct fflag_slot *set(fflag_context *context, fflag_attr attr, bool usable)
{
    if (!context || attr >= FFLAG_CONTEXT_SLOTS)
        return NULL;
    uint64_t bit = UINT64_C(1) << attr % 64;
    if (UNLIKELY(!usable)) {
        context->present[attr / 64] &= ~bit;
        return NULL;
    }
    context->present[attr / 64] |= bit;
    return &context->slot[attr];
}

enum fflag_error fflag_set_string(fflag_context *context, fflag_attr attr, const char *value,
                                  size_t length)
{
    struct fflag_slot *slot = set(context, attr, value && length <= UINT32_MAX);
    if (UNLIKELY(!slot))
        return FFLAG_ERROR_INVALID_CONTEXT;
    slot->bits = hash_bytes(value, length);
    slot->value.pointer = value;
    slot->length = (uint32_t)length;
    slot->type = FFLAG_ATTRIBUTE_STRING;
    slot->key_type = length ? FFLAG_ATTRIBUTE_STRING : 0;
    return FFLAG_OK;
}

size_t runtime_number_key(double number, char digits[KEY_DIGITS])
{
    const double limit = 9007199254740992.0; /* 2^53 */
    if (!(number >= -limit && number <= limit))
        return 0;
    int64_t integer = (int64_t)number;
    if ((double)integer != number)
        return 0;
    uint64_t rest = integer < 0 ? (uint64_t)-integer : (uint64_t)integer;
    char reversed[KEY_DIGITS];
    size_t count = 0, length = 0;
    do {
        reversed[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (integer < 0)
        digits[length++] = '-';
    while (count)
        digits[length++] = reversed[--count];
    return length;
}

enum fflag_error fflag_set_number(fflag_context *context, fflag_attr attr, double value)
{
    struct fflag_slot *slot = set(context, attr, !isnan(value));
    if (!slot)
        return FFLAG_ERROR_INVALID_CONTEXT;
    char digits[KEY_DIGITS];
    size_t length = runtime_number_key(value, digits);
    /* The second bound is for a compiler that follows the hash of longer texts. */
    slot->bits = length && length <= sizeof digits ? hash_bytes(digits, length) : 0;
    slot->value.number = value;
    slot->type = FFLAG_ATTRIBUTE_NUMBER;
    slot->key_type = length ? FFLAG_ATTRIBUTE_NUMBER : 0;
    return FFLAG_OK;
}

static enum fflag_error set_word(fflag_context *context, fflag_attr attr,
                                 enum fflag_attribute_type type, uint64_t word)
{
    struct fflag_slot *slot = set(context, attr, true);
    if (!slot)
        return FFLAG_ERROR_INVALID_CONTEXT;
    slot->value.word = word;
    slot->type = (uint8_t)type;
    slot->key_type = 0;
    return FFLAG_OK;
}

enum fflag_error fflag_set_null(fflag_context *context, fflag_attr attr)
{
    return set_word(context, attr, (enum fflag_attribute_type)SLOT_NULL, 0);
}

enum fflag_error fflag_set_boolean(fflag_context *context, fflag_attr attr, bool value)
{
    return set_word(context, attr, FFLAG_ATTRIBUTE_BOOLEAN, value);
}

enum fflag_error fflag_set_time(fflag_context *context, fflag_attr attr, int64_t ms)
{
    return set_word(context, attr, FFLAG_ATTRIBUTE_TIME, (uint64_t)ms);
}

enum fflag_error fflag_set_version(fflag_context *context, fflag_attr attr, const char *value,
                                   size_t length)
{
    struct version version;
    bool usable = value && length <= UINT32_MAX && runtime_parse_version(value, length, &version);
    struct fflag_slot *slot = set(context, attr, usable);
    if (!slot)
        return FFLAG_ERROR_INVALID_CONTEXT;
    slot->value.pointer = value;
    slot->length = (uint32_t)length;
    slot->type = FFLAG_ATTRIBUTE_VERSION;
    slot->key_type = 0;
    return FFLAG_OK;
}

enum fflag_error fflag_set_ip(fflag_context *context, fflag_attr attr, const char *value,
                              size_t length)
{
    struct address address = {0, 0};
    bool usable = value && runtime_parse_address(value, length, &address);
    struct fflag_slot *slot = set(context, attr, usable);
    if (!slot)
        return FFLAG_ERROR_INVALID_CONTEXT;
    slot->bits = address.high;
    slot->value.word = address.low;
    slot->type = FFLAG_ATTRIBUTE_IP;
    slot->key_type = 0;
    return FFLAG_OK;
}

enum fflag_error fflag_set_strings(fflag_context *context, fflag_attr attr,
                                   const char *const *values, size_t count)
{
    bool usable = (values || count == 0) && count <= UINT32_MAX;
    for (size_t i = 0; usable && i < count; i++)
        usable = values[i] != NULL;
    struct fflag_slot *slot = set(context, attr, usable);
    if (!slot)
        return FFLAG_ERROR_INVALID_CONTEXT;
    slot->value.pointer = values;
    slot->length = (uint32_t)count;
    slot->type = FFLAG_ATTRIBUTE_STRINGS;
    slot->key_type = 0;
    return FFLAG_OK;
}

uint64_t fflag_bucket(const void *key, size_t key_length, const void *salt, size_t salt_length)
{
    return ffs_mix(hash_bytes(key, key_length) ^ hash_bytes(salt, salt_length));
}
