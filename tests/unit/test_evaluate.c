/*
 * The results of evaluations: every operation, decision and error, with snapshots made for the
 * purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

/* -------------------------------------------------------------------------------- conditions -- */

enum setter { ABSENT, STRING, NUMBER, BOOLEAN, VERSION, TIME, IP, LIST, NIL };

/* A list has one value per line. */
static enum fflag_error set_list(fflag_context *context, fflag_attr attr, const char *text)
{
    static char values[4][32];
    static const char *list[4];
    size_t count = 0;
    while (*text && count < 4) {
        size_t length = strcspn(text, "\n");
        snprintf(values[count], sizeof values[count], "%.*s", (int)length, text);
        list[count] = values[count];
        count++;
        text += length + (text[length] == '\n');
    }
    return fflag_set_strings(context, attr, list, count);
}

static enum fflag_error set_value(fflag_context *context, fflag_attr attr, enum setter setter,
                                  const char *text)
{
    switch (setter) {
    case ABSENT:
        return FFLAG_OK;
    case STRING:
        return fflag_set_string(context, attr, text, strlen(text));
    case NUMBER:
        return fflag_set_number(context, attr, strtod(text, NULL));
    case BOOLEAN:
        return fflag_set_boolean(context, attr, strcmp(text, "true") == 0);
    case VERSION:
        return fflag_set_version(context, attr, text, strlen(text));
    case TIME:
        return fflag_set_time(context, attr, strtoll(text, NULL, 10));
    case IP:
        return fflag_set_ip(context, attr, text, strlen(text));
    case LIST:
        return set_list(context, attr, text);
    case NIL:
        return fflag_set_null(context, attr);
    }
    return FFLAG_ERROR_GENERAL;
}

/* 10.0.0.0/8, 192.168.1.1, and an IPv6 network */
static uint64_t add_networks(struct assembler *a)
{
    uint64_t first = add_network(a, 0x0a000000, 0x0affffff);
    add_network(a, 0xc0a80101, 0xc0a80101);
    struct ffs_network wide = {UINT64_C(0x20010db8) << 32, 0,
                               UINT64_C(0x20010db8) << 32 | UINT32_MAX, UINT64_MAX};
    append_bytes(&a->section[FFS_NETWORKS], &wide, sizeof wide);
    return (uint32_t)first | UINT64_C(3) << 32;
}

static uint64_t parse_operand(struct assembler *a, enum ffs_op op, unsigned flags,
                              const char *operand)
{
    static const char *const nordic[] = {"NO", "SE", "DK", "FI", "IS", "17", "-2"};
    static const char *const folded[] = {"no", "se", "dk"};
    switch (ffs_operand_of(op)) {
    case FFS_OPERAND_NONE:
        return 0;
    case FFS_OPERAND_SET:
        return flags & FFS_IGNORE_CASE ? add_set(a, folded, 3) : add_set(a, nordic, 7);
    case FFS_OPERAND_DIGESTS: /* of the attribute that the operand names */
        return flags & FFS_IGNORE_CASE ? add_digests(a, operand, folded, 3)
                                       : add_digests(a, operand, nordic, 7);
    case FFS_OPERAND_TAGGED_STRING:
        return flags & FFS_IGNORE_CASE ? add_string(a, operand) : add_tagged(a, operand);
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        return add_string(a, operand);
    case FFS_OPERAND_NUMBER:
        return number_bits(strtod(operand, NULL));
    case FFS_OPERAND_TIME:
    case FFS_OPERAND_DURATION:
        return (uint64_t)strtoll(operand, NULL, 10);
    case FFS_OPERAND_BOOLEAN:
        return *operand == 't';
    case FFS_OPERAND_NETWORKS:
        return add_networks(a);
    case FFS_OPERAND_ATTRIBUTE: /* the operand is its value */
        return SAMPLE_ATTRIBUTES;
    case FFS_OPERAND_REMAINDERS: /* 2 to 4 */
        return add_remainders(a, strtoull(operand, NULL, 10), 2, 5);
    case FFS_OPERAND_WEEKLY:
    case FFS_OPERAND_RULE:
    case FFS_OPERAND_SPLIT:
    case FFS_OPERAND_AUTOMATON:
    case FFS_OPERAND_THRESHOLD:
    case FFS_OPERAND_RANGE:
    case FFS_OPERAND_RAMP:
    case FFS_OPERAND_FLAG:
    case FFS_OPERAND_BODY:
    case FFS_OPERAND_VARIANT_BITS:
        break;
    }
    fail_msg("no operand for operation %d in these tables", op);
    return 0;
}

struct condition {
    enum sample_attribute attribute;
    enum ffs_op op;
    unsigned flags;
    const char *operand;
    enum setter setter;
    const char *value;
    bool holds;
};

#define FOLD       FFS_IGNORE_CASE
#define LOOSE_PAIR 4u /* of two versions of any number of parts */

