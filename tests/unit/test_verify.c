/*
 * What the verifier refuses, one rule at a time, and what no damage can bring it to accept.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../runtime/internal.h"
#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

static enum fflag_error verify(const uint8_t *bytes, size_t length, struct problem *problem)
{
    struct snapshot *snapshot;
    enum fflag_error error = runtime_load_memory(bytes, length, &snapshot, problem);
    if (!error)
        runtime_unload(snapshot);
    return error;
}

static void accepts_the_sample(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    struct problem problem = {""};
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    assert_string_equal(problem.text, "");
    free(bytes);
}

/* ------------------------------------------------------------------------------------- rules -- */

static struct ffs_header *header_of(uint8_t *bytes)
{
    return (struct ffs_header *)bytes;
}

static struct ffs_section *table_of(uint8_t *bytes)
{
    return (struct ffs_section *)(bytes + sizeof(struct ffs_header));
}

static struct ffs_flag *flags_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_FLAGS);
}

static struct ffs_instruction *code_of(uint8_t *bytes, enum sample_flag flag)
{
    struct ffs_instruction *code = section_at(bytes, FFS_CODE);
    return code + flags_of(bytes)[flag].first_code;
}

static struct ffs_variant *variants_of(uint8_t *bytes, enum sample_flag flag)
{
    struct ffs_variant *variants = section_at(bytes, FFS_VARIANTS);
    return variants + flags_of(bytes)[flag].first_variant;
}

#define RULE(name) static void name(uint8_t *bytes)

RULE(magic_of_text_mode)
{
    memcpy(bytes,
           "\x89"
           "FFS\n\x1a\n\0",
           8);
}
RULE(other_magic)
{
    bytes[1] = 'P';
}
RULE(next_major)
{
    header_of(bytes)->major = FFS_MAJOR + 1;
}
RULE(longer_header)
{
    header_of(bytes)->header_size = 192;
}
RULE(unknown_feature)
{
    header_of(bytes)->must_understand = 4;
}
RULE(header_reserved0)
{
    header_of(bytes)->reserved0 = 1;
}
RULE(header_reserved1)
{
    header_of(bytes)->reserved1[47] = 1;
}
RULE(too_many_sections)
{
    header_of(bytes)->section_count = FFS_MAX_SECTIONS + 1;
}
RULE(project_in_a_string)
{
    header_of(bytes)->project++;
}
RULE(environment_beyond)
{
    header_of(bytes)->environment = UINT32_MAX;
}
RULE(section_order)
{
    table_of(bytes)[1].id = FFS_STRINGS;
}
RULE(section_flags)
{
    table_of(bytes)[1].flags = 2;
}
RULE(section_alignment)
{
    table_of(bytes)[1].offset += 8;
}
RULE(section_overlap)
{
    table_of(bytes)[1].offset = table_of(bytes)[0].offset;
}
RULE(section_beyond)
{
    table_of(bytes)[10].size = UINT64_MAX - 63;
}
RULE(section_offset_beyond)
{
    table_of(bytes)[10].offset = UINT64_MAX - 63;
}
RULE(section_unknown)
{
    table_of(bytes)[10].id = 31;
}
RULE(section_gap)
{
    struct ffs_section *ranges = &table_of(bytes)[FFS_RANGES - 1];
    bytes[ranges->offset + ranges->size] = 1;
}
RULE(entries_cut)
{
    table_of(bytes)[FFS_RANGES - 1].size += 8;
}
RULE(splits_cut)
{
    table_of(bytes)[FFS_SPLITS - 1].size -= 4;
}
RULE(names_missing)
{
    table_of(bytes)[FFS_NAMES - 1].size = 0;
}

RULE(string_too_long)
{
    *(uint32_t *)section_at(bytes, FFS_STRINGS) = 1 << 30;
}
RULE(string_not_ended)
{
    ((uint8_t *)section_at(bytes, FFS_STRINGS))[4 + 3] = 'x';
}
RULE(string_with_nul)
{
    ((uint8_t *)section_at(bytes, FFS_STRINGS))[4] = 0;
}
RULE(string_not_utf8)
{
    ((uint8_t *)section_at(bytes, FFS_STRINGS))[4] = 0xc0;
}
RULE(strings_cut)
{
    table_of(bytes)[0].size -= 1;
}

static struct ffs_attribute *attributes_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_ATTRIBUTES);
}

RULE(attribute_name)
{
    attributes_of(bytes)[0].name = 1;
}
RULE(attribute_type)
{
    attributes_of(bytes)[0].type = 8;
}
RULE(attribute_reserved)
{
    attributes_of(bytes)[0].reserved[2] = 1;
}
RULE(attribute_order)
{
    attributes_of(bytes)[1].name = attributes_of(bytes)[0].name;
}
RULE(variant_name)
{
    variants_of(bytes, CONSTANT)->name = 1;
}
RULE(variant_reserved)
{
    variants_of(bytes, CONSTANT)->reserved = 1;
}

static uint64_t *split_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_SPLITS);
}

RULE(split_without_arms)
{
    split_of(bytes)[0] = 0;
}
RULE(split_too_long)
{
    split_of(bytes)[0] = 4;
}
RULE(split_variant)
{
    split_of(bytes)[2] = 64;
}
RULE(split_order)
{
    split_of(bytes)[3] = 1;
}

