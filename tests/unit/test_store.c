/* Opening, handles, views, and what many threads see while snapshots come and go. */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"
#include "sample.h"

#define UNUSED_STATE void **state __attribute__((unused))

static char directory[64], path[128];

static int make_directory(UNUSED_STATE)
{
    snprintf(directory, sizeof directory, "/tmp/fflag-store-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/flags.ffs", directory);
    return 0;
}

static int remove_directory(UNUSED_STATE)
{
    unlink(path);
    rmdir(path);
    return rmdir(directory);
}

static fflag_store *open_sample_store(void)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    fflag_store *store;
    assert_int_equal(fflag_open_memory(&store, bytes, length, NULL), FFLAG_OK);
    free(bytes);
    return store;
}

/* ----------------------------------------------------------------------------------- opening -- */

struct logged {
    unsigned count;
    enum fflag_event event;
    enum fflag_error error;
    char text[400];
};

static void log_event(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    struct logged *logged = user;
    logged->count++;
    logged->event = event;
    logged->error = error;
    snprintf(logged->text, sizeof logged->text, "%s", text);
}

static void expect_refused(enum fflag_error expected, const char *text)
{
    struct logged logged = {0};
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = log_event;
    options.log_user = &logged;
    fflag_store *store = (fflag_store *)path;
    assert_int_equal(fflag_open(&store, path, &options), expected);
    assert_null(store);
    assert_int_equal(logged.event, FFLAG_EVENT_REJECTED);
    assert_int_equal(logged.error, expected);
    if (!strstr(logged.text, text))
        fail_msg("logged '%s', expected '%s'", logged.text, text);
}

static void opening_says_what_is_wrong(UNUSED_STATE)
{
    errno = 0;
    expect_refused(FFLAG_ERROR_IO, "No such file");
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_refused(FFLAG_ERROR_NOT_REGULAR, "not a regular file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0644), 0);
    expect_refused(FFLAG_ERROR_NOT_REGULAR, "not a regular file");
    unlink(path);
    write_bytes(path, "", 0, 0644);
    expect_refused(FFLAG_ERROR_TRUNCATED, "empty");
    write_bytes(path, "flags: {}\n", 10, 0644);
    expect_refused(FFLAG_ERROR_NOT_SNAPSHOT, "does not begin like a snapshot");
    write_bytes(path, FFS_MAGIC, FFS_MAGIC_SIZE, 0444);
    expect_refused(FFLAG_ERROR_TRUNCATED, "less than a header");
}

static void every_load_mode_serves(UNUSED_STATE)
{
    for (int mode = FFLAG_LOAD_AUTO; mode <= FFLAG_LOAD_MAP; mode++) {
        for (int writable = 0; writable < 2; writable++) {
            fflag_store *store;
            struct fflag_options options = FFLAG_OPTIONS_INIT;
            options.load_mode = (enum fflag_load_mode)mode;
            unlink(path);
            if (writable)
                write_generation(path, 5);
            else
                publish_generation(path, 5);
            assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
            const fflag_view *view = fflag_acquire(store);
            assert_int_equal(fflag_integer(view, fflag_flag(store, "first"), NULL, 0), 5);
            fflag_release(view);
            fflag_close(store);
        }
    }
}

static void arguments_may_be_unusable(UNUSED_STATE)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    size_t length;
    uint8_t *bytes = assemble_generation(1, &length);
    assert_int_equal(fflag_open(NULL, path, NULL), FFLAG_ERROR_GENERAL);
    assert_int_equal(fflag_open(&store, NULL, NULL), FFLAG_ERROR_GENERAL);
    assert_int_equal(fflag_open_memory(&store, NULL, 0, NULL), FFLAG_ERROR_GENERAL);
    assert_int_equal(fflag_open_memory(&store, bytes, 0, NULL), FFLAG_ERROR_TRUNCATED);
    options.size = 0;
    assert_int_equal(fflag_open_memory(&store, bytes, length, &options), FFLAG_ERROR_GENERAL);
    assert_null(store);
    /* A program built against an older, shorter struct. */
    options.size = offsetof(struct fflag_options, no_thread);
    assert_int_equal(fflag_open_memory(&store, bytes, length, &options), FFLAG_OK);
    assert_int_equal(fflag_poll(store), FFLAG_OK);
    assert_int_equal(fflag_fd(store), -1);
    fflag_close(store);
    free(bytes);

    fflag_close(NULL);
    fflag_release(NULL);
    assert_null(fflag_acquire(NULL));
    assert_int_equal(fflag_flag(NULL, "a"), FFLAG_NO_FLAG);
    assert_int_equal(fflag_attribute(NULL, "a"), FFLAG_NO_ATTR);
    assert_int_equal(fflag_poll(NULL), FFLAG_ERROR_GENERAL);
    assert_true(fflag_bool_once(NULL, 0, NULL, true));
}

