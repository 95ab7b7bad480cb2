/*
 * sample.h - a snapshot in which every section has something and every operation occurs.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "assemble.h"

enum sample_attribute {
    AGE,
    APP_VERSION,
    BETA,
    CLIENT_IP,
    COUNTRY,
    GROUPS,
    SIGNUP_AT,
    USER_ID,
    SAMPLE_ATTRIBUTES
};

static const char *const sample_attributes[SAMPLE_ATTRIBUTES] = {
    "age", "app_version", "beta", "client_ip", "country", "groups", "signup_at", "user_id"};

static inline uint64_t number_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline enum fflag_attribute_type sample_type(enum sample_attribute attribute)
{
    static const enum fflag_attribute_type types[SAMPLE_ATTRIBUTES] = {
        FFLAG_ATTRIBUTE_NUMBER, FFLAG_ATTRIBUTE_VERSION, FFLAG_ATTRIBUTE_BOOLEAN,
        FFLAG_ATTRIBUTE_IP,     FFLAG_ATTRIBUTE_STRING,  FFLAG_ATTRIBUTE_STRINGS,
        FFLAG_ATTRIBUTE_TIME,   FFLAG_ATTRIBUTE_STRING};
    return types[attribute];
}

static inline void add_sample_attributes(struct assembler *assembler)
{
    for (int i = 0; i < SAMPLE_ATTRIBUTES; i++)
        add_attribute(assembler, sample_attributes[i], sample_type((enum sample_attribute)i));
}

/* The flags of the sample, in order. */
enum sample_flag {
    CONSTANT,
    ROLLOUT,
    STRINGS,
    VALUES,
    CLOCKED,
    REQUIRING,
    SPLITTING,
    TEXT,
    PATTERN,
    LISTED,
    TAGGED,
    SALTED,
    WINDOWED,
    DIVIDED,
    LOOSE,
    PAIRED,
    HASHED,
    KEPT,
    NULLED,
    SAMPLE_FLAGS
};

/* `ab$`, by hand: bytes are other, a or b; states are dead, found, start, after a, after ab. */
static inline uint64_t add_sample_automaton(struct assembler *assembler)
{
    enum { OTHER = 0, A = 1, B = 2, CLASSES = 3 };
    struct ffs_automaton automaton = {
        .state_count = 5, .class_count = CLASSES, .start = 6, .accepting = 12};
    static const uint16_t rows[] = {0, 0, 0, 3, 3, 3, 6, 9, 6, 6, 9, 12, 6, 9, 6};
    automaton.class_of['a'] = A;
    automaton.class_of['b'] = B;
    return add_automaton(assembler, automaton, rows);
}

