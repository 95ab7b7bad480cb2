/* heap.h - a min-heap of numbers in the caller's memory. Cost: the logarithm of its size. */
#ifndef FFC_HEAP_H
#define FFC_HEAP_H

#include <stdint.h>

struct heap {
    uint32_t *items; /* room for as many as are ever in it */
    uint32_t count;
};

void heap_push(struct heap *heap, uint32_t item);
/* The least, of at least one. */
uint32_t heap_pop(struct heap *heap);

#endif
