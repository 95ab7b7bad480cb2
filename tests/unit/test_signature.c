/*
 * Which signers, environments and generations a store accepts; and that a snapshot that it does not
 * accept leaves the last good one in place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>

#include "compiler/base/buffer.h"
#include "compiler/files/seal.h"
#include "publish.h"

#define UNUSED_STATE void **state __attribute__((unused))

static char directory[64], path[128];

struct key {
    struct secret_key secret;
    char text[64];  /* the public key, in base64 */
    char file[160]; /* as a .pub file */
};
static struct key ours, next, theirs;

static void make_key(struct key *key, uint8_t seed)
{
    uint8_t seeds[crypto_sign_SEEDBYTES] = {seed}, public[42] = "Ed";
    crypto_sign_seed_keypair(public + 10, key->secret.bytes, seeds);
    memset(key->secret.id, seed, sizeof key->secret.id);
    memcpy(public + 2, key->secret.id, sizeof key->secret.id);
    sodium_bin2base64(key->text, sizeof key->text, public, sizeof public,
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(key->file, sizeof key->file, "untrusted comment: minisign public key\n%s\n",
             key->text);
}

static int set_up(UNUSED_STATE)
{
    if (sodium_init() < 0)
        return -1;
    make_key(&ours, 1);
    make_key(&next, 2);
    make_key(&theirs, 3);
    snprintf(directory, sizeof directory, "/tmp/fflag-signature-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/flags.ffs", directory);
    return 0;
}

static int tear_down(UNUSED_STATE)
{
    unlink(path);
    return rmdir(directory);
}

/* A snapshot whose flags serve `number`. */
static struct buffer unsigned_snapshot(int64_t number)
{
    struct buffer snapshot = {0};
    size_t length;
    uint8_t *bytes = assemble_generation(number, &length);
    buffer_append(&snapshot, bytes, length);
    free(bytes);
    return snapshot;
}

static struct buffer signed_snapshot(int64_t number, uint64_t generation, const struct key *key)
{
    struct buffer snapshot = unsigned_snapshot(number);
    seal_generation(&snapshot, generation);
    seal_sign(&snapshot, &key->secret);
    return snapshot;
}

static struct ffs_signature *signature_of(const struct buffer *snapshot)
{
    const struct ffs_header *header = (const struct ffs_header *)(void *)snapshot->bytes;
    return (struct ffs_signature *)(void *)(snapshot->bytes + header->file_size);
}

/* ----------------------------------------------------------------------------------- opening -- */

static char logged[400];

static void log_event(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    (void)user;
    (void)event;
    (void)error;
    snprintf(logged, sizeof logged, "%s", text);
}

static struct fflag_options options_for(const char *const *keys)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.trusted_keys = keys;
    options.require_signature = keys != NULL;
    options.no_thread = true;
    options.log = log_event;
    return options;
}

static enum fflag_error open_bytes(const void *bytes, size_t length,
                                   const struct fflag_options *options)
{
    fflag_store *store;
    logged[0] = '\0';
    enum fflag_error error = fflag_open_memory(&store, bytes, length, options);
    assert_true(error == FFLAG_OK || logged[0]);
    fflag_close(store);
    return error;
}

static void expect_opened(struct buffer snapshot, const struct fflag_options *options,
                          enum fflag_error expected, const char *text)
{
    struct fflag_options indifferent = options_for(NULL);
    enum fflag_error error =
        open_bytes(snapshot.bytes, snapshot.length, options ? options : &indifferent);
    if (error != expected)
        fail_msg("error %d (%s), expected %d", error, logged, expected);
    if (text && !strstr(logged, text))
        fail_msg("logged '%s', expected '%s'", logged, text);
    buffer_release(&snapshot);
}

static void one_of_several_keys_will_do(UNUSED_STATE)
{
    const char *both[] = {ours.text, next.file, NULL};
    const char *old[] = {ours.file, NULL};
    struct fflag_options rotating = options_for(both), before = options_for(old);
    expect_opened(signed_snapshot(1, 0, &ours), &rotating, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, 0, &next), &rotating, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, 0, &ours), &before, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, 0, &next), &before, FFLAG_ERROR_UNTRUSTED,
                  "signed with key 0202020202020202, which is not trusted");
    expect_opened(signed_snapshot(1, 0, &theirs), &rotating, FFLAG_ERROR_UNTRUSTED, NULL);
}

