/*
 * service.c - the demo's service: it answers made-up requests as fast as it can, and evaluates
 * flags.
 *
 * Each worker thread picks a user, fills a context, acquires a view and evaluates the canary and
 * the publication number, as a server would for a request. A sample of the requests, by time and
 * not by number, is logged with an outcome from service-log's model. How badly the canary does in
 * that model is itself controlled by a pair of flags. The log does not say who was in the canary.
 *
 * Stdout gets a line every quarter of a second, and one for every publication when it is first
 * seen; see report(). `service publish STAGED LIVE` is the other end of that measurement: it
 * renames, and prints the clock from before and after. `service react` is in reaction.h.
 *
 * Threads share the store, the log, the atomics in struct shared, and each worker's answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "fflag.h"
#include "tools/demo/reaction.h"
#include "tools/servicelog/attributes.h"
#include "tools/servicelog/fields.h"

#define USERS          200000u
#define BATCH          1024u /* requests between two readings of the clock */
#define PUBLICATIONS   1024u
#define MAX_THREADS    64u
#define LOOK_NS        25000000 /* ns between checks for new publications */
#define LOOKS_PER_TICK 10
#define BUILD_LENGTH   33 /* of a build's hexadecimal digits, with the NUL */
#define NS_PER_SECOND  INT64_C(1000000000)

/* What was answered from one snapshot, since its first whole batch; no build: from none yet. */
struct answers {
    char build[BUILD_LENGTH];
    uint64_t requests;
    uint64_t canary;
};

struct worker {
    pthread_t thread;
    struct shared *shared;
    struct random random;
    pthread_mutex_t lock; /* of `answers`, taken once a batch, and by report() */
    struct answers answers;
};

struct shared {
    fflag_store *store;
    fflag_id canary, publication, error_share, slowdown;
    struct attributes attributes;
    struct service service;
    struct arena arena; /* holds what the form points to */
    struct line_form form;
    int log; /* opened to append, and written one line at a time, so that lines stay whole */
    double lines_per_second; /* per worker */
    /* When a worker first saw each publication. Only the value itself is passed, so relaxed
     * suffices. */
    _Atomic int64_t first_served[PUBLICATIONS];
    /* Set by main, or by a worker that cannot log; polled by both. Nothing else is passed with
     * it. */
    atomic_bool stop;
    struct worker workers[MAX_THREADS];
    size_t worker_count;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* The model's two faults affect only the canary. */
static void log_request(struct worker *worker, const fflag_view *view, const fflag_context *context,
                        struct request *request, bool in_canary)
{
    struct shared *shared = worker->shared;
    struct factors factors = no_factors;
    if (in_canary) {
        factors.error_rate = fflag_number(view, shared->error_share, context, -1);
        factors.latency = fflag_number(view, shared->slowdown, context, 1);
    }
    request->at = clock_ns(CLOCK_REALTIME) / 1000000;
    draw_outcome(&shared->service, &worker->random, &factors, 0, request);
    char line[LONGEST_LINE];
    size_t length = write_line(&shared->form, request, line);
    if (write(shared->log, line, length) != (ssize_t)length)
        atomic_store_explicit(&shared->stop, true, memory_order_relaxed); /* the disk is full */
}

static void note_publication(struct shared *shared, int64_t publication)
{
    if (publication < 0 || publication >= (int64_t)PUBLICATIONS)
        return;
    int64_t none = 0;
    atomic_compare_exchange_strong_explicit(&shared->first_served[publication], &none,
                                            clock_ns(CLOCK_REALTIME), memory_order_relaxed,
                                            memory_order_relaxed);
}

/*
 * Counts a batch, of views from `first` to `last`, both still held. One that was answered from two
 * snapshots belongs to neither.
 */
static void count_batch(struct worker *worker, const fflag_view *first, const fflag_view *last,
                        uint64_t canary)
{
    struct fflag_snapshot_info from = {.size = sizeof from}, to = {.size = sizeof to};
    fflag_view_info(first, &from);
    fflag_view_info(last, &to);
    bool whole = strcmp(from.build, to.build) == 0;
    pthread_mutex_lock(&worker->lock);
    struct answers *answers = &worker->answers;
    if (!whole || strcmp(answers->build, from.build) != 0)
        *answers = (struct answers){0};
    if (whole) {
        memcpy(answers->build, from.build, sizeof answers->build);
        answers->requests += BATCH;
        answers->canary += canary;
    }
    pthread_mutex_unlock(&worker->lock);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct shared *shared = worker->shared;
    int64_t started = clock_ns(CLOCK_MONOTONIC);
    int64_t last_publication = -1;
    uint64_t logged = 0;

    while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
        double elapsed = (double)(clock_ns(CLOCK_MONOTONIC) - started) / (double)NS_PER_SECOND;
        double behind = elapsed * shared->lines_per_second - (double)logged;
        uint32_t due = behind >= BATCH ? BATCH : behind > 0 ? (uint32_t)behind : 0;
        uint64_t canary = 0;
        const fflag_view *first = fflag_acquire(shared->store);
        for (uint32_t i = 0; i < BATCH; i++) {
            struct request request;
            draw_request(&shared->service, &worker->random, &request);
            fflag_context context;
            fill_context(&shared->attributes, &request.person, &context);

            const fflag_view *view = fflag_acquire(shared->store);
            bool in_canary = fflag_bool(view, shared->canary, &context, false);
            int64_t publication = fflag_integer(view, shared->publication, &context, -1);
            if (publication != last_publication) {
                note_publication(shared, publication);
                last_publication = publication;
            }
            if (i < due)
                log_request(worker, view, &context, &request, in_canary);
            fflag_release(view);
            canary += in_canary;
        }
        const fflag_view *last = fflag_acquire(shared->store);
        count_batch(worker, first, last, canary);
        fflag_release(last);
        fflag_release(first);
        logged += due;
    }
    return NULL;
}