static struct ffs_ramp *ramps_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_RAMPS);
}

RULE(ramp_percent)
{
    ramps_of(bytes)[0].to = 100001;
}
RULE(ramp_reserved)
{
    ramps_of(bytes)[0].reserved = 1;
}
RULE(ramp_backwards)
{
    ramps_of(bytes)[0].end = 0;
}
RULE(ramp_too_long)
{
    ramps_of(bytes)[0].end = INT64_MAX;
}
RULE(ramp_overflowing)
{
    ramps_of(bytes)[0].start = INT64_MIN;
    ramps_of(bytes)[0].end = INT64_MAX;
}
RULE(ramp_without_every)
{
    ramps_of(bytes)[1].every = 0;
}

/* The sets of the sample, in order. */
enum sample_set { EXACT_SET, FOLDED_SET, PERFECT_SET };

static struct ffs_set *set_of(uint8_t *bytes, enum sample_set which)
{
    uint64_t *at = section_at(bytes, FFS_SETS);
    for (unsigned i = 0; i < which; i++) {
        const struct ffs_set *set = (const struct ffs_set *)(void *)at;
        at += (sizeof *set + (size_t)set->capacity * set->width) / sizeof *at + set->buckets;
    }
    return (struct ffs_set *)(void *)at;
}

static struct ffs_set_slot *slot_of(uint8_t *bytes, enum sample_set which, uint32_t place)
{
    return (struct ffs_set_slot *)(uintptr_t)ffs_set_slot_at(set_of(bytes, which), place);
}

/* The first slot with a string of that length, FFS_NONE for an empty one. */
static struct ffs_set_slot *find_slot(uint8_t *bytes, enum sample_set which, uint32_t length)
{
    uint32_t place = 0;
    while (slot_of(bytes, which, place)->length != length)
        assert_true(++place < set_of(bytes, which)->capacity);
    return slot_of(bytes, which, place);
}

RULE(set_capacity)
{
    set_of(bytes, EXACT_SET)->capacity = 3;
}
RULE(set_beyond)
{
    set_of(bytes, EXACT_SET)->capacity = 1 << 30;
}
RULE(set_width)
{
    set_of(bytes, EXACT_SET)->width = 12;
}
RULE(set_without_width)
{
    set_of(bytes, EXACT_SET)->width = 0;
}
RULE(set_too_wide)
{
    set_of(bytes, EXACT_SET)->width = FFS_MAX_WIDTH + 8;
}
RULE(set_buckets_beyond)
{
    set_of(bytes, EXACT_SET)->buckets = 1 << 30;
}
RULE(set_reserved)
{
    set_of(bytes, EXACT_SET)->reserved = 1;
}
RULE(set_count)
{
    set_of(bytes, EXACT_SET)->count++;
}
RULE(set_longest)
{
    set_of(bytes, EXACT_SET)->longest++;
}
RULE(set_text)
{
    *(uint8_t *)&find_slot(bytes, EXACT_SET, 2)->ref = 0xff;
}
RULE(set_slot_padding)
{
    find_slot(bytes, EXACT_SET, 2)->ref |= 0xffu << 24;
}
RULE(set_empty_padding)
{
    find_slot(bytes, EXACT_SET, FFS_NONE)->ref = 1;
}
RULE(set_string)
{
    find_slot(bytes, PERFECT_SET, 37)->ref++;
}
RULE(set_string_length)
{
    find_slot(bytes, PERFECT_SET, 37)->length--;
}
RULE(set_string_padding)
{
    find_slot(bytes, PERFECT_SET, 37)[1].length = 1;
}
RULE(set_full)
{
    for (uint32_t i = 0; i < set_of(bytes, EXACT_SET)->capacity; i++)
        *slot_of(bytes, EXACT_SET, i) = *find_slot(bytes, EXACT_SET, 2);
}
RULE(set_unreachable)
{
    /* Move a string to the slot before its own: probing goes the other way. */
    uint32_t mask = set_of(bytes, EXACT_SET)->capacity - 1;
    for (uint32_t i = 0; i <= mask; i++) {
        struct ffs_set_slot *own = slot_of(bytes, EXACT_SET, i);
        struct ffs_set_slot *before = slot_of(bytes, EXACT_SET, (i - 1) & mask);
        if (own->length == FFS_NONE || before->length != FFS_NONE)
            continue;
        *before = *own;
        *own = (struct ffs_set_slot){FFS_NONE, 0};
        return;
    }
    fail();
}
RULE(set_pilot)
{
    *(uint64_t *)(set_of(bytes, PERFECT_SET) + 1) ^= 1;
}
RULE(set_filter)
{
    *(uint64_t *)(set_of(bytes, PERFECT_SET) + 1) &= 0xffff;
}

RULE(network_backwards)
{
    ((struct ffs_network *)section_at(bytes, FFS_NETWORKS))[0].first_high = 1;
}
RULE(networks_unsorted)
{
    struct ffs_network *networks = section_at(bytes, FFS_NETWORKS);
    networks[1].first_low = networks[0].last_low;
}

