/*
 * threads.h - a loop run by several threads at once, each on a processor of its own.
 */
#ifndef TOOLS_BENCH_THREADS_H
#define TOOLS_BENCH_THREADS_H

#include <math.h>
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define MOST_THREADS 2
#define REPEATS      64 /* of the loop, by each thread */

struct bench; /* what a loop is run on: each benchmark has its own */

struct worker {
    const struct bench *bench;
    pthread_barrier_t *barrier;
    unsigned (*loop)(const struct bench *);
    unsigned thread, answers;
    double start, end;
};

/*
 * Pins the calling thread to a processor of its own, if there are enough. Left to the scheduler,
 * short-lived threads often share one processor.
 */
static void take_processor(unsigned thread)
{
    cpu_set_t allowed, own;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    unsigned wanted = thread % (unsigned)CPU_COUNT(&allowed);
    CPU_ZERO(&own);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && wanted-- == 0)
            CPU_SET(cpu, &own);
    sched_setaffinity(0, sizeof own, &own);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    take_processor(worker->thread);
    pthread_barrier_wait(worker->barrier);
    worker->start = now_ns();
    for (unsigned i = 0; i < REPEATS; i++)
        worker->answers += worker->loop(worker->bench);
    worker->end = now_ns();
    return NULL;
}

/* What the loop takes once, in nanoseconds, when so many threads run it: from the first to the
 * last. */
static inline double time_threads(const struct bench *b, unsigned (*loop)(const struct bench *),
                                  unsigned threads)
{
    pthread_barrier_t barrier;
    pthread_t thread[MOST_THREADS];
    struct worker workers[MOST_THREADS];
    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){b, &barrier, loop, i, 0, 0, 0};
        if (pthread_create(&thread[i], NULL, work, &workers[i]) != 0)
            fail("cannot start a thread");
    }
    double start = HUGE_VAL, end = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        start = fmin(start, workers[i].start);
        end = fmax(end, workers[i].end);
    }
    pthread_barrier_destroy(&barrier);
    return (end - start) / (threads * (double)REPEATS);
}

#endif
