/*
 * A child of a process with an open store: it can use what it inherits, and follows the file on its
 * own; its parent notices nothing.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"

#define WAIT_MS      60000
#define UNUSED_STATE void **state __attribute__((unused))

static char root[64], path[96];
static fflag_store *store;
static fflag_id first, second;

static int make_store(bool no_thread)
{
    snprintf(root, sizeof root, "/tmp/fflag-fork-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/flags.ffs", root);
    publish_generation(path, 1);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = no_thread;
    options.poll_interval_ms = 50;
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    first = fflag_flag(store, "first");
    second = fflag_flag(store, "second");
    return 0;
}

static int make_threaded(UNUSED_STATE)
{
    return make_store(false);
}

static int make_threadless(UNUSED_STATE)
{
    return make_store(true);
}

static int remove_store(UNUSED_STATE)
{
    fflag_close(store);
    unlink(path);
    rmdir(root);
    return 0;
}

static int64_t served(void)
{
    fflag_poll(store);
    const fflag_view *view = fflag_acquire(store);
    int64_t value = fflag_integer(view, first, NULL, -1);
    fflag_release(view);
    return value;
}

static bool comes(int64_t generation)
{
    for (int waited = 0; waited < WAIT_MS; waited++) {
        if (served() == generation)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

/* Runs in a child, whose exit status gives the line that failed. */
#define CHILD_MUST(condition) \
    do {                      \
        if (!(condition))     \
            _exit(__LINE__);  \
    } while (0)

static pid_t run_child(void (*run)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(240);
        run();
        _exit(0);
    }
    return child;
}

static void expect_success(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("the child was ended by signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ------------------------------------------------------------------------------------- cases -- */

static const fflag_view *held;

static void follow_the_file(void)
{
    CHILD_MUST(fflag_integer(held, first, NULL, -1) == 1);
    CHILD_MUST(served() == 1);
    publish_generation(path, 2);
    CHILD_MUST(comes(2));
    CHILD_MUST(fflag_integer(held, first, NULL, -1) == 1);
    fflag_release(held);
    struct fflag_status status = {.size = sizeof status};
    fflag_status(store, &status);
    CHILD_MUST(status.generation == 2 && status.watching);
    CHILD_MUST(fflag_flag(store, "second") == second);
    CHILD_MUST(fflag_flag(store, "third") != FFLAG_NO_FLAG);
    fflag_close(store);
}

static void a_child_evaluates_and_follows_the_file(UNUSED_STATE)
{
    held = fflag_acquire(store);
    pid_t child = run_child(follow_the_file);
    expect_success(child);
    assert_true(comes(2));
    assert_int_equal(fflag_integer(held, first, NULL, -1), 1);
    fflag_release(held);
}

/* By a thread of its own: nothing polls here. */
static void wait_for_the_watcher(void)
{
    for (int waited = 0; waited < WAIT_MS; waited++) {
        const fflag_view *view = fflag_acquire(store);
        int64_t value = fflag_integer(view, first, NULL, -1);
        fflag_release(view);
        if (value == 3)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    _exit(1);
}

static void fork_again(void)
{
    pid_t child = fork();
    if (child == 0) {
        wait_for_the_watcher();
        _exit(0);
    }
    int status = -1;
    CHILD_MUST(waitpid(child, &status, 0) == child);
    CHILD_MUST(status == 0);
    wait_for_the_watcher();
}

static void children_have_watchers_of_their_own(UNUSED_STATE)
{
    pid_t child = run_child(wait_for_the_watcher);
    pid_t parent_of_another = run_child(fork_again);
    publish_generation(path, 3);
    wait_for_the_watcher();
    expect_success(child);
    expect_success(parent_of_another);
}

static void leave_it(void)
{
    fflag_close(store);
}

static void a_child_may_close_what_it_never_used(UNUSED_STATE)
{
    expect_success(run_child(leave_it));
    publish_generation(path, 2);
    assert_true(comes(2));
}

static void use_everything(void)
{
    fflag_context context;
    fflag_context_init(&context);
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "child.%d", i);
        CHILD_MUST(fflag_flag(store, name) != FFLAG_NO_FLAG);
        CHILD_MUST(served() >= 1);
        fflag_bool_once(store, first, &context, false);
    }
    CHILD_MUST(fflag_attribute(store, "country") != FFLAG_NO_ATTR);
    fflag_close(store);
}

static _Atomic bool done;

static void *add_handles(void *unused)
{
    char name[32];
    for (unsigned i = 0; !atomic_load(&done); i++) {
        snprintf(name, sizeof name, "parent.%u", i % 100000);
        fflag_flag(store, name);
        fflag_bool_once(store, first, NULL, false);
    }
    return unused;
}

static void *publish_often(void *unused)
{
    for (int64_t generation = 2; !atomic_load(&done); generation++) {
        publish_generation(path, generation);
        served();
    }
    return unused;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* Under valgrind, which runs one thread at a time, a round takes seconds. */
static int rounds(void)
{
    if (is_set("VALGRIND"))
        return 5;
    return is_set("LONG") ? 2000 : 40;
}

static void a_fork_may_come_at_any_time(UNUSED_STATE)
{
#ifdef __SANITIZE_ADDRESS__
    /* A child may wait forever for a lock of AddressSanitizer's allocator that another thread held
     * at the fork; the C library's own allocator is fork-safe. */
    skip();
#endif
    pthread_t threads[2];
    atomic_store(&done, false);
    assert_int_equal(pthread_create(&threads[0], NULL, add_handles, NULL), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, publish_often, NULL), 0);
    for (int round = rounds(); round > 0; round--)
        expect_success(run_child(use_everything));
    atomic_store(&done, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

#define STORE_TEST(name, make) cmocka_unit_test_setup_teardown(name, make, remove_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_child_evaluates_and_follows_the_file, make_threaded),
        STORE_TEST(a_child_evaluates_and_follows_the_file, make_threadless),
        STORE_TEST(children_have_watchers_of_their_own, make_threaded),
        STORE_TEST(a_child_may_close_what_it_never_used, make_threaded),
        STORE_TEST(a_child_may_close_what_it_never_used, make_threadless),
        STORE_TEST(a_fork_may_come_at_any_time, make_threaded),
        STORE_TEST(a_fork_may_come_at_any_time, make_threadless),
    };
    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