RULE(automata_without_the_bit)
{
    header_of(bytes)->must_understand = 0;
}
RULE(automata_cut)
{
    table_of(bytes)[FFS_AUTOMATA - 1].size -= 2;
}

RULE(flag_name)
{
    flags_of(bytes)[0].name = 1;
}
RULE(flag_name_twice)
{
    flags_of(bytes)[1].name = flags_of(bytes)[0].name;
}
RULE(flag_type)
{
    flags_of(bytes)[0].type = 6;
}
RULE(flag_type_0)
{
    flags_of(bytes)[0].type = 0;
}
RULE(flag_without_variants)
{
    flags_of(bytes)[0].variant_count = 0;
}
RULE(flag_variants)
{
    flags_of(bytes)[TEXT].first_variant = UINT32_MAX;
}
RULE(flag_too_many_variants)
{
    flags_of(bytes)[0].variant_count = 65;
}
RULE(flag_default)
{
    flags_of(bytes)[0].default_variant = 2;
}
RULE(flag_boolean)
{
    variants_of(bytes, CONSTANT)->value = 2;
}
RULE(flag_number)
{
    flags_of(bytes)[SPLITTING].type = FFLAG_TYPE_NUMBER;
    variants_of(bytes, SPLITTING)->value = UINT64_C(0x7ff8) << 48;
}
RULE(flag_text)
{
    variants_of(bytes, TEXT)->value++;
}
RULE(flag_code)
{
    flags_of(bytes)[ROLLOUT].first_code = UINT32_MAX;
}
RULE(flag_code_count)
{
    flags_of(bytes)[TEXT].code_count = UINT32_MAX;
}
RULE(flag_code_overlap)
{
    flags_of(bytes)[STRINGS].first_code = flags_of(bytes)[ROLLOUT].first_code;
}
RULE(flag_code_inside)
{
    flags_of(bytes)[CONSTANT].first_code = flags_of(bytes)[ROLLOUT].first_code + 1;
    flags_of(bytes)[CONSTANT].code_count = 1;
}
RULE(flag_flags)
{
    flags_of(bytes)[0].flags = 2;
}
RULE(flag_clock)
{
    flags_of(bytes)[CLOCKED].flags = 0;
}
RULE(flag_depth)
{
    flags_of(bytes)[REQUIRING].depth = 0;
}
RULE(flag_depth_constant)
{
    flags_of(bytes)[CONSTANT].depth = 1;
}
RULE(names_slots)
{
    ((struct ffs_names *)section_at(bytes, FFS_NAMES))->slot_count++;
}
RULE(names_no_buckets)
{
    ((struct ffs_names *)section_at(bytes, FFS_NAMES))->bucket_count = 0;
}
RULE(names_seed)
{
    ((struct ffs_names *)section_at(bytes, FFS_NAMES))->seed++;
}
RULE(names_slot)
{
    struct ffs_names *names = section_at(bytes, FFS_NAMES);
    size_t pilots = (names->bucket_count * sizeof(uint16_t) + 3) & ~(size_t)3;
    uint32_t *slots = (uint32_t *)((uint8_t *)(names + 1) + pilots);
    for (uint32_t i = 0; i < names->slot_count; i++)
        if (slots[i] == FFS_NONE)
            slots[i] = 1000;
}