static const struct condition conditions[] = {
    {COUNTRY, FFS_STRING_EQ, 0, "NO", STRING, "NO", true},
    {COUNTRY, FFS_STRING_EQ, 0, "NO", STRING, "no", false},
    {COUNTRY, FFS_STRING_EQ, 0, "NO", STRING, "NOR", false},
    {COUNTRY, FFS_STRING_EQ, 0, "", STRING, "", true},
    {COUNTRY, FFS_STRING_EQ, 0, "NO", ABSENT, "", false},
    {COUNTRY, FFS_STRING_EQ, 0, "17", NUMBER, "17", false},
    {COUNTRY, FFS_STRING_EQ, FOLD, "no", STRING, "nO", true},
    {COUNTRY, FFS_STRING_EQ, FOLD, "no", STRING, "nor", false},
    {COUNTRY, FFS_STRING_EQ, FOLD, "\xc3\xa5", STRING, "\xc3\x85", false},
    {AGE, FFS_STRING_EQ, 0, "17", NUMBER, "17", true},
    {AGE, FFS_STRING_EQ, 0, "0", NUMBER, "-0", true},
    {AGE, FFS_STRING_EQ, 0, "17", NUMBER, "17.5", false},
    {AGE, FFS_STRING_EQ, 0, "17", STRING, "17", false},
    {COUNTRY, FFS_STRING_IN, 0, "", STRING, "SE", true},
    {COUNTRY, FFS_STRING_IN, 0, "", STRING, "DE", false},
    {COUNTRY, FFS_STRING_IN, 0, "", STRING, "", false},
    {COUNTRY, FFS_STRING_IN, 0, "", ABSENT, "", false},
    {COUNTRY, FFS_STRING_IN, FOLD, "", STRING, "Dk", true},
    {COUNTRY, FFS_STRING_IN, FOLD, "", STRING, "dkk", false},
    {AGE, FFS_STRING_IN, 0, "", NUMBER, "-2", true},
    {AGE, FFS_STRING_IN, 0, "", NUMBER, "2", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", STRING, "SE", true},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", STRING, "DE", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", STRING, "se", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "age", STRING, "SE", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", STRING, "", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", ABSENT, "", false},
    {COUNTRY, FFS_PRIVATE_IN, 0, "country", NUMBER, "17", false},
    {COUNTRY, FFS_PRIVATE_IN, FOLD, "country", STRING, "Dk", true},
    {COUNTRY, FFS_PRIVATE_IN, FOLD, "country", STRING, "dkk", false},
    {AGE, FFS_PRIVATE_IN, 0, "age", NUMBER, "-2", true},
    {AGE, FFS_PRIVATE_IN, 0, "age", NUMBER, "17", true},
    {AGE, FFS_PRIVATE_IN, 0, "age", NUMBER, "17.5", false},
    {AGE, FFS_PRIVATE_IN, 0, "age", STRING, "17", false},
    {COUNTRY, FFS_STRING_CONTAINS, 0, "b", STRING, "abc", true},
    {COUNTRY, FFS_STRING_CONTAINS, 0, "", STRING, "", true},
    {COUNTRY, FFS_STRING_CONTAINS, 0, "abcd", STRING, "abc", false},
    {COUNTRY, FFS_STRING_CONTAINS, 0, "B", STRING, "abc", false},
    {COUNTRY, FFS_STRING_CONTAINS, FOLD, "bc", STRING, "ABC", true},
    {COUNTRY, FFS_STRING_PREFIX, 0, "ab", STRING, "abc", true},
    {COUNTRY, FFS_STRING_PREFIX, 0, "bc", STRING, "abc", false},
    {COUNTRY, FFS_STRING_PREFIX, FOLD, "ab", STRING, "ABC", true},
    {COUNTRY, FFS_STRING_SUFFIX, 0, "bc", STRING, "abc", true},
    {COUNTRY, FFS_STRING_SUFFIX, 0, "abcd", STRING, "abc", false},
    {COUNTRY, FFS_STRING_SUFFIX, FOLD, "bc", STRING, "aBC", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "a*c", STRING, "abbbc", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "a*c", STRING, "ac", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "a*c", STRING, "acb", false},
    {COUNTRY, FFS_STRING_GLOB, 0, "*a*b*c*", STRING, "xxaxbxxcx", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "?", STRING, "\xc3\xa5", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "*??", STRING, "\xc3\xa5", false},
    {COUNTRY, FFS_STRING_GLOB, 0, "?", STRING, "\xff", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "?", STRING, "", false},
    {COUNTRY, FFS_STRING_GLOB, 0, "[a-c]x", STRING, "bx", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "[!a-c]x", STRING, "bx", false},
    {COUNTRY, FFS_STRING_GLOB, 0, "[!a-c]x", STRING, "dx", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "[]]", STRING, "]", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "[a-]", STRING, "-", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "[\xc3\xa0-\xc3\xaf]", STRING, "\xc3\xa5", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "\\*", STRING, "*", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "\\*", STRING, "x", false},
    {COUNTRY, FFS_STRING_GLOB, FOLD, "a[b-d]*", STRING, "ACME", true},
    {COUNTRY, FFS_STRING_GLOB, 0, "a*a*a*a*a*b", STRING, "aaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    {COUNTRY, FFS_STRING_LT, 0, "b", STRING, "ab", true},
    {COUNTRY, FFS_STRING_LT, 0, "b", STRING, "b", false},
    {COUNTRY, FFS_STRING_LT, 0, "b", STRING, "ba", false},
    {COUNTRY, FFS_STRING_LT, 0, "ba", STRING, "b", true},
    {COUNTRY, FFS_STRING_LT, 0, "a", STRING, "", true},
    {COUNTRY, FFS_STRING_LT, 0, "", STRING, "", false},
    {COUNTRY, FFS_STRING_LE, 0, "b", STRING, "b", true},
    {COUNTRY, FFS_STRING_LE, 0, "b", STRING, "ba", false},
    {COUNTRY, FFS_STRING_GT, 0, "b", STRING, "ba", true},
    {COUNTRY, FFS_STRING_GT, 0, "b", STRING, "b", false},
    {COUNTRY, FFS_STRING_GT, 0, "z", STRING, "\xc3\xa5", true},
    {COUNTRY, FFS_STRING_GE, 0, "b", STRING, "b", true},
    {COUNTRY, FFS_STRING_GE, 0, "b", STRING, "C", false},
    {COUNTRY, FFS_STRING_GE, FOLD, "b", STRING, "C", true},
    {COUNTRY, FFS_STRING_LT, FOLD, "_", STRING, "A", false},
    {COUNTRY, FFS_STRING_LT, FOLD, "ab", STRING, "A", true},
    {COUNTRY, FFS_STRING_GE, 0, "", ABSENT, "", false},
    {GROUPS, FFS_STRINGS_HAS, 0, "beta", LIST, "staff\nbeta", true},
    {GROUPS, FFS_STRINGS_HAS, 0, "bet", LIST, "staff\nbeta", false},
    {GROUPS, FFS_STRINGS_HAS, 0, "beta", LIST, "", false},
    {GROUPS, FFS_STRINGS_HAS, 0, "beta", STRING, "beta", false},
    {AGE, FFS_NUMBER_EQ, 0, "18", NUMBER, "18", true},
    {AGE, FFS_NUMBER_EQ, 0, "0", NUMBER, "-0", true},
    {AGE, FFS_NUMBER_EQ, 0, "18", STRING, "18", false},
    {AGE, FFS_NUMBER_EQ, 0, "18", BOOLEAN, "true", false},
    {AGE, FFS_NUMBER_LT, 0, "18", NUMBER, "17.999", true},
    {AGE, FFS_NUMBER_LT, 0, "18", NUMBER, "18", false},
    {AGE, FFS_NUMBER_LE, 0, "18", NUMBER, "18", true},
    {AGE, FFS_NUMBER_LE, 0, "18", NUMBER, "18.001", false},
    {AGE, FFS_NUMBER_GT, 0, "18", NUMBER, "18", false},
    {AGE, FFS_NUMBER_GT, 0, "18", NUMBER, "inf", true},
    {AGE, FFS_NUMBER_GE, 0, "18", NUMBER, "18", true},
    {AGE, FFS_NUMBER_GE, 0, "18", NUMBER, "-inf", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "12", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "4", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "1", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "5", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "0", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "-6", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "-8", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "-2", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "12.5", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "9007199254740992", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "-9007199254740992", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "9007199254740994", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "1e300", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", NUMBER, "inf", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "9007199254740992", NUMBER, "4", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "9007199254740992", NUMBER, "-9007199254740989", true},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", STRING, "12", false},
    {AGE, FFS_NUMBER_REMAINDER, 0, "10", ABSENT, "", false},
    {BETA, FFS_BOOLEAN_IS, 0, "true", BOOLEAN, "true", true},
    {BETA, FFS_BOOLEAN_IS, 0, "true", BOOLEAN, "false", false},
    {BETA, FFS_BOOLEAN_IS, 0, "false", BOOLEAN, "false", true},
    {BETA, FFS_BOOLEAN_IS, 0, "true", STRING, "true", false},
    {BETA, FFS_BOOLEAN_IS, 0, "true", NUMBER, "1", false},
    {APP_VERSION, FFS_VERSION_EQ, 0, "1.2", VERSION, "v1.2.0", true},
    {APP_VERSION, FFS_VERSION_EQ, 0, "1.2.0", STRING, "1.2.0+build.7", true},
    {APP_VERSION, FFS_VERSION_EQ, 0, "1.2.0", STRING, "1.2.0.0", false},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.10.0", VERSION, "1.9.0", true},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.0.0", VERSION, "1.0.0-rc.1", true},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.0.0-alpha.1", VERSION, "1.0.0-alpha", true},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.0.0-alpha.beta", VERSION, "1.0.0-alpha.1", true},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.0.0-beta.11", VERSION, "1.0.0-beta.2", true},
    {APP_VERSION, FFS_VERSION_LT, 0, "1.0.0-rc.1", VERSION, "1.0.0-beta.11", true},
    {APP_VERSION, FFS_VERSION_LE, 0, "1.2.0", VERSION, "1.2.0", true},
    {APP_VERSION, FFS_VERSION_LE, 0, "1.2.0", VERSION, "1.2.1", false},
    {APP_VERSION, FFS_VERSION_GT, 0, "1.2.0", VERSION, "18446744073709551616.0.0", true},
    {APP_VERSION, FFS_VERSION_GT, 0, "1.2.0", VERSION, "1.2.0", false},
    {APP_VERSION, FFS_VERSION_GE, 0, "1.2.0", VERSION, "1.2.0", true},
    {APP_VERSION, FFS_VERSION_GE, 0, "0.1.0", STRING, "1.02.0", false},
    {APP_VERSION, FFS_VERSION_GE, 0, "0.1.0", STRING, "latest", false},
    {APP_VERSION, FFS_VERSION_GE, 0, "0.1.0", STRING, "", false},
    {APP_VERSION, FFS_VERSION_GE, 0, "0.1.0", NUMBER, "1", false},
    {APP_VERSION, FFS_LOOSE_EQ, 0, "1.2", STRING, "v1.2.0.0", true},
    {APP_VERSION, FFS_LOOSE_EQ, 0, "1.2", VERSION, "1.2.0", true},
    {APP_VERSION, FFS_LOOSE_EQ, 0, "1.2.0rc1", STRING, "01.2-RC.1+build", true},
    {APP_VERSION, FFS_LOOSE_EQ, 0, "1.2", STRING, "1.2.0.1", false},
    {APP_VERSION, FFS_LOOSE_EQ, 0, "1.2", STRING, "latest", false},
    {APP_VERSION, FFS_LOOSE_LT, 0, "10.15.7", STRING, "10.15.6.99", true},
    {APP_VERSION, FFS_LOOSE_LT, 0, "10.15.7", STRING, "10.15.7.1", false},
    {APP_VERSION, FFS_LOOSE_LT, 0, "1.2.3", STRING, "1.2.3b9", true},
    {APP_VERSION, FFS_LOOSE_LT, 0, "1.2.3b10", STRING, "1.2.3b9", true},
    {APP_VERSION, FFS_LOOSE_LE, 0, "1.2.3.4", STRING, "1.2.3.4", true},
    {APP_VERSION, FFS_LOOSE_LE, 0, "1.2.3.4", STRING, "1.2.3.5", false},
    {APP_VERSION, FFS_LOOSE_GT, 0, "1.2.3", STRING, "1.2.3.1", true},
    {APP_VERSION, FFS_LOOSE_GT, 0, "1.2.3", STRING, "1.2.3", false},
    {APP_VERSION, FFS_LOOSE_GE, 0, "2024.1.5", STRING, "2024.01.05", true},
    {APP_VERSION, FFS_LOOSE_GE, 0, "0", STRING, "", false},
    {APP_VERSION, FFS_LOOSE_GE, 0, "0", NUMBER, "1", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "ab", STRING, "a", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "ab", STRING, "ab", true},
    {COUNTRY, FFS_PAIR_EQ, 0, "ab", STRING, "b", false},
    {AGE, FFS_PAIR_EQ, 0, "-0", NUMBER, "-1", false},
    {AGE, FFS_PAIR_EQ, 0, "-0", NUMBER, "0", true},
    {AGE, FFS_PAIR_EQ, 0, "-0", NUMBER, "inf", false},
    {APP_VERSION, FFS_PAIR_EQ, 0, "v1.2.0+b", VERSION, "1.2.0-rc.1", false},
    {APP_VERSION, FFS_PAIR_EQ, 0, "v1.2.0+b", VERSION, "1.2", true},
    {APP_VERSION, FFS_PAIR_EQ, 0, "v1.2.0+b", VERSION, "1.10.0", false},
    {APP_VERSION, FFS_PAIR_EQ, LOOSE_PAIR, "01.2", STRING, "1.2b3", false},
    {APP_VERSION, FFS_PAIR_EQ, LOOSE_PAIR, "01.2", STRING, "1.2.0.0", true},
    {APP_VERSION, FFS_PAIR_EQ, LOOSE_PAIR, "01.2", STRING, "1.2.0.1", false},
    {SIGNUP_AT, FFS_PAIR_EQ, 0, "1000", TIME, "999", false},
    {SIGNUP_AT, FFS_PAIR_EQ, 0, "1000", TIME, "1000", true},
    {SIGNUP_AT, FFS_PAIR_EQ, 0, "1000", TIME, "1001", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "absent", STRING, "a", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "a", ABSENT, "", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "absent", ABSENT, "", false},
    {AGE, FFS_PAIR_EQ, 0, "1", STRING, "1", false},
    {COUNTRY, FFS_PAIR_LT, 0, "ab", STRING, "a", true},
    {COUNTRY, FFS_PAIR_LT, 0, "ab", STRING, "ab", false},
    {COUNTRY, FFS_PAIR_LT, 0, "ab", STRING, "b", false},
    {AGE, FFS_PAIR_LT, 0, "-0", NUMBER, "-1", true},
    {AGE, FFS_PAIR_LT, 0, "-0", NUMBER, "0", false},
    {AGE, FFS_PAIR_LT, 0, "-0", NUMBER, "inf", false},
    {APP_VERSION, FFS_PAIR_LT, 0, "v1.2.0+b", VERSION, "1.2.0-rc.1", true},
    {APP_VERSION, FFS_PAIR_LT, 0, "v1.2.0+b", VERSION, "1.2", false},
    {APP_VERSION, FFS_PAIR_LT, 0, "v1.2.0+b", VERSION, "1.10.0", false},
    {APP_VERSION, FFS_PAIR_LT, LOOSE_PAIR, "01.2", STRING, "1.2b3", true},
    {APP_VERSION, FFS_PAIR_LT, LOOSE_PAIR, "01.2", STRING, "1.2.0.0", false},
    {APP_VERSION, FFS_PAIR_LT, LOOSE_PAIR, "01.2", STRING, "1.2.0.1", false},
    {SIGNUP_AT, FFS_PAIR_LT, 0, "1000", TIME, "999", true},
    {SIGNUP_AT, FFS_PAIR_LT, 0, "1000", TIME, "1000", false},
    {SIGNUP_AT, FFS_PAIR_LT, 0, "1000", TIME, "1001", false},
    {COUNTRY, FFS_PAIR_LT, 0, "absent", STRING, "a", false},
    {COUNTRY, FFS_PAIR_LT, 0, "a", ABSENT, "", false},
    {COUNTRY, FFS_PAIR_LT, 0, "absent", ABSENT, "", false},
    {AGE, FFS_PAIR_LT, 0, "1", STRING, "1", false},
    {COUNTRY, FFS_PAIR_LE, 0, "ab", STRING, "a", true},
    {COUNTRY, FFS_PAIR_LE, 0, "ab", STRING, "ab", true},
    {COUNTRY, FFS_PAIR_LE, 0, "ab", STRING, "b", false},
    {AGE, FFS_PAIR_LE, 0, "-0", NUMBER, "-1", true},
    {AGE, FFS_PAIR_LE, 0, "-0", NUMBER, "0", true},
    {AGE, FFS_PAIR_LE, 0, "-0", NUMBER, "inf", false},
    {APP_VERSION, FFS_PAIR_LE, 0, "v1.2.0+b", VERSION, "1.2.0-rc.1", true},
    {APP_VERSION, FFS_PAIR_LE, 0, "v1.2.0+b", VERSION, "1.2", true},
    {APP_VERSION, FFS_PAIR_LE, 0, "v1.2.0+b", VERSION, "1.10.0", false},
    {APP_VERSION, FFS_PAIR_LE, LOOSE_PAIR, "01.2", STRING, "1.2b3", true},
    {APP_VERSION, FFS_PAIR_LE, LOOSE_PAIR, "01.2", STRING, "1.2.0.0", true},
    {APP_VERSION, FFS_PAIR_LE, LOOSE_PAIR, "01.2", STRING, "1.2.0.1", false},
    {SIGNUP_AT, FFS_PAIR_LE, 0, "1000", TIME, "999", true},
    {SIGNUP_AT, FFS_PAIR_LE, 0, "1000", TIME, "1000", true},
    {SIGNUP_AT, FFS_PAIR_LE, 0, "1000", TIME, "1001", false},
    {COUNTRY, FFS_PAIR_LE, 0, "absent", STRING, "a", false},
    {COUNTRY, FFS_PAIR_LE, 0, "a", ABSENT, "", false},
    {COUNTRY, FFS_PAIR_LE, 0, "absent", ABSENT, "", false},
    {AGE, FFS_PAIR_LE, 0, "1", STRING, "1", false},
    {COUNTRY, FFS_PAIR_GT, 0, "ab", STRING, "a", false},
    {COUNTRY, FFS_PAIR_GT, 0, "ab", STRING, "ab", false},
    {COUNTRY, FFS_PAIR_GT, 0, "ab", STRING, "b", true},
    {AGE, FFS_PAIR_GT, 0, "-0", NUMBER, "-1", false},
    {AGE, FFS_PAIR_GT, 0, "-0", NUMBER, "0", false},
    {AGE, FFS_PAIR_GT, 0, "-0", NUMBER, "inf", true},
    {APP_VERSION, FFS_PAIR_GT, 0, "v1.2.0+b", VERSION, "1.2.0-rc.1", false},
    {APP_VERSION, FFS_PAIR_GT, 0, "v1.2.0+b", VERSION, "1.2", false},
    {APP_VERSION, FFS_PAIR_GT, 0, "v1.2.0+b", VERSION, "1.10.0", true},
    {APP_VERSION, FFS_PAIR_GT, LOOSE_PAIR, "01.2", STRING, "1.2b3", false},
    {APP_VERSION, FFS_PAIR_GT, LOOSE_PAIR, "01.2", STRING, "1.2.0.0", false},
    {APP_VERSION, FFS_PAIR_GT, LOOSE_PAIR, "01.2", STRING, "1.2.0.1", true},
    {SIGNUP_AT, FFS_PAIR_GT, 0, "1000", TIME, "999", false},
    {SIGNUP_AT, FFS_PAIR_GT, 0, "1000", TIME, "1000", false},
    {SIGNUP_AT, FFS_PAIR_GT, 0, "1000", TIME, "1001", true},
    {COUNTRY, FFS_PAIR_GT, 0, "absent", STRING, "a", false},
    {COUNTRY, FFS_PAIR_GT, 0, "a", ABSENT, "", false},
    {COUNTRY, FFS_PAIR_GT, 0, "absent", ABSENT, "", false},
    {AGE, FFS_PAIR_GT, 0, "1", STRING, "1", false},
    {COUNTRY, FFS_PAIR_GE, 0, "ab", STRING, "a", false},
    {COUNTRY, FFS_PAIR_GE, 0, "ab", STRING, "ab", true},
    {COUNTRY, FFS_PAIR_GE, 0, "ab", STRING, "b", true},
    {AGE, FFS_PAIR_GE, 0, "-0", NUMBER, "-1", false},
    {AGE, FFS_PAIR_GE, 0, "-0", NUMBER, "0", true},
    {AGE, FFS_PAIR_GE, 0, "-0", NUMBER, "inf", true},
    {APP_VERSION, FFS_PAIR_GE, 0, "v1.2.0+b", VERSION, "1.2.0-rc.1", false},
    {APP_VERSION, FFS_PAIR_GE, 0, "v1.2.0+b", VERSION, "1.2", true},
    {APP_VERSION, FFS_PAIR_GE, 0, "v1.2.0+b", VERSION, "1.10.0", true},
    {APP_VERSION, FFS_PAIR_GE, LOOSE_PAIR, "01.2", STRING, "1.2b3", false},
    {APP_VERSION, FFS_PAIR_GE, LOOSE_PAIR, "01.2", STRING, "1.2.0.0", true},
    {APP_VERSION, FFS_PAIR_GE, LOOSE_PAIR, "01.2", STRING, "1.2.0.1", true},
    {SIGNUP_AT, FFS_PAIR_GE, 0, "1000", TIME, "999", false},
    {SIGNUP_AT, FFS_PAIR_GE, 0, "1000", TIME, "1000", true},
    {SIGNUP_AT, FFS_PAIR_GE, 0, "1000", TIME, "1001", true},
    {COUNTRY, FFS_PAIR_GE, 0, "absent", STRING, "a", false},
    {COUNTRY, FFS_PAIR_GE, 0, "a", ABSENT, "", false},
    {COUNTRY, FFS_PAIR_GE, 0, "absent", ABSENT, "", false},
    {AGE, FFS_PAIR_GE, 0, "1", STRING, "1", false},
    {COUNTRY, FFS_PAIR_EQ, FOLD, "nO", STRING, "No", true},
    {COUNTRY, FFS_PAIR_EQ, 0, "nO", STRING, "No", false},
    {COUNTRY, FFS_PAIR_EQ, FOLD, "nO", STRING, "Nor", false},
    {COUNTRY, FFS_PAIR_GT, FOLD, "A", STRING, "_", false},
    {COUNTRY, FFS_PAIR_GT, 0, "A", STRING, "_", true},
    {COUNTRY, FFS_PAIR_EQ, 0, "", STRING, "", true},
    {BETA, FFS_PAIR_EQ, 0, "true", BOOLEAN, "true", true},
    {BETA, FFS_PAIR_EQ, 0, "false", BOOLEAN, "false", true},
    {BETA, FFS_PAIR_EQ, 0, "true", BOOLEAN, "false", false},
    {APP_VERSION, FFS_PAIR_EQ, 0, "1.2.3.4", STRING, "1.2.3.4", false},
    {APP_VERSION, FFS_PAIR_EQ, LOOSE_PAIR, "1.2.3.4", STRING, "1.2.3.4", true},
    {APP_VERSION, FFS_PAIR_LE, LOOSE_PAIR, "1.", STRING, "1", false},
    {SIGNUP_AT, FFS_PAIR_GE, 0, "2026-11-20T13:00:00+01:00", STRING, "2026-11-20T12:00:00Z", true},
    {SIGNUP_AT, FFS_PAIR_GE, 0, "yesterday", STRING, "2026-11-20T12:00:00Z", false},
    {APP_VERSION, FFS_LOOSE_PRESENT, 0, "", STRING, "1.2.3.4", true},
    {APP_VERSION, FFS_LOOSE_PRESENT, 0, "", STRING, "1.2.", false},
    {APP_VERSION, FFS_LOOSE_PRESENT, 0, "", ABSENT, "", false},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "1000", TIME, "1000", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "1795176000000", STRING, "2026-11-20T12:00:00Z", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "1795176000250", STRING, "2026-11-20T13:00:00.2509+01:00", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "-1", STRING, "1969-12-31t23:59:59.999z", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "951782400000", STRING, "2000-02-29T00:00:00Z", true},
    {SIGNUP_AT, FFS_TIME_GE, 0, "-99999999999999", STRING, "2001-02-29T00:00:00Z", false},
    {SIGNUP_AT, FFS_TIME_GE, 0, "-99999999999999", STRING, "2026-11-20T12:00:00", false},
    {SIGNUP_AT, FFS_TIME_GE, 0, "-99999999999999", STRING, "2026-11-20", false},
    {SIGNUP_AT, FFS_TIME_GE, 0, "0", NUMBER, "5", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "5", NUMBER, "5.9", true},
    {SIGNUP_AT, FFS_TIME_EQ, 0, "-5", NUMBER, "-4.1", true},
    {SIGNUP_AT, FFS_TIME_GE, 0, "0", NUMBER, "9007199254740992", true},
    {SIGNUP_AT, FFS_TIME_GE, 0, "0", NUMBER, "9007199254740994", false},
    {SIGNUP_AT, FFS_TIME_GE, 0, "0", NUMBER, "inf", false},
    {SIGNUP_AT, FFS_TIME_LT, 0, "0", NUMBER, "-inf", false},
    {SIGNUP_AT, FFS_PRESENT, 0, "", NUMBER, "1.5", true},
    {SIGNUP_AT, FFS_PRESENT, 0, "", NUMBER, "inf", false},
    {SIGNUP_AT, FFS_TIME_GE, 0, "0", BOOLEAN, "true", false},
    {SIGNUP_AT, FFS_TIME_LT, 0, "1000", TIME, "999", true},
    {SIGNUP_AT, FFS_TIME_LT, 0, "1000", TIME, "1000", false},
    {SIGNUP_AT, FFS_TIME_LE, 0, "1000", TIME, "1000", true},
    {SIGNUP_AT, FFS_TIME_GT, 0, "-5", TIME, "-4", true},
    {SIGNUP_AT, FFS_TIME_GE, 0, "1000", TIME, "999", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "10.1.2.3", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "10.0.0.0", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "10.255.255.255", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "11.0.0.0", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "9.255.255.255", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "192.168.1.1", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "192.168.1.2", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "::ffff:10.1.2.3", true},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", TIME, "999000", true},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", TIME, "998999", false},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", TIME, "1000000", true},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", TIME, "1000001", false},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "0", STRING, "1970-01-01T00:16:40Z", true},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "0", NUMBER, "999999", false},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "9223372036854775807", TIME, "-9223372036854775808", false},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "9223372036854775807", TIME, "-9223372036853775807", true},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", STRING, "yesterday", false},
    {SIGNUP_AT, FFS_TIME_WITHIN, 0, "1000", ABSENT, "", false},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "1000", TIME, "998999", true},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "1000", TIME, "999000", false},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "1000", TIME, "1000001", false},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "0", TIME, "999999", true},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "0", TIME, "1000000", false},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "9223372036854775807", TIME, "-9223372036854775808", true},
    {SIGNUP_AT, FFS_TIME_OLDER, 0, "1000", ABSENT, "", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "2001:db8::1", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", IP, "2001:db9::", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", STRING, "10.1.2.3", true},
    {CLIENT_IP, FFS_IP_IN, 0, "", STRING, "10.1.2", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", STRING, "10.1.2.3%eth0", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", STRING, "", false},
    {COUNTRY, FFS_PRESENT, 0, "", STRING, "", true},
    {COUNTRY, FFS_PRESENT, 0, "", ABSENT, "", false},
    {COUNTRY, FFS_PRESENT, 0, "", NUMBER, "1", false},
    {APP_VERSION, FFS_PRESENT, 0, "", STRING, "1.2", true},
    {APP_VERSION, FFS_PRESENT, 0, "", STRING, "one", false},
    {SIGNUP_AT, FFS_PRESENT, 0, "", STRING, "2026-11-20T12:00:00Z", true},
    {SIGNUP_AT, FFS_PRESENT, 0, "", STRING, "yesterday", false},
    {CLIENT_IP, FFS_PRESENT, 0, "", STRING, "::1", true},
    {CLIENT_IP, FFS_PRESENT, 0, "", STRING, "localhost", false},
    {GROUPS, FFS_PRESENT, 0, "", LIST, "", true},
    {AGE, FFS_IS_NULL, 0, "", NIL, "", true},
    {APP_VERSION, FFS_IS_NULL, 0, "", NIL, "", true},
    {BETA, FFS_IS_NULL, 0, "", NIL, "", true},
    {CLIENT_IP, FFS_IS_NULL, 0, "", NIL, "", true},
    {COUNTRY, FFS_IS_NULL, 0, "", NIL, "", true},
    {GROUPS, FFS_IS_NULL, 0, "", NIL, "", true},
    {SIGNUP_AT, FFS_IS_NULL, 0, "", NIL, "", true},
    {COUNTRY, FFS_IS_NULL, 0, "", ABSENT, "", false},
    {COUNTRY, FFS_IS_NULL, 0, "", STRING, "", false},
    {COUNTRY, FFS_IS_NULL, 0, "", STRING, "null", false},
    {AGE, FFS_IS_NULL, 0, "", NUMBER, "0", false},
    {AGE, FFS_IS_NULL, 0, "", STRING, "x", false},
    {COUNTRY, FFS_PRESENT, 0, "", NIL, "", false},
    {COUNTRY, FFS_STRING_EQ, 0, "", NIL, "", false},
    {COUNTRY, FFS_STRING_IN, 0, "", NIL, "", false},
    {AGE, FFS_NUMBER_EQ, 0, "0", NIL, "", false},
    {BETA, FFS_BOOLEAN_IS, 0, "false", NIL, "", false},
    {APP_VERSION, FFS_VERSION_GE, 0, "0", NIL, "", false},
    {APP_VERSION, FFS_LOOSE_PRESENT, 0, "", NIL, "", false},
    {SIGNUP_AT, FFS_TIME_LE, 0, "0", NIL, "", false},
    {CLIENT_IP, FFS_IP_IN, 0, "", NIL, "", false},
    {GROUPS, FFS_STRINGS_HAS, 0, "", NIL, "", false},
    {COUNTRY, FFS_PAIR_EQ, 0, "", NIL, "", false},
};

