/*
 * test_keys.c - keys made of several attributes, or of a boolean: what they are, and what of the
 * section KEYS is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../runtime/load.h"
#include "assemble.h"

#define UNUSED_STATE void **state __attribute__((unused))

enum part { ACCOUNT, APP, COMPANY, PAYING, USER, PARTS };
enum made { FIRST, JOINED, BARE, FLAG, KEYS };
static const char *const names[PARTS] = {"account", "app", "company", "paying", "user"};

/*
 * Flags of which each says which half of the units a context is in: `first`, `joined`, `bare`
 * (joined by nothing) and `paying`; and `listed`, a set of the keys `u1` and `7`.
 */
static uint8_t *assemble_keys(size_t *length)
{
    static const enum fflag_attribute_type types[PARTS] = {
        FFLAG_ATTRIBUTE_NUMBER, FFLAG_ATTRIBUTE_VERSION, FFLAG_ATTRIBUTE_STRING,
        FFLAG_ATTRIBUTE_BOOLEAN, FFLAG_ATTRIBUTE_STRING};
    static const char *const flags[KEYS] = {"first", "joined", "bare", "paying"};
    struct assembler a = {0};
    uint16_t at[PARTS], keys[KEYS];
    for (unsigned i = 0; i < PARTS; i++)
        at[i] = add_attribute(&a, names[i], types[i]);
    const uint16_t first[] = {at[USER], at[ACCOUNT]};
    const uint16_t joined[] = {at[COMPANY], at[ACCOUNT], at[PAYING]};
    keys[FIRST] = add_key(&a, NULL, first, 2);
    keys[JOINED] = add_key(&a, ".", joined, 3);
    keys[BARE] = add_key(&a, "", joined, 2);
    keys[FLAG] = add_key(&a, NULL, &at[PAYING], 1);
    uint64_t half = add_range(&a, "s", 0, UINT64_C(1) << 63);
    for (unsigned i = 0; i < KEYS; i++)
        add_boolean(&a, flags[i],
                    CODE(test(FFS_KEY_IN_RANGE, 0, keys[i], 2, half),
                         serve(1, FFLAG_REASON_SPLIT, FFS_NONE)));
    const char *const users[] = {"u1", "7"};
    uint64_t set = add_set(&a, users, 2);
    add_boolean(&a, "listed",
                CODE(test(FFS_KEY_IN, 0, keys[FIRST], 2, set),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    add_boolean(
        &a, "private",
        CODE(test(FFS_PRIVATE_KEY_IN, 0, keys[FIRST], 2, add_digests(&a, names[USER], users, 2)),
             serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    return assemble(&a, length);
}

/* -------------------------------------------------------------------------------- evaluation -- */

struct unit {
    fflag_store *store;
    fflag_context context;
};

static void begin(struct unit *unit)
{
    size_t length;
    uint8_t *bytes = assemble_keys(&length);
    assert_int_equal(fflag_open_memory(&unit->store, bytes, length, NULL), FFLAG_OK);
    fflag_context_init(&unit->context);
    free(bytes);
}

static fflag_attr of(const struct unit *unit, enum part part)
{
    return fflag_attribute(unit->store, names[part]);
}

static void set_text(struct unit *unit, enum part part, const char *text)
{
    assert_int_equal(fflag_set_string(&unit->context, of(unit, part), text, strlen(text)),
                     FFLAG_OK);
}

static fflag_result ask(const struct unit *unit, const char *flag)
{
    const fflag_view *view = fflag_acquire(unit->store);
    fflag_result result = fflag_evaluate_name(view, flag, &unit->context);
    fflag_release(view);
    return result;
}

/* Whether the flag takes the unit to have this key; NULL: none. Two salts would be needed for a
 * proof of one key, many keys for one of all: see the callers. */
static void expect_key(const struct unit *unit, const char *flag, const char *key)
{
    bool below = key && fflag_bucket(key, strlen(key), "s", 1) < UINT64_C(1) << 63;
    fflag_result result = ask(unit, flag);
    if (result.value.boolean != below)
        fail_msg("flag '%s' does not hash '%s'", flag, key ? key : "(none)");
}

static void the_first_that_is_given_counts(UNUSED_STATE)
{
    struct unit unit;
    char text[32];
    begin(&unit);
    expect_key(&unit, "first", NULL);
    for (int i = 0; i < 64; i++) {
        snprintf(text, sizeof text, "%d", i);
        fflag_set_number(&unit.context, of(&unit, ACCOUNT), i);
        fflag_unset(&unit.context, of(&unit, USER));
        expect_key(&unit, "first", text);
        set_text(&unit, USER, "");
        expect_key(&unit, "first", text);
        snprintf(text, sizeof text, "u%d", i);
        set_text(&unit, USER, text);
        expect_key(&unit, "first", text);
    }
    fflag_unset(&unit.context, of(&unit, USER));
    fflag_set_number(&unit.context, of(&unit, ACCOUNT), 1.5);
    expect_key(&unit, "first", NULL);
    fflag_close(unit.store);
}

static void all_of_a_joined_key_are_needed(UNUSED_STATE)
{
    struct unit unit;
    char text[64];
    begin(&unit);
    for (int i = 0; i < 64; i++) {
        fflag_set_number(&unit.context, of(&unit, ACCOUNT), -i);
        fflag_set_boolean(&unit.context, of(&unit, PAYING), i & 1);
        fflag_unset(&unit.context, of(&unit, COMPANY));
        expect_key(&unit, "joined", NULL);
        set_text(&unit, COMPANY, "");
        expect_key(&unit, "joined", NULL);
        set_text(&unit, COMPANY, "acme");
        snprintf(text, sizeof text, "acme.%d.%s", -i, i & 1 ? "true" : "false");
        expect_key(&unit, "joined", text);
        snprintf(text, sizeof text, "acme%d", -i);
        expect_key(&unit, "bare", text);
    }
    fflag_unset(&unit.context, of(&unit, PAYING));
    expect_key(&unit, "joined", NULL);
    fflag_close(unit.store);
}

/* Around the size of the buffer, and beyond XXH3's long inputs. */
static void long_keys_are_hashed_as_one(UNUSED_STATE)
{
    struct unit unit;
    static char company[2048], whole[2100];
    begin(&unit);
    fflag_set_number(&unit.context, of(&unit, ACCOUNT), 9007199254740992.0);
    fflag_set_boolean(&unit.context, of(&unit, PAYING), true);
    for (size_t length = 200; length < sizeof company; length += length < 300 ? 1 : 61) {
        memset(company, 'a' + (int)(length % 26), length);
        company[length] = '\0';
        set_text(&unit, COMPANY, company);
        snprintf(whole, sizeof whole, "%s.9007199254740992.true", company);
        expect_key(&unit, "joined", whole);
    }
    fflag_close(unit.store);
}

static void a_boolean_is_a_key(UNUSED_STATE)
{
    struct unit unit;
    begin(&unit);
    expect_key(&unit, "paying", NULL);
    fflag_set_boolean(&unit.context, of(&unit, PAYING), true);
    expect_key(&unit, "paying", "true");
    fflag_set_boolean(&unit.context, of(&unit, PAYING), false);
    expect_key(&unit, "paying", "false");
    fflag_close(unit.store);
}

static void expect_listed(const struct unit *unit, bool listed)
{
    assert_int_equal(ask(unit, "listed").value.boolean, listed);
    assert_int_equal(ask(unit, "private").value.boolean, listed);
}

static void a_list_has_the_key(UNUSED_STATE)
{
    struct unit unit;
    begin(&unit);
    expect_listed(&unit, false);
    fflag_set_number(&unit.context, of(&unit, ACCOUNT), 7);
    expect_listed(&unit, true);
    set_text(&unit, USER, "u2");
    expect_listed(&unit, false);
    set_text(&unit, USER, "u1");
    expect_listed(&unit, true);
    fflag_close(unit.store);
}

/* ------------------------------------------------------------------------------ verification -- */

static struct ffs_key *keys_of(uint8_t *bytes)
{
    return section_at(bytes, FFS_KEYS);
}

static struct ffs_instruction *code_of(uint8_t *bytes, unsigned flag)
{
    const struct ffs_flag *flags = section_at(bytes, FFS_FLAGS);
    return (struct ffs_instruction *)section_at(bytes, FFS_CODE) + flags[flag].first_code;
}

#define DAMAGE(name, statement)      \
    static void name(uint8_t *bytes) \
    {                                \
        statement;                   \
    }
DAMAGE(kind, keys_of(bytes)[FIRST].kind = 0)
DAMAGE(unknown_kind, keys_of(bytes)[FIRST].kind = 3)
DAMAGE(reserved, keys_of(bytes)[FIRST].reserved = 1)
DAMAGE(no_part, keys_of(bytes)[FLAG].count = 0)
DAMAGE(too_many_parts, keys_of(bytes)[FIRST].count = FFS_MAX_KEY_PARTS + 1)
DAMAGE(one_joined, keys_of(bytes)[BARE].count = 1)
DAMAGE(nothing_between, keys_of(bytes)[JOINED].with = FFS_NONE)
DAMAGE(no_string_between, keys_of(bytes)[JOINED].with += 1000)
DAMAGE(something_between, keys_of(bytes)[FIRST].with = keys_of(bytes)[JOINED].with)
DAMAGE(part_out_of_bounds, keys_of(bytes)[FIRST].attributes[1] = PARTS)
DAMAGE(part_of_no_type, keys_of(bytes)[FIRST].attributes[1] = APP)
DAMAGE(part_that_is_not_counted, keys_of(bytes)[FIRST].attributes[7] = USER)
DAMAGE(key_out_of_bounds, code_of(bytes, FIRST)->attribute = FFS_FIRST_KEY + KEYS)
DAMAGE(attribute_for_key, code_of(bytes, FIRST)->attribute = USER)
DAMAGE(nothing_for_key, code_of(bytes, FIRST)->attribute = FFS_NO_ATTRIBUTE)
DAMAGE(key_for_attribute, code_of(bytes, FIRST)->op = FFS_IN_RANGE)
DAMAGE(digests_of_joined, code_of(bytes, KEYS + 1)->attribute = FFS_FIRST_KEY + JOINED)
DAMAGE(set_of_joined, code_of(bytes, KEYS)->attribute = FFS_FIRST_KEY + JOINED)

static const struct {
    void (*damage)(uint8_t *bytes);
    const char *text;
} damages[] = {
    {kind, "key 0: unknown kind 0"},
    {unknown_kind, "key 0: unknown kind 3"},
    {reserved, "key 0: unknown kind"},
    {no_part, "key 3: impossible number of parts"},
    {too_many_parts, "key 0: impossible number of parts"},
    {one_joined, "key 2: impossible number of parts"},
    {nothing_between, "key 1: impossible text between the parts"},
    {no_string_between, "key 1: impossible text between the parts"},
    {something_between, "key 0: impossible text between the parts"},
    {part_out_of_bounds, "key 0: impossible part 1"},
    {part_of_no_type, "key 0: impossible part 1"},
    {part_that_is_not_counted, "key 0: impossible part 7"},
    {key_out_of_bounds, "instruction 0: the key is out of bounds"},
    {attribute_for_key, "instruction 0: the key is out of bounds"},
    {nothing_for_key, "instruction 0: the key is out of bounds"},
    {key_for_attribute, "instruction 0: the attribute is out of bounds"},
    {set_of_joined, "instruction 8: a set of joined keys"},
    {digests_of_joined, "instruction 10: a set of joined keys"},
};

static void refuses_keys_that_are_none(UNUSED_STATE)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        size_t length;
        uint8_t *bytes = assemble_keys(&length);
        damages[i].damage(bytes);
        reseal(bytes, length);
        struct problem problem = {""};
        struct snapshot *snapshot;
        enum fflag_error error = runtime_load_memory(bytes, length, &snapshot, &problem);
        if (error != FFLAG_ERROR_MALFORMED || !strstr(problem.text, damages[i].text))
            fail_msg("damage %zu: got %d '%s', expected '%s'", i, error, problem.text,
                     damages[i].text);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_given_counts),
        cmocka_unit_test(all_of_a_joined_key_are_needed),
        cmocka_unit_test(long_keys_are_hashed_as_one),
        cmocka_unit_test(a_boolean_is_a_key),
        cmocka_unit_test(a_list_has_the_key),
        cmocka_unit_test(refuses_keys_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
