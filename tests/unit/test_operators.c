/* test_operators.c - operators.def is consistent and complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/model/operators.h"

#define UNUSED_STATE void **state __attribute__((unused))

static void every_spelling_is_found_by_its_name(UNUSED_STATE)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (operator_find(operators[i].name) != &operators[i])
            fail_msg("operators.def has '%s' twice", operators[i].name);
        assert_string_equal(operator_known_as(operators[i].name, A_FIELD), operators[i].name);
    }
    assert_null(operator_find("equals"));
    assert_string_equal(operator_known_as("equals", A_FIELD), "eq");
    assert_null(operator_known_as("resembles", A_FIELD));
#define OPERATOR_ELSEWHERE(word, name) \
    if (!operator_find(name))          \
        fail_msg("'%s' is called '%s', which is no operator", word, name);
#include "compiler/model/operators.def"
}

static void others_write_words_their_way(UNUSED_STATE)
{
    static const struct {
        const char *theirs, *ours;
        unsigned type;
    } words[] = {
        {"startsWith", "starts_with", FFLAG_ATTRIBUTE_STRING},
        {"STR_STARTS_WITH", "starts_with", FFLAG_ATTRIBUTE_STRING},
        {"$in", "in", FFLAG_ATTRIBUTE_STRING},
        {"NOT_IN", "not_in", FFLAG_ATTRIBUTE_NUMBER},
        {"isNotOneOf", "not_in", FFLAG_ATTRIBUTE_STRING},
        {"GREATER_THAN_INCLUSIVE", "gte", FFLAG_ATTRIBUTE_NUMBER},
        {"SEMVER_GT", "gt", FFLAG_ATTRIBUTE_VERSION},
        {"is_set", "present", FFLAG_ATTRIBUTE_BOOLEAN},
        /* One word, of two types. */
        {"includes", "has", FFLAG_ATTRIBUTE_STRINGS},
        {"includes", "contains", FFLAG_ATTRIBUTE_STRING},
        {"$in", "has_any", FFLAG_ATTRIBUTE_STRINGS},
        {"notIn", "has_none", FFLAG_ATTRIBUTE_STRINGS},
        {"notContains", "not_contains", FFLAG_ATTRIBUTE_STRING},
        {"isNotNull", "present", FFLAG_ATTRIBUTE_STRING},
        {"notMatches", NULL, FFLAG_ATTRIBUTE_STRING},
        {"is_not_set", NULL, FFLAG_ATTRIBUTE_STRING},
        {"$", NULL, FFLAG_ATTRIBUTE_STRING},
        {"_", NULL, FFLAG_ATTRIBUTE_STRING},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *found = operator_known_as(words[i].theirs, words[i].type);
        if (!found != !words[i].ours || (found && strcmp(found, words[i].ours) != 0))
            fail_msg("'%s' is called '%s'", words[i].theirs, found ? found : "(nothing)");
    }
}

static void negations_name_what_they_negate(UNUSED_STATE)
{
    static const struct {
        const char *theirs, *ours;
    } words[] = {
        {"notMatches", "matches"},
        {"NOT_STARTS_WITH", "starts_with"},
        {"!contain", NULL},
        {"!startsWith", "starts_with"},
        {"is_not_set", "present"},
        {"$notExists", "present"},
        {"doesNotMatch", "matches"},
        {"not", NULL},
        {"!", NULL},
        {"notify", NULL},
        {"matches", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *found = operator_negated_as(words[i].theirs, FFLAG_ATTRIBUTE_STRING);
        if (!found != !words[i].ours || (found && strcmp(found, words[i].ours) != 0))
            fail_msg("'%s' negates '%s'", words[i].theirs, found ? found : "(nothing)");
    }
}

static void every_kind_can_be_spelt(UNUSED_STATE)
{
    for (size_t kind = 0; kind < OPERATOR_KIND_COUNT; kind++) {
        bool spelt = false;
        for (size_t i = 0; i < OPERATOR_COUNT; i++)
            spelt |= operators[i].kind == kind && !operators[i].negate;
        if (!spelt)
            fail_msg("operators.def has no spelling of %s", operator_kinds[kind].name);
    }
}

/* A negation has the same kind, so that it is exact, and takes the same operands. */
static void every_negation_has_its_counterpart(UNUSED_STATE)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        const struct operator_info *one = &operators[i];
        bool found = !one->negate;
        for (size_t j = 0; j < OPERATOR_COUNT; j++)
            found |= !operators[j].negate && operators[j].kind == one->kind &&
                     operators[j].form == one->form && operators[j].types == one->types;
        if (!found)
            fail_msg("'%s' negates no operator of its form and types", one->name);
    }
}

