/*
 * patch_compare.c - whether a flag is the same in two snapshots.
 *
 * Indices of tables are resolved, since they depend on what else is in a file. Flags that are equal
 * here give equal answers; flags that differ may too, if the same thing is encoded differently.
 */
#include <string.h>

#include "compiler/base/arena.h"
#include "patch_parts.h"

static bool same_strings(const struct patch *a, ffs_string left, const struct patch *b,
                         ffs_string right)
{
    if (left == FFS_NONE || right == FFS_NONE)
        return left == right;
    return strcmp(patch_string(a, left), patch_string(b, right)) == 0;
}

static const void *at(const struct pool *pool, uint64_t index, size_t size)
{
    return pool->bytes.bytes + index * size;
}

static bool same_slots(const struct patch *a, const struct ffs_set_slot *left,
                       const struct patch *b, const struct ffs_set_slot *right,
                       const struct ffs_set *set)
{
    if (left->length != right->length)
        return false;
    if (left->length == FFS_NONE)
        return true;
    return ffs_set_holds_inline(set, left->length)
               ? memcmp(&left->ref, &right->ref, left->length) == 0
               : same_strings(a, left->ref, b, right->ref);
}

static bool same_sets(const struct patch *a, uint64_t left, const struct patch *b, uint64_t right)
{
    const struct ffs_set *one = at(&a->image.sets, left, sizeof(uint64_t));
    const struct ffs_set *other = at(&b->image.sets, right, sizeof(uint64_t));
    bool same = memcmp(one, other, sizeof *one) == 0 &&
                memcmp(one + 1, other + 1, one->buckets * sizeof(uint64_t)) == 0;
    for (uint32_t i = 0; same && i < one->capacity; i++)
        same = same_slots(a, ffs_set_slot_at(one, i), b, ffs_set_slot_at(other, i), one);
    return same;
}

static bool same_splits(const struct patch *a, uint32_t left, const struct patch *b, uint32_t right)
{
    const uint64_t *one = at(&a->image.splits, left, sizeof *one);
    const uint64_t *other = at(&b->image.splits, right, sizeof *other);
    uint64_t words = (*one & UINT32_MAX) * 2 + (*one & FFS_SPLIT_SALTED ? 1 : 0) + 1;
    return *one == *other && memcmp(one, other, words * sizeof *one) == 0;
}

static bool same_zones(const struct patch *a, uint32_t left, const struct patch *b, uint32_t right)
{
    const struct ffs_zone *one = at(&a->image.zones, left, sizeof(uint64_t));
    const struct ffs_zone *other = at(&b->image.zones, right, sizeof(uint64_t));
    return same_strings(a, one->name, b, other->name) && one->offset == other->offset &&
           one->change_count == other->change_count &&
           memcmp(one + 1, other + 1, one->change_count * sizeof(struct ffs_zone_change)) == 0;
}

static bool same_operands(const struct patch *a, const struct ffs_instruction *left,
                          const struct patch *b, const struct ffs_instruction *right)
{
    uint64_t one = left->operand, other = right->operand;
    uint32_t low = (uint32_t)one, high = (uint32_t)(one >> 32);
    uint32_t low2 = (uint32_t)other, high2 = (uint32_t)(other >> 32);
    switch (ffs_operand_of(left->op)) {
    case FFS_OPERAND_RULE:
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        return same_strings(a, low, b, low2);
    case FFS_OPERAND_SPLIT:
        return same_splits(a, low, b, low2) && same_strings(a, high, b, high2);
    case FFS_OPERAND_SET:
    case FFS_OPERAND_DIGESTS:
        return same_sets(a, one, b, other);
    case FFS_OPERAND_WEEKLY:
        return high == high2 && same_zones(a, low, b, low2);
    case FFS_OPERAND_AUTOMATON:
        return same_strings(a, high, b, high2);
    case FFS_OPERAND_NETWORKS:
        return high == high2 && memcmp(at(&a->image.networks, low, sizeof(struct ffs_network)),
                                       at(&b->image.networks, low2, sizeof(struct ffs_network)),
                                       high * sizeof(struct ffs_network)) == 0;
    case FFS_OPERAND_RANGE:
    case FFS_OPERAND_REMAINDERS:
        return memcmp(at(&a->image.ranges, one, sizeof(struct ffs_range)),
                      at(&b->image.ranges, other, sizeof(struct ffs_range)),
                      sizeof(struct ffs_range)) == 0;
    case FFS_OPERAND_RAMP:
        return memcmp(at(&a->image.ramps, one, sizeof(struct ffs_ramp)),
                      at(&b->image.ramps, other, sizeof(struct ffs_ramp)),
                      sizeof(struct ffs_ramp)) == 0;
    case FFS_OPERAND_ATTRIBUTE:
        return high == high2 &&
               same_strings(a, a->attributes[low].name, b, b->attributes[low2].name);
    case FFS_OPERAND_FLAG:
        return same_strings(a, a->image.flags[one].name, b, b->image.flags[other].name);
    case FFS_OPERAND_NONE:
    case FFS_OPERAND_NUMBER:
    case FFS_OPERAND_BOOLEAN:
    case FFS_OPERAND_TIME:
    case FFS_OPERAND_DURATION:
    case FFS_OPERAND_THRESHOLD:
    case FFS_OPERAND_BODY:
    case FFS_OPERAND_VARIANT_BITS:
        break;
    }
    return one == other;
}

