/*
 * test_callback.c - the log callback may call everything on its own store, in each of the threads
 * that it is called from.
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"

#define WAIT_MS 60000

struct scene {
    char root[64], path[128];
    fflag_store *_Atomic store;
    fflag_id first;
    void (*call)(struct scene *scene);
    _Atomic unsigned called; /* how often a callback returned from that call */
};

static void on_event(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    struct scene *scene = user;
    (void)error, (void)text;
    if (!scene->store || event != FFLAG_EVENT_LOADED)
        return; /* inside fflag_open() there is no store yet */
    scene->call(scene);
    atomic_fetch_add(&scene->called, 1);
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Always the same number if nothing else was opened, including its own descriptor. */
static unsigned count_entries(const char *path)
{
    DIR *folder = opendir(path);
    unsigned count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void open_scene(struct scene *scene, bool no_thread, void (*call)(struct scene *))
{
    memset(scene, 0, sizeof *scene);
    scene->call = call;
    snprintf(scene->root, sizeof scene->root, "/tmp/fflag-callback-XXXXXX");
    assert_non_null(mkdtemp(scene->root));
    snprintf(scene->path, sizeof scene->path, "%s/flags.ffs", scene->root);
    publish_generation(scene->path, 1);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = no_thread;
    options.poll_interval_ms = 50;
    options.log = on_event;
    options.log_user = scene;
    fflag_store *store;
    assert_int_equal(fflag_open(&store, scene->path, &options), FFLAG_OK);
    scene->first = fflag_flag(store, "first");
    scene->store = store;
}

/* Publishes, and waits until the callback has returned. */
static void have_it_called(struct scene *scene, bool no_thread)
{
    publish_generation(scene->path, 2);
    for (int waited = 0; !scene->called; waited++) {
        if (no_thread && scene->store)
            fflag_poll(scene->store);
        assert_true(waited < WAIT_MS);
        sleep_ms(1);
    }
}

static void remove_scene(struct scene *scene)
{
    unlink(scene->path);
    rmdir(scene->root);
}

static void in_both(void (*call)(struct scene *))
{
    for (int no_thread = 0; no_thread < 2; no_thread++) {
        struct scene scene;
        open_scene(&scene, no_thread, call);
        have_it_called(&scene, no_thread);
        fflag_close(scene.store);
        remove_scene(&scene);
    }
}

static void poll_it(struct scene *scene)
{
    assert_int_equal(fflag_poll(scene->store), FFLAG_ERROR_BUSY);
}

static void polling_is_refused_at_once(void **state)
{
    (void)state;
    in_both(poll_it);
}

static void use_it(struct scene *scene)
{
    fflag_context who;
    fflag_context_init(&who);
    const fflag_view *view = fflag_acquire(scene->store);
    assert_int_equal(fflag_integer(view, scene->first, &who, -1), 2);
    assert_int_equal(fflag_evaluate_name(view, "second", &who).value.integer, 2);
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(view, &info);
    assert_int_equal(info.flags, 2);
    fflag_release(view);
    assert_false(fflag_bool_once(scene->store, scene->first, &who, false));
}

static void everything_is_evaluated(void **state)
{
    (void)state;
    in_both(use_it);
}

static void resolve_it(struct scene *scene)
{
    struct fflag_status status = {.size = sizeof status};
    assert_int_equal(fflag_flag(scene->store, "first"), scene->first);
    assert_int_not_equal(fflag_flag(scene->store, "third"), FFLAG_NO_FLAG);
    assert_int_not_equal(fflag_attribute(scene->store, "country"), FFLAG_NO_ATTR);
    fflag_status(scene->store, &status);
    assert_int_equal(status.generation, 2);
    assert_true(fflag_write_metrics(scene->store, NULL, 0) > 0);
    (void)fflag_fd(scene->store);
}

static void handles_status_and_metrics_are_there(void **state)
{
    (void)state;
    in_both(resolve_it);
}

static void open_another(struct scene *scene)
{
    fflag_store *other;
    assert_int_equal(fflag_open(&other, scene->path, NULL), FFLAG_OK);
    assert_int_equal(fflag_poll(other), FFLAG_OK);
    fflag_close(other);
}

static void other_stores_come_and_go(void **state)
{
    (void)state;
    in_both(open_another);
}

static void close_it(struct scene *scene)
{
    fflag_store *store = scene->store;
    scene->store = NULL;
    fflag_close(store);
    fflag_close(store); /* once is enough, and twice is harmless */
    const fflag_view *view = fflag_acquire(store);
    assert_int_equal(fflag_integer(view, scene->first, NULL, -1), 2);
    fflag_release(view);
}

static void the_watcher_closes_it_when_it_is_back(void **state)
{
    (void)state;
    unsigned files = count_entries("/proc/self/fd"), tasks = count_entries("/proc/self/task");
    struct scene scene;
    open_scene(&scene, false, close_it);
    have_it_called(&scene, false);
    /* An earlier test's thread, though it was joined, may have been counted among the tasks. */
    for (int waited = 0;
         count_entries("/proc/self/task") > tasks || count_entries("/proc/self/fd") != files;
         waited += 10) {
        assert_true(waited < WAIT_MS);
        sleep_ms(10);
    }
    remove_scene(&scene);
}

static void a_poll_closes_it_when_it_is_back(void **state)
{
    (void)state;
    unsigned files = count_entries("/proc/self/fd");
    struct scene scene;
    open_scene(&scene, true, close_it);
    fflag_store *store = scene.store;
    publish_generation(scene.path, 2);
    enum fflag_error error = FFLAG_OK;
    while (!scene.called)
        error = fflag_poll(store);
    assert_int_equal(error, FFLAG_ERROR_BUSY);
    assert_int_equal(count_entries("/proc/self/fd"), files);
    remove_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polling_is_refused_at_once),
        cmocka_unit_test(everything_is_evaluated),
        cmocka_unit_test(handles_status_and_metrics_are_there),
        cmocka_unit_test(other_stores_come_and_go),
        cmocka_unit_test(the_watcher_closes_it_when_it_is_back),
        cmocka_unit_test(a_poll_closes_it_when_it_is_back),
    };
    return cmocka_run_group_tests_name("callback", tests, NULL, NULL);
}