RULE(op_zero)
{
    code_of(bytes, ROLLOUT)->op = 0;
}
RULE(op_unknown)
{
    code_of(bytes, ROLLOUT)->op = 51;
}
RULE(op_between)
{
    code_of(bytes, ROLLOUT)->op = 39;
}
RULE(reason_zero)
{
    code_of(bytes, ROLLOUT)[1].flags = 0;
}
RULE(reason_unknown)
{
    code_of(bytes, ROLLOUT)[1].flags = 10;
}
RULE(test_flags)
{
    code_of(bytes, ROLLOUT)->flags = 4;
}
RULE(number_ignores_case)
{
    code_of(bytes, VALUES)->flags = FFS_IGNORE_CASE;
}
RULE(accept_flags)
{
    code_of(bytes, REQUIRING)[1].flags = FFS_NEGATE;
}
RULE(no_attribute)
{
    code_of(bytes, ROLLOUT)->attribute = FFS_NO_ATTRIBUTE;
}
RULE(attribute_beyond)
{
    code_of(bytes, ROLLOUT)->attribute = SAMPLE_ATTRIBUTES;
}
RULE(attribute_mismatch)
{
    code_of(bytes, VALUES)->attribute = COUNTRY;
}
RULE(bucket_of_strings)
{
    code_of(bytes, ROLLOUT)->attribute = GROUPS;
}
RULE(jump_zero)
{
    code_of(bytes, ROLLOUT)->jump = 0;
}
RULE(jump_beyond)
{
    code_of(bytes, ROLLOUT)->jump = 3;
}
RULE(jump_to_accept)
{
    struct ffs_instruction *code = code_of(bytes, REQUIRING);
    code->jump = 1;
}
RULE(split_jump_zero)
{
    code_of(bytes, SPLITTING)->jump = 0;
}
RULE(accept_alone)
{
    code_of(bytes, REQUIRING)[0] = code_of(bytes, ROLLOUT)[0];
}
RULE(flag_is_alone)
{
    code_of(bytes, REQUIRING)[1] = code_of(bytes, ROLLOUT)[0];
}
RULE(flag_is_last)
{
    code_of(bytes, REQUIRING)[2] = code_of(bytes, REQUIRING)[0];
    code_of(bytes, REQUIRING)[2].jump = 1;
}
RULE(requires_itself)
{
    code_of(bytes, REQUIRING)->operand = REQUIRING;
}
RULE(requires_later)
{
    code_of(bytes, REQUIRING)->operand = SPLITTING;
}
RULE(requires_nothing)
{
    code_of(bytes, REQUIRING)->operand = UINT64_MAX;
}
RULE(accepts_unknown)
{
    code_of(bytes, REQUIRING)[1].operand = 4;
}
RULE(serves_unknown)
{
    code_of(bytes, ROLLOUT)[1].variant = 2;
}
RULE(serves_far)
{
    code_of(bytes, ROLLOUT)[1].variant = UINT16_MAX;
}
RULE(rule_name)
{
    code_of(bytes, ROLLOUT)[1].operand++;
}
RULE(rule_name_high)
{
    code_of(bytes, ROLLOUT)[1].operand |= UINT64_C(1) << 40;
}
RULE(split_index)
{
    code_of(bytes, SPLITTING)->operand++;
}
RULE(split_rule)
{
    code_of(bytes, SPLITTING)->operand += UINT64_C(1) << 32;
}
RULE(split_serves_unknown)
{
    split_of(bytes)[2] = 3;
}
RULE(string_operand)
{
    code_of(bytes, STRINGS)[3].operand++;
}
RULE(string_tag)
{
    code_of(bytes, STRINGS)[0].operand += UINT64_C(1) << 32;
}
RULE(has_tag)
{
    code_of(bytes, STRINGS)[7].operand += UINT64_C(1) << 32;
}
RULE(untagged)
{
    code_of(bytes, STRINGS)[3].operand += UINT64_C(1) << 32;
}
RULE(not_folded)
{
    code_of(bytes, STRINGS)[0].flags = FFS_IGNORE_CASE;
    code_of(bytes, STRINGS)[0].operand &= UINT32_MAX;
}
RULE(set_operand)
{
    code_of(bytes, STRINGS)[1].operand += 2;
}
RULE(set_odd)
{
    code_of(bytes, STRINGS)[1].operand += 1;
}
RULE(set_far)
{
    code_of(bytes, STRINGS)[1].operand = UINT64_MAX;
}
RULE(set_not_folded)
{
    code_of(bytes, STRINGS)[1].flags = FFS_IGNORE_CASE;
}
RULE(bad_glob)
{
    struct snapshot snapshot = {.strings = section_at(bytes, FFS_STRINGS)};
    ffs_string glob = (ffs_string)code_of(bytes, STRINGS)[6].operand;
    memcpy((char *)(uintptr_t)string_bytes(&snapshot, glob), "a[b-d*?cc", 9);
}
RULE(bad_version)
{
    struct snapshot snapshot = {.strings = section_at(bytes, FFS_STRINGS)};
    ffs_string version = (ffs_string)code_of(bytes, VALUES)[2].operand;
    memcpy((char *)(uintptr_t)string_bytes(&snapshot, version), "1..", 3);
}
RULE(number_nan)
{
    code_of(bytes, VALUES)->operand = UINT64_C(0x7ff8) << 48;
}
RULE(number_infinite)
{
    code_of(bytes, VALUES)->operand = UINT64_C(0x7ff0) << 48;
}
RULE(boolean_operand)
{
    code_of(bytes, VALUES)[1].operand = 2;
}
RULE(network_operand)
{
    code_of(bytes, VALUES)[4].operand += UINT64_C(1) << 32;
}
RULE(network_far)
{
    code_of(bytes, VALUES)[4].operand = UINT64_MAX;
}
RULE(automaton_operand)
{
    code_of(bytes, PATTERN)->operand++;
}
RULE(automaton_far)
{
    code_of(bytes, PATTERN)->operand |= UINT32_MAX;
}
RULE(automaton_pattern)
{
    code_of(bytes, PATTERN)->operand += UINT64_C(1) << 32;
}
RULE(pattern_ignores_case)
{
    code_of(bytes, PATTERN)->flags = FFS_IGNORE_CASE;
}
RULE(pattern_of_a_number)
{
    code_of(bytes, PATTERN)->attribute = AGE;
}
RULE(range_operand)
{
    code_of(bytes, CLOCKED)[0].operand = 1;
}
RULE(ramp_operand)
{
    code_of(bytes, CLOCKED)[3].operand = 2;
}

