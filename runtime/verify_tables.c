/* SPDX-License-Identifier: Apache-2.0 */
/* verify_tables.c - the sections that are simple tables. */
#include <stdlib.h>

#include "hash.h"
#include "names.h"
#include "utf8.h"
#include "verify.h"

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Whether eight bytes are ASCII without NUL. */
static inline bool are_ascii(const uint8_t *bytes, bool *upper_case)
{
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    /* The top bit of each byte: set if it is not ASCII, or if a NUL borrowed it. */
    if ((eight | (eight - EACH_BYTE(1))) & EACH_BYTE(0x80))
        return false;
    /* At least 'A', and not above 'Z'. */
    *upper_case |=
        ((eight + EACH_BYTE(0x80 - 'A')) & ~(eight + EACH_BYTE(0x7f - 'Z')) & EACH_BYTE(0x80)) != 0;
    return true;
}

/* Skips eight bytes at a time while they are ASCII without NUL; at the end, the last eight. */
static size_t skip_ascii(const uint8_t *bytes, size_t length, bool *upper_case)
{
    size_t i = 0;
    while (length - i >= sizeof(uint64_t) && are_ascii(bytes + i, upper_case))
        i += sizeof(uint64_t);
    if (length - i < sizeof(uint64_t) && i > 0 && i < length &&
        are_ascii(bytes + length - sizeof(uint64_t), upper_case))
        i = length;
    return i;
}

bool is_utf8(const uint8_t *bytes, size_t length, bool *upper_case)
{
    *upper_case = false;
    for (size_t i = skip_ascii(bytes, length, upper_case), size; i < length; i += size) {
        size = utf8_character(bytes + i, length - i);
        if (size == 0)
            return false;
        *upper_case |= bytes[i] >= 'A' && bytes[i] <= 'Z';
    }
    return true;
}

/* Walks the entries and marks where each begins. */
static enum fflag_error find_strings(struct verifier *verifier, uint64_t size)
{
    if (size % 4 || size / 4 >= FFS_NONE)
        return malformed(verifier, "section STRINGS has an impossible size");
    verifier->string_units = (uint32_t)(size / 4);
    size_t words = (size_t)verifier->string_units / 64 + 1;
    verifier->string_starts = calloc(words, sizeof *verifier->string_starts);
    verifier->strings_before = calloc(words, sizeof *verifier->strings_before);
    if (!verifier->string_starts || !verifier->strings_before)
        return FFLAG_ERROR_NO_MEMORY;

    for (uint32_t unit = 0; unit < verifier->string_units;) {
        uint64_t left = (uint64_t)(verifier->string_units - unit) * 4 - 4;
        uint32_t length = string_length(verifier->snapshot, unit);
        if (length >= left)
            return malformed(verifier, "string %u is longer than its section", unit);
        verifier->string_starts[unit / 64] |= UINT64_C(1) << unit % 64;
        unit += 1 + length / 4 + 1;
        verifier->string_count++;
    }
    for (size_t i = 1; i < words; i++)
        verifier->strings_before[i] =
            verifier->strings_before[i - 1] + count_bits(verifier->string_starts[i - 1]);
    return FFLAG_OK;
}

enum fflag_error verify_strings(struct verifier *verifier, uint64_t size)
{
    enum fflag_error error = find_strings(verifier, size);
    if (error)
        return error;
    verifier->string_hashes = malloc(((size_t)verifier->string_count + 1) * sizeof(uint64_t));
    verifier->string_traits = malloc((size_t)verifier->string_count + 1);
    if (!verifier->string_hashes || !verifier->string_traits)
        return FFLAG_ERROR_NO_MEMORY;

    uint32_t unit = 0;
    for (uint32_t i = 0; i < verifier->string_count; i++) {
        const char *bytes = string_bytes(verifier->snapshot, unit);
        uint32_t length = string_length(verifier->snapshot, unit);
        bool upper_case;
        if (!is_utf8((const uint8_t *)bytes, length, &upper_case))
            return malformed(verifier, "string %u is not UTF-8 without NUL", unit);
        for (uint32_t k = length; k < (length / 4 + 1) * 4; k++)
            if (bytes[k])
                return malformed(verifier, "string %u does not end in NUL", unit);
        verifier->string_hashes[i] = hash_bytes(bytes, length);
        verifier->string_traits[i] = upper_case ? TRAIT_UPPER_CASE : 0;
        unit += 1 + length / 4 + 1;
    }
    return FFLAG_OK;
}