static void a_signature_can_be_demanded_or_only_checked(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options options = options_for(keys);
    expect_opened(unsigned_snapshot(1), &options, FFLAG_ERROR_UNSIGNED, "it is not signed");
    options.require_signature = false;
    expect_opened(unsigned_snapshot(1), &options, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, 0, &theirs), &options, FFLAG_ERROR_UNTRUSTED, NULL);
    expect_opened(signed_snapshot(1, 0, &theirs), NULL, FFLAG_OK, NULL);
}

static void a_key_of_the_same_name_is_not_the_key(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options options = options_for(keys);
    struct key forged = theirs;
    memcpy(forged.secret.id, ours.secret.id, sizeof forged.secret.id);
    expect_opened(signed_snapshot(1, 0, &forged), &options, FFLAG_ERROR_SIGNATURE,
                  "not made over these bytes with key 0101010101010101");
}

static void options_that_cannot_be_met_are_refused(UNUSED_STATE)
{
    const char *none[] = {NULL}, *damaged[] = {ours.text, "RWQnonsense", NULL};
    const char *not_a_key[] = {"untrusted comment: no key follows", NULL};
    struct fflag_options options = options_for(none);
    expect_opened(signed_snapshot(1, 0, &ours), &options, FFLAG_ERROR_GENERAL, "no key is trusted");
    options = options_for(damaged);
    expect_opened(signed_snapshot(1, 0, &ours), &options, FFLAG_ERROR_GENERAL,
                  "trusted key 2 is not a minisign public key");
    options = options_for(not_a_key);
    expect_opened(signed_snapshot(1, 0, &ours), &options, FFLAG_ERROR_GENERAL, "trusted key 1");
    char long_text[80];
    snprintf(long_text, sizeof long_text, "%sA", ours.text);
    const char *too_long[] = {long_text, NULL};
    options = options_for(too_long);
    expect_opened(signed_snapshot(1, 0, &ours), &options, FFLAG_ERROR_GENERAL, "trusted key 1");
}

static void a_program_of_before_signatures_opens_signed_snapshots(UNUSED_STATE)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.size = offsetof(struct fflag_options, trusted_keys);
    /* What follows the old struct is not part of the options. */
    options.trusted_keys = (const char *const *)(uintptr_t)1;
    options.environment = (const char *)(uintptr_t)1;
    options.require_signature = options.refuse_older = options.count = true;
    expect_opened(signed_snapshot(1, 4, &theirs), &options, FFLAG_OK, NULL);
}

static void the_environment_can_be_demanded(UNUSED_STATE)
{
    struct fflag_options options = options_for(NULL);
    options.environment = "production";
    expect_opened(unsigned_snapshot(1), &options, FFLAG_OK, NULL);
    options.environment = "staging";
    expect_opened(unsigned_snapshot(1), &options, FFLAG_ERROR_ENVIRONMENT,
                  "it is of environment 'production', expected 'staging'");
}

static void the_generation_can_be_demanded(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options options = options_for(keys);
    options.least_generation = 7;
    expect_opened(signed_snapshot(1, 7, &ours), &options, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, UINT64_MAX, &ours), &options, FFLAG_OK, NULL);
    expect_opened(signed_snapshot(1, 6, &ours), &options, FFLAG_ERROR_OLDER,
                  "it is of generation 6, expected 7 or later");
    expect_opened(signed_snapshot(1, 0, &ours), &options, FFLAG_ERROR_OLDER, "generation 0");
}

static void the_view_says_who_signed_it(UNUSED_STATE)
{
    struct buffer snapshot = signed_snapshot(1, 9, &ours), plain = unsigned_snapshot(1);
    struct fflag_snapshot_info info = {.size = sizeof info}, other = {.size = sizeof other};
    fflag_store *store, *plain_store;
    assert_int_equal(fflag_open_memory(&store, snapshot.bytes, snapshot.length, NULL), FFLAG_OK);
    assert_int_equal(fflag_open_memory(&plain_store, plain.bytes, plain.length, NULL), FFLAG_OK);
    const fflag_view *view = fflag_acquire(store), *plain_view = fflag_acquire(plain_store);
    fflag_view_info(view, &info);
    fflag_view_info(plain_view, &other);
    assert_string_equal(info.signed_by, "0101010101010101");
    assert_int_equal(info.generation, 9);
    assert_string_equal(other.signed_by, "");
    assert_int_equal(other.generation, 0);
    /* Neither is content. */
    assert_string_equal(info.build, other.build);
    assert_int_equal(info.length, other.length);
    assert_int_equal(info.length, plain.length);
    fflag_release(view);
    fflag_release(plain_view);
    fflag_close(store);
    fflag_close(plain_store);
    buffer_release(&snapshot);
    buffer_release(&plain);
}

