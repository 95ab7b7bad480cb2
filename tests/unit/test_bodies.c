/* test_bodies.c - tests of a list by a body: when they hold, and what the verifier refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sample.h"
#include "verify_bytes.h"

#define UNUSED_STATE void **state __attribute__((unused))

#define PASSES      test(FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0)
#define ENTRY(...)  test(__VA_ARGS__)
#define MOST_TESTED 8

/* What the flag answers where the test of a list holds: it is followed by its body. */
static uint8_t *with_test(struct assembler *a, const struct ffs_instruction *tested, uint32_t count,
                          size_t *length)
{
    struct ffs_instruction code[MOST_TESTED + 1];
    memcpy(code, tested, count * sizeof *code);
    code[count] = serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE);
    add_boolean(a, "flag", code, count + 1);
    return assemble(a, length);
}

/* ----------------------------------------------------------------------------- when it holds -- */

static const char *const none[] = {NULL};
static const char *const a_b[] = {"alpha", "beta"};
static const char *const upper[] = {"ALPHA", "alp"};
static const char *const empty_text[] = {""};

struct list {
    const char *const *entries; /* NULL: no list is given */
    size_t count;
};
static const struct list lists[] = {{NULL, 0}, {none, 0},  {a_b, 1},
                                    {a_b, 2},  {upper, 2}, {empty_text, 1}};
#define LISTS (sizeof lists / sizeof *lists)

/* By list, 1 where it holds. */
static void check(const char *what, struct assembler *a, const struct ffs_instruction *tested,
                  uint32_t count, const char *expected)
{
    size_t length;
    char got[LISTS + 1] = "";
    fflag_store *store;
    uint8_t *bytes = with_test(a, tested, count, &length);
    assert_int_equal(fflag_open_memory(&store, bytes, length, NULL), FFLAG_OK);
    free(bytes);
    const fflag_view *view = fflag_acquire(store);
    for (size_t i = 0; i < LISTS; i++) {
        fflag_context context;
        fflag_context_init(&context);
        if (lists[i].entries)
            fflag_set_strings(&context, fflag_attribute(store, "groups"), lists[i].entries,
                              lists[i].count);
        got[i] = (char)('0' + fflag_bool(view, fflag_flag(store, "flag"), &context, false));
    }
    fflag_release(view);
    fflag_close(store);
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s, expected %s", what, got, expected);
}

/* Each of the three with the body `starts with "alp"`, held and negated; absent is the first. */
static void holds_by_its_entries(UNUSED_STATE)
{
    static const struct {
        enum ffs_op op;
        const char *expected, *negated;
    } cases[] = {
        {FFS_ANY_ENTRY, "001110", "110001"},
        {FFS_EVERY_ENTRY, "011000", "100111"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned negate = 0; negate <= FFS_NEGATE; negate++) {
            struct assembler a = {0};
            add_sample_attributes(&a);
            check("starts_with", &a,
                  CODE(test(cases[i].op, negate, GROUPS, 4, 2),
                       ENTRY(FFS_STRING_PREFIX, 0, GROUPS, 2, add_string(&a, "alp")), PASSES),
                  negate ? cases[i].negated : cases[i].expected);
        }
    }
}

static void compares_entries_by_their_hashes(UNUSED_STATE)
{
    struct assembler a = {0}, b = {0}, c = {0};
    static const char *const members[] = {"beta", "gamma"};
    add_sample_attributes(&a);
    check("equal", &a,
          CODE(test(FFS_ANY_ENTRY, 0, GROUPS, 4, 2),
               ENTRY(FFS_STRING_EQ, 0, GROUPS, 2, add_tagged(&a, "")), PASSES),
          "000001");
    add_sample_attributes(&b);
    check("in", &b,
          CODE(test(FFS_ANY_ENTRY, 0, GROUPS, 4, 2),
               ENTRY(FFS_STRING_IN, 0, GROUPS, 2, add_set(&b, members, 2)), PASSES),
          "000100");
    add_sample_attributes(&c);
    check("one entry must pass both", &c,
          CODE(test(FFS_ANY_ENTRY, 0, GROUPS, 5, 3),
               ENTRY(FFS_STRING_PREFIX, 0, GROUPS, 3, add_string(&c, "alp")),
               ENTRY(FFS_STRING_EQ, FFS_NEGATE, GROUPS, 2, add_tagged(&c, "alpha")), PASSES),
          "000010");
}

static void a_body_without_a_test_passes_all_or_none(UNUSED_STATE)
{
    struct assembler a = {0}, b = {0};
    add_sample_attributes(&a);
    check("any", &a, CODE(test(FFS_ANY_ENTRY, 0, GROUPS, 3, 1), PASSES), "001111");
    add_sample_attributes(&b);
    check("every", &b, CODE(test(FFS_EVERY_ENTRY, 0, GROUPS, 2, 0)), "010000");
}

