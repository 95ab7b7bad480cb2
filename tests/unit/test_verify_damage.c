/* What no damage can make the verifier accept, or an evaluation do. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/constants.h"
#include "runtime/faults.h"
#include "verify_rules.h"

static void refuses_a_snapshot_cut_at_any_length(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    for (size_t cut = 0; cut < length; cut++) {
        struct problem problem = {""};
        assert_int_equal(verify(bytes, cut, &problem), FFLAG_ERROR_TRUNCATED);
        assert_string_not_equal(problem.text, "");
    }
    free(bytes);
}

static void refuses_bytes_after_the_end(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    uint8_t *longer = calloc(1, length + 1);
    memcpy(longer, bytes, length);
    struct problem problem = {""};
    assert_int_equal(verify(longer, length + 1, &problem), FFLAG_ERROR_CHECKSUM);
    free(longer);
    free(bytes);
}

static void refuses_any_flipped_bit(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (i >= sizeof(struct ffs_header) && bit != i % 8)
                continue; /* for the content, one bit of every byte */
            bytes[i] ^= (uint8_t)(1u << bit);
            struct problem problem = {""};
            enum fflag_error error = verify(bytes, length, &problem);
            enum fflag_error expected = i < FFS_MAGIC_SIZE ? FFLAG_ERROR_NOT_SNAPSHOT
                                        : i == 8 || i == 9 ? FFLAG_ERROR_UNSUPPORTED
                                                           : FFLAG_ERROR_CHECKSUM;
            if (error != expected)
                fail_msg("byte %zu bit %u: error %d, expected %d", i, bit, error, expected);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(bytes);
}

/* A copy of a snapshot that ends where unreadable memory begins, apart from aligning its start. */
struct guarded {
    uint8_t *mapping;
    uint8_t *bytes;
    size_t mapping_length;
};

static struct guarded guard(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (length + page - 1) & ~(page - 1);
    struct guarded guarded = {.mapping_length = whole + page};
    guarded.mapping =
        mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded.mapping != MAP_FAILED);
    assert_int_equal(mprotect(guarded.mapping + whole, page, PROT_NONE), 0);
    guarded.bytes = guarded.mapping + whole - (length + 7) / 8 * 8;
    return guarded;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_context(fflag_context *context, uint64_t random)
{
    static const char *const texts[] = {"", "abc", "NO", "1.2.3", "10.1.2.3", "abdxc"};
    static const char *const groups[] = {"staff", "beta"};
    const char *text = texts[random % 6];
    fflag_context_init(context);
    fflag_set_string(context, COUNTRY, text, strlen(text));
    fflag_set_string(context, USER_ID, text, strlen(text));
    fflag_set_string(context, APP_VERSION, text, strlen(text));
    fflag_set_string(context, CLIENT_IP, text, strlen(text));
    fflag_set_number(context, AGE, (double)(random % 40));
    fflag_set_boolean(context, BETA, random >> 8 & 1);
    fflag_set_time(context, SIGNUP_AT, (int64_t)(random >> 9 & 2047));
    fflag_set_strings(context, GROUPS, groups, random >> 20 & 3 ? 2 : 0);
    fflag_set_now(context, (int64_t)(random >> 30 & 2047));
    if (random >> 60 == 0)
        fflag_unset(context, (fflag_attr)(random >> 50 & 7));
}

/* Evaluates every flag of an accepted snapshot in place. `store` counts the faults. */
static void evaluate_all(fflag_store *store, const struct snapshot *accepted, uint64_t random)
{
    _Atomic uint16_t inputs[UINT8_MAX];
    struct snapshot snapshot = *accepted;
    assert_true(snapshot.attribute_count < UINT8_MAX);
    for (uint32_t i = 0; i < snapshot.attribute_count; i++)
        atomic_init(&inputs[i],
                    (uint16_t)(snapshot.attributes[i].type << 8 | i % SAMPLE_ATTRIBUTES));
    snapshot.inputs = inputs;
    assert_true(faults_create(&snapshot) && constants_create(&snapshot));
    struct fflag_view view = {.store = store, .snapshot = &snapshot};
    fflag_context context;
    fill_context(&context, random);
    fflag_result results[16];
    fflag_evaluate_all(&view, NULL, snapshot.flag_count < 16 ? snapshot.flag_count : 16, &context,
                       results);
    size_t read = 0;
    for (uint32_t i = 0; i < snapshot.flag_count && i < 16; i++) {
        read += strlen(results[i].flag) + (results[i].rule ? strlen(results[i].rule) : 0) +
                (results[i].variant ? strlen(results[i].variant) : 0);
        if (results[i].error) {
            assert_int_equal(results[i].error, FFLAG_ERROR_UNSUPPORTED);
            continue;
        }
        if (results[i].variant_index != FFLAG_NO_VARIANT && results[i].type >= FFLAG_TYPE_STRING &&
            results[i].type != FFLAG_TYPE_INTEGER && results[i].type != FFLAG_TYPE_NUMBER)
            read += strlen(results[i].value.string.text);
    }
    assert_true(read > 0 || snapshot.flag_count == 0);
    constants_free(&snapshot);
    free(snapshot.faults);
    free(snapshot.missing);
}

/*
 * Whatever the verifier accepts can be evaluated without leaving its bounds. The damage is sealed,
 * so that the verifier gets to see it, and often small enough to be accepted.
 */
static void survives_random_damage_that_the_hashes_fit(UNUSED_STATE)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : UINT64_C(0x5eed5eed5eed);
    print_message("# SEED=%llu\n", (unsigned long long)seed);
    size_t length;
    uint8_t *sample = assemble_sample(&length);
    struct guarded guarded = guard(length);
    fflag_store *store;
    assert_int_equal(fflag_open_memory(&store, sample, length, NULL), FFLAG_OK);
    unsigned cases = 200000, accepted = 0;
    size_t content = sizeof(struct ffs_header);
    for (unsigned i = 0; i < cases; i++) {
        memcpy(guarded.bytes, sample, length);
        for (uint64_t left = 1 + next_random(&seed) % 3; left; left--) {
            uint64_t random = next_random(&seed);
            size_t at = content + random % (length - content);
            unsigned kind = random >> 40 & 3;
            if (kind == 0)
                guarded.bytes[at] ^= (uint8_t)(1u << (random >> 44 & 7));
            else if (kind == 1)
                guarded.bytes[at] = (uint8_t)(random >> 44);
            else if (kind == 2)
                guarded.bytes[at] = (uint8_t)(guarded.bytes[at] + (random >> 44 & 1 ? 1 : -1));
            else
                memcpy(&guarded.bytes[at],
                       &guarded.bytes[content + random / 7 % (length - content)], 1);
        }
        reseal(guarded.bytes, length);
        struct snapshot snapshot = {
            .bytes = guarded.bytes, .length = length, .file_length = length};
        struct problem problem;
        if (runtime_verify(&snapshot, &problem) != FFLAG_OK)
            continue;
        accepted++;
        evaluate_all(store, &snapshot, next_random(&seed));
    }
    print_message("# %u of %u accepted\n", accepted, cases);
    assert_true(accepted > cases / 100 && accepted < cases);
    fflag_close(store);
    munmap(guarded.mapping, guarded.mapping_length);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(refuses_a_snapshot_cut_at_any_length),
        cmocka_unit_test(refuses_bytes_after_the_end),
        cmocka_unit_test(refuses_any_flipped_bit),
        cmocka_unit_test(survives_random_damage_that_the_hashes_fit),
    };
    return cmocka_run_group_tests_name("verify_damage", others, NULL, NULL);
}
