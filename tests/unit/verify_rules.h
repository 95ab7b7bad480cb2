/*
 * verify_rules.h - for tests of the verifier: the sample, with one rule broken.
 *
 * A RULE() breaks it in the bytes; the hashes are then made to fit, so that what refuses the
 * snapshot is the check of that rule and nothing before it.
 */
#ifndef TESTS_UNIT_VERIFY_RULES_H
#define TESTS_UNIT_VERIFY_RULES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"
#include "verify_bytes.h"

#define UNUSED_STATE void **state __attribute__((unused))

static UNUSED struct ffs_header *header_of(uint8_t *bytes)
{
    return (struct ffs_header *)bytes;
}

static UNUSED struct ffs_section *table_of(uint8_t *bytes)
{
    return (struct ffs_section *)(bytes + sizeof(struct ffs_header));
}

static UNUSED struct ffs_flag *flags_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_FLAGS);
}

static UNUSED struct ffs_instruction *code_of(uint8_t *bytes, enum sample_flag flag)
{
    struct ffs_instruction *code = section_at(bytes, FFS_CODE);
    return code + flags_of(bytes)[flag].first_code;
}

static UNUSED struct ffs_variant *variants_of(uint8_t *bytes, enum sample_flag flag)
{
    struct ffs_variant *variants = section_at(bytes, FFS_VARIANTS);
    return variants + flags_of(bytes)[flag].first_variant;
}

#define RULE(name) static void name(uint8_t *bytes)

struct rule {
    const char *name;
    void (*damage)(uint8_t *bytes);
    enum fflag_error error;
    const char *text; /* part of what is said */
};
#define REFUSED_AS(rule, error, text) \
    {                                 \
#rule, rule, error, text      \
    }
#define REFUSED(rule, text) REFUSED_AS(rule, FFLAG_ERROR_MALFORMED, text)

static UNUSED void refuses_what_breaks_one_rule(void **state)
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

#define MOST_TESTS 256

/* A test for each rule, then the others. Returns what main() does. */
static UNUSED int run_rules(const char *group, const struct rule *rules, size_t rule_count,
                            const struct CMUnitTest *others, size_t other_count)
{
    static struct CMUnitTest tests[MOST_TESTS];
    static char names[MOST_TESTS][64];
    assert_true(rule_count + other_count <= MOST_TESTS);
    for (size_t i = 0; i < rule_count; i++) {
        snprintf(names[i], sizeof names[i], "refuses_%s", rules[i].name);
        tests[i] = (struct CMUnitTest){names[i], refuses_what_breaks_one_rule, NULL, NULL,
                                       (void *)(uintptr_t)&rules[i]};
    }
    memcpy(tests + rule_count, others, other_count * sizeof *others);
    return _cmocka_run_group_tests(group, tests, rule_count + other_count, NULL, NULL);
}
#define RUN_RULES(group, rules, others)                             \
    run_rules(group, rules, sizeof rules / sizeof rules[0], others, \
              sizeof others / sizeof others[0])

#endif