static void the_status_names_the_build(UNUSED_STATE)
{
    fflag_store *store = open_sample_store();
    struct fflag_status status = {.size = sizeof status};
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_status(store, &status);
    const fflag_view *view = fflag_acquire(store);
    fflag_view_info(view, &info);
    assert_string_equal(status.build, info.build);
    assert_int_equal(status.generation, 1);
    assert_int_equal(status.rejected, 0);
    assert_false(status.watching);
    assert_true(status.loaded_at > INT64_C(1600000000000));
    fflag_release(view);
    fflag_close(store);
}

static void numbers_have_names(UNUSED_STATE)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", FFLAG_VERSION_MAJOR, FFLAG_VERSION_MINOR,
             FFLAG_VERSION_PATCH);
    assert_string_equal(fflag_version(), expected);
    assert_string_equal(fflag_reason_text(FFLAG_REASON_PREREQUISITE_FAILED), "PREREQUISITE_FAILED");
    assert_string_equal(fflag_reason_text((enum fflag_reason)99), "ERROR");
    assert_null(fflag_error_code(FFLAG_OK));
    assert_string_equal(fflag_error_code(FFLAG_ERROR_TYPE_MISMATCH), "TYPE_MISMATCH");
    assert_string_equal(fflag_error_code(FFLAG_ERROR_IO), "GENERAL");
    for (int error = 0; error < 40; error++)
        assert_true(strlen(fflag_error_text((enum fflag_error)error)) > 0);
}

/* ----------------------------------------------------------------------------------- handles -- */

static void a_name_has_one_handle(UNUSED_STATE)
{
    fflag_store *store = open_sample_store();
    fflag_id handles[2000];
    char name[32];
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "flag-%u", i);
        handles[i] = fflag_flag(store, name);
    }
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "flag-%u", i);
        assert_int_equal(fflag_flag(store, name), handles[i]);
        assert_true(i == 0 || handles[i] == handles[i - 1] + 1);
    }
    fflag_close(store);
}

static void handles_made_later_work_on_views_taken_before(UNUSED_STATE)
{
    fflag_store *store = open_sample_store();
    const fflag_view *view = fflag_acquire(store);
    /* Far more handles than the view has room for, so the last ones are looked up by name. */
    for (unsigned i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "other-%u", i);
        if (i == 100)
            assert_true(fflag_bool(view, fflag_flag(store, "constant"), NULL, false));
        assert_true(fflag_bool(view, fflag_flag(store, name), NULL, true));
    }
    fflag_id text = fflag_flag(store, "text");
    assert_true(text > 2000);
    assert_string_equal(fflag_string(view, text, NULL, NULL, NULL), "bl\xc3\xa5");
    assert_true(fflag_bool(view, text, NULL, true));
    fflag_release(view);
    fflag_close(store);
}

