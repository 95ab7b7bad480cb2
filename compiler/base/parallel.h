/*
 * parallel.h - the same work on many items, on all processors.
 */
#ifndef FFC_PARALLEL_H
#define FFC_PARALLEL_H

#include <stdint.h>

#define MOST_WORKERS 16u

/* Does one item. Concurrent calls have different `worker`s, below MOST_WORKERS. */
typedef void parallel_work(void *context, uint32_t worker, uint32_t index);

/*
 * Calls `work` for every index below `count`, in no order, and returns when all is done. Workers
 * take `at_once` indices at a time, to batch small items. Their writes are visible after the
 * return.
 */
void parallel_for(uint32_t count, uint32_t at_once, parallel_work *work, void *context);

/* The same with a worker per index, up to MOST_WORKERS, however few processors there are. */
void parallel_all(uint32_t count, parallel_work *work, void *context);

/*
 * One index after another, each in a thread of its own, which stays until all are done: to make
 * what that many workers will write to. malloc() gives threads memory apart from each other's, and
 * two processors that write to one cache line wait for each other at every write.
 */
void parallel_make(uint32_t count, parallel_work *work, void *context);

#endif