static const struct rule {
    const char *name;
    void (*damage)(uint8_t *bytes);
    enum fflag_error error;
    const char *text; /* part of what is said */
} rules[] = {
#define REFUSED(rule, text)                      \
    {                                            \
#rule, rule, FFLAG_ERROR_MALFORMED, text \
    }
#define REFUSED_AS(rule, error, text) \
    {                                 \
#rule, rule, error, text      \
    }
    REFUSED_AS(magic_of_text_mode, FFLAG_ERROR_NOT_SNAPSHOT, "transferred as text"),
    REFUSED_AS(other_magic, FFLAG_ERROR_NOT_SNAPSHOT, "does not begin like a snapshot"),
    REFUSED_AS(next_major, FFLAG_ERROR_UNSUPPORTED, "format version 3.0, expected 2"),
    REFUSED_AS(longer_header, FFLAG_ERROR_UNSUPPORTED, "features"),
    REFUSED_AS(unknown_feature, FFLAG_ERROR_UNSUPPORTED, "bits 0x4"),
    REFUSED(header_reserved0, "reserved field of the header"),
    REFUSED(header_reserved1, "reserved field of the header"),
    REFUSED(too_many_sections, "65 sections"),
    REFUSED(project_in_a_string, "project or environment"),
    REFUSED(environment_beyond, "project or environment"),
    REFUSED(section_order, "section 1 follows section 1"),
    REFUSED(section_flags, "unknown flags 0x2"),
    REFUSED(section_alignment, "not aligned"),
    REFUSED(section_overlap, "overlaps"),
    REFUSED(section_beyond, "section 11 is out of bounds"),
    REFUSED(section_offset_beyond, "section 11 is out of bounds"),
    REFUSED_AS(section_unknown, FFLAG_ERROR_UNSUPPORTED, "section 31 is not known"),
    REFUSED(section_gap, "gap before section 9"),
    REFUSED(entries_cut, "RANGES is not a whole number"),
    REFUSED(splits_cut, "SPLITS or SETS"),
    REFUSED(names_missing, "gap before section 5"),
    REFUSED(string_too_long, "string 0 is longer than its section"),
    REFUSED(string_not_ended, "string 0 does not end in NUL"),
    REFUSED(string_with_nul, "string 0 is not UTF-8"),
    REFUSED(string_not_utf8, "string 0 is not UTF-8"),
    REFUSED(strings_cut, "STRINGS has an impossible size"),
    REFUSED(attribute_name, "attribute 0: the name"),
    REFUSED(attribute_type, "attribute 0: unknown type 8"),
    REFUSED(attribute_reserved, "attribute 0: a reserved"),
    REFUSED(attribute_order, "attribute 1 is not sorted"),
    REFUSED(variant_name, "variant 0: the name"),
    REFUSED(variant_reserved, "variant 0: a reserved"),
    REFUSED(split_without_arms, "number of arms"),
    REFUSED(split_too_long, "number of arms"),
    REFUSED(split_variant, "arm 0: impossible variant"),
    REFUSED(split_order, "arm 1 ends before"),
    REFUSED(ramp_percent, "more than 100 %"),
    REFUSED(ramp_reserved, "ramp 0: a reserved"),
    REFUSED(ramp_backwards, "does not end after"),
    REFUSED(ramp_too_long, "does not end after"),
    REFUSED(ramp_overflowing, "does not end after"),
    REFUSED(ramp_without_every, "steps that are not apart"),
    REFUSED(set_capacity, "impossible capacity 3"),
    REFUSED(set_beyond, "impossible capacity"),
    REFUSED(set_width, "impossible width 12"),
    REFUSED(set_without_width, "impossible width 0"),
    REFUSED(set_too_wide, "impossible width 136"),
    REFUSED(set_buckets_beyond, "buckets do not fit"),
    REFUSED(set_reserved, "reserved field is not zero"),
    REFUSED(set_count, "header does not fit"),
    REFUSED(set_longest, "header does not fit"),
    REFUSED(set_text, "is not UTF-8 without NUL"),
    REFUSED(set_slot_padding, "does not end in zeros"),
    REFUSED(set_empty_padding, "does not end in zeros"),
    REFUSED(set_string, "is not a string"),
    REFUSED(set_string_length, "is not a string"),
    REFUSED(set_string_padding, "does not end in zeros"),
    REFUSED(set_full, "no empty slot"),
    REFUSED(set_unreachable, "cannot be reached"),
    REFUSED(set_pilot, "cannot be reached"),
    REFUSED(set_filter, "cannot be reached"),
    REFUSED(network_backwards, "network 0 ends before"),
    REFUSED(networks_unsorted, "networks are not sorted"),
    REFUSED(automata_without_the_bit, "AUTOMATA and its feature bit do not go together"),
    REFUSED(automata_cut, "AUTOMATA is not a whole number of words"),
    REFUSED(flag_name, "flag 0: the name"),
    REFUSED(flag_name_twice, "not found by its name"),
    REFUSED(flag_type, "unknown type 6"),
    REFUSED(flag_type_0, "unknown type 0"),
    REFUSED(flag_without_variants, "variants are out of bounds"),
    REFUSED(flag_variants, "variants are out of bounds"),
    REFUSED(flag_too_many_variants, "variants are out of bounds"),
    REFUSED(flag_default, "default is not a variant"),
    REFUSED(flag_boolean, "variant 0 is not of its type"),
    REFUSED(flag_number, "variant 0 is not of its type"),
    REFUSED(flag_text, "variant 0 is not of its type"),
    REFUSED(flag_code, "program is out of bounds"),
    REFUSED(flag_code_count, "program is out of bounds"),
    REFUSED(flag_code_overlap, "overlaps another"),
    REFUSED(flag_code_inside, "belongs to two programs"),
    REFUSED(flag_flags, "flags 0x2 do not fit"),
    REFUSED(flag_clock, "flags 0x0 do not fit"),
    REFUSED(flag_depth, "depth 0, expected 1"),
    REFUSED(flag_depth_constant, "depth 1, expected 0"),
    REFUSED(names_slots, "size its counts ask for"),
    REFUSED(names_no_buckets, "size its counts ask for"),
    REFUSED(names_seed, "not found by its name"),
    REFUSED(names_slot, "is not a flag"),
    REFUSED(op_zero, "unknown operation 0"),
    REFUSED(op_unknown, "unknown operation 51"),
    REFUSED(op_between, "unknown operation 39"),
    REFUSED(reason_zero, "unknown reason 0"),
    REFUSED(reason_unknown, "unknown reason 10"),
    REFUSED(test_flags, "unknown flags 0x4"),
    REFUSED(number_ignores_case, "unknown flags 0x2"),
    REFUSED(accept_flags, "unknown flags 0x1"),
    REFUSED(no_attribute, "attribute is out of bounds"),
    REFUSED(attribute_beyond, "attribute is out of bounds"),
    REFUSED(attribute_mismatch, "attribute's type does not fit"),
    REFUSED(bucket_of_strings, "attribute's type does not fit"),
    REFUSED(jump_zero, "jump leaves the program"),
    REFUSED(jump_beyond, "jump leaves the program"),
    REFUSED(jump_to_accept, "jump ends at an FFS_ACCEPT"),
    REFUSED(split_jump_zero, "jump leaves the program"),
    REFUSED(accept_alone, "FFS_ACCEPT without FFS_FLAG_IS"),
    REFUSED(flag_is_alone, "FFS_FLAG_IS without FFS_ACCEPT"),
    REFUSED(flag_is_last, "FFS_FLAG_IS without FFS_ACCEPT"),
    REFUSED(requires_itself, "does not come before it"),
    REFUSED(requires_later, "does not come before it"),
    REFUSED(requires_nothing, "does not come before it"),
    REFUSED(accepts_unknown, "accepts a variant"),
    REFUSED(serves_unknown, "serves a variant it does not have"),
    REFUSED(serves_far, "serves a variant it does not have"),
    REFUSED(rule_name, "rule is not a string"),
    REFUSED(rule_name_high, "rule is not a string"),
    REFUSED(split_index, "operand is not a split"),
    REFUSED(split_rule, "rule is not a string"),
    REFUSED(split_serves_unknown, "serves a variant it does not have"),
    REFUSED(string_operand, "operand is not a string"),
    REFUSED(string_tag, "tag is not the string's"),
    REFUSED(has_tag, "tag is not the string's"),
    REFUSED(untagged, "tag is not the string's"),
    REFUSED(not_folded, "operand is not folded"),
    REFUSED(set_operand, "operand is not a set"),
    REFUSED(set_odd, "operand is not a set"),
    REFUSED(set_far, "operand is not a set"),
    REFUSED(set_not_folded, "set is not folded"),
    REFUSED(bad_glob, "operand is not a glob"),
    REFUSED(bad_version, "operand is not a version"),
    REFUSED(number_nan, "operand is not finite"),
    REFUSED(number_infinite, "operand is not finite"),
    REFUSED(boolean_operand, "operand is not a boolean"),
    REFUSED(network_operand, "networks are out of bounds"),
    REFUSED(network_far, "networks are out of bounds"),
    REFUSED(automaton_operand, "operand is not an automaton"),
    REFUSED(automaton_far, "operand is not an automaton"),
    REFUSED(automaton_pattern, "pattern is not a string"),
    REFUSED(pattern_ignores_case, "unknown flags 0x2"),
    REFUSED(pattern_of_a_number, "attribute's type does not fit"),
    REFUSED(range_operand, "operand is not a range"),
    REFUSED(ramp_operand, "operand is not a ramp"),
};

