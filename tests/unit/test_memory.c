/*
 * Memory that runs out at every n-th allocation: opening fails and leaks nothing; a reload keeps
 * the last good snapshot, and succeeds later.
 *
 * The allocator is this program's own: it counts the library's memory, and refuses one request.
 * Sanitizers have allocators of their own, so these tests are skipped there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "publish.h"
#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

static void is_skipped(UNUSED_STATE)
{
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_skipped)};
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

#else

/* --------------------------------------------------------------------------------- allocator -- */

static bool watching; /* while the library runs */
static long refused;  /* requests until the refused one; negative: none */
static bool was_refused;
static long blocks, pages; /* held by the library */

static bool refuse(void)
{
    if (!watching || refused < 0 || refused-- > 0)
        return false;
    was_refused = true;
    errno = ENOMEM;
    return true;
}

static void *count(void *memory)
{
    blocks += watching && memory;
    return memory;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

void *malloc(size_t size)
{
    return refuse() ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
    return refuse() ? NULL : count(__libc_calloc(number, size));
}

void *realloc(void *memory, size_t size)
{
    if (refuse())
        return NULL;
    blocks -= watching && memory;
    return count(__libc_realloc(memory, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : count(__libc_memalign(alignment, size));
}

void free(void *memory)
{
    blocks -= watching && memory;
    __libc_free(memory);
}

static long pages_of(size_t length)
{
    return (long)((length + 4095) / 4096);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    if (refuse())
        return MAP_FAILED;
    long at = syscall(SYS_mmap, address, length, protection, flags, file, offset);
    if (watching && at != -1)
        pages += pages_of(length);
    return (void *)at;
}

int munmap(void *address, size_t length)
{
    if (watching)
        pages -= pages_of(length);
    return (int)syscall(SYS_munmap, address, length);
}

static void begin(long refuse_nth)
{
    refused = refuse_nth;
    was_refused = false;
    watching = true;
}

static void end(void)
{
    watching = false;
}

/* ------------------------------------------------------------------------------------- cases -- */

#define MOST 1000 /* more allocations than anything here makes */

static char root[64], path[96];

static int make_directory(UNUSED_STATE)
{
    snprintf(root, sizeof root, "/tmp/fflag-memory-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/flags.ffs", root);
    publish_generation(path, 1);
    blocks = pages = 0;
    return 0;
}

static int remove_directory(UNUSED_STATE)
{
    unlink(path);
    return rmdir(root);
}

static struct fflag_options every_option(void)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    options.count = true;
    return options;
}

static void opening_fails_and_leaves_nothing(UNUSED_STATE)
{
    struct fflag_options options = every_option();
    long n = 0;
    for (; n < MOST; n++) {
        fflag_store *store;
        begin(n);
        enum fflag_error error = fflag_open(&store, path, &options);
        assert_true((store != NULL) == (error == FFLAG_OK));
        fflag_close(store);
        end();
        assert_int_equal(blocks, 0);
        assert_int_equal(pages, 0);
        if (!was_refused) {
            assert_int_equal(error, FFLAG_OK);
            break;
        }
        assert_true(error == FFLAG_ERROR_NO_MEMORY || error == FFLAG_ERROR_IO);
    }
    assert_in_range(n, 10, MOST - 1);
}

static void opening_memory_fails_and_leaves_nothing(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    long n = 0;
    for (; n < MOST; n++) {
        fflag_store *store;
        begin(n);
        enum fflag_error error = fflag_open_memory(&store, bytes, length, NULL);
        fflag_close(store);
        end();
        assert_int_equal(blocks, 0);
        assert_int_equal(pages, 0);
        if (!was_refused)
            break;
        assert_int_equal(error, FFLAG_ERROR_NO_MEMORY);
        assert_null(store);
    }
    assert_in_range(n, 10, MOST - 1);
    free(bytes);
}

static int64_t served(fflag_store *store, fflag_id flag)
{
    const fflag_view *view = fflag_acquire(store);
    int64_t value = fflag_integer(view, flag, NULL, -1);
    fflag_release(view);
    return value;
}

static void a_reload_keeps_the_last_good_snapshot(UNUSED_STATE)
{
    struct fflag_options options = every_option();
    long n = 0;
    for (bool failed = true; failed; n++) {
        assert_in_range(n, 0, MOST);
        publish_generation(path, 1);
        fflag_store *store;
        begin(-1);
        assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
        fflag_id first = fflag_flag(store, "first");
        end();
        publish_generation(path, 2);
        begin(n);
        fflag_poll(store);
        failed = was_refused;
        int64_t now = served(store, first);
        assert_true(now == 2 || (failed && now == 1));
        begin(-1);
        fflag_poll(store);
        assert_int_equal(served(store, first), 2);
        fflag_close(store);
        end();
        assert_int_equal(blocks, 0);
        assert_int_equal(pages, 0);
    }
    assert_true(n > 10);
}

static void a_handle_can_be_asked_for_again(UNUSED_STATE)
{
    struct fflag_options options = every_option();
    fflag_store *store;
    begin(-1);
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "flag.%d", i);
        begin(i % 3);
        fflag_id flag = fflag_flag(store, name);
        assert_true(flag != FFLAG_NO_FLAG || was_refused);
        begin(-1);
        fflag_id again = fflag_flag(store, name);
        assert_int_equal(again, i);
        if (flag != FFLAG_NO_FLAG)
            assert_int_equal(flag, again);
    }
    begin(0);
    assert_int_equal(fflag_attribute(store, "country"), FFLAG_NO_ATTR);
    begin(-1);
    assert_int_equal(fflag_attribute(store, "country"), 0);
    fflag_close(store);
    end();
    assert_int_equal(blocks, 0);
    assert_int_equal(pages, 0);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(opening_fails_and_leaves_nothing),
        FILE_TEST(opening_memory_fails_and_leaves_nothing),
        FILE_TEST(a_reload_keeps_the_last_good_snapshot),
        FILE_TEST(a_handle_can_be_asked_for_again),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

#endif
