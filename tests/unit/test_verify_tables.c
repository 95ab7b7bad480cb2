/*
 * What the verifier refuses in the sections that programs refer to, one rule at a time.
 */
#include "verify_rules.h"

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
    split_of(bytes)[0] = FFS_MAX_VARIANTS;
}
RULE(split_variant)
{
    split_of(bytes)[2] = FFS_MAX_VARIANTS;
}
RULE(split_order)
{
    split_of(bytes)[3] = 1;
}
RULE(split_rest)
{
    split_of(bytes)[5]--;
}
RULE(split_salted)
{
    /* The words are then shifted by one. */
    split_of(bytes)[0] |= FFS_SPLIT_SALTED;
}
RULE(split_flags)
{
    split_of(bytes)[0] |= FFS_SPLIT_SALTED << 1;
}

static struct ffs_ramp *ramps_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_RAMPS);
}

RULE(ramp_percent)
{
    ramps_of(bytes)[0].to = 100001;
}
RULE(ramp_flags)
{
    ramps_of(bytes)[0].flags = 2;
}
RULE(ramp_salt)
{
    ramps_of(bytes)[0].salt = 1;
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

/* The first slot with a string of that length; FFS_NONE finds an empty one. */
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

RULE(automata_not_skippable)
{
    table_of(bytes)[FFS_AUTOMATA - 1].flags = 0;
}
RULE(automata_cut)
{
    table_of(bytes)[FFS_AUTOMATA - 1].size -= 2;
}

RULE(tags_empty)
{
    *(uint32_t *)section_at(bytes, FFS_TAGS) = 0;
}
RULE(tags_beyond)
{
    *(uint32_t *)section_at(bytes, FFS_TAGS) = 4;
}
RULE(tags_string)
{
    ++((uint32_t *)section_at(bytes, FFS_TAGS))[1];
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
/* Fills the slots that no name leads to. */
static void fill_names(uint8_t *bytes, uint32_t flag)
{
    struct ffs_names *names = section_at(bytes, FFS_NAMES);
    size_t pilots = (names->bucket_count * sizeof(uint16_t) + 3) & ~(size_t)3;
    uint32_t *slots = (uint32_t *)((uint8_t *)(names + 1) + pilots);
    for (uint32_t i = 0; i < names->slot_count; i++)
        if (slots[i] == FFS_NONE)
            slots[i] = flag;
}
RULE(names_slot)
{
    fill_names(bytes, 1000);
}
RULE(names_taken)
{
    fill_names(bytes, 0);
}
RULE(names_padding)
{
    struct ffs_names *names = section_at(bytes, FFS_NAMES);
    assert_true(names->bucket_count % 2);
    ((uint16_t *)(names + 1))[names->bucket_count] = 1;
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

/* A probed set of `count` texts that all begin at its last slot but `last`, and wrap around. */
static enum fflag_error verify_crowded(uint32_t count, uint32_t last, struct problem *problem)
{
    const uint32_t capacity = 256;
    struct assembler a = {0};
    add_attribute(&a, "user", FFLAG_ATTRIBUTE_STRING);
    struct ffs_set *set = new_set(capacity, 0, 16);
    for (uint32_t i = 0, placed = 0; placed < count; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "u%u", i);
        uint32_t place = capacity - 1 - last;
        if (((uint32_t)XXH3_64bits(text, (size_t)length) & (capacity - 1)) != place)
            continue;
        while (!fill_slot(&a, set, place, text))
            place = (place + 1) & (capacity - 1);
        placed++;
    }
    add_boolean(&a, "flag",
                CODE(test(FFS_STRING_IN, 0, 0, 2, append_set(&a, set)),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    enum fflag_error error = verify(bytes, length, problem);
    free(bytes);
    return error;
}

static void bounds_how_far_a_look_up_probes(UNUSED_STATE)
{
    struct problem problem = {""};
    for (uint32_t last = 0; last < 128; last += 31) {
        assert_int_equal(verify_crowded(FFS_MAX_PROBES - 1, last, &problem), FFLAG_OK);
        assert_int_equal(verify_crowded(FFS_MAX_PROBES, last, &problem), FFLAG_ERROR_MALFORMED);
        assert_non_null(strstr(problem.text, "more than 63 slots in a row"));
    }
}

static const struct rule rules[] = {
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
    REFUSED(split_rest, "last arm does not take the rest"),
    REFUSED(split_salted, "arm 0: impossible variant"),
    REFUSED(split_flags, "number of arms"),
    REFUSED(ramp_flags, "flags 0x2 do not fit"),
    REFUSED(ramp_salt, "flags 0x0 do not fit"),
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
    REFUSED(automata_not_skippable, "section AUTOMATA: flags 0x0, expected 0x1"),
    REFUSED(automata_cut, "AUTOMATA is not a whole number of entries"),
    REFUSED(tags_empty, "tags 0: impossible number"),
    REFUSED(tags_beyond, "tags 0: impossible number"),
    REFUSED(tags_string, "tags 0: tag 0 is not a string"),
    REFUSED(names_padding, "NAMES: the padding is not zero"),
    REFUSED(names_taken, "slots for"),
    REFUSED(names_slots, "size its counts ask for"),
    REFUSED(names_no_buckets, "size its counts ask for"),
    REFUSED(names_seed, "not found by its name"),
    REFUSED(names_slot, "is not a flag"),
};

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(bounds_how_far_a_look_up_probes),
    };
    return RUN_RULES("verify_tables", rules, others);
}