static void refuses_what_breaks_one_rule(void **state)
{
    const struct rule *rule = *state;
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    rule->damage(bytes);
    reseal(bytes, length);
    struct problem problem = {""};
    enum fflag_error error = verify(bytes, length, &problem);
    if (error != rule->error || !strstr(problem.text, rule->text))
        fail_msg("got %d '%s', expected %d '%s'", error, problem.text, rule->error, rule->text);
    free(bytes);
}

/* ------------------------------------------------------------------------------------ limits -- */

/* A chain of flags, each requiring the one before `times` times; the depth is the length less one.
 */
static enum fflag_error verify_chain(unsigned count, unsigned times, struct problem *problem)
{
    struct assembler a = {0};
    struct ffs_instruction code[64];
    add_boolean(&a, "flag0", NULL, 0);
    for (unsigned i = 1; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "flag%u", i);
        for (unsigned k = 0; k < times; k++) {
            code[2 * k] = test(FFS_FLAG_IS, 0, FFS_NO_ATTRIBUTE, 2, i - 1);
            code[2 * k + 1] = test(FFS_ACCEPT, 0, FFS_NO_ATTRIBUTE, 0, 3);
        }
        uint32_t flag = add_boolean(&a, name, code, (size_t)2 * times);
        flag_at(&a, flag)->depth = (uint16_t)i;
    }
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    enum fflag_error error = verify(bytes, length, problem);
    free(bytes);
    return error;
}