static void report_publications(struct shared *shared)
{
    static bool printed[PUBLICATIONS];
    for (size_t i = 0; i < PUBLICATIONS; i++) {
        int64_t at = atomic_load_explicit(&shared->first_served[i], memory_order_relaxed);
        if (at != 0 && !printed[i]) {
            printf("served %zu %" PRId64 "\n", i, at);
            printed[i] = true;
        }
    }
}

struct totals {
    int64_t at; /* CLOCK_MONOTONIC */
    /* Of all workers; `build` is empty while they answer from different snapshots. */
    struct answers answers;
};

static struct totals total(struct shared *shared)
{
    struct totals totals = {0};
    struct answers *all = &totals.answers;
    for (size_t i = 0; i < shared->worker_count; i++) {
        struct worker *worker = &shared->workers[i];
        pthread_mutex_lock(&worker->lock);
        struct answers of_worker = worker->answers;
        pthread_mutex_unlock(&worker->lock);
        if (i == 0)
            memcpy(all->build, of_worker.build, sizeof all->build);
        if (strcmp(all->build, of_worker.build) != 0)
            all->build[0] = '\0';
        all->requests += of_worker.requests;
        all->canary += of_worker.canary;
    }
    totals.at = clock_ns(CLOCK_MONOTONIC);
    return totals;
}

/*
 * Until `deadline` or a signal, prints
 *     served PUBLICATION NANOSECONDS        when an answer first came from it, CLOCK_REALTIME
 *     tick MS BUILD REQUESTS CANARY         what the last interval did, of the MS it lasted
 *     tick MS mixed                         in which the snapshot changed, for whichever thread
 * Every answer that a tick counts came from its build, however long a thread waited for a processor
 * or for the disk.
 */
static void report(struct shared *shared, int64_t deadline)
{
    struct totals last = total(shared);
    while (!interrupted && last.at < deadline &&
           !atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
        for (int i = 0; i < LOOKS_PER_TICK && !interrupted; i++) {
            nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
            report_publications(shared);
            fflush(stdout);
        }
        struct totals now = total(shared);
        const struct answers *from = &last.answers, *to = &now.answers;
        int64_t milliseconds = (now.at - last.at) / 1000000;
        if (from->build[0] && strcmp(from->build, to->build) == 0)
            printf("tick %" PRId64 " %s %" PRIu64 " %" PRIu64 "\n", milliseconds, to->build,
                   to->requests - from->requests, to->canary - from->canary);
        else
            printf("tick %" PRId64 " mixed\n", milliseconds);
        fflush(stdout);
        last = now;
    }
}