static bool evaluate_condition(const struct condition *condition, unsigned negate)
{
    struct assembler a = {0};
    add_sample_attributes(&a);
    bool pair = ffs_operand_of(condition->op) == FFS_OPERAND_ATTRIBUTE;
    if (pair)
        add_attribute(&a, "~other", sample_type(condition->attribute));
    uint64_t operand = parse_operand(&a, condition->op, condition->flags & 3, condition->operand);
    operand |= condition->flags & LOOSE_PAIR ? FFS_PAIR_LOOSE : 0;
    uint32_t flag = add_boolean(&a, "flag",
                                CODE(test(condition->op, (condition->flags & 3) | negate,
                                          (uint16_t)condition->attribute, 2, operand),
                                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    if (ffs_uses_of(condition->op) & FFS_USES_CLOCK)
        flag_at(&a, flag)->flags = FFS_FLAG_READS_CLOCK;
    fflag_store *store = store_of(&a, NULL);
    fflag_attr attr = fflag_attribute(store, sample_attributes[condition->attribute]);
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_now(&context, 1000000);
    assert_int_equal(set_value(&context, attr, condition->setter, condition->value), FFLAG_OK);
    if (pair && strcmp(condition->operand, "absent"))
        assert_int_equal(set_value(&context, fflag_attribute(store, "~other"),
                                   condition->setter ? condition->setter : STRING,
                                   condition->operand),
                         FFLAG_OK);
    const fflag_view *view = fflag_acquire(store);
    bool holds = fflag_bool(view, fflag_flag(store, "flag"), &context, false);
    fflag_release(view);
    fflag_close(store);
    return holds;
}

static void every_operation_tests_its_attribute(UNUSED_STATE)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        const struct condition *condition = &conditions[i];
        if (evaluate_condition(condition, 0) != condition->holds)
            fail_msg("condition %zu (operation %d, '%s' against '%s') must be %d", i, condition->op,
                     condition->value, condition->operand, condition->holds);
    }
}