static void bounds_the_depth_of_requirements(UNUSED_STATE)
{
    struct problem problem = {""};
    assert_int_equal(verify_chain(FFS_MAX_DEPTH + 1, 1, &problem), FFLAG_OK);
    assert_int_equal(verify_chain(FFS_MAX_DEPTH + 2, 1, &problem), FFLAG_ERROR_MALFORMED);
    assert_non_null(strstr(problem.text, "depth 17"));
}

static void bounds_the_cost_of_an_evaluation(UNUSED_STATE)
{
    struct problem problem = {""};
    /* The n-th flag costs 16 instructions of its own and eight times the one before. */
    assert_int_equal(verify_chain(5, 8, &problem), FFLAG_OK);
    assert_int_equal(verify_chain(6, 8, &problem), FFLAG_ERROR_MALFORMED);
    assert_non_null(strstr(problem.text, "cost more than 65536"));
}

static void accepts_what_a_newer_minor_version_may_add(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    struct problem problem = {""};
    header_of(bytes)->minor = FFS_MINOR + 1;
    header_of(bytes)->reserved1[0] = 1;
    struct ffs_section *last = &table_of(bytes)[FFS_AUTOMATA - 1];
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    /* A section of it may be skipped where it says so. */
    code_of(bytes, PATTERN)[0] = code_of(bytes, ROLLOUT)[0];
    header_of(bytes)->must_understand = 0;
    last->id = 60;
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_ERROR_UNSUPPORTED);
    last->flags = FFS_SECTION_SKIPPABLE;
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    free(bytes);
}

static void refuses_what_is_not_utf8(UNUSED_STATE)
{
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80"};
    static const char *const good[] = {"\xc3\xa5",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
                                       "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0] + sizeof good / sizeof good[0]; i++) {
        bool is_bad = i < sizeof bad / sizeof bad[0];
        struct assembler a = {0};
        add_string(&a, is_bad ? bad[i] : good[i - sizeof bad / sizeof bad[0]]);
        size_t length;
        uint8_t *bytes = assemble(&a, &length);
        struct problem problem = {""};
        assert_int_equal(verify(bytes, length, &problem),
                         is_bad ? FFLAG_ERROR_MALFORMED : FFLAG_OK);
        free(bytes);
    }
}

/* ------------------------------------------------------------------------------------ damage -- */

static void refuses_a_snapshot_cut_at_any_length(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    for (size_t cut = 0; cut < length; cut++) {
        struct problem problem = {""};
        assert_int_equal(verify(bytes, cut, &problem), FFLAG_ERROR_TRUNCATED);
        assert_string_not_equal(problem.text, "");
    }
    free(bytes);
}

static void refuses_bytes_after_the_end(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    uint8_t *longer = calloc(1, length + 1);
    memcpy(longer, bytes, length);
    struct problem problem = {""};
    assert_int_equal(verify(longer, length + 1, &problem), FFLAG_ERROR_CHECKSUM);
    free(longer);
    free(bytes);
}

static void refuses_any_flipped_bit(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (i >= sizeof(struct ffs_header) && bit != i % 8)
                continue; /* of the content, a bit of every byte */
            bytes[i] ^= (uint8_t)(1u << bit);
            struct problem problem = {""};
            enum fflag_error error = verify(bytes, length, &problem);
            enum fflag_error expected = i < FFS_MAGIC_SIZE ? FFLAG_ERROR_NOT_SNAPSHOT
                                        : i == 8 || i == 9 ? FFLAG_ERROR_UNSUPPORTED
                                                           : FFLAG_ERROR_CHECKSUM;
            if (error != expected)
                fail_msg("byte %zu bit %u: error %d, expected %d", i, bit, error, expected);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(bytes);
}

/* A copy of a snapshot that ends where unreadable memory begins. */
struct guarded {
    uint8_t *mapping;
    uint8_t *bytes;
    size_t mapping_length;
};

static struct guarded guard(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (length + page - 1) & ~(page - 1);
    struct guarded guarded = {.mapping_length = whole + page};
    guarded.mapping =
        mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded.mapping != MAP_FAILED);
    assert_int_equal(mprotect(guarded.mapping + whole, page, PROT_NONE), 0);
    guarded.bytes = guarded.mapping + whole - length;
    return guarded;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_context(fflag_context *context, uint64_t random)
{
    static const char *const texts[] = {"", "abc", "NO", "1.2.3", "10.1.2.3", "abdxc"};
    static const char *const groups[] = {"staff", "beta"};
    const char *text = texts[random % 6];
    fflag_context_init(context);
    fflag_set_string(context, COUNTRY, text, strlen(text));
    fflag_set_string(context, USER_ID, text, strlen(text));
    fflag_set_string(context, APP_VERSION, text, strlen(text));
    fflag_set_string(context, CLIENT_IP, text, strlen(text));
    fflag_set_number(context, AGE, (double)(random % 40));
    fflag_set_boolean(context, BETA, random >> 8 & 1);
    fflag_set_time(context, SIGNUP_AT, (int64_t)(random >> 9 & 2047));
    fflag_set_strings(context, GROUPS, groups, random >> 20 & 3 ? 2 : 0);
    fflag_set_now(context, (int64_t)(random >> 30 & 2047));
    if (random >> 60 == 0)
        fflag_unset(context, (fflag_attr)(random >> 50 & 7));
}