/* Each kind has the columns that proofs and logs use, and no others. */
static void the_columns_of_a_kind_agree(UNUSED_STATE)
{
    for (size_t kind = 0; kind < OPERATOR_KIND_COUNT; kind++) {
        const struct operator_kind_info *info = &operator_kinds[kind];
        bool equal = info->proof == PROOF_EQUAL || info->log == LOG_EQUAL ||
                     info->proof == PROOF_LISTED || info->log == LOG_LISTED;
        bool ordered =
            info->proof == PROOF_ORDER || info->log == LOG_ORDER || info->proof == PROOF_AGE;
        bool part = info->proof == PROOF_PART || info->log == LOG_PART;
        if (equal ? info->order != ORDER_EQUAL : ordered != (info->order != 0))
            fail_msg("the order of %s in operators.def does not fit its proof", info->name);
        if (equal ? info->place != PART_WHOLE : info->place != PART_ANYWHERE && !part)
            fail_msg("the place of %s in operators.def does not fit its proof", info->name);
    }
}

/* Whether an operator applies to fields is stated twice: by its spelling, and by how a log reads
 * it. */
static void what_takes_a_field_is_read_from_logs(UNUSED_STATE)
{
    bool taken[OPERATOR_KIND_COUNT] = {false};
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        taken[operators[i].kind] |= operators[i].types & TYPE_BIT(A_FIELD);
    for (size_t kind = 0; kind < OPERATOR_KIND_COUNT; kind++) {
        if (taken[kind] != (operator_kinds[kind].log != LOG_NONE))
            fail_msg("%s takes FIELD or is read from logs in operators.def, and not both",
                     operator_kinds[kind].name);
    }
}

static void a_spelling_fits_its_operands(UNUSED_STATE)
{
    static const struct {
        enum operator_kind kind;
        bool negate;
        unsigned type;
        uint32_t operands;
        const char *name;
    } cases[] = {
        {OPERATOR_EQ, false, FFLAG_ATTRIBUTE_STRING, 1, "eq"},
        {OPERATOR_EQ, true, FFLAG_ATTRIBUTE_STRING, 1, "ne"},
        {OPERATOR_EQ, false, FFLAG_ATTRIBUTE_STRING, 3, "in"},
        {OPERATOR_EQ, true, FFLAG_ATTRIBUTE_NUMBER, 2, "not_in"},
        {OPERATOR_EQ, false, FFLAG_ATTRIBUTE_IP, 1, "in"},
        {OPERATOR_EQ, true, FFLAG_ATTRIBUTE_IP, 1, "not_in"},
        {OPERATOR_CONTAINS, true, FFLAG_ATTRIBUTE_STRING, 2, "not_contains"},
        {OPERATOR_LT, false, FFLAG_ATTRIBUTE_TIME, 1, "lt"},
        {OPERATOR_HAS_ANY, false, FFLAG_ATTRIBUTE_STRINGS, 1, "has"},
        {OPERATOR_HAS_ANY, false, FFLAG_ATTRIBUTE_STRINGS, 2, "has_any"},
        {OPERATOR_HAS_ANY, true, FFLAG_ATTRIBUTE_STRINGS, 1, "has_none"},
        {OPERATOR_HAS_ALL, false, FFLAG_ATTRIBUTE_STRINGS, 1, "has_all"},
        {OPERATOR_PRESENT, true, FFLAG_ATTRIBUTE_STRINGS, 0, "present"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(
            operator_spelling(cases[i].kind, cases[i].negate, cases[i].type, cases[i].operands)
                ->name,
            cases[i].name);
}

static void the_same_of_a_list_is_found_where_there_is_one(UNUSED_STATE)
{
    unsigned string = FFLAG_ATTRIBUTE_STRING, boolean = FFLAG_ATTRIBUTE_BOOLEAN;
    assert_ptr_equal(operator_for_list(operator_find("ne"), string), operator_find("not_in"));
    assert_ptr_equal(operator_for_list(operator_find("has"), FFLAG_ATTRIBUTE_STRINGS),
                     operator_find("has_any"));
    assert_null(operator_for_list(operator_find("eq"), boolean));
    assert_null(operator_for_list(operator_find("gt"), FFLAG_ATTRIBUTE_NUMBER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_found_by_its_name),
        cmocka_unit_test(others_write_words_their_way),
        cmocka_unit_test(negations_name_what_they_negate),
        cmocka_unit_test(every_kind_can_be_spelt),
        cmocka_unit_test(every_negation_has_its_counterpart),
        cmocka_unit_test(the_columns_of_a_kind_agree),
        cmocka_unit_test(what_takes_a_field_is_read_from_logs),
        cmocka_unit_test(a_spelling_fits_its_operands),
        cmocka_unit_test(the_same_of_a_list_is_found_where_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
