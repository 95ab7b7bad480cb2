/*
 * What the verifier refuses in flags and their programs, one rule at a time; limits of cost and
 * depth.
 */
#include "verify_rules.h"

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
    flags_of(bytes)[0].variant_count = FFS_MAX_VARIANTS + 1;
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
    flags_of(bytes)[0].flags = 8;
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

RULE(flag_code_of_nothing)
{
    flags_of(bytes)[CONSTANT].first_code = 1;
}
RULE(flag_serves_none)
{
    flags_of(bytes)[CONSTANT].default_variant = FFS_NO_VARIANT;
}
RULE(flag_serves_some)
{
    flags_of(bytes)[CONSTANT].flags = FFS_FLAG_SERVES_NONE;
}
RULE(flag_kind)
{
    flags_of(bytes)[CONSTANT].kind = FFS_KIND_PERMISSION + 1;
}
RULE(flag_without_kind)
{
    flags_of(bytes)[CONSTANT].kind = 0;
}
RULE(flag_tags)
{
    flags_of(bytes)[TAGGED].tags++;
}
RULE(flag_tags_beyond)
{
    flags_of(bytes)[TAGGED].tags = FFS_NONE - 1;
}
RULE(flag_metadata)
{
    flags_of(bytes)[TAGGED].metadata++;
}
RULE(flag_metadata_of_lines)
{
    char *strings = section_at(bytes, FFS_STRINGS);
    ffs_string project = header_of(bytes)->project;
    strings[project * 4 + sizeof(uint32_t)] = '\n';
    flags_of(bytes)[TAGGED].metadata = project;
}
RULE(flag_features)
{
    flags_of(bytes)[CONSTANT].features = FFS_FEATURE_PATTERNS;
}
RULE(flag_without_features)
{
    flags_of(bytes)[PATTERN].features = 0;
}
RULE(flag_variant_without_name)
{
    variants_of(bytes, CONSTANT)->name = FFS_NONE;
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
RULE(attribute_unread)
{
    code_of(bytes, ROLLOUT)[1].attribute = 0;
}
RULE(accept_attribute)
{
    code_of(bytes, REQUIRING)[1].attribute = 0;
}
RULE(clock_attribute)
{
    code_of(bytes, CLOCKED)[2].attribute = USER_ID;
}
RULE(variant_unserved)
{
    code_of(bytes, ROLLOUT)->variant = 1;
}
RULE(accept_variant)
{
    code_of(bytes, REQUIRING)[1].variant = 1;
}
RULE(serve_jump)
{
    code_of(bytes, ROLLOUT)[1].jump = 1;
}
RULE(accept_jump)
{
    code_of(bytes, REQUIRING)[1].jump = 1;
}
RULE(present_operand)
{
    code_of(bytes, STRINGS)[8].operand = 1;
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
    code_of(bytes, REQUIRING)[1].operand = 8;
}
RULE(serves_unknown)
{
    code_of(bytes, ROLLOUT)[1].variant = 2;
}
RULE(serves_far)
{
    code_of(bytes, ROLLOUT)[1].variant = UINT16_MAX - 1;
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
    ((uint64_t *)section_at(bytes, FFS_SPLITS))[2] = 3;
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
RULE(bad_loose_version)
{
    struct snapshot snapshot = {.strings = section_at(bytes, FFS_STRINGS)};
    ffs_string version = (ffs_string)code_of(bytes, LOOSE)[1].operand;
    memcpy((char *)(uintptr_t)string_bytes(&snapshot, version), "10..", 4);
}
RULE(previous_for_another_reason)
{
    code_of(bytes, KEPT)->flags = FFLAG_REASON_SPLIT;
}
RULE(sticky_without_previous)
{
    code_of(bytes, KEPT)[2].flags = FFLAG_REASON_STICKY;
}
RULE(previous_of_an_attribute)
{
    code_of(bytes, KEPT)->attribute = USER_ID;
}
RULE(previous_with_a_variant)
{
    code_of(bytes, KEPT)->variant = 1;
}
RULE(previous_that_goes_back)
{
    code_of(bytes, KEPT)->jump = 0;
}
RULE(previous_without_feature)
{
    flags_of(bytes)[KEPT].features = 0;
}
RULE(digests_out_of_bounds)
{
    code_of(bytes, HASHED)->operand = UINT32_MAX;
}
RULE(digests_within_a_set)
{
    code_of(bytes, HASHED)->operand++;
}
RULE(digests_that_are_texts)
{
    code_of(bytes, HASHED)->operand = code_of(bytes, STRINGS)[1].operand;
}
RULE(digests_of_a_list)
{
    code_of(bytes, HASHED)->attribute = GROUPS;
}
RULE(digests_of_a_time)
{
    code_of(bytes, HASHED)->attribute = SIGNUP_AT;
}
RULE(loose_presence_of_a_text)
{
    code_of(bytes, LOOSE)[0].attribute = COUNTRY;
}
RULE(pair_far)
{
    code_of(bytes, PAIRED)[0].operand = SAMPLE_ATTRIBUTES;
}
RULE(pair_farther)
{
    code_of(bytes, PAIRED)[0].operand = UINT32_MAX;
}
RULE(pair_of_types)
{
    code_of(bytes, PAIRED)[0].operand = AGE;
}
RULE(pair_of_a_list)
{
    code_of(bytes, PAIRED)[0].attribute = GROUPS;
    code_of(bytes, PAIRED)[0].operand = GROUPS;
}
RULE(pair_of_an_address)
{
    code_of(bytes, PAIRED)[0].attribute = CLIENT_IP;
    code_of(bytes, PAIRED)[0].operand = CLIENT_IP;
}
RULE(pair_loose_texts)
{
    code_of(bytes, PAIRED)[0].operand |= FFS_PAIR_LOOSE;
}
RULE(pair_unknown_bits)
{
    code_of(bytes, PAIRED)[1].operand |= UINT64_C(1) << 33;
}
RULE(pair_of_versions_without_case)
{
    code_of(bytes, PAIRED)[1].flags = FFS_IGNORE_CASE;
}
RULE(pair_of_booleans_in_order)
{
    code_of(bytes, PAIRED)[2].op = FFS_PAIR_LT;
}
RULE(pair_of_a_size_and_a_text)
{
    code_of(bytes, PAIRED)[4].operand = COUNTRY;
}
RULE(pair_of_an_entry_and_a_number)
{
    code_of(bytes, PAIRED)[3].op = FFS_ANY_ENTRY;
}
RULE(pair_of_an_entry_outside_a_body)
{
    code_of(bytes, PAIRED)[3].operand = 0;
}
RULE(pair_without_feature)
{
    flags_of(bytes)[PAIRED].features = FFS_FEATURE_ELEMENTS;
}
RULE(null_operand)
{
    code_of(bytes, NULLED)[0].operand = 1;
}
RULE(null_far)
{
    code_of(bytes, NULLED)[0].attribute = SAMPLE_ATTRIBUTES;
}
RULE(null_ignores_case)
{
    code_of(bytes, NULLED)[0].flags = FFS_IGNORE_CASE;
}
RULE(null_without_feature)
{
    flags_of(bytes)[NULLED].features = 0;
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
RULE(duration_operand)
{
    code_of(bytes, WINDOWED)[3].operand = UINT64_C(1) << 63;
}
RULE(zone_operand)
{
    code_of(bytes, WINDOWED)->operand++;
}
RULE(zone_far)
{
    code_of(bytes, WINDOWED)->operand |= UINT32_MAX;
}
RULE(week_without_a_day)
{
    code_of(bytes, WINDOWED)->operand &= ~FFS_WEEKLY(127, 0, 0);
}
RULE(week_without_a_minute)
{
    code_of(bytes, WINDOWED)[1].operand = FFS_WEEKLY(1, 1, 1);
}
RULE(week_beyond_a_day)
{
    code_of(bytes, WINDOWED)[1].operand = FFS_WEEKLY(1, 0, 1441);
}
RULE(week_with_more)
{
    code_of(bytes, WINDOWED)->operand |= UINT64_C(1) << 61;
}
RULE(windows_without_their_feature)
{
    flags_of(bytes)[WINDOWED].features = 0;
}
RULE(windows_without_the_clock)
{
    flags_of(bytes)[WINDOWED].flags = 0;
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
    code_of(bytes, CLOCKED)[0].operand = 2;
}

/* What the flag DIVIDED is tested by. */
static struct ffs_range *remainders_of(uint8_t *bytes)
{
    struct ffs_range *ranges = (struct ffs_range *)(bytes + table_of(bytes)[FFS_RANGES - 1].offset);
    return &ranges[code_of(bytes, DIVIDED)->operand];
}
RULE(remainder_operand)
{
    code_of(bytes, DIVIDED)->operand = 2;
}
RULE(remainder_by_zero)
{
    remainders_of(bytes)->divisor = 0;
    remainders_of(bytes)->to = 0;
}
RULE(remainder_by_too_much)
{
    remainders_of(bytes)->divisor = FFS_MAX_DIVISOR + 1;
}
RULE(remainder_beyond)
{
    remainders_of(bytes)->to = 11;
}
RULE(remainder_none)
{
    remainders_of(bytes)->to = 3;
}
RULE(remainder_of_a_text)
{
    code_of(bytes, DIVIDED)->attribute = COUNTRY;
}
RULE(remainder_without_feature)
{
    flags_of(bytes)[DIVIDED].features = 0;
}
RULE(ramp_operand)
{
    code_of(bytes, CLOCKED)[3].operand = 3;
}

/* A chain of flags, each requiring the previous one `times` times; its depth is `count` less
 * one. */
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
        flag_at(&a, flag)->depth = (uint8_t)i;
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
    /* The n-th flag costs 16 instructions of its own plus eight times the previous flag's cost. */
    assert_int_equal(verify_chain(5, 8, &problem), FFLAG_OK);
    assert_int_equal(verify_chain(6, 8, &problem), FFLAG_ERROR_MALFORMED);
    assert_non_null(strstr(problem.text, "cost more than 65536"));
}

static const struct rule rules[] = {
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
    REFUSED(flag_flags, "flags 0x8 do not fit"),
    REFUSED(flag_clock, "flags 0x0 do not fit"),
    REFUSED(flag_depth, "depth 0, expected 1"),
    REFUSED(flag_depth_constant, "depth 1, expected 0"),
    REFUSED(flag_code_of_nothing, "program is out of bounds"),
    REFUSED(flag_serves_none, "flags 0x0 do not fit"),
    REFUSED(flag_serves_some, "flags 0x4 do not fit"),
    REFUSED(flag_kind, "unknown kind 7"),
    REFUSED(flag_without_kind, "unknown kind 0"),
    REFUSED(flag_tags, "tags are not a run"),
    REFUSED(flag_tags_beyond, "tags are not a run"),
    REFUSED(flag_metadata, "metadata is not a string"),
    REFUSED(flag_metadata_of_lines, "metadata has a control character"),
    REFUSED(flag_features, "features 0x1 do not fit"),
    REFUSED(flag_without_features, "features 0x0 do not fit"),
    REFUSED(flag_variant_without_name, "variant 0 of several has no name"),
    REFUSED(attribute_unread, "an attribute that it does not read"),
    REFUSED(accept_attribute, "an attribute that it does not read"),
    REFUSED(clock_attribute, "an attribute that it does not read"),
    REFUSED(variant_unserved, "a variant that it does not serve"),
    REFUSED(accept_variant, "a variant that it does not serve"),
    REFUSED(serve_jump, "a jump that it does not make"),
    REFUSED(accept_jump, "a jump that it does not make"),
    REFUSED(present_operand, "operand is not zero"),
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
    REFUSED(flag_is_alone, "0 FFS_ACCEPT for a flag of 2 variants"),
    REFUSED(flag_is_last, "0 FFS_ACCEPT for a flag of 2 variants"),
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
    REFUSED(bad_loose_version, "operand is not a loose version"),
    REFUSED(null_operand, "operand is not zero"),
    REFUSED(null_far, "attribute is out of bounds"),
    REFUSED(null_ignores_case, "unknown flags"),
    REFUSED(null_without_feature, "features"),
    REFUSED(pair_far, "other attribute is out of bounds"),
    REFUSED(pair_farther, "other attribute is out of bounds"),
    REFUSED(pair_of_types, "types of the attributes differ"),
    REFUSED(pair_of_a_list, "outside a body"),
    REFUSED(pair_of_an_address, "attribute's type does not fit"),
    REFUSED(pair_loose_texts, "attributes are not loose versions"),
    REFUSED(pair_unknown_bits, "attributes are not loose versions"),
    REFUSED(pair_of_versions_without_case, "attributes have no case"),
    REFUSED(pair_of_booleans_in_order, "attributes have no order"),
    REFUSED(pair_of_a_size_and_a_text, "types of the attributes differ"),
    REFUSED(pair_of_an_entry_and_a_number, "types of the attributes differ"),
    REFUSED(pair_of_an_entry_outside_a_body, "outside a body"),
    REFUSED(pair_without_feature, "features"),
    REFUSED(loose_presence_of_a_text, "attribute's type does not fit"),
    REFUSED(previous_for_another_reason, "unknown reason 4"),
    REFUSED(sticky_without_previous, "unknown reason 10"),
    REFUSED(previous_of_an_attribute, "an attribute that it does not read"),
    REFUSED(previous_with_a_variant, "a variant that it does not serve"),
    REFUSED(previous_that_goes_back, "the jump leaves the program"),
    REFUSED(previous_without_feature, "do not fit its program"),
    REFUSED(digests_out_of_bounds, "not a set of digests"),
    REFUSED(digests_within_a_set, "not a set of digests"),
    REFUSED(digests_that_are_texts, "not a set of digests"),
    REFUSED(digests_of_a_list, "a test of an entry, outside a body"),
    REFUSED(digests_of_a_time, "attribute's type does not fit"),
    REFUSED(number_nan, "operand is not finite"),
    REFUSED(number_infinite, "operand is not finite"),
    REFUSED(zone_operand, "operand is not a zone"),
    REFUSED(zone_far, "operand is not a zone"),
    REFUSED(week_without_a_day, "impossible times of a week"),
    REFUSED(week_without_a_minute, "impossible times of a week"),
    REFUSED(week_beyond_a_day, "impossible times of a week"),
    REFUSED(week_with_more, "impossible times of a week"),
    REFUSED(duration_operand, "operand is not a duration"),
    REFUSED(windows_without_their_feature, "its features 0x0 do not fit its program"),
    REFUSED(windows_without_the_clock, "its flags 0x0 do not fit its program"),
    REFUSED(boolean_operand, "operand is not a boolean"),
    REFUSED(network_operand, "networks are out of bounds"),
    REFUSED(network_far, "networks are out of bounds"),
    REFUSED(automaton_operand, "operand is not an automaton"),
    REFUSED(automaton_far, "operand is not an automaton"),
    REFUSED(automaton_pattern, "pattern is not a string"),
    REFUSED(pattern_ignores_case, "unknown flags 0x2"),
    REFUSED(pattern_of_a_number, "attribute's type does not fit"),
    REFUSED(range_operand, "operand is not a range"),
    REFUSED(remainder_operand, "operand is not a range"),
    REFUSED(remainder_by_zero, "operand is not remainders"),
    REFUSED(remainder_by_too_much, "operand is not remainders"),
    REFUSED(remainder_beyond, "operand is not remainders"),
    REFUSED(remainder_none, "operand is not remainders"),
    REFUSED(remainder_of_a_text, "attribute's type does not fit"),
    REFUSED(remainder_without_feature, "features"),
    REFUSED(ramp_operand, "operand is not a ramp"),
};

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(bounds_the_depth_of_requirements),
        cmocka_unit_test(bounds_the_cost_of_an_evaluation),
    };
    return RUN_RULES("verify_code", rules, others);
}
