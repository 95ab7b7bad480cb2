/*
 * Everything at once: snapshots replaced as fast as possible, views that are held, passed on and
 * forgotten for a while, one-shot calls that interrupt themselves, threads that come and go, names
 * that are added. Each evaluation sees a single snapshot, and snapshots that are no longer in use
 * are gone in the end. Reports how old the evaluated snapshots were.
 *
 * TORTURE_SECONDS sets the duration; 2 by default, or 60 with LONG.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"

#define UNUSED_STATE void **state __attribute__((unused))
#define HOLDERS      2
#define MAILBOX      8
#define AGES         24 /* powers of two, in generations */

static char root[64], path[96];
static fflag_store *store;
static fflag_id first, second, listed, timed;
static fflag_attr user;
static _Atomic bool stop;
static _Atomic int64_t published;
static _Atomic uint64_t ages[AGES], one_shots, threads_started;
static _Atomic unsigned wrong;
/* Views being passed from one thread to another. */
static _Atomic(const fflag_view *) mailbox[MAILBOX];

/* A snapshot whose flags make the evaluator read code, strings, sets and the clock. */
static uint8_t *assemble_tortured(int64_t generation, size_t *length)
{
    struct assembler a = {0};
    uint32_t reader = add_attribute(&a, "user", FFLAG_ATTRIBUTE_STRING);
    struct ffs_flag number = {.type = FFLAG_TYPE_INTEGER, .variant_count = 1};
    number.first_variant = add_variant(&a, NULL, (uint64_t)generation);
    add_flag(&a, "first", number);
    const char *const users[] = {"somebody", "anybody", "everybody"};
    uint64_t set = add_set(&a, users, 3);
    add_boolean(&a, "listed",
                CODE(test(FFS_STRING_IN, 0, (uint16_t)reader, 2, set),
                     serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    add_flag(&a, "second", number);
    uint32_t clocked = add_boolean(&a, "timed",
                                   CODE(test(FFS_CLOCK_GE, 0, FFS_NO_ATTRIBUTE, 2, 1),
                                        serve(1, FFLAG_REASON_TARGETING_MATCH, FFS_NONE)));
    flag_at(&a, clocked)->flags = FFS_FLAG_READS_CLOCK;
    return assemble(&a, length);
}

static void publish(int64_t generation)
{
    char temporary[sizeof path + 8];
    size_t length;
    uint8_t *bytes = assemble_tortured(generation, &length);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    write_bytes(temporary, bytes, length, 0444);
    assert_int_equal(rename(temporary, path), 0);
    atomic_store(&published, generation);
    free(bytes);
}

static void fill(fflag_context *context)
{
    fflag_context_init(context);
    fflag_set_string(context, user, "everybody", 9);
}

/* The store's clock asks the store: a one-shot call within a one-shot call. */
static int64_t read_clock(void *unused)
{
    (void)unused;
    fflag_context context;
    fill(&context);
    if (store && !fflag_bool_once(store, listed, &context, false))
        atomic_fetch_add(&wrong, 1);
    return 1;
}

static void check_view(const fflag_view *view)
{
    fflag_context context;
    fill(&context);
    int64_t generation = fflag_integer(view, first, &context, -1);
    if (generation != fflag_integer(view, second, &context, -2) ||
        !fflag_bool(view, listed, &context, false) || !fflag_bool(view, timed, &context, false))
        atomic_fetch_add(&wrong, 1);
    int64_t age = atomic_load(&published) - generation;
    unsigned bucket = age <= 0 ? 0 : 64 - (unsigned)__builtin_clzll((uint64_t)age);
    atomic_fetch_add(&ages[bucket < AGES ? bucket : AGES - 1], 1);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Holds views for a while, or leaves them to another thread, and takes over what others left. */
static void *hold_views(void *argument)
{
    uint64_t seed = (uint64_t)(uintptr_t)argument + 1;
    while (!atomic_load(&stop)) {
        const fflag_view *view = fflag_acquire(store);
        check_view(view);
        if (next_random(&seed) % 64 == 0)
            view = atomic_exchange(&mailbox[next_random(&seed) % MAILBOX], view);
        if (view) {
            check_view(view);
            fflag_release(view);
        }
    }
    return NULL;
}

static void *ask_once(void *argument)
{
    fflag_context context;
    fill(&context);
    bool lasting = argument != NULL;
    unsigned rounds = lasting ? 1000 : 10;
    do {
        for (unsigned i = 0; i < rounds; i++)
            if (!fflag_bool_once(store, i % 16 ? listed : timed, &context, false))
                atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&one_shots, rounds);
    } while (lasting && !atomic_load(&stop));
    return NULL;
}

/* More threads, one after another, than there are records. */
static void *start_threads(void *unused)
{
    while (!atomic_load(&stop)) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ask_once, NULL) == 0) {
            pthread_join(thread, NULL);
            atomic_fetch_add(&threads_started, 1);
        }
    }
    return unused;
}