static void holds_by_its_size(UNUSED_STATE)
{
    struct assembler a = {0}, b = {0};
    add_sample_attributes(&a);
    check("size", &a,
          CODE(test(FFS_SIZE_IS, 0, GROUPS, 4, 2),
               ENTRY(FFS_NUMBER_GE, 0, GROUPS, 2, number_bits(2)), PASSES),
          "000110");
    add_sample_attributes(&b);
    check("no size", &b,
          CODE(test(FFS_SIZE_IS, FFS_NEGATE, GROUPS, 4, 2),
               ENTRY(FFS_NUMBER_EQ, 0, GROUPS, 2, number_bits(0)), PASSES),
          "101111");
}

/* Tests after one another, and another attribute within the same program. */
static void goes_on_after_its_body(UNUSED_STATE)
{
    struct assembler a = {0};
    add_sample_attributes(&a);
    check("two", &a,
          CODE(test(FFS_ANY_ENTRY, 0, GROUPS, 8, 2),
               ENTRY(FFS_STRING_SUFFIX, 0, GROUPS, 2, add_string(&a, "a")), PASSES,
               test(FFS_EVERY_ENTRY, FFS_NEGATE, GROUPS, 5, 2),
               ENTRY(FFS_STRING_CONTAINS, 0, GROUPS, 2, add_string(&a, "p")), PASSES,
               test(FFS_PRESENT, FFS_NEGATE, COUNTRY, 2, 0)),
          "000100");
}

/* --------------------------------------------------------------------------- what is refused -- */