static bool same_attributes(const struct patch *a, uint16_t left, const struct patch *b,
                            uint16_t right)
{
    if (left == FFS_NO_ATTRIBUTE || right == FFS_NO_ATTRIBUTE)
        return left == right;
    return same_strings(a, a->attributes[left].name, b, b->attributes[right].name);
}

/* Of what instructions read: an attribute, one of KEYS, or nothing. */
static bool same_inputs(const struct patch *a, uint16_t left, const struct patch *b, uint16_t right)
{
    bool made = left >= FFS_FIRST_KEY && left != FFS_NO_ATTRIBUTE;
    if (!made || right < FFS_FIRST_KEY || right == FFS_NO_ATTRIBUTE)
        return !made && (right < FFS_FIRST_KEY || right == FFS_NO_ATTRIBUTE) &&
               same_attributes(a, left, b, right);
    const struct ffs_key *one = at(&a->image.keys, left - FFS_FIRST_KEY, sizeof *one);
    const struct ffs_key *other = at(&b->image.keys, right - FFS_FIRST_KEY, sizeof *other);
    if (one->kind != other->kind || one->count != other->count ||
        (one->kind == FFS_KEY_JOINED && !same_strings(a, one->with, b, other->with)))
        return false;
    for (uint32_t i = 0; i < one->count; i++)
        if (!same_attributes(a, one->attributes[i], b, other->attributes[i]))
            return false;
    return true;
}

static bool same_instructions(const struct patch *a, const struct ffs_instruction *left,
                              const struct patch *b, const struct ffs_instruction *right)
{
    return left->op == right->op && left->flags == right->flags && left->jump == right->jump &&
           left->variant == right->variant &&
           same_inputs(a, left->attribute, b, right->attribute) && same_operands(a, left, b, right);
}

static bool same_variants(const struct patch *a, const struct ffs_flag *left, const struct patch *b,
                          const struct ffs_flag *right)
{
    const struct ffs_variant *one = at(&a->image.variants, left->first_variant, sizeof *one);
    const struct ffs_variant *other = at(&b->image.variants, right->first_variant, sizeof *other);
    bool texts = left->type == FFLAG_TYPE_STRING || left->type == FFLAG_TYPE_JSON;
    bool same = left->type == right->type && left->variant_count == right->variant_count;
    for (uint32_t i = 0; same && i < left->variant_count; i++)
        same = same_strings(a, one[i].name, b, other[i].name) &&
               (texts ? same_strings(a, (ffs_string)one[i].value, b, (ffs_string)other[i].value)
                      : one[i].value == other[i].value);
    return same;
}

bool patch_same_flag(const struct patch *a, uint32_t left, const struct patch *b, uint32_t right)
{
    const struct ffs_flag *one = &a->image.flags[left], *other = &b->image.flags[right];
    const struct patched_program *code = &a->programs[left], *code2 = &b->programs[right];
    bool same = same_variants(a, one, b, other) && one->default_variant == other->default_variant &&
                one->exposure_salt == other->exposure_salt && code->count == code2->count;
    for (uint32_t i = 0; same && i < code->count; i++)
        same = same_instructions(a, &code->code[i], b, &code2->code[i]);
    return same;
}

const char **patch_differences(struct patch *a, const struct patch *b, uint32_t *count)
{
    const char **names = NULL;
    *count = 0;
    for (uint32_t i = 0; i < a->image.flag_count; i++) {
        const char *name = patch_string(a, a->image.flags[i].name);
        uint32_t other = patch_find_flag(b, name);
        if (other == UINT32_MAX || !patch_same_flag(a, i, b, other))
            *ARENA_APPEND(&a->arena, names, *count) = name;
    }
    for (uint32_t i = 0; i < b->image.flag_count; i++) {
        const char *name = patch_string(b, b->image.flags[i].name);
        if (patch_find_flag(a, name) == UINT32_MAX)
            *ARENA_APPEND(&a->arena, names, *count) = arena_format(&a->arena, "%s", name);
    }
    return names;
}