/* How many snapshots are mapped, including replaced ones. */
static unsigned count_mapped(void)
{
    char line[512];
    unsigned count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        count += strstr(line, root) != NULL;
    fclose(maps);
    return count;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell_ages(void)
{
    unsigned last = AGES - 1;
    while (last > 0 && !atomic_load(&ages[last]))
        last--;
    print_message("# views by age in generations, up to and with:\n");
    for (unsigned i = 0; i <= last; i++)
        print_message("# %10llu %12llu\n", i ? (1ull << i) - 1 : 0ull,
                      (unsigned long long)atomic_load(&ages[i]));
    print_message("# %llu one-shot calls, %llu threads, %lld generations\n",
                  (unsigned long long)atomic_load(&one_shots),
                  (unsigned long long)atomic_load(&threads_started),
                  (long long)atomic_load(&published));
}

static void everything_at_once(UNUSED_STATE)
{
    const char *given = getenv("TORTURE_SECONDS");
    double lasts = given ? strtod(given, NULL) : getenv("LONG") && *getenv("LONG") ? 60 : 2;
    snprintf(root, sizeof root, "/tmp/fflag-torture-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/flags.ffs", root);
    publish(1);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.clock = read_clock;
    options.load_mode = FFLAG_LOAD_MAP; /* so that mappings can be counted */
    assert_int_equal(fflag_open(&store, path, &options), FFLAG_OK);
    first = fflag_flag(store, "first");
    second = fflag_flag(store, "second");
    listed = fflag_flag(store, "listed");
    timed = fflag_flag(store, "timed");
    user = fflag_attribute(store, "user");
    const fflag_view *oldest = fflag_acquire(store);

    pthread_t threads[HOLDERS + 2];
    for (uintptr_t i = 0; i < HOLDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_views, (void *)i), 0);
    assert_int_equal(pthread_create(&threads[HOLDERS], NULL, ask_once, threads), 0);
    assert_int_equal(pthread_create(&threads[HOLDERS + 1], NULL, start_threads, NULL), 0);
    double end = seconds() + lasts;
    for (int64_t generation = 2; seconds() < end; generation++) {
        publish(generation);
        assert_int_equal(fflag_poll(store), FFLAG_OK);
        char name[32];
        snprintf(name, sizeof name, "later.%d", (int)(generation % 5000));
        fflag_flag(store, name);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < HOLDERS + 2; i++)
        pthread_join(threads[i], NULL);
    tell_ages();
    assert_int_equal(atomic_load(&wrong), 0);

    /* The snapshot held from the beginning, and the served one; then only that. */
    for (unsigned i = 0; i < MAILBOX; i++) {
        const fflag_view *view = atomic_exchange(&mailbox[i], NULL);
        if (view)
            check_view(view);
        fflag_release(view);
    }
    assert_int_equal(fflag_poll(store), FFLAG_OK);
    assert_int_equal(count_mapped(), 2);
    assert_int_equal(fflag_integer(oldest, first, NULL, -1), 1);
    fflag_release(oldest);
    assert_int_equal(fflag_poll(store), FFLAG_OK);
    assert_int_equal(count_mapped(), 1);
    fflag_close(store);
    assert_int_equal(count_mapped(), 0);
    unlink(path);
    rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_at_once)};
    return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
