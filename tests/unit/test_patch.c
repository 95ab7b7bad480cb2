/* A snapshot that is patched again and again, and a damaged one. */
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiled.h"

#include "compiler/patch/patch.h"

#define MANY "  a: {percent: 10%}\n  b: {percent: 90%}\n  c: {serve: on}\n"

static struct buffer compile_bytes(const char *text)
{
    struct compiled compiled = compile(text);
    struct buffer bytes = {0};
    buffer_append(&bytes, compiled.bytes.bytes, compiled.bytes.length);
    release(&compiled);
    return bytes;
}

/* The n-th override for all flags, as an emergency adds it. */
static bool override_all(struct patch *patch, int n, struct buffer *why)
{
    uint32_t selected;
    char *name = arena_format(&patch->arena, "override:emergency-%d", n);
    const struct override override = {.id = {name + strlen("override:"), NO_SPAN},
                                      .name = name,
                                      .all = true,
                                      .environments = UINT64_MAX,
                                      .serve = {"default", NO_SPAN},
                                      .from = n,
                                      .until = INT64_MAX,
                                      .at = n};
    return patch_add_override(patch, &override, NULL, &selected, why);
}

/* `bytes` becomes the patched file; if patching fails, it does not change. */
static bool patch_once(struct buffer *bytes, int n, struct buffer *why)
{
    struct patch patch;
    struct buffer out = {0};
    bool done = patch_open(&patch, bytes, why);
    assert_true(done);
    done = override_all(&patch, n, why) && patch_write(&patch, &out, why);
    if (done) {
        buffer_release(bytes);
        *bytes = out;
    } else {
        buffer_release(&out);
    }
    patch_release(&patch);
    return done;
}

static void assert_served(const struct buffer *bytes, const char *flag, const char *expected)
{
    struct compiled opened = {0};
    assert_int_equal(fflag_open_memory(&opened.store, bytes->bytes, bytes->length, NULL), FFLAG_OK);
    opened.view = fflag_acquire(opened.store);
    EXPECT(&opened, flag, "user_id=u1 now=2026-12-01T00:00:00Z", expected);
    fflag_release(opened.view);
    fflag_close(opened.store);
}

static void test_a_thousand_patches_leave_a_sound_snapshot(void **state)
{
    (void)state;
    struct buffer bytes = compile_bytes("flags:\n" MANY);
    struct buffer why = {0};
    for (int n = 1; n <= 1000; n++)
        assert_true(patch_once(&bytes, n, &why));
    assert_served(&bytes, "c", "off OVERRIDE override:emergency-1000");
    buffer_release(&why);
    buffer_release(&bytes);
}

static void test_a_flag_that_would_cost_too_much_is_refused_by_name(void **state)
{
    (void)state;
    struct buffer text = {0}, why = {0};
    buffer_append_text(&text, "flags:\n");
    for (int i = 0; i < 60; i++)
        buffer_format(&text, "  f%d: {percent: 50%%}\n", i);
    buffer_append_text(&text, "  last: {requires: {f0: on");
    for (int i = 1; i < 60; i++)
        buffer_format(&text, ", f%d: on", i);
    buffer_append_text(&text, "}, serve: on}\n");
    struct buffer bytes = compile_bytes(text.bytes);
    int n = 1;
    while (n <= 1000 && patch_once(&bytes, n, &why))
        n++;
    assert_in_range(n, 100, 1000);
    assert_string_equal(why.bytes, "flag 'last' would take more instructions than a snapshot may");
    char expected[64];
    snprintf(expected, sizeof expected, "off OVERRIDE override:emergency-%d", n - 1);
    assert_served(&bytes, "last", expected);
    buffer_release(&text);
    buffer_release(&why);
    buffer_release(&bytes);
}

static void test_a_patched_file_with_any_bit_changed_is_refused_or_patched_soundly(void **state)
{
    (void)state;
    struct buffer bytes = compile_bytes("flags:\n" MANY);
    struct buffer why = {0};
    uint32_t refused = 0;
    assert_true(patch_once(&bytes, 1, &why));
    for (size_t bit = 0; bit < bytes.length * 8; bit++) {
        struct patch patch;
        struct buffer out = {0};
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        bool opened = patch_open(&patch, &bytes, &why);
        if (opened && override_all(&patch, 2, &why) && patch_write(&patch, &out, &why))
            assert_served(&out, "c", "off OVERRIDE override:emergency-2");
        else
            assert_true(why.length > 0);
        refused += !opened;
        patch_release(&patch);
        buffer_release(&out);
        why.length = 0;
        bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_true(refused > bytes.length * 7);
    buffer_release(&why);
    buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousand_patches_leave_a_sound_snapshot),
        cmocka_unit_test(test_a_flag_that_would_cost_too_much_is_refused_by_name),
        cmocka_unit_test(test_a_patched_file_with_any_bit_changed_is_refused_or_patched_soundly),
    };
    return cmocka_run_group_tests(tests, compiled_set_up, compiled_tear_down);
}