static void attributes_made_later_work_on_views_taken_before(UNUSED_STATE)
{
    fflag_store *store = open_sample_store();
    const fflag_view *view = fflag_acquire(store);
    fflag_id rollout = fflag_flag(store, "rollout");
    fflag_context context;
    fflag_context_init(&context);
    fflag_set_string(&context, 0, "u", 1);
    assert_false(fflag_bool(view, rollout, &context, true));
    assert_int_equal(fflag_attribute(store, "not-read-by-any-rule"), 0);
    fflag_attr user = fflag_attribute(store, "user_id");
    unsigned on = 0;
    for (int i = 0; i < 1000; i++) {
        char key[16];
        int length = snprintf(key, sizeof key, "u%d", i);
        fflag_set_string(&context, user, key, (size_t)length);
        bool expected = fflag_bucket(key, (size_t)length, "rollout", 7) < threshold(50000);
        assert_int_equal(fflag_bool(view, rollout, &context, !expected), expected);
        assert_int_equal(fflag_evaluate(view, rollout, &context).value.boolean, expected);
        on += expected;
    }
    assert_true(on > 400 && on < 600);
    fflag_release(view);
    fflag_close(store);
}

static void a_store_hands_out_as_many_attributes_as_a_context_holds(UNUSED_STATE)
{
    fflag_store *store = open_sample_store();
    char name[32];
    for (unsigned i = 0; i < FFLAG_CONTEXT_SLOTS; i++) {
        snprintf(name, sizeof name, "attribute-%u", i);
        assert_int_equal(fflag_attribute(store, name), i);
    }
    assert_int_equal(fflag_attribute(store, "user_id"), FFLAG_NO_ATTR);
    assert_int_equal(fflag_attribute(store, "attribute-127"), 127);
    fflag_close(store);
}

static void a_handle_works_with_the_snapshot_that_brings_its_flag(UNUSED_STATE)
{
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    write_generation(path, 1);
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    fflag_id text = fflag_flag(store, "text"), first = fflag_flag(store, "first");
    const fflag_view *old = fflag_acquire(store);
    assert_string_equal(fflag_string(old, text, NULL, "none", NULL), "none");

    unlink(path);
    write_bytes(path, bytes, length, 0444);
    assert_int_equal(fflag_poll(store), FFLAG_OK);
    const fflag_view *new = fflag_acquire(store);
    assert_string_equal(fflag_string(new, text, NULL, "none", NULL), "bl\xc3\xa5");
    assert_int_equal(fflag_integer(new, first, NULL, -1), -1);
    assert_string_equal(fflag_string(old, text, NULL, "none", NULL), "none");
    assert_int_equal(fflag_integer(old, first, NULL, -1), 1);
    fflag_release(old);
    fflag_release(new);
    fflag_close(store);
    free(bytes);
}

static void a_view_of_another_store_is_harmless(UNUSED_STATE)
{
    fflag_store *one = open_sample_store(), *other = open_sample_store();
    fflag_id flag = FFLAG_NO_FLAG;
    for (unsigned i = 0; i < 500; i++) {
        char name[32];
        snprintf(name, sizeof name, "other-%u", i);
        flag = fflag_flag(other, name);
    }
    const fflag_view *view = fflag_acquire(one);
    assert_true(fflag_bool(view, flag, NULL, true));
    assert_int_equal(fflag_evaluate(view, flag, NULL).error, FFLAG_ERROR_FLAG_NOT_FOUND);
    fflag_release(view);
    fflag_close(one);
    fflag_close(other);
}

/* ------------------------------------------------------------------------------------- views -- */

