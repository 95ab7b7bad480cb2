/* Flags that need more than the readers of a format level know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/base/buffer.h"
#include "compiler/commands/build/level.h"
#include "fflag/snapshot.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

static const char definitions[] =
    "project: {name: test, environments: [production], bucket_by: user_id}\n"
    "attributes: {user_id: string}\n"
    "flags:\n"
    "  matching: {rules: [{if: {user_id: {matches: 'a+b'}}}]}\n"
    "  needing: {requires: {matching: 'on'}, percent: 10%}\n"
    "  plain: {percent: 10%}\n";

static void names_the_flags_that_a_level_does_not_know_with_their_places(void **state)
{
    (void)state;
    struct buffer bytes = {0}, problem = {0};
    struct project *project =
        project_load_text("flags.yaml", definitions, sizeof definitions - 1, 0);
    assert_true(project_compile(project, "production", NULL, 0, &bytes));
    assert_false(fits_features(project, &bytes, 0, &problem));
    assert_string_equal(problem.bytes, "flags.yaml:4: flag 'matching' needs patterns ('matches')\n"
                                       "flags.yaml:5: flag 'needing' needs patterns ('matches')\n");
    buffer_release(&problem);
    buffer_release(&bytes);
    project_free(project);
}

static void the_newest_level_is_all_that_the_compiler_writes(void **state)
{
    (void)state;
    assert_int_equal(level_features(NEWEST_LEVEL), FFS_FEATURES);
    for (unsigned level = 1; level < NEWEST_LEVEL; level++)
        assert_int_equal(level_features(level) & ~level_features(level + 1), 0);
    struct buffer bytes = {0}, problem = {0};
    struct project *project =
        project_load_text("flags.yaml", definitions, sizeof definitions - 1, 0);
    assert_true(project_compile(project, "production", NULL, 0, &bytes));
    assert_true(fits_features(project, &bytes, level_features(NEWEST_LEVEL), &problem));
    assert_int_equal(problem.length, 0);
    buffer_release(&bytes);
    project_free(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_flags_that_a_level_does_not_know_with_their_places),
        cmocka_unit_test(the_newest_level_is_all_that_the_compiler_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
