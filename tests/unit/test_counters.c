/*
 * Counting: nothing is lost or counted twice, whichever threads and snapshots come and go; and the
 * text of the metrics.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "compiled.h"
#include "publish.h"

#define UNUSED_STATE void **state __attribute__((unused))

static const char definitions[] =
    "flags:\n"
    "  constant: {serve: on}\n"
    "  half: {percent: 50%}\n"
    "  listed: {rules: [{if: {user_id: [user-1, user-2, user-5]}, serve: on}]}\n"
    "  rule: {rules: [{if: {country: NO}, percent: 50%}]}\n"
    "  shade: {type: string, variants: {l: light, d: dark}, default: l,\n"
    "    rules: [{if: {beta: true}, serve: d}]}\n"
    "  level: {type: integer, value: 7}\n"
    "  needs: {requires: {shade: d}, serve: on}\n";

/* A counting store, from compiled definitions. */
static fflag_store *open_counting(const struct compiled *compiled)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = true;
    fflag_store *store;
    assert_int_equal(
        fflag_open_memory(&store, compiled->bytes.bytes, compiled->bytes.length, &options),
        FFLAG_OK);
    return store;
}

static const char *metrics(const fflag_store *store)
{
    static char text[65536];
    size_t length = fflag_write_metrics(store, text, sizeof text);
    assert_true(length < sizeof text);
    assert_int_equal(length, strlen(text));
    return text;
}

/* The value of the metric, which is an integer; UINT64_MAX if it is missing. */
static uint64_t metric(const fflag_store *store, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = metrics(store); *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoull(line + length + 1, NULL, 10);
    return UINT64_MAX;
}

static uint64_t counted(const fflag_store *store, const char *flag, const char *variant)
{
    char name[256];
    snprintf(name, sizeof name, "fflag_evaluations_total{flag=\"%s\",variant=\"%s\"}", flag,
             variant);
    uint64_t count = metric(store, name);
    return count == UINT64_MAX ? 0 : count;
}

static void every_way_to_evaluate_counts(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    fflag_id constant = fflag_flag(store, "constant"), shade = fflag_flag(store, "shade");
    fflag_id level = fflag_flag(store, "level"), needs = fflag_flag(store, "needs");
    fflag_context who;
    fflag_context_init(&who);
    fflag_set_boolean(&who, fflag_attribute(store, "beta"), true);
    const fflag_view *view = fflag_acquire(store);

    assert_true(fflag_bool(view, constant, &who, false));
    assert_true(fflag_bool(view, constant, NULL, false));
    assert_true(fflag_bool_once(store, constant, &who, false));
    assert_true(fflag_evaluate(view, constant, &who).value.boolean);
    assert_true(fflag_evaluate_name(view, "constant", &who).value.boolean);
    assert_int_equal(counted(store, "constant", "on"), 5);

    assert_string_equal(fflag_string(view, shade, &who, "", NULL), "dark");
    assert_string_equal(fflag_string(view, shade, NULL, "", NULL), "light");
    assert_int_equal(fflag_integer(view, level, &who, 0), 7);
    assert_true(fflag_number(view, level, &who, 0) == 7);
    assert_int_equal(counted(store, "shade", "d"), 1);
    assert_int_equal(counted(store, "shade", "l"), 1);
    assert_int_equal(counted(store, "level", ""), 2);

    fflag_result results[7];
    fflag_evaluate_all(view, NULL, 7, &who, results);
    assert_int_equal(counted(store, "constant", "on"), 6);
    assert_int_equal(counted(store, "shade", "d"), 2);

    /* A required flag is not served to anybody. */
    assert_true(fflag_bool(view, needs, &who, false));
    assert_int_equal(counted(store, "needs", "on"), 2);
    assert_int_equal(counted(store, "shade", "d"), 2);
    /* Nor is a failed evaluation. */
    assert_false(fflag_bool(view, shade, &who, false));
    assert_false(fflag_bool(view, fflag_flag(store, "absent"), &who, false));
    assert_int_equal(counted(store, "shade", "d"), 2);
    fflag_release(view);
    fflag_close(store);
    release(&compiled);
}