static void negation_is_exact_for_absent_attributes_too(UNUSED_STATE)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        const struct condition *condition = &conditions[i];
        if (evaluate_condition(condition, FFS_NEGATE) == condition->holds)
            fail_msg("negated condition %zu (operation %d, '%s' against '%s') must be %d", i,
                     condition->op, condition->value, condition->operand, !condition->holds);
    }
}

static bool is_in_conditions(enum ffs_op op)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        if (conditions[i].op == op)
            return true;
    return false;
}

/* For every operation that reads an attribute, except patterns, buckets and tests by a body, which
 * have their own tests. */
static void every_test_of_a_value_is_in_the_table(UNUSED_STATE)
{
#define FFS_OPERATION(number, name, operand, uses, reads, ...) \
    {#name, FFS_##name, FFS_OPERAND_##operand, #reads},
    static const struct {
        const char *name;
        enum ffs_op op;
        enum ffs_operand operand;
        const char *reads;
    } operations[] = {
#include "fflag/operations.def"
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        enum ffs_operand operand = operations[i].operand;
        bool apart = operand == FFS_OPERAND_SPLIT || operand == FFS_OPERAND_AUTOMATON ||
                     operand == FFS_OPERAND_THRESHOLD || operand == FFS_OPERAND_RANGE ||
                     operand == FFS_OPERAND_RAMP || operand == FFS_OPERAND_BODY;
        bool made = strcmp(operations[i].reads, "MADE") == 0; /* see test_keys.c */
        if (!apart && !made && strcmp(operations[i].reads, "NONE") &&
            !is_in_conditions(operations[i].op))
            fail_msg("conditions[] has no row for %s", operations[i].name);
    }
}

/* --------------------------------------------------------------------------------- decisions -- */

struct sample {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr attr[SAMPLE_ATTRIBUTES];
    fflag_context context;
};

static int open_sample(void **state)
{
    static struct sample sample;
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    assert_int_equal(fflag_open_memory(&sample.store, bytes, length, NULL), FFLAG_OK);
    free(bytes);
    for (int i = 0; i < SAMPLE_ATTRIBUTES; i++)
        sample.attr[i] = fflag_attribute(sample.store, sample_attributes[i]);
    sample.view = fflag_acquire(sample.store);
    fflag_context_init(&sample.context);
    *state = &sample;
    return 0;
}

static int close_sample(void **state)
{
    struct sample *sample = *state;
    fflag_release(sample->view);
    fflag_close(sample->store);
    return 0;
}

/* A key whose bucket under the salt is below or above 50 %. */
static const char *key_in_half(const char *salt, bool lower)
{
    static char key[16];
    for (int i = 0;; i++) {
        snprintf(key, sizeof key, "u%d", i);
        if ((fflag_bucket(key, strlen(key), salt, strlen(salt)) >> 63 == 0) == lower)
            return key;
    }
}

static void a_result_says_variant_reason_and_rule(void **state)
{
    struct sample *s = *state;
    const char *key = key_in_half("rollout", true);
    fflag_set_string(&s->context, s->attr[USER_ID], key, strlen(key));
    fflag_result result = fflag_evaluate_name(s->view, "rollout", &s->context);
    assert_int_equal(result.error, FFLAG_OK);
    assert_int_equal(result.reason, FFLAG_REASON_SPLIT);
    assert_int_equal(result.type, FFLAG_TYPE_BOOLEAN);
    assert_int_equal(result.variant_index, 1);
    assert_string_equal(result.flag, "rollout");
    assert_string_equal(result.variant, "on");
    assert_string_equal(result.rule, "rules[0]");
    assert_true(result.value.boolean);

    key = key_in_half("rollout", false);
    fflag_set_string(&s->context, s->attr[USER_ID], key, strlen(key));
    result = fflag_evaluate_name(s->view, "rollout", &s->context);
    assert_int_equal(result.reason, FFLAG_REASON_DEFAULT);
    assert_string_equal(result.variant, "off");
    assert_null(result.rule);
    assert_false(result.value.boolean);
}

static void a_constant_flag_is_static(void **state)
{
    struct sample *s = *state;
    fflag_id flag = fflag_flag(s->store, "constant");
    assert_true(fflag_bool(s->view, flag, NULL, false));
    fflag_result result = fflag_evaluate(s->view, flag, NULL);
    assert_int_equal(result.reason, FFLAG_REASON_STATIC);
    assert_string_equal(result.variant, "on");
    assert_null(result.rule);
}

static void errors_give_the_fallback_and_a_code(void **state)
{
    struct sample *s = *state;
    fflag_id unknown = fflag_flag(s->store, "no-such-flag");
    fflag_id boolean = fflag_flag(s->store, "constant");
    fflag_id text = fflag_flag(s->store, "text");
    size_t length = 7;
    assert_true(fflag_bool(s->view, unknown, NULL, true));
    assert_true(fflag_bool(s->view, text, NULL, true));
    assert_true(fflag_bool(s->view, FFLAG_NO_FLAG, NULL, true));
    assert_true(fflag_bool(s->view, 12345, NULL, true));
    assert_true(fflag_bool(NULL, boolean, NULL, true));
    assert_int_equal(fflag_integer(s->view, boolean, NULL, -4), -4);
    assert_true(fflag_number(s->view, text, NULL, 2.5) == 2.5);
    assert_string_equal(fflag_string(s->view, boolean, NULL, "abc", &length), "abc");
    assert_int_equal(length, 3);
    assert_null(fflag_json(s->view, text, NULL, NULL, &length));
    assert_int_equal(length, 0);

    assert_int_equal(fflag_evaluate(s->view, unknown, NULL).error, FFLAG_ERROR_FLAG_NOT_FOUND);
    assert_int_equal(fflag_evaluate(s->view, FFLAG_NO_FLAG, NULL).error,
                     FFLAG_ERROR_FLAG_NOT_FOUND);
    fflag_result result = fflag_evaluate_name(s->view, "constan", NULL);
    assert_int_equal(result.error, FFLAG_ERROR_FLAG_NOT_FOUND);
    assert_int_equal(result.reason, FFLAG_REASON_ERROR);
    assert_null(result.variant);
    assert_null(result.rule);
    assert_int_equal(fflag_evaluate(NULL, boolean, NULL).error, FFLAG_ERROR_GENERAL);
    assert_int_equal(fflag_evaluate_name(s->view, NULL, NULL).error, FFLAG_ERROR_GENERAL);
}

static void values_come_in_the_type_of_the_flag(void **state)
{
    struct sample *s = *state;
    size_t length;
    fflag_id text = fflag_flag(s->store, "text");
    const char *value = fflag_string(s->view, text, NULL, NULL, &length);
    assert_string_equal(value, "bl\xc3\xa5");
    assert_int_equal(length, 4);
    fflag_result result = fflag_evaluate(s->view, text, NULL);
    assert_int_equal(result.type, FFLAG_TYPE_STRING);
    assert_ptr_equal(result.value.string.text, value);
    assert_null(result.variant);

    /* The split serves its default, 10; an integer can also be read as a number. */
    fflag_id integer = fflag_flag(s->store, "splitting");
    assert_int_equal(fflag_integer(s->view, integer, NULL, 0), 10);
    assert_true(fflag_number(s->view, integer, NULL, 0) == 10.0);
}

static void a_split_gives_the_first_arm_beyond_the_bucket(void **state)
{
    struct sample *s = *state;
    fflag_id flag = fflag_flag(s->store, "splitting");
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        char key[16];
        int length = snprintf(key, sizeof key, "u%d", i);
        fflag_set_string(&s->context, s->attr[USER_ID], key, (size_t)length);
        uint64_t bucket = fflag_bucket(key, (size_t)length, "splitting/split", 15);
        int64_t expected = bucket < threshold(30000) ? 10 : bucket < threshold(60000) ? -30 : 20;
        assert_int_equal(fflag_integer(s->view, flag, &s->context, 0), expected);
        seen |= expected == 10 ? 1 : expected == 20 ? 2 : 4;
    }
    assert_int_equal(seen, 7);
    assert_int_equal(fflag_evaluate(s->view, flag, &s->context).reason, FFLAG_REASON_SPLIT);
}

