/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers.c - the table of readers; readers.h says how it works.
 */
#include "readers.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READERS 1024

static char busy;
static struct reader unregistered = {.slot = &busy};
static struct reader refused = {.slot = &busy};
_Thread_local struct reader *own_reader
    __attribute__((tls_model("initial-exec"), visibility("hidden"))) = &unregistered;

static struct reader table[READERS];
static _Atomic unsigned handed_out;
static _Atomic bool has_barrier;

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

void readers_prepare(void)
{
    if (atomic_load_explicit(&has_barrier, memory_order_relaxed))
        return;
    int number = errno;
    /* Relaxed: whoever sees it late takes a view instead. */
    if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0)
        atomic_store_explicit(&has_barrier, true, memory_order_relaxed);
    errno = number;
}

bool readers_barrier(void)
{
    int number = errno;
    int failed = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    if (failed && errno == EPERM && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0)
        failed = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    errno = number;
    /* Without the barrier, no reader has registered, unless a sandbox was entered since. */
    return !failed || !atomic_load_explicit(&has_barrier, memory_order_relaxed);
}

static bool has_ended(pid_t process, pid_t thread)
{
    return syscall(SYS_tgkill, process, thread, 0) != 0 && errno == ESRCH;
}

/*
 * Takes over a record whose thread has ended, or whose thread number is now ours. A record from
 * before a fork may belong to the thread that forked, under its number at the time: it stays where
 * it is.
 */
static bool take_over(struct reader *reader, pid_t process, pid_t thread)
{
    uint64_t owner = atomic_load_explicit(&reader->owner, memory_order_acquire);
    pid_t last = (pid_t)(owner & UINT32_MAX);
    if (owner == 0 || reader->process != process || (last != thread && !has_ended(process, last)))
        return false;
    /* Several threads may try, and the number may be another thread's by now, so each change is
     * counted. */
    uint64_t ours = ((owner >> 32) + 1) << 32 | (uint64_t)thread;
    if (!atomic_compare_exchange_strong(&reader->owner, &owner, ours))
        return false;
    atomic_store_explicit(&reader->slot, NULL, memory_order_release);
    return true;
}

static struct reader *fresh_record(pid_t process, pid_t thread)
{
    if (atomic_load_explicit(&handed_out, memory_order_relaxed) >= READERS)
        return NULL;
    unsigned fresh = atomic_fetch_add_explicit(&handed_out, 1, memory_order_relaxed);
    if (fresh >= READERS)
        return NULL;
    table[fresh].process = process;
    /* Release pairs with the acquire in take_over(), which reads the process. */
    atomic_store_explicit(&table[fresh].owner, (uint64_t)thread, memory_order_release);
    return &table[fresh];
}

static struct reader *find_record(pid_t process, pid_t thread)
{
    for (unsigned i = 0; i < READERS; i++) {
        uint64_t owner = atomic_load_explicit(&table[i].owner, memory_order_relaxed);
        if ((pid_t)(owner & UINT32_MAX) == thread && take_over(&table[i], process, thread))
            return &table[i];
    }
    struct reader *fresh = fresh_record(process, thread);
    if (fresh)
        return fresh;
    for (unsigned i = 0; i < READERS; i++)
        if (take_over(&table[i], process, thread))
            return &table[i];
    return &refused;
}

void readers_register(void)
{
    if (own_reader != &unregistered)
        return;
    int number = errno;
    own_reader = atomic_load_explicit(&has_barrier, memory_order_relaxed)
                     ? find_record(getpid(), (pid_t)syscall(SYS_gettid))
                     : &refused;
    errno = number;
}

bool readers_announced(const void *slot)
{
    for (unsigned i = 0; i < READERS; i++)
        if (atomic_load_explicit(&table[i].slot, memory_order_acquire) == slot) /* W4 */
            return true;
    return false;
}