static int compare_strings(const struct snapshot *snapshot, ffs_string a, ffs_string b)
{
    uint32_t a_length = string_length(snapshot, a), b_length = string_length(snapshot, b);
    uint32_t shorter = a_length < b_length ? a_length : b_length;
    int order = memcmp(string_bytes(snapshot, a), string_bytes(snapshot, b), shorter);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

enum fflag_error verify_attributes(struct verifier *verifier)
{
    const struct ffs_attribute *attributes = verifier->snapshot->attributes;
    for (uint32_t i = 0; i < verifier->snapshot->attribute_count; i++) {
        const struct ffs_attribute *attribute = &attributes[i];
        if (!is_string(verifier, attribute->name))
            return malformed(verifier, "attribute %u: the name is not a string", i);
        if (attribute->type < FFLAG_ATTRIBUTE_STRING || attribute->type > FFLAG_ATTRIBUTE_IP)
            return malformed(verifier, "attribute %u: unknown type %u", i, attribute->type);
        if (attribute->reserved[0] || attribute->reserved[1] || attribute->reserved[2])
            return malformed(verifier, "attribute %u: a reserved field is not zero", i);
        if (i > 0 &&
            compare_strings(verifier->snapshot, attributes[i - 1].name, attribute->name) >= 0)
            return malformed(verifier, "attribute %u is not sorted by name", i);
    }
    return FFLAG_OK;
}

enum fflag_error verify_variants(struct verifier *verifier)
{
    for (uint32_t i = 0; i < verifier->variant_count; i++) {
        const struct ffs_variant *variant = &verifier->snapshot->variants[i];
        if (variant->name != FFS_NONE && !is_string(verifier, variant->name))
            return malformed(verifier, "variant %u: the name is not a string", i);
        if (variant->reserved)
            return malformed(verifier, "variant %u: a reserved field is not zero", i);
    }
    return FFLAG_OK;
}

/* Verifies the split at `at`: pairs {upper, variant}. */
static enum fflag_error verify_arms(struct verifier *verifier, size_t at, const uint64_t *arms,
                                    uint64_t count)
{
    uint64_t greatest = 0, before = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t upper = arms[2 * i], variant = arms[2 * i + 1];
        if (variant >= FFS_MAX_VARIANTS)
            return malformed(verifier, "split %zu: arm %u: impossible variant", at, (unsigned)i);
        if (upper < before)
            return malformed(verifier, "split %zu: arm %u ends before it begins", at, (unsigned)i);
        before = upper;
        if (variant > greatest)
            greatest = variant;
    }
    if (before != UINT64_MAX)
        return malformed(verifier, "split %zu: the last arm does not take the rest", at);
    verifier->split_variants[at] = (uint16_t)(greatest + 1);
    return FFLAG_OK;
}

enum fflag_error verify_splits(struct verifier *verifier)
{
    const uint64_t *words = verifier->snapshot->splits;
    verifier->split_variants =
        calloc((size_t)verifier->split_words + 1, sizeof *verifier->split_variants);
    if (!verifier->split_variants)
        return FFLAG_ERROR_NO_MEMORY;
    for (size_t at = 0; at < verifier->split_words;) {
        uint64_t count = words[at] & ~FFS_SPLIT_SALTED;
        size_t header = words[at] & FFS_SPLIT_SALTED ? 2 : 1, left = verifier->split_words - at;
        if (count == 0 || count > FFS_MAX_VARIANTS || left < header || count > (left - header) / 2)
            return malformed(verifier, "split %zu: impossible number of arms", at);
        enum fflag_error error = verify_arms(verifier, at, words + at + header, count);
        if (error)
            return error;
        at += header + 2 * count;
    }
    return FFLAG_OK;
}

enum fflag_error verify_ramps(struct verifier *verifier)
{
    for (uint32_t i = 0; i < verifier->ramp_count; i++) {
        const struct ffs_ramp *ramp = &verifier->snapshot->ramps[i];
        if (ramp->from > 100000 || ramp->to > 100000 || ramp->step > 100000)
            return malformed(verifier, "ramp %u: more than 100 %%", i);
        if (ramp->flags & ~FFS_RAMP_SALTED || (!ramp->flags && ramp->salt))
            return malformed(verifier, "ramp %u: its flags 0x%x do not fit", i, ramp->flags);
        if (ramp->step) {
            if (ramp->every <= 0 || ramp->end)
                return malformed(verifier, "ramp %u: steps that are not apart", i);
        } else {
            /* The longest, multiplied by 100000 and 2^64, still fits into 128 bits. */
            uint64_t lasts = (uint64_t)ramp->end - (uint64_t)ramp->start;
            if (ramp->end <= ramp->start || lasts > FFS_MAX_LASTS || ramp->every)
                return malformed(verifier, "ramp %u: does not end after it starts", i);
        }
    }
    return FFLAG_OK;
}

enum fflag_error verify_tags(struct verifier *verifier)
{
    const uint32_t *words = verifier->tags;
    verifier->tag_starts = calloc((size_t)verifier->tag_words / 64 + 1, sizeof(uint64_t));
    if (!verifier->tag_starts)
        return FFLAG_ERROR_NO_MEMORY;
    for (uint32_t at = 0, count; at < verifier->tag_words; at += 1 + count) {
        count = words[at];
        if (count == 0 || count > verifier->tag_words - at - 1)
            return malformed(verifier, "tags %u: impossible number", at);
        for (uint32_t i = 1; i <= count; i++)
            if (!is_string(verifier, words[at + i]))
                return malformed(verifier, "tags %u: tag %u is not a string", at, i - 1);
        verifier->tag_starts[at / 64] |= UINT64_C(1) << at % 64;
    }
    return FFLAG_OK;
}

