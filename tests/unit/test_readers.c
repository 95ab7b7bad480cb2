/*
 * The ordering that a one-shot call leaves to the kernel: a reader announces a slot and checks that
 * it is still current; a publisher makes another slot current and checks whether the old one is
 * announced. Both can miss the other's store only if the processor lets a load overtake a store and
 * nothing restores the order. First without the barrier, to see that this machine and this timing
 * show the effect; then with it, for as many rounds.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../runtime/readers.h"

#define UNUSED_STATE void **state __attribute__((unused))
#define MOST_ROUNDS  100000u
#define LEAST_SAFE   20000u /* rounds with the barrier */
#define ENOUGH       5u     /* rounds in which both missed the other's store */

struct slot {
    int unused;
};

struct litmus {
    _Atomic(struct slot *) current;
    struct slot slots[2];
    _Alignas(64) _Atomic unsigned round; /* the publisher has begun it */
    _Alignas(64) _Atomic unsigned done;  /* the reader has finished it */
    const struct slot *announced;        /* in that round */
};

/* Waits for the other thread, which may need the processor first. */
static void wait_for(_Atomic unsigned *what, unsigned value)
{
    for (unsigned i = 0; atomic_load_explicit(what, memory_order_acquire) != value; i++)
        if (i % 4096 == 4095)
            sched_yield();
}

static void pause_for(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        __asm__ volatile("");
}

static void *read_slots(void *argument)
{
    struct litmus *litmus = argument;
    readers_register();
    for (unsigned round = 1;; round++) {
        /* Close by, so that the second look need not wait for it. */
        atomic_load_explicit(&litmus->current, memory_order_relaxed);
        wait_for(&litmus->round, round);
        if (!atomic_load_explicit(&litmus->current, memory_order_relaxed))
            return NULL;
        pause_for(round % 61);
        litmus->announced = readers_announce(own_reader, &litmus->current);
        atomic_store_explicit(&litmus->done, round, memory_order_release);
        wait_for(&litmus->round, ++round);
        readers_withdraw(own_reader);
        atomic_store_explicit(&litmus->done, round, memory_order_release);
    }
}

/* In how many rounds both missed the other's store. *rounds: at most; then the actual number. */
static unsigned look_past(bool barrier, unsigned enough, unsigned *rounds)
{
    struct litmus litmus = {.announced = NULL};
    atomic_store(&litmus.current, &litmus.slots[0]);
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_slots, &litmus), 0);
    unsigned past = 0, round = 0, i = 0;
    for (; i < *rounds && past < enough; i++) {
        struct slot *old = &litmus.slots[i % 2], *new = &litmus.slots[(i + 1) % 2];
        /* Takes the reader's cache line from it, so that its announcement has to wait for it. */
        readers_announced(old);
        atomic_store_explicit(&litmus.round, ++round, memory_order_release);
        pause_for(i % 1009);
        atomic_store_explicit(&litmus.current, new, memory_order_seq_cst); /* W1 */
        if (barrier)
            assert_true(readers_barrier()); /* W3 */
        bool seen = readers_announced(old); /* W4 */
        wait_for(&litmus.done, round);
        past += !seen && litmus.announced == old;
        atomic_store_explicit(&litmus.round, ++round, memory_order_release);
        wait_for(&litmus.done, round);
    }
    atomic_store(&litmus.current, NULL);
    atomic_store_explicit(&litmus.round, ++round, memory_order_release);
    pthread_join(reader, NULL);
    *rounds = i;
    return past;
}

static void a_reader_and_a_publisher_do_not_look_past_each_other(UNUSED_STATE)
{
    readers_prepare();
    readers_register();
    unsigned rounds = MOST_ROUNDS;
    unsigned without = look_past(false, ENOUGH, &rounds);
    print_message("# without the barrier: %u of %u rounds\n", without, rounds);
    if (own_reader->owner == 0 || without == 0)
        skip(); /* no barrier here, or no processor that shows its effect */
    if (rounds < LEAST_SAFE)
        rounds = LEAST_SAFE;
    assert_int_equal(look_past(true, 1, &rounds), 0);
    print_message("# with it: none of %u\n", rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_and_a_publisher_do_not_look_past_each_other),
    };
    return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