static void a_unit_without_key_passes_percentages_and_splits(void **state)
{
    struct sample *s = *state;
    fflag_id split = fflag_flag(s->store, "splitting"), rollout = fflag_flag(s->store, "rollout");
    const char *const list[] = {"a"};
    for (int i = 0; i < 5; i++) {
        if (i == 1)
            fflag_set_boolean(&s->context, s->attr[USER_ID], true);
        if (i == 2)
            fflag_set_number(&s->context, s->attr[USER_ID], 1); /* declared a string */
        if (i == 3)
            fflag_set_strings(&s->context, s->attr[USER_ID], list, 1);
        if (i == 4)
            fflag_set_string(&s->context, s->attr[USER_ID], "", 0);
        assert_int_equal(fflag_evaluate(s->view, split, &s->context).reason, FFLAG_REASON_DEFAULT);
        assert_false(fflag_bool(s->view, rollout, &s->context, true));
        assert_int_equal(fflag_evaluate(s->view, rollout, &s->context).reason,
                         FFLAG_REASON_DEFAULT);
    }
}

static void requirements_follow_the_other_flag(void **state)
{
    struct sample *s = *state;
    fflag_id flag = fflag_flag(s->store, "requiring");
    for (int lower = 0; lower < 2; lower++) {
        const char *key = key_in_half("rollout", lower);
        fflag_set_string(&s->context, s->attr[USER_ID], key, strlen(key));
        assert_int_equal(fflag_bool(s->view, flag, &s->context, !lower), lower);
    }
}