static void log_event(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    (void)user;
    if (event == FFLAG_EVENT_REJECTED)
        fprintf(stderr, "service: snapshot refused: %s: %s\n", fflag_error_text(error), text);
}

static int publish(const char *staged, const char *live)
{
    int64_t before = clock_ns(CLOCK_REALTIME);
    if (rename(staged, live) != 0) {
        fprintf(stderr, "service: cannot rename %s to %s: %s\n", staged, live, strerror(errno));
        return 2;
    }
    int64_t after = clock_ns(CLOCK_REALTIME);
    printf("%" PRId64 " %" PRId64 "\n", before, after);
    return 0;
}

/* Only notifications; if they fail, it is because of the canary. */
static bool describe_service(struct shared *shared)
{
    struct service *service = &shared->service;
    service_init(service);
    service_set_users(service, USERS);
    service->even = true;
    service->error_rate = 0.004;
    service->refusal_rate = service->purchases = 0;
    service->endpoints[0] = (struct endpoint){"/notify", 1, 80, 0.5, -1};
    service->endpoint_count = 1;
    struct buffer error = {0};
    return parse_fields("time,user_id=user,country,plan,endpoint,status,latency_ms", &shared->arena,
                        &shared->form, &error);
}

static int serve(const char *snapshot, const char *log_path, size_t threads, int64_t seconds,
                 uint64_t seed)
{
    static struct shared shared;
    int status = 2;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = log_event;
    enum fflag_error error = fflag_open(&shared.store, snapshot, &options);
    if (error != FFLAG_OK) {
        fprintf(stderr, "service: %s: %s\n", snapshot, fflag_error_text(error));
        return 2;
    }
    shared.log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (shared.log < 0 || !describe_service(&shared)) {
        fprintf(stderr, "service: %s: %s\n", log_path, strerror(errno));
        goto out;
    }
    shared.canary = fflag_flag(shared.store, "canary.new-notification-service");
    shared.publication = fflag_flag(shared.store, "demo.publication");
    shared.error_share = fflag_flag(shared.store, "demo.canary-error-share");
    shared.slowdown = fflag_flag(shared.store, "demo.canary-slowdown");
    shared.attributes = attributes_of(shared.store);
    shared.lines_per_second = 8000.0 / (double)threads;

    status = 0;
    for (; shared.worker_count < threads; shared.worker_count++) {
        struct worker *worker = &shared.workers[shared.worker_count];
        worker->shared = &shared;
        pthread_mutex_init(&worker->lock, NULL);
        random_init(&worker->random, seed, shared.worker_count);
        int failure = pthread_create(&worker->thread, NULL, work, worker);
        if (failure != 0) {
            fprintf(stderr, "service: cannot start a thread: %s\n", strerror(failure));
            status = 2;
            interrupted = 1;
            break;
        }
    }
    report(&shared, clock_ns(CLOCK_MONOTONIC) + seconds * NS_PER_SECOND);
    atomic_store_explicit(&shared.stop, true, memory_order_relaxed);
    for (size_t i = 0; i < shared.worker_count; i++) {
        pthread_join(shared.workers[i].thread, NULL);
        pthread_mutex_destroy(&shared.workers[i].lock);
    }
out:
    if (shared.log >= 0)
        close(shared.log);
    arena_release(&shared.arena);
    fflag_close(shared.store);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "publish") == 0)
        return publish(argv[2], argv[3]);
    if (argc > 4 && strcmp(argv[1], "react") == 0)
        return react(argv[2], argv[3], argv + 4);
    unsigned long numbers[3] = {0}; /* threads, seconds, seed */
    bool usable = argc == 6;
    for (int i = 0; usable && i < 3; i++) {
        char *end;
        numbers[i] = strtoul(argv[3 + i], &end, 10);
        usable = *end == '\0' && end != argv[3 + i];
    }
    if (!usable || numbers[0] == 0 || numbers[0] > MAX_THREADS || numbers[1] > 3600) {
        fprintf(stderr, "usage: service SNAPSHOT LOG THREADS SECONDS SEED\n"
                        "       service publish STAGED LIVE\n"
                        "       service react SNAPSHOT FLAG COMMAND…\n");
        return 2;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return serve(argv[1], argv[2], numbers[0], (int64_t)numbers[1], numbers[2]);
}