/* Includes contexts without a key, which take the slow path, and handles that the snapshot has no
 * room for. */
static void counts_are_what_was_served(UNUSED_STATE)
{
    static const char *const flags[] = {"constant", "half", "listed", "rule"};
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    fflag_attr user = fflag_attribute(store, "user_id"),
               country = fflag_attribute(store, "country");
    const fflag_view *view = fflag_acquire(store), *plain = compiled.view;
    fflag_attr plain_user = fflag_attribute(compiled.store, "user_id");
    fflag_attr plain_country = fflag_attribute(compiled.store, "country");
    for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++) {
        fflag_id flag = fflag_flag(store, flags[k]), same = fflag_flag(compiled.store, flags[k]);
        uint64_t on = 0, asked = 0;
        for (unsigned i = 0; i < 3000; i++) {
            char key[16];
            int length = snprintf(key, sizeof key, "user-%u", i);
            fflag_context who, also;
            fflag_context_init(&who);
            fflag_context_init(&also);
            if (i % 5 != 0) {
                fflag_set_string(&who, user, key, (size_t)length);
                fflag_set_string(&also, plain_user, key, (size_t)length);
            }
            if (i % 3 != 0) {
                fflag_set_string(&who, country, "NO", 2);
                fflag_set_string(&also, plain_country, "NO", 2);
            }
            bool served = fflag_bool(view, flag, &who, false);
            assert_int_equal(served, fflag_bool(plain, same, &also, false));
            on += served;
            asked++;
        }
        assert_int_equal(counted(store, flags[k], "on"), on);
        assert_int_equal(counted(store, flags[k], "off"), asked - on);
    }
    char name[16];
    for (unsigned i = 0; i < 1000; i++) { /* more than the tables of the view have room for */
        snprintf(name, sizeof name, "later-%u", i);
        fflag_flag(store, name);
    }
    uint64_t before = counted(store, "half", "off");
    assert_false(fflag_bool(view, fflag_flag(store, "half"), NULL, true));
    assert_int_equal(counted(store, "half", "off"), before + 1);
    fflag_release(view);
    fflag_close(store);
    release(&compiled);
}

static void a_store_counts_only_when_told(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    EXPECT(&compiled, "constant", "", "on STATIC rules[0]");
    assert_null(strstr(metrics(compiled.store), "evaluations"));
    release(&compiled);
}

/* ----------------------------------------------------------------------------------- threads -- */

struct job {
    fflag_store *store;
    unsigned evaluations;
    pthread_barrier_t *together; /* NULL: one thread at a time */
};

static void *evaluate(void *argument)
{
    const struct job *job = argument;
    if (job->together)
        pthread_barrier_wait(job->together);
    fflag_id constant = fflag_flag(job->store, "constant"), shade = fflag_flag(job->store, "shade");
    const fflag_view *view = fflag_acquire(job->store);
    for (unsigned i = 0; i < job->evaluations; i++) {
        fflag_bool(view, constant, NULL, false);
        fflag_string(view, shade, NULL, "", NULL);
    }
    fflag_release(view);
    if (job->together)
        pthread_barrier_wait(job->together);
    return NULL;
}

/* More threads than there are rows. */
static void many_threads_lose_nothing(UNUSED_STATE)
{
    enum { THREADS = 160, EVALUATIONS = 2000 };
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    pthread_t threads[THREADS];
    pthread_barrier_t together;
    pthread_barrier_init(&together, NULL, THREADS);
    struct job job = {store, EVALUATIONS, &together};
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate, &job), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    assert_int_equal(counted(store, "constant", "on"), THREADS * EVALUATIONS);
    assert_int_equal(counted(store, "shade", "l"), THREADS * EVALUATIONS);
    fflag_close(store);
    release(&compiled);
}

/* Their rows are reused, along with their counts. */
static void threads_that_are_gone_keep_their_counts(UNUSED_STATE)
{
    enum { THREADS = 400 };
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    struct job job = {store, 10, NULL};
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, evaluate, &job), 0);
        pthread_join(thread, NULL);
    }
    assert_int_equal(counted(store, "constant", "on"), THREADS * 10);
    fflag_close(store);
    release(&compiled);
}