/* ------------------------------------------------------------------------------------ damage -- */

static void a_signed_snapshot_cut_anywhere_is_refused(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options demanding = options_for(keys);
    struct buffer whole = signed_snapshot(1, 0, &ours), plain = unsigned_snapshot(1);
    for (size_t length = 0; length < whole.length; length++) {
        enum fflag_error error = open_bytes(whole.bytes, length, &demanding);
        /* Without its complete signature, it is the unsigned snapshot. */
        enum fflag_error expected =
            length == plain.length ? FFLAG_ERROR_UNSIGNED : FFLAG_ERROR_TRUNCATED;
        if (error != expected)
            fail_msg("cut at %zu: error %d, expected %d", length, error, expected);
    }
    buffer_release(&whole);
    buffer_release(&plain);
}

static void any_flipped_bit_is_refused_where_a_signature_is_demanded(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options demanding = options_for(keys), indifferent = options_for(NULL);
    struct buffer snapshot = signed_snapshot(1, 5, &ours);
    size_t start = (size_t)((char *)signature_of(&snapshot) - snapshot.bytes);
    for (size_t i = 0; i < snapshot.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            if (i >= sizeof(struct ffs_header) && i < start && bit != i % 8)
                continue;
            snapshot.bytes[i] = (char)(snapshot.bytes[i] ^ 1 << bit);
            enum fflag_error error = open_bytes(snapshot.bytes, snapshot.length, &demanding);
            bool structure = i < start + offsetof(struct ffs_signature, key_id);
            if (!error || (structure && error >= FFLAG_ERROR_UNSIGNED))
                fail_msg("byte %zu bit %u: error %d", i, bit, error);
            /* Where only the structure is checked, this is a signature that is never verified. */
            error = open_bytes(snapshot.bytes, snapshot.length, &indifferent);
            bool comment = i >= start + sizeof(struct ffs_signature);
            if (comment ? error && error != FFLAG_ERROR_MALFORMED : structure != (error != 0))
                fail_msg("byte %zu bit %u, unchecked: error %d", i, bit, error);
            snapshot.bytes[i] = (char)(snapshot.bytes[i] ^ 1 << bit);
        }
    assert_int_equal(open_bytes(snapshot.bytes, snapshot.length, &demanding), FFLAG_OK);
    buffer_release(&snapshot);
}

static void a_header_changed_after_it_was_signed_is_refused(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options options = options_for(keys);
    struct buffer snapshot = signed_snapshot(1, 5, &ours);
    seal_generation(&snapshot, 6); /* with a hash that fits */
    expect_opened(snapshot, &options, FFLAG_ERROR_SIGNATURE, NULL);
}

static void malformed_signatures_are_refused_by_everybody(UNUSED_STATE)
{
    struct buffer snapshot = signed_snapshot(1, 0, &ours);
    signature_of(&snapshot)->reserved[1] = 1;
    expect_opened(snapshot, NULL, FFLAG_ERROR_MALFORMED, "reserved field");

    snapshot = signed_snapshot(1, 0, &ours);
    signature_of(&snapshot)->algorithm[1] = 'd';
    expect_opened(snapshot, NULL, FFLAG_ERROR_UNSUPPORTED, "unknown kind");

    snapshot = signed_snapshot(1, 0, &ours);
    signature_of(&snapshot)->comment_length = FFS_MAX_COMMENT + 1;
    expect_opened(snapshot, NULL, FFLAG_ERROR_MALFORMED, "too long");

    snapshot = signed_snapshot(1, 0, &ours);
    snapshot.bytes[snapshot.length - 1] = '\n';
    expect_opened(snapshot, NULL, FFLAG_ERROR_MALFORMED, "line of UTF-8");

    snapshot = signed_snapshot(1, 0, &ours);
    snapshot.bytes[snapshot.length - 1] = '\xc3';
    expect_opened(snapshot, NULL, FFLAG_ERROR_MALFORMED, "line of UTF-8");

    snapshot = signed_snapshot(1, 0, &ours);
    buffer_append(&snapshot, "", 1);
    expect_opened(snapshot, NULL, FFLAG_ERROR_CHECKSUM, "1 bytes after its signature");
}

/* --------------------------------------------------------------------------------- reloading -- */

static void publish(struct buffer snapshot)
{
    char temporary[160];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    write_bytes(temporary, snapshot.bytes, snapshot.length, 0444);
    assert_int_equal(rename(temporary, path), 0);
    buffer_release(&snapshot);
}