/* The deepest possible chain: every flag negates the previous one. */
static void requirements_nest_to_the_limit(UNUSED_STATE)
{
    struct assembler a = {0};
    add_boolean(&a, "flag0", NULL, 0);
    for (unsigned i = 1; i <= FFS_MAX_DEPTH; i++) {
        char name[16];
        snprintf(name, sizeof name, "flag%u", i);
        uint32_t flag = add_boolean(&a, name,
                                    CODE(test(FFS_FLAG_IS, FFS_NEGATE, FFS_NO_ATTRIBUTE, 3, i - 1),
                                         test(FFS_ACCEPT, 0, FFS_NO_ATTRIBUTE, 0, 2),
                                         serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
        flag_at(&a, flag)->depth = (uint8_t)i;
    }
    fflag_store *store = store_of(&a, NULL);
    const fflag_view *view = fflag_acquire(store);
    for (unsigned i = 0; i <= FFS_MAX_DEPTH; i++) {
        char name[16];
        snprintf(name, sizeof name, "flag%u", i);
        assert_int_equal(fflag_bool(view, fflag_flag(store, name), NULL, false), i % 2);
    }
    fflag_release(view);
    fflag_close(store);
}

static void later_rules_decide_what_earlier_ones_pass(UNUSED_STATE)
{
    struct assembler a = {0};
    add_sample_attributes(&a);
    ffs_string first = add_string(&a, "first"), second = add_string(&a, "second");
    add_boolean(&a, "flag",
                CODE(test(FFS_STRING_EQ, 0, COUNTRY, 3, add_tagged(&a, "NO")),
                     test(FFS_EXPOSED, 0, USER_ID, 2, threshold(50000)),
                     serve(1, FFLAG_REASON_SPLIT, first),
                     test(FFS_EXPOSED, FFS_NEGATE, USER_ID, 2, threshold(75000)),
                     serve(1, FFLAG_REASON_SPLIT, second)));
    fflag_store *store = store_of(&a, NULL);
    fflag_attr user = fflag_attribute(store, "user_id"),
               country = fflag_attribute(store, "country");
    const fflag_view *view = fflag_acquire(store);
    unsigned seen[3] = {0};
    for (int i = 0; i < 1000; i++) {
        char key[16];
        int length = snprintf(key, sizeof key, "u%d", i);
        fflag_context context;
        fflag_context_init(&context);
        fflag_set_string(&context, user, key, (size_t)length);
        fflag_set_string(&context, country, i % 2 ? "NO" : "SE", 2);
        uint64_t bucket = fflag_bucket(key, (size_t)length, "flag", 4);
        const char *expected = i % 2 && bucket < threshold(50000) ? "first"
                               : bucket >= threshold(75000)       ? "second"
                                                                  : NULL;
        fflag_result result = fflag_evaluate_name(view, "flag", &context);
        assert_int_equal(result.value.boolean, expected != NULL);
        if (expected)
            assert_string_equal(result.rule, expected);
        else
            assert_null(result.rule);
        seen[!expected ? 0 : *expected == 'f' ? 1 : 2]++;
    }
    assert_true(seen[0] > 300 && seen[1] > 150 && seen[2] > 150);
    fflag_release(view);
    fflag_close(store);
}

/* -------------------------------------------------------------------------------------- bulk -- */

static void bulk_gives_what_single_calls_give(void **state)
{
    struct sample *s = *state;
    fflag_set_string(&s->context, s->attr[USER_ID], "u1", 2);
    fflag_set_now(&s->context, 700);
    fflag_result results[10];
    fflag_evaluate_all(s->view, NULL, 10, &s->context, results);
    for (uint32_t i = 0; i < 10; i++) {
        const char *name = fflag_view_flag(s->view, i, NULL);
        if (!name) {
            assert_int_equal(i, SAMPLE_FLAGS);
            assert_int_equal(results[i].error, FFLAG_ERROR_FLAG_NOT_FOUND);
            break;
        }
        fflag_result single = fflag_evaluate_name(s->view, name, &s->context);
        assert_int_equal(single.error, FFLAG_OK);
        assert_int_equal(single.reason, results[i].reason);
        assert_int_equal(single.variant_index, results[i].variant_index);
        assert_ptr_equal(single.flag, results[i].flag);
        assert_ptr_equal(single.variant, results[i].variant);
        assert_ptr_equal(single.rule, results[i].rule);
    }
    fflag_id flags[2] = {fflag_flag(s->store, "text"), FFLAG_NO_FLAG};
    fflag_evaluate_all(s->view, flags, 2, NULL, results);
    assert_string_equal(results[0].flag, "text");
    assert_int_equal(results[1].error, FFLAG_ERROR_FLAG_NOT_FOUND);
    fflag_evaluate_all(NULL, flags, 2, NULL, results);
    assert_int_equal(results[0].error, FFLAG_ERROR_GENERAL);
}

static void a_view_lists_flags_and_attributes(void **state)
{
    struct sample *s = *state;
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(s->view, &info);
    assert_string_equal(info.project, "sample");
    assert_string_equal(info.environment, "production");
    assert_int_equal(strlen(info.build), 32);
    assert_int_equal(info.flags, SAMPLE_FLAGS);
    assert_int_equal(info.attributes, SAMPLE_ATTRIBUTES);
    enum fflag_type type;
    assert_string_equal(fflag_view_flag(s->view, TEXT, &type), "text");
    assert_int_equal(type, FFLAG_TYPE_STRING);
    enum fflag_attribute_type attribute_type;
    assert_string_equal(fflag_view_attribute(s->view, CLIENT_IP, &attribute_type), "client_ip");
    assert_int_equal(attribute_type, FFLAG_ATTRIBUTE_IP);
    assert_null(fflag_view_flag(s->view, SAMPLE_FLAGS, NULL));
    assert_null(fflag_view_attribute(s->view, SAMPLE_ATTRIBUTES, NULL));
}

#define SAMPLE_TEST(name) cmocka_unit_test_setup_teardown(name, open_sample, close_sample)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_tests_its_attribute),
        cmocka_unit_test(negation_is_exact_for_absent_attributes_too),
        cmocka_unit_test(every_test_of_a_value_is_in_the_table),
        SAMPLE_TEST(a_result_says_variant_reason_and_rule),
        SAMPLE_TEST(a_constant_flag_is_static),
        SAMPLE_TEST(errors_give_the_fallback_and_a_code),
        SAMPLE_TEST(values_come_in_the_type_of_the_flag),
        SAMPLE_TEST(a_split_gives_the_first_arm_beyond_the_bucket),
        SAMPLE_TEST(a_unit_without_key_passes_percentages_and_splits),
        SAMPLE_TEST(requirements_follow_the_other_flag),
        cmocka_unit_test(requirements_nest_to_the_limit),
        cmocka_unit_test(later_rules_decide_what_earlier_ones_pass),
        SAMPLE_TEST(bulk_gives_what_single_calls_give),
        SAMPLE_TEST(a_view_lists_flags_and_attributes),
    };
    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