static inline uint8_t *assemble_sample(size_t *length)
{
    struct assembler a = {0};
    add_sample_attributes(&a);
    uint32_t constant = add_boolean(&a, "constant", NULL, 0);
    flag_at(&a, constant)->default_variant = 1;
    ffs_string rule = add_string(&a, "rules[0]");
    add_boolean(&a, "rollout",
                CODE(test(FFS_EXPOSED, 0, USER_ID, 2, threshold(50000)),
                     serve(1, FFLAG_REASON_SPLIT, rule)));

    const char *const countries[] = {"NO", "SE", "DK"}, *const folded[] = {"no", "se"};
    uint64_t exact = add_set(&a, countries, 3), ignoring = add_set(&a, folded, 2);
    add_boolean(&a, "strings",
                CODE(test(FFS_STRING_EQ, 0, COUNTRY, 10, add_tagged(&a, "NO")),
                     test(FFS_STRING_IN, 0, COUNTRY, 9, exact),
                     test(FFS_STRING_IN, FFS_IGNORE_CASE, COUNTRY, 8, ignoring),
                     test(FFS_STRING_CONTAINS, 0, USER_ID, 7, add_string(&a, "a")),
                     test(FFS_STRING_PREFIX, FFS_NEGATE, USER_ID, 6, add_string(&a, "b")),
                     test(FFS_STRING_SUFFIX, 0, USER_ID, 5, add_string(&a, "c")),
                     test(FFS_STRING_GLOB, 0, USER_ID, 4, add_string(&a, "a[b-d]*?c")),
                     test(FFS_STRINGS_HAS, 0, GROUPS, 3, add_tagged(&a, "staff")),
                     test(FFS_PRESENT, 0, CLIENT_IP, 2, 0),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));

    uint64_t network = add_network(&a, 0x0a000000, 0x0affffff);
    add_network(&a, 0xc0a80000, 0xc0a8ffff);
    network += UINT64_C(1) << 32;
    add_boolean(
        &a, "values",
        CODE(test(FFS_NUMBER_GE, 0, AGE, 6, number_bits(18)), test(FFS_BOOLEAN_IS, 0, BETA, 5, 1),
             test(FFS_VERSION_GE, 0, APP_VERSION, 4, add_string(&a, "1.2.0-rc.1")),
             test(FFS_TIME_LT, 0, SIGNUP_AT, 3, 1000), test(FFS_IP_IN, 0, CLIENT_IP, 2, network),
             serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));

    uint64_t linear = add_ramp(&a, (struct ffs_ramp){.start = 0, .end = 1000, .to = 100000});
    uint64_t steps = add_ramp(&a, (struct ffs_ramp){.every = 100, .to = 100000, .step = 10000});
    uint64_t holdout = add_range(&a, "holdout/q4", 0, threshold(2000));
    uint32_t clocked = add_boolean(
        &a, "clocked",
        CODE(test(FFS_IN_RANGE, 0, USER_ID, 2, holdout), serve(0, FFLAG_REASON_HOLDOUT, FFS_NONE),
             test(FFS_CLOCK_GE, 0, FFS_NO_ATTRIBUTE, 4, 500), test(FFS_RAMP, 0, USER_ID, 3, linear),
             test(FFS_RAMP, FFS_NEGATE, USER_ID, 2, steps), serve(1, FFLAG_REASON_SPLIT, rule)));
    flag_at(&a, clocked)->flags = FFS_FLAG_READS_CLOCK;

    uint32_t requiring = add_boolean(&a, "requiring",
                                     CODE(test(FFS_FLAG_IS, 0, FFS_NO_ATTRIBUTE, 3, ROLLOUT),
                                          test(FFS_ACCEPT, 0, FFS_NO_ATTRIBUTE, 0, 2),
                                          serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    flag_at(&a, requiring)->depth = 1;

    const uint64_t arms[][2] = {{threshold(30000), 0}, {threshold(60000), 2}, {UINT64_MAX, 1}};
    struct ffs_instruction split = test(FFS_SPLIT, FFLAG_REASON_SPLIT, USER_ID, 1,
                                        add_split(&a, arms, 3) | (uint64_t)rule << 32);
    struct ffs_flag splitting = {.type = FFLAG_TYPE_INTEGER, .variant_count = 3, .code_count = 1};
    splitting.first_code = add_code(&a, &split, 1);
    splitting.first_variant = add_variant(&a, "control", 10);
    add_variant(&a, "a", 20);
    add_variant(&a, "b", (uint64_t)-30);
    add_flag(&a, "splitting", splitting);

    struct ffs_flag text = {.type = FFLAG_TYPE_STRING, .variant_count = 1};
    text.first_variant = add_variant(&a, NULL, add_string(&a, "bl\xc3\xa5"));
    add_flag(&a, "text", text);

    uint64_t pattern = add_sample_automaton(&a) | (uint64_t)add_string(&a, "ab$") << 32;
    add_boolean(&a, "pattern",
                CODE(test(FFS_STRING_MATCHES, 0, USER_ID, 2, pattern),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));

    const char *const users[] = {"abc", "user-4711", "a key that does not fit into its slot"};
    add_boolean(&a, "listed",
                CODE(test(FFS_STRING_IN, 0, USER_ID, 2, add_perfect_set(&a, users, 3)),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));

    const char *const tags[] = {"checkout", "team-web"};
    uint32_t tagged = add_boolean(&a, "tagged", NULL, 0);
    flag_at(&a, tagged)->tags = add_tags(&a, tags, 2);
    flag_at(&a, tagged)->metadata = add_string(&a, "{\"ticket\":42}");
    flag_at(&a, tagged)->kind = FFS_KIND_OPS;
    flag_at(&a, tagged)->flags = FFS_FLAG_CLIENT;

    uint64_t own_ramp = add_ramp(
        &a, (struct ffs_ramp){.end = 1000, .to = 50000, .flags = FFS_RAMP_SALTED, .salt = 4711});
    const uint64_t own_split[] = {1 | FFS_SPLIT_SALTED, 4712, UINT64_MAX, 1};
    uint64_t split_at = append_bytes(&a.section[FFS_SPLITS], own_split, sizeof own_split);
    uint32_t salted = add_boolean(&a, "salted",
                                  CODE(test(FFS_RAMP, 0, USER_ID, 2, own_ramp),
                                       serve(FFS_NO_VARIANT, FFLAG_REASON_SPLIT, rule),
                                       test(FFS_SPLIT, FFLAG_REASON_SPLIT, USER_ID, 1,
                                            split_at / sizeof(uint64_t) | (uint64_t)rule << 32)));
    flag_at(&a, salted)->flags = FFS_FLAG_READS_CLOCK | FFS_FLAG_SERVES_NONE;

    static const struct ffs_zone_change changes[] = {
        {.at = 1000000, .offset = 7200}, {.at = 2000000, .offset = 3600}, {.at = 3000000}};
    struct ffs_zone here = {.name = add_string(&a, "Here"), .change_count = 3, .offset = 3600};
    struct ffs_zone fixed = {.name = FFS_NONE, .offset = -5400};
    uint64_t first_zone = add_zone(&a, here, changes), second_zone = add_zone(&a, fixed, NULL);
    uint32_t windowed = add_boolean(
        &a, "windowed",
        CODE(test(FFS_CLOCK_IN, 0, FFS_NO_ATTRIBUTE, 5, first_zone | FFS_WEEKLY(127, 60, 1440)),
             test(FFS_CLOCK_IN, FFS_NEGATE, FFS_NO_ATTRIBUTE, 4, second_zone | FFS_WEEKLY(1, 0, 1)),
             test(FFS_TIME_WITHIN, FFS_NEGATE, SIGNUP_AT, 3, 1000),
             test(FFS_TIME_OLDER, 0, SIGNUP_AT, 2, 2000),
             serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    flag_at(&a, windowed)->flags = FFS_FLAG_READS_CLOCK;
    add_boolean(&a, "divided",
                CODE(test(FFS_NUMBER_REMAINDER, 0, AGE, 2, add_remainders(&a, 10, 3, 5)),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    add_boolean(&a, "loose",
                CODE(test(FFS_LOOSE_PRESENT, 0, APP_VERSION, 3, 0),
                     test(FFS_LOOSE_LT, 0, APP_VERSION, 2, add_string(&a, "10.2.0.1b3")),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    add_boolean(&a, "paired",
                CODE(test(FFS_PAIR_EQ, FFS_IGNORE_CASE, COUNTRY, 6, USER_ID),
                     test(FFS_PAIR_GE, 0, APP_VERSION, 5, APP_VERSION | FFS_PAIR_LOOSE),
                     test(FFS_PAIR_EQ, 0, BETA, 4, BETA), test(FFS_SIZE_IS, 0, GROUPS, 3, 1),
                     test(FFS_PAIR_LT, 0, GROUPS, 1, AGE),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    add_boolean(&a, "hashed",
                CODE(test(FFS_PRIVATE_IN, 0, USER_ID, 4, add_digests(&a, "user_id", users, 3)),
                     test(FFS_PRIVATE_IN, FFS_NEGATE | FFS_IGNORE_CASE, AGE, 3,
                          add_digests(&a, "age", users, 2)),
                     test(FFS_PRIVATE_IN, 0, USER_ID, 2, add_digests(&a, "user_id", users, 1)),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    add_boolean(&a, "kept",
                CODE(test(FFS_PREVIOUS, FFLAG_REASON_STICKY, FFS_NO_ATTRIBUTE, 1, FFS_NONE),
                     test(FFS_EXPOSED, 0, USER_ID, 2, threshold(50000)),
                     serve(1, FFLAG_REASON_SPLIT, rule)));
    add_boolean(
        &a, "nulled",
        CODE(test(FFS_IS_NULL, 0, GROUPS, 2, 0), serve(1, FFLAG_REASON_TARGETING_MATCH, rule)));
    return assemble(&a, length);
}

/* A store of a snapshot that was assembled. */
static UNUSED fflag_store *store_of(struct assembler *assembler,
                                    const struct fflag_options *options)
{
    size_t length;
    uint8_t *bytes = assemble(assembler, &length);
    fflag_store *store;
    assert_int_equal(fflag_open_memory(&store, bytes, length, options), FFLAG_OK);
    free(bytes);
    return store;
}

#endif
