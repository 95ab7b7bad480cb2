/*
 * What the verifier refuses in the header and the table of sections, one rule at a time.
 */
#include "verify_rules.h"

static void accepts_the_sample(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    struct problem problem = {""};
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    assert_string_equal(problem.text, "");
    free(bytes);
}

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
RULE(last_major)
{
    header_of(bytes)->major = FFS_MAJOR - 1;
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
RULE(section_zero)
{
    table_of(bytes)[0].id = 0;
    table_of(bytes)[0].flags = FFS_SECTION_SKIPPABLE;
}
RULE(section_skippable)
{
    table_of(bytes)[FFS_CODE - 1].flags = FFS_SECTION_SKIPPABLE;
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

static void accepts_what_a_newer_minor_version_may_add(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    struct problem problem = {""};
    header_of(bytes)->minor = FFS_MINOR + 1;
    header_of(bytes)->reserved1[0] = 1;
    flags_of(bytes)[CONSTANT].kind = FFS_KIND_PERMISSION + 1;
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    /* A section of the next version may be skipped if it says so. */
    struct ffs_section *last = &table_of(bytes)[header_of(bytes)->section_count - 1];
    flags_of(bytes)[WINDOWED].features = UINT64_C(1) << 62; /* it needs that section */
    last->id = 60;
    last->flags = 0;
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_ERROR_UNSUPPORTED);
    last->flags = FFS_SECTION_SKIPPABLE;
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_OK);
    free(bytes);
}

static const struct rule rules[] = {
    REFUSED_AS(magic_of_text_mode, FFLAG_ERROR_NOT_SNAPSHOT, "transferred as text"),
    REFUSED_AS(other_magic, FFLAG_ERROR_NOT_SNAPSHOT, "does not begin like a snapshot"),
    REFUSED_AS(next_major, FFLAG_ERROR_UNSUPPORTED,
               "format version 4.0, expected 3: it needs a newer library"),
    REFUSED_AS(last_major, FFLAG_ERROR_UNSUPPORTED, "version 2.0, expected 3: build it again"),
    REFUSED_AS(longer_header, FFLAG_ERROR_UNSUPPORTED, "features"),
    REFUSED_AS(unknown_feature, FFLAG_ERROR_UNSUPPORTED, "bits 0x4"),
    REFUSED(header_reserved0, "reserved field of the header"),
    REFUSED(header_reserved1, "reserved field of the header"),
    REFUSED(too_many_sections, "65 sections"),
    REFUSED(project_in_a_string, "project or environment"),
    REFUSED(environment_beyond, "project or environment"),
    REFUSED(section_order, "section 1 follows section 1"),
    REFUSED(section_flags, "unknown flags 0x2"),
    REFUSED(section_zero, "section 0"),
    REFUSED(section_skippable, "section CODE: flags 0x1, expected 0x0"),
    REFUSED(section_alignment, "not aligned"),
    REFUSED(section_overlap, "overlaps"),
    REFUSED(section_beyond, "section 11 is out of bounds"),
    REFUSED(section_offset_beyond, "section 11 is out of bounds"),
    REFUSED_AS(section_unknown, FFLAG_ERROR_UNSUPPORTED, "section 31 is not known"),
    REFUSED(section_gap, "gap before section 9"),
    REFUSED(entries_cut, "RANGES is not a whole number"),
    REFUSED(splits_cut, "SPLITS is not a whole number"),
    REFUSED(names_missing, "gap before section 5"),
};

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(accepts_the_sample),
        cmocka_unit_test(accepts_what_a_newer_minor_version_may_add),
    };
    return RUN_RULES("verify", rules, others);
}
