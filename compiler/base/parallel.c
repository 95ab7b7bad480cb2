/* parallel.c - threads that take the next item until none is left. */
#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

struct job {
    uint32_t count, at_once;
    parallel_work *work;
    void *context;
    /* Relaxed: only the number matters, and pthread_join() publishes the results. */
    atomic_uint next;
};

struct worker {
    struct job *job;
    uint32_t number;
    pthread_t thread;
};

static void *take_and_work(void *argument)
{
    const struct worker *worker = argument;
    struct job *job = worker->job;
    for (;;) {
        uint32_t first = atomic_fetch_add_explicit(&job->next, job->at_once, memory_order_relaxed);
        if (first >= job->count)
            return NULL;
        for (uint32_t i = first; i < job->count && i - first < job->at_once; i++)
            job->work(job->context, worker->number, i);
    }
}

static uint32_t worker_count(uint32_t count, uint32_t at_once)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t most = processors < 1 ? 1 : (uint32_t)processors;
    if (most > MOST_WORKERS)
        most = MOST_WORKERS;
    uint32_t useful = count / at_once + (count % at_once != 0);
    return useful < most ? useful : most;
}

static void run(struct job *job, uint32_t wanted)
{
    struct worker workers[MOST_WORKERS];
    uint32_t started = 1;
    for (uint32_t i = 0; i < MOST_WORKERS; i++)
        workers[i] = (struct worker){.job = job, .number = i};
    /* If no thread can be created, the caller does the work alone. */
    while (started < wanted &&
           pthread_create(&workers[started].thread, NULL, take_and_work, &workers[started]) == 0)
        started++;
    take_and_work(&workers[0]);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
}

void parallel_for(uint32_t count, uint32_t at_once, parallel_work *work, void *context)
{
    struct job job = {.count = count, .at_once = at_once, .work = work, .context = context};
    run(&job, worker_count(count, at_once));
}

void parallel_all(uint32_t count, parallel_work *work, void *context)
{
    struct job job = {.count = count, .at_once = 1, .work = work, .context = context};
    run(&job, count < MOST_WORKERS ? count : MOST_WORKERS);
}

struct making {
    pthread_mutex_t lock; /* held by who works */
    pthread_cond_t changed;
    uint32_t next;
    bool ends;
    parallel_work *work;
    void *context;
};

static void make_next(struct making *making)
{
    making->work(making->context, making->next, making->next);
    making->next++;
}

static void *make_and_stay(void *argument)
{
    struct making *making = argument;
    pthread_mutex_lock(&making->lock);
    make_next(making);
    pthread_cond_broadcast(&making->changed);
    while (!making->ends)
        pthread_cond_wait(&making->changed, &making->lock);
    pthread_mutex_unlock(&making->lock);
    return NULL;
}

void parallel_make(uint32_t count, parallel_work *work, void *context)
{
    struct making making = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER,
                            .work = work,
                            .context = context};
    pthread_t threads[MOST_WORKERS];
    uint32_t started = 0;
    pthread_mutex_lock(&making.lock);
    while (making.next < count) {
        uint32_t before = making.next;
        if (started == MOST_WORKERS ||
            pthread_create(&threads[started], NULL, make_and_stay, &making) != 0) {
            make_next(&making);
            continue;
        }
        started++;
        while (making.next == before)
            pthread_cond_wait(&making.changed, &making.lock);
    }
    making.ends = true;
    pthread_cond_broadcast(&making.changed);
    pthread_mutex_unlock(&making.lock);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}