static void refuses(UNUSED_STATE)
{
    static const struct {
        const char *problem;
        uint32_t count;
        struct ffs_instruction code[MOST_TESTED];
    } cases[] = {
        {"outside a body", 1, {{FFS_STRING_GLOB, 0, GROUPS, 2, 0, 0}}},
        {"outside a body", 1, {{FFS_NUMBER_EQ, 0, GROUPS, 2, 0, 0}}},
        {"outside a body", 1, {{FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"jumps into its body",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 1, 0, 1}, {FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"jumps into its body", 1, {{FFS_ANY_ENTRY, 0, GROUPS, 1, 0, 1}}},
        {"jumps into its body", 1, {{FFS_ANY_ENTRY, 0, GROUPS, 2, 0, UINT64_MAX}}},
        {"not a test of an entry", 1, {{FFS_ANY_ENTRY, 0, GROUPS, 2, 0, 1}}},
        {"not a test of an entry",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_STRINGS_HAS, 0, GROUPS, 1, 0, 0}}},
        {"not a test of an entry",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_PRESENT, 0, GROUPS, 1, 0, 0}}},
        {"not a test of an entry",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_STRING_PREFIX, 0, COUNTRY, 1, 0, 0}}},
        {"not a test of an entry",
         3,
         {{FFS_ANY_ENTRY, 0, GROUPS, 4, 0, 2},
          {FFS_EVERY_ENTRY, 0, GROUPS, 2, 0, 1},
          {FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"not a test of an entry",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_EXPOSED, 0, USER_ID, 1, 0, 0}}},
        {"type does not fit",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_NUMBER_GE, 0, GROUPS, 1, 0, 0}}},
        {"type does not fit",
         2,
         {{FFS_SIZE_IS, 0, GROUPS, 3, 0, 1}, {FFS_STRING_PREFIX, 0, GROUPS, 1, 0, 0}}},
        {"type does not fit",
         2,
         {{FFS_ANY_ENTRY, 0, COUNTRY, 3, 0, 1}, {FFS_STRING_PREFIX, 0, COUNTRY, 1, 0, 0}}},
        {"not the list of its body",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_STRING_PREFIX, 0, SAMPLE_ATTRIBUTES, 1, 0, 0}}},
        {"the jump leaves the body",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_STRING_PREFIX, 0, GROUPS, 2, 0, 0}}},
        {"the jump leaves the body",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_STRING_PREFIX, 0, GROUPS, 0, 0, 0}}},
        {"the jump ends in a body",
         3,
         {{FFS_STRING_PREFIX, 0, COUNTRY, 2, 0, 0},
          {FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1},
          {FFS_STRING_PREFIX, 0, GROUPS, 1, 0, 0}}},
        {"the jump ends in a body",
         3,
         {{FFS_STRING_PREFIX, 0, COUNTRY, 2, 0, 0},
          {FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1},
          {FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"unknown flags",
         2,
         {{FFS_ANY_ENTRY, FFS_IGNORE_CASE, GROUPS, 3, 0, 1},
          {FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"unknown flags",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_PASS, FFS_NEGATE, FFS_NO_ATTRIBUTE, 0, 0, 0}}},
        {"operand is not zero",
         2,
         {{FFS_ANY_ENTRY, 0, GROUPS, 3, 0, 1}, {FFS_PASS, 0, FFS_NO_ATTRIBUTE, 0, 0, 1}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assembler a = {0};
        struct problem problem = {""};
        size_t length;
        /* The second list, for bodies that test another than their own. */
        add_sample_attributes(&a);
        add_attribute(&a, "zones", FFLAG_ATTRIBUTE_STRINGS);
        add_string(&a, "text");
        uint8_t *bytes = with_test(&a, cases[i].code, cases[i].count, &length);
        enum fflag_error error = verify(bytes, length, &problem);
        free(bytes);
        if (error != FFLAG_ERROR_MALFORMED || !strstr(problem.text, cases[i].problem))
            fail_msg("case %zu: %d '%s', expected '%s'", i, error, problem.text, cases[i].problem);
    }
}

/* A body counts once for each of 32 entries. */
static void counts_what_a_body_may_take(UNUSED_STATE)
{
    static struct ffs_instruction code[4 * 676 + 1];
    for (uint32_t tests = 675; tests <= 676; tests++) {
        struct assembler a = {0};
        struct problem problem = {""};
        size_t length;
        add_sample_attributes(&a);
        uint32_t count = 0;
        for (uint32_t i = 0; i < tests; i++) {
            code[count++] = test(FFS_ANY_ENTRY, 0, GROUPS, 4, 3);
            code[count++] = ENTRY(FFS_STRING_GE, 0, GROUPS, 3, add_string(&a, "a"));
            code[count++] = ENTRY(FFS_STRING_LT, 0, GROUPS, 2, add_string(&a, "b"));
            code[count++] = PASSES;
        }
        code[count++] = serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE);
        add_boolean(&a, "flag", code, count);
        uint8_t *bytes = assemble(&a, &length);
        enum fflag_error error = verify(bytes, length, &problem);
        free(bytes);
        uint32_t cost = 1 + tests * (1 + 3 * FFS_COUNTED_ENTRIES);
        assert_int_equal(cost > FFS_MAX_COST, tests == 676);
        assert_int_equal(error, cost > FFS_MAX_COST ? FFLAG_ERROR_MALFORMED : FFLAG_OK);
        if (error)
            assert_non_null(strstr(problem.text, "cost more than 65536"));
    }
}

static uint32_t random_below(size_t limit)
{
    static uint64_t state = 13;
    state = ffs_mix(state + 1);
    return (uint32_t)(state % limit);
}

/* Programs of random instructions: what the verifier accepts can be evaluated. */
static struct ffs_instruction any_instruction(uint32_t count)
{
    static const uint8_t ops[] = {FFS_ANY_ENTRY, FFS_EVERY_ENTRY,   FFS_SIZE_IS,   FFS_PASS,
                                  FFS_STRING_EQ, FFS_STRING_PREFIX, FFS_STRING_GE, FFS_NUMBER_GE,
                                  FFS_PRESENT,   FFS_STRINGS_HAS};
    uint8_t op = ops[random_below(sizeof ops)];
    bool body = ffs_operand_of(op) == FFS_OPERAND_BODY;
    uint16_t attribute = random_below(3) ? GROUPS : COUNTRY;
    if (op == FFS_PASS)
        return PASSES;
    return test((enum ffs_op)op, random_below(2) ? FFS_NEGATE : 0, attribute,
                (uint16_t)(1 + random_below(count - 1)), body ? random_below(count - 1) : 0);
}

static void what_is_accepted_is_sound(UNUSED_STATE)
{
    uint32_t accepted = 0, held = 0;
    for (uint32_t round = 0; round < 40000; round++) {
        struct assembler a = {0};
        struct ffs_instruction code[MOST_TESTED];
        size_t length;
        add_sample_attributes(&a);
        uint64_t text = add_tagged(&a, "alpha");
        uint32_t count = 2 + random_below(MOST_TESTED - 2);
        for (uint32_t i = 0; i < count; i++) {
            code[i] = any_instruction(count + 1 - i > 1 ? count + 1 - i : 2);
            bool tagged = ffs_operand_of(code[i].op) == FFS_OPERAND_TAGGED_STRING;
            if (tagged || ffs_operand_of(code[i].op) == FFS_OPERAND_STRING)
                code[i].operand = tagged ? text : (uint32_t)text;
        }
        uint8_t *bytes = with_test(&a, code, count, &length);
        fflag_store *store;
        if (fflag_open_memory(&store, bytes, length, NULL) == FFLAG_OK) {
            const fflag_view *view = fflag_acquire(store);
            accepted++;
            for (size_t i = 0; i < LISTS; i++) {
                fflag_context context;
                fflag_context_init(&context);
                if (lists[i].entries)
                    fflag_set_strings(&context, fflag_attribute(store, "groups"), lists[i].entries,
                                      lists[i].count);
                held += fflag_bool(view, fflag_flag(store, "flag"), &context, false);
            }
            fflag_release(view);
            fflag_close(store);
        }
        free(bytes);
    }
    assert_true(accepted > 500 && held > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_by_its_entries),
        cmocka_unit_test(compares_entries_by_their_hashes),
        cmocka_unit_test(a_body_without_a_test_passes_all_or_none),
        cmocka_unit_test(holds_by_its_size),
        cmocka_unit_test(goes_on_after_its_body),
        cmocka_unit_test(refuses),
        cmocka_unit_test(counts_what_a_body_may_take),
        cmocka_unit_test(what_is_accepted_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