/* Evaluates every flag of a snapshot that was accepted where it lies. */
static void evaluate_all(const struct snapshot *accepted, uint64_t random)
{
    _Atomic uint16_t inputs[UINT8_MAX];
    struct snapshot snapshot = *accepted;
    assert_true(snapshot.attribute_count < UINT8_MAX);
    for (uint32_t i = 0; i < snapshot.attribute_count; i++)
        atomic_init(&inputs[i],
                    (uint16_t)(snapshot.attributes[i].type << 8 | i % SAMPLE_ATTRIBUTES));
    snapshot.inputs = inputs;
    struct fflag_view view = {.snapshot = &snapshot};
    fflag_context context;
    fill_context(&context, random);
    fflag_result results[16];
    fflag_evaluate_all(&view, NULL, snapshot.flag_count < 16 ? snapshot.flag_count : 16, &context,
                       results);
    size_t read = 0;
    for (uint32_t i = 0; i < snapshot.flag_count && i < 16; i++) {
        assert_int_equal(results[i].error, FFLAG_OK);
        read += strlen(results[i].flag) + (results[i].rule ? strlen(results[i].rule) : 0) +
                (results[i].variant ? strlen(results[i].variant) : 0);
        if (results[i].type >= FFLAG_TYPE_STRING && results[i].type != FFLAG_TYPE_INTEGER &&
            results[i].type != FFLAG_TYPE_NUMBER)
            read += strlen(results[i].value.string.text);
    }
    assert_true(read > 0 || snapshot.flag_count == 0);
}

/*
 * Whatever the verifier accepts can be evaluated without a step outside. The damage is sealed, so
 * that the verifier gets to see it, and often small enough to be accepted.
 */
static void survives_random_damage_that_the_hashes_fit(UNUSED_STATE)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : UINT64_C(0x5eed5eed5eed);
    print_message("# SEED=%llu\n", (unsigned long long)seed);
    size_t length;
    uint8_t *sample = assemble_sample(&length);
    struct guarded guarded = guard(length);
    unsigned cases = 200000, accepted = 0;
    size_t content = sizeof(struct ffs_header);
    for (unsigned i = 0; i < cases; i++) {
        memcpy(guarded.bytes, sample, length);
        for (uint64_t left = 1 + next_random(&seed) % 3; left; left--) {
            uint64_t random = next_random(&seed);
            size_t at = content + random % (length - content);
            unsigned kind = random >> 40 & 3;
            if (kind == 0)
                guarded.bytes[at] ^= (uint8_t)(1u << (random >> 44 & 7));
            else if (kind == 1)
                guarded.bytes[at] = (uint8_t)(random >> 44);
            else if (kind == 2)
                guarded.bytes[at] = (uint8_t)(guarded.bytes[at] + (random >> 44 & 1 ? 1 : -1));
            else
                memcpy(&guarded.bytes[at],
                       &guarded.bytes[content + random / 7 % (length - content)], 1);
        }
        reseal(guarded.bytes, length);
        struct snapshot snapshot = {
            .bytes = guarded.bytes, .length = length, .file_length = length};
        struct problem problem;
        if (runtime_verify(&snapshot, &problem) != FFLAG_OK)
            continue;
        accepted++;
        evaluate_all(&snapshot, next_random(&seed));
    }
    print_message("# %u of %u accepted\n", accepted, cases);
    assert_true(accepted > cases / 100 && accepted < cases);
    munmap(guarded.mapping, guarded.mapping_length);
    free(sample);
}

int main(void)
{
    const size_t rule_count = sizeof rules / sizeof rules[0];
    const struct CMUnitTest others[] = {
        cmocka_unit_test(accepts_the_sample),
        cmocka_unit_test(bounds_the_depth_of_requirements),
        cmocka_unit_test(bounds_the_cost_of_an_evaluation),
        cmocka_unit_test(accepts_what_a_newer_minor_version_may_add),
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(refuses_a_snapshot_cut_at_any_length),
        cmocka_unit_test(refuses_bytes_after_the_end),
        cmocka_unit_test(refuses_any_flipped_bit),
        cmocka_unit_test(survives_random_damage_that_the_hashes_fit),
    };
    static struct CMUnitTest tests[sizeof rules / sizeof rules[0] + 16];
    static char names[sizeof rules / sizeof rules[0]][64];
    for (size_t i = 0; i < rule_count; i++) {
        snprintf(names[i], sizeof names[i], "refuses_%s", rules[i].name);
        tests[i] = (struct CMUnitTest){names[i], refuses_what_breaks_one_rule, NULL, NULL,
                                       (void *)(uintptr_t)&rules[i]};
    }
    memcpy(tests + rule_count, others, sizeof others);
    return _cmocka_run_group_tests("verify", tests, rule_count + sizeof others / sizeof others[0],
                                   NULL, NULL);
}