static int compare_addresses(uint64_t a_high, uint64_t a_low, uint64_t b_high, uint64_t b_low)
{
    if (a_high != b_high)
        return a_high < b_high ? -1 : 1;
    return (a_low > b_low) - (a_low < b_low);
}

enum fflag_error verify_networks(struct verifier *verifier)
{
    verifier->network_runs = calloc((size_t)verifier->network_count + 1, sizeof(uint32_t));
    if (!verifier->network_runs)
        return FFLAG_ERROR_NO_MEMORY;
    for (uint32_t i = 0; i < verifier->network_count; i++) {
        const struct ffs_network *network = &verifier->snapshot->networks[i];
        if (compare_addresses(network->first_high, network->first_low, network->last_high,
                              network->last_low) > 0)
            return malformed(verifier, "network %u ends before it begins", i);
        bool follows = i > 0 && compare_addresses(network[-1].last_high, network[-1].last_low,
                                                  network->first_high, network->first_low) < 0;
        verifier->network_runs[i] = follows ? verifier->network_runs[i - 1] : i;
    }
    return FFLAG_OK;
}

enum fflag_error verify_names(struct verifier *verifier, uint64_t size)
{
    struct snapshot *snapshot = verifier->snapshot;
    const struct ffs_names *names = snapshot->names;
    if (size < sizeof *names)
        return malformed(verifier, "section NAMES is missing or too short");
    uint64_t pilots = ((uint64_t)names->bucket_count * sizeof(uint16_t) + 3) & ~UINT64_C(3);
    uint64_t slots = (uint64_t)names->slot_count * sizeof(uint32_t);
    if (names->bucket_count == 0 || names->slot_count == 0 ||
        size != sizeof *names + pilots + slots)
        return malformed(verifier, "section NAMES does not have the size its counts ask for");
    snapshot->pilots = (const uint16_t *)(names + 1);
    snapshot->name_slots = (const uint32_t *)((const uint8_t *)(names + 1) + pilots);
    if (names->bucket_count % 2 && snapshot->pilots[names->bucket_count])
        return malformed(verifier, "section NAMES: the padding is not zero");

    uint32_t taken = 0;
    for (uint32_t i = 0; i < names->slot_count; i++) {
        if (snapshot->name_slots[i] == FFS_NONE)
            continue;
        if (snapshot->name_slots[i] >= snapshot->flag_count)
            return malformed(verifier, "section NAMES: slot %u is not a flag", i);
        taken++;
    }
    /* All flags were found, each in its own slot, so the other slots are empty. */
    if (taken != snapshot->flag_count)
        return malformed(verifier, "section NAMES: %u slots for %u flags", taken,
                         snapshot->flag_count);
    for (uint32_t i = 0; i < snapshot->flag_count; i++) {
        ffs_string name = snapshot->flags[i].name;
        /* The hash of strings is that of names, with a seed of 0, which most files have. */
        uint64_t hash = names->seed ? hash_bytes_seeded(string_bytes(snapshot, name),
                                                        string_length(snapshot, name), names->seed)
                                    : verifier->string_hashes[string_ordinal(verifier, name)];
        if (index_by_hash(snapshot, hash) != i)
            return malformed(verifier, "flag '%s' is not found by its name",
                             string_bytes(snapshot, name));
    }
    return FFLAG_OK;
}

/* ------------------------------------------------------------------------------------- keys -- */

static bool can_be_part(const struct snapshot *snapshot, uint16_t attribute)
{
    const unsigned parts =
        1u << FFLAG_ATTRIBUTE_STRING | 1u << FFLAG_ATTRIBUTE_NUMBER | 1u << FFLAG_ATTRIBUTE_BOOLEAN;
    return attribute < snapshot->attribute_count &&
           parts >> snapshot->attributes[attribute].type & 1;
}

static enum fflag_error verify_key(struct verifier *verifier, uint32_t at)
{
    const struct ffs_key *key = &verifier->snapshot->keys[at];
    bool joined = key->kind == FFS_KEY_JOINED;
    if ((key->kind != FFS_KEY_FIRST && !joined) || key->reserved)
        return malformed(verifier, "key %u: unknown kind %u", at, key->kind);
    if (key->count < (joined ? 2 : 1) || key->count > FFS_MAX_KEY_PARTS)
        return malformed(verifier, "key %u: impossible number of parts", at);
    if (joined ? !is_string(verifier, key->with) : key->with != FFS_NONE)
        return malformed(verifier, "key %u: impossible text between the parts", at);
    for (uint32_t i = 0; i < FFS_MAX_KEY_PARTS; i++)
        if (i < key->count ? !can_be_part(verifier->snapshot, key->attributes[i])
                           : key->attributes[i] != FFS_NO_ATTRIBUTE)
            return malformed(verifier, "key %u: impossible part %u", at, i);
    return FFLAG_OK;
}

enum fflag_error verify_keys(struct verifier *verifier)
{
    enum fflag_error error = FFLAG_OK;
    for (uint32_t i = 0; i < verifier->snapshot->key_count && !error; i++)
        error = verify_key(verifier, i);
    return error;
}
