/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers.h - threads that evaluate without taking a view, and the slots they use.
 *
 * A view counts its users with two locked instructions, which cost ten times what most evaluations
 * do. A one-shot call announces the slot it is in instead, in a record that only its thread writes,
 * with plain stores. The ordering of a locked instruction is left to whoever frees a slot:
 * readers_barrier() has the kernel run a full barrier in every running thread.
 *
 *   reader    R3  announce the slot that `current` names
 *             R4  look again whether it still does; if not, announce the one that it names now
 *   reclaimer W1  make `current` name another slot
 *             W3  readers_barrier()
 *             W4  look for the slot among the announced ones
 *
 * W3 falls somewhere into the reader's instructions. If it is before R4, R4 sees W1 and the reader
 * leaves the slot alone. Else it is after R3, and W4 sees the announcement. When the reader is done
 * it withdraws with memory_order_release, which pairs with the acquire of W4: its reads happen
 * before the slot is emptied. That is an order ThreadSanitizer sees; what it does not see, the
 * barrier, orders no access that it checks.
 *
 * Records are in a table that is never freed, so a thread may end at any time and no destructor has
 * to run. Its record goes to the next thread with its number, or to any when the table is full. A
 * thread that gets none, or interrupts itself, or runs where the kernel refuses the barrier, takes
 * a view instead.
 */
#ifndef FFLAG_RUNTIME_READERS_H
#define FFLAG_RUNTIME_READERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct reader {
    _Alignas(64) _Atomic(const void *) slot; /* announced; NULL: none */
    _Atomic uint64_t owner;                  /* how often it changed hands << 32 | thread; or 0 */
    pid_t process;
};

/*
 * The calling thread's record. Its slot is not NULL while the thread is in a call already, and for
 * ever in the two records that stand for none. The model spares a call: the library's share of the
 * memory that is set aside for it is one pointer.
 */
extern _Thread_local struct reader *own_reader
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

struct slot;

/* R3 and R4: announces the slot that `current` names, and returns it. */
static inline const struct slot *readers_announce(struct reader *reader,
                                                  _Atomic(struct slot *) *current)
{
    const struct slot *slot = atomic_load_explicit(current, memory_order_relaxed), *now;
    for (;; slot = now) {
        atomic_store_explicit(&reader->slot, slot, memory_order_release); /* R3 */
        atomic_signal_fence(memory_order_seq_cst); /* keeps the compiler from what W3 undoes */
        now = atomic_load_explicit(current, memory_order_acquire); /* R4 */
        if (__builtin_expect(now == slot, 1))
            return slot;
    }
}

/* The reads before it are done when W4 no longer sees the announcement. */
static inline void readers_withdraw(struct reader *reader)
{
    atomic_store_explicit(&reader->slot, NULL, memory_order_release); /* pairs with W4 */
}

/* Asks the kernel for the barrier; before there are many threads that costs least. */
void readers_prepare(void);
/* Gives the calling thread a record, if it never asked for one and there is one. */
void readers_register(void);
/* False where the kernel refused: then nothing may be freed. */
bool readers_barrier(void);
/* Whether the slot is announced; only after readers_barrier(). */
bool readers_announced(const void *slot);

#endif