/* After a look: the served number, the newest error, and how many errors there were. */
static void expect_served(fflag_store *store, int64_t number, enum fflag_error error,
                          uint64_t rejected)
{
    struct fflag_status status = {.size = sizeof status};
    assert_int_equal(fflag_poll(store), error);
    fflag_status(store, &status);
    assert_int_equal(status.last_error, error);
    assert_int_equal(status.rejected, rejected);
    const fflag_view *view = fflag_acquire(store);
    assert_int_equal(fflag_integer(view, fflag_flag(store, "first"), NULL, -1), number);
    fflag_release(view);
}

static void what_is_refused_leaves_the_last_good_snapshot(UNUSED_STATE)
{
    const char *keys[] = {ours.text, NULL};
    struct fflag_options options = options_for(keys);
    options.environment = "production";
    options.refuse_older = true;
    fflag_store *store;
    publish(signed_snapshot(1, 10, &ours));
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    expect_served(store, 1, FFLAG_OK, 0);

    publish(unsigned_snapshot(2));
    expect_served(store, 1, FFLAG_ERROR_UNSIGNED, 1);
    expect_served(store, 1, FFLAG_ERROR_UNSIGNED, 1); /* judged once */
    publish(signed_snapshot(3, 11, &theirs));
    expect_served(store, 1, FFLAG_ERROR_UNTRUSTED, 2);
    publish(signed_snapshot(4, 9, &ours));
    expect_served(store, 1, FFLAG_ERROR_OLDER, 3);
    struct buffer damaged = signed_snapshot(5, 12, &ours);
    signature_of(&damaged)->signature[5] ^= 1;
    publish(damaged);
    expect_served(store, 1, FFLAG_ERROR_SIGNATURE, 4);

    publish(signed_snapshot(6, 10, &ours));
    expect_served(store, 6, FFLAG_OK, 4);
    publish(signed_snapshot(7, 11, &ours));
    expect_served(store, 7, FFLAG_OK, 4);
    publish(signed_snapshot(6, 10, &ours));
    expect_served(store, 7, FFLAG_ERROR_OLDER, 5);
    fflag_close(store);
}

static void a_later_generation_of_the_same_content_counts(UNUSED_STATE)
{
    struct fflag_options options = options_for(NULL);
    options.refuse_older = true;
    fflag_store *store;
    struct fflag_snapshot_info info = {.size = sizeof info};
    publish(signed_snapshot(1, 3, &ours));
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    publish(signed_snapshot(1, 8, &ours));
    expect_served(store, 1, FFLAG_OK, 0);
    const fflag_view *view = fflag_acquire(store);
    fflag_view_info(view, &info);
    assert_int_equal(info.generation, 8);
    fflag_release(view);
    publish(signed_snapshot(2, 5, &ours));
    expect_served(store, 1, FFLAG_ERROR_OLDER, 1);
    fflag_close(store);
}

static void the_keys_are_copied(UNUSED_STATE)
{
    char key[64], environment[] = "production";
    memcpy(key, ours.text, sizeof key);
    const char *keys[] = {key, NULL};
    struct fflag_options options = options_for(keys);
    options.environment = environment;
    fflag_store *store;
    publish(signed_snapshot(1, 0, &ours));
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    memset(key, 'A', sizeof key);
    memset(environment, 'x', sizeof environment - 1);
    keys[0] = NULL;
    publish(signed_snapshot(2, 0, &ours));
    expect_served(store, 2, FFLAG_OK, 0);
    fflag_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_several_keys_will_do),
        cmocka_unit_test(a_signature_can_be_demanded_or_only_checked),
        cmocka_unit_test(a_key_of_the_same_name_is_not_the_key),
        cmocka_unit_test(options_that_cannot_be_met_are_refused),
        cmocka_unit_test(a_program_of_before_signatures_opens_signed_snapshots),
        cmocka_unit_test(the_environment_can_be_demanded),
        cmocka_unit_test(the_generation_can_be_demanded),
        cmocka_unit_test(the_view_says_who_signed_it),
        cmocka_unit_test(a_signed_snapshot_cut_anywhere_is_refused),
        cmocka_unit_test(any_flipped_bit_is_refused_where_a_signature_is_demanded),
        cmocka_unit_test(a_header_changed_after_it_was_signed_is_refused),
        cmocka_unit_test(malformed_signatures_are_refused_by_everybody),
        cmocka_unit_test(what_is_refused_leaves_the_last_good_snapshot),
        cmocka_unit_test(a_later_generation_of_the_same_content_counts),
        cmocka_unit_test(the_keys_are_copied),
    };
    return cmocka_run_group_tests_name("signature", tests, set_up, tear_down);
}
