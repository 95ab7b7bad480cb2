/* What the verifier refuses in zones, one rule at a time; and how local times are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"
#include "verify_bytes.h"

/* The sample's first zone has 3 changes; the second, at word 8, has none, and ends the section. */
static const struct damage {
    const char *name;
    size_t offset; /* in ZONES */
    int64_t value;
    size_t size;
    const char *text; /* part of the message */
} damages[] = {
#define CHANGE(at, member) \
    (1 + (at)) * sizeof(struct ffs_zone) + offsetof(struct ffs_zone_change, member)
    {"too_many_changes", offsetof(struct ffs_zone, change_count), FFS_MAX_CHANGES + 1, 4,
     "zone 0: impossible size"},
    {"changes_beyond_the_section", offsetof(struct ffs_zone, change_count), 5, 4,
     "zone 0: impossible size"},
    {"a_count_that_overflows", offsetof(struct ffs_zone, change_count), -1, 4,
     "zone 0: impossible size"},
    {"a_name_that_is_none", offsetof(struct ffs_zone, name), 0x7fffffff, 4,
     "zone 0: the name is not a string"},
    {"an_offset_too_far", offsetof(struct ffs_zone, offset), FFS_MAX_ZONE_OFFSET + 1, 4,
     "zone 0: impossible offset"},
    {"an_offset_too_far_back", offsetof(struct ffs_zone, offset), INT32_MIN, 4,
     "zone 0: impossible offset"},
    {"more_in_a_zone", offsetof(struct ffs_zone, reserved), 1, 4, "zone 0: impossible offset"},
    {"a_change_too_far", CHANGE(2, offset), -FFS_MAX_ZONE_OFFSET - 1, 4,
     "zone 0: impossible offset"},
    {"more_in_a_change", CHANGE(1, reserved), 1, 4, "zone 0: impossible offset"},
    {"changes_out_of_order", CHANGE(1, at), 3000000, 8, "zone 0: its changes are not in order"},
    {"two_changes_at_once", CHANGE(2, at), 2000000, 8, "zone 0: its changes are not in order"},
};
#define DAMAGES (sizeof damages / sizeof *damages)

static void refuses(void **state)
{
    const struct damage *damage = *state;
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    uint8_t *zones = section_at(bytes, FFS_ZONES);
    struct problem problem = {""};
    memcpy(zones + damage->offset, &damage->value, damage->size);
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_ERROR_MALFORMED);
    if (!strstr(problem.text, damage->text))
        fail_msg("'%s', expected '%s'", problem.text, damage->text);
    free(bytes);
}

static void takes_any_time_there_is(void **state __attribute__((unused)))
{
    static const struct {
        struct ffs_zone zone;
        struct ffs_zone_change changes[2];
    } here = {{.change_count = 2, .offset = 3600}, {{.at = 0, .offset = 7200}, {.at = 60000}}};
    /* The epoch was a Thursday. */
    const uint32_t thursday = 3 * 1440;
    assert_int_equal(ffs_minute_of_week(&here.zone, -1), thursday + 59);
    assert_int_equal(ffs_minute_of_week(&here.zone, 0), thursday + 120);
    assert_int_equal(ffs_minute_of_week(&here.zone, 59999), thursday + 120);
    assert_int_equal(ffs_minute_of_week(&here.zone, 60000), thursday + 1);
    assert_int_equal(ffs_minute_of_week(&here.zone, -INT64_C(3) * 86400000 - 3600000), 0);
    assert_int_equal(ffs_minute_of_week(&here.zone, -INT64_C(3) * 86400000 - 3600001), 10079);
    assert_true(ffs_minute_of_week(&here.zone, INT64_MIN) < 10080);
    assert_true(ffs_minute_of_week(&here.zone, INT64_MAX) < 10080);
}

int main(void)
{
    struct CMUnitTest tests[DAMAGES + 1];
    for (size_t i = 0; i < DAMAGES; i++)
        tests[i] = (struct CMUnitTest){.name = damages[i].name,
                                       .test_func = refuses,
                                       .initial_state = (void *)(uintptr_t)&damages[i]};
    tests[DAMAGES] = (struct CMUnitTest)cmocka_unit_test(takes_any_time_there_is);
    return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