static void a_held_view_keeps_its_snapshot(UNUSED_STATE)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    publish_generation(path, 0);
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    fflag_id first = fflag_flag(store, "first");
    const fflag_view *held = fflag_acquire(store), *tenth = NULL;
    for (int64_t generation = 1; generation <= 100; generation++) {
        publish_generation(path, generation);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        const fflag_view *view = fflag_acquire(store);
        assert_int_equal(fflag_integer(view, first, NULL, -1), generation);
        assert_int_equal(fflag_integer(held, first, NULL, -1), 0);
        if (generation == 10)
            tenth = view;
        else
            fflag_release(view);
        if (tenth)
            assert_int_equal(fflag_integer(tenth, first, NULL, -1), 10);
    }
    struct fflag_status status = {.size = sizeof status};
    fflag_status(store, &status);
    assert_int_equal(status.generation, 101);
    fflag_release(held);
    fflag_release(tenth);
    fflag_close(store);
}

struct reader {
    fflag_store *store;
    _Atomic bool *stop;
    fflag_id first, second;
    uint64_t evaluations;
    unsigned inconsistent, backwards;
};

static void *read_generations(void *argument)
{
    struct reader *reader = argument;
    int64_t newest = 0;
    while (!atomic_load_explicit(reader->stop, memory_order_relaxed)) {
        const fflag_view *view = fflag_acquire(reader->store);
        int64_t first = fflag_integer(view, reader->first, NULL, -1);
        int64_t second = fflag_integer(view, reader->second, NULL, -2);
        fflag_release(view);
        reader->inconsistent += first != second;
        reader->backwards += first < newest;
        newest = first;
        reader->evaluations++;
    }
    return NULL;
}

static void threads_see_whole_generations_in_order(UNUSED_STATE)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    publish_generation(path, 0);
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    _Atomic bool stop = false;
    struct reader readers[2];
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        readers[i] =
            (struct reader){.store = store, .stop = &stop, .first = fflag_flag(store, "first")};
        readers[i].second = fflag_flag(store, "second");
        assert_int_equal(pthread_create(&threads[i], NULL, read_generations, &readers[i]), 0);
    }
    for (int64_t generation = 1; generation <= 2000; generation++) {
        publish_generation(path, generation);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        if (generation % 100 == 0) {
            /* Names are added while other threads evaluate. */
            char name[32];
            snprintf(name, sizeof name, "later-%d", (int)generation);
            fflag_flag(store, name);
            fflag_attribute(store, name);
        }
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readers[i].inconsistent, 0);
        assert_int_equal(readers[i].backwards, 0);
        assert_true(readers[i].evaluations > 0);
    }
    struct fflag_status status = {.size = sizeof status};
    fflag_status(store, &status);
    assert_int_equal(status.generation, 2001);
    fflag_close(store);
}

static void *release_view(void *view)
{
    fflag_release(view);
    return NULL;
}

static void a_view_may_be_released_by_another_thread(UNUSED_STATE)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    publish_generation(path, 1);
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    for (int64_t generation = 2; generation < 10; generation++) {
        pthread_t thread;
        void *view = (void *)(uintptr_t)fflag_acquire(store);
        publish_generation(path, generation);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        assert_int_equal(pthread_create(&thread, NULL, release_view, view), 0);
        pthread_join(thread, NULL);
    }
    fflag_close(store);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(opening_says_what_is_wrong),
        FILE_TEST(every_load_mode_serves),
        FILE_TEST(arguments_may_be_unusable),
        cmocka_unit_test(the_status_names_the_build),
        cmocka_unit_test(numbers_have_names),
        cmocka_unit_test(a_name_has_one_handle),
        cmocka_unit_test(handles_made_later_work_on_views_taken_before),
        cmocka_unit_test(attributes_made_later_work_on_views_taken_before),
        cmocka_unit_test(a_store_hands_out_as_many_attributes_as_a_context_holds),
        FILE_TEST(a_handle_works_with_the_snapshot_that_brings_its_flag),
        cmocka_unit_test(a_view_of_another_store_is_harmless),
        FILE_TEST(a_held_view_keeps_its_snapshot),
        FILE_TEST(threads_see_whole_generations_in_order),
        FILE_TEST(a_view_may_be_released_by_another_thread),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