static void a_child_counts_on_for_itself(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    struct job job = {store, 10, NULL};
    evaluate(&job);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        evaluate(&job);
        int failed = pthread_create(&thread, NULL, evaluate, &job);
        failed |= pthread_join(thread, NULL);
        _exit(failed || counted(store, "constant", "on") != 30);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(counted(store, "constant", "on"), 10);
    fflag_close(store);
    release(&compiled);
}

/* --------------------------------------------------------------------------------- snapshots -- */

static void counts_outlive_their_snapshot(UNUSED_STATE)
{
    char directory[] = "/tmp/fflag-counters-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/flags.ffs", directory);
    publish_generation(path, 1);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.count = true;
    options.no_thread = true;
    fflag_store *store;
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    fflag_id first = fflag_flag(store, "first");
    const fflag_view *old = NULL;
    for (int64_t generation = 1; generation <= 20; generation++) {
        publish_generation(path, generation);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        const fflag_view *view = fflag_acquire(store);
        assert_int_equal(fflag_integer(view, first, NULL, 0), generation);
        if (generation == 3)
            old = view;
        else
            fflag_release(view);
    }
    assert_int_equal(counted(store, "first", ""), 20);
    assert_int_equal(metric(store, "fflag_reloads_total"), 19);
    assert_int_equal(metric(store, "fflag_held_snapshots"), 1);
    usleep(20000);
    assert_null(strstr(metrics(store), "fflag_oldest_view_age_seconds 0.000"));
    /* A view that is held keeps counting. */
    assert_int_equal(fflag_integer(old, first, NULL, 0), 3);
    assert_int_equal(counted(store, "first", ""), 21);
    fflag_release(old);
    assert_int_equal(metric(store, "fflag_held_snapshots"), 0);
    assert_non_null(strstr(metrics(store), "fflag_oldest_view_age_seconds 0.000\n"));
    assert_int_equal(counted(store, "first", ""), 21);

    write_bytes(path, "rubbish", 7, 0644);
    assert_int_equal(fflag_poll(store), FFLAG_ERROR_NOT_SNAPSHOT);
    assert_int_equal(metric(store, "fflag_rejected_total"), 1);
    assert_int_equal(metric(store, "fflag_last_error"), FFLAG_ERROR_NOT_SNAPSHOT);
    fflag_close(store);
    unlink(path);
    rmdir(directory);
}

/* -------------------------------------------------------------------------------------- text -- */

static void the_text_is_cut_like_snprintf_does(UNUSED_STATE)
{
    struct compiled compiled = compile(definitions);
    fflag_store *store = open_counting(&compiled);
    fflag_bool(compiled.view, 0, NULL, false);
    size_t length = fflag_write_metrics(store, NULL, 0);
    char *whole = malloc(length + 1), *part = malloc(length + 1);
    assert_int_equal(fflag_write_metrics(store, whole, length + 1), length);
    assert_int_equal(strlen(whole), length);
    for (size_t size = 1; size <= length; size++) {
        memset(part, '#', length + 1);
        assert_int_equal(fflag_write_metrics(store, part, size), length);
        assert_int_equal(strlen(part), size - 1);
        assert_memory_equal(part, whole, size - 1);
        assert_int_equal(part[size], '#');
    }
    free(whole);
    free(part);
    assert_int_equal(fflag_write_metrics(NULL, NULL, 0), 0);
    assert_int_equal(fflag_write_metrics(store, NULL, 5), 0);
    fflag_close(store);
    release(&compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_evaluate_counts),
        cmocka_unit_test(counts_are_what_was_served),
        cmocka_unit_test(a_store_counts_only_when_told),
        cmocka_unit_test(many_threads_lose_nothing),
        cmocka_unit_test(threads_that_are_gone_keep_their_counts),
        cmocka_unit_test(a_child_counts_on_for_itself),
        cmocka_unit_test(counts_outlive_their_snapshot),
        cmocka_unit_test(the_text_is_cut_like_snprintf_does),
    };
    return cmocka_run_group_tests_name("counters", tests, compiled_set_up, compiled_tear_down);
}
