/* memory.c - see memory.h. */
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)

_Noreturn void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    exit(2);
}

void *xcalloc(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer)
        out_of_memory();
    return pointer;
}

void *xrealloc(void *pointer, size_t size)
{
    void *moved = realloc(pointer, size ? size : 1);
    if (!moved)
        out_of_memory();
    return moved;
}

void *xrenew_table(void *old, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        out_of_memory();
    void *table = xrealloc(old, count * size);
    memset(table, 0, count * size);
    return table;
}

void *xnew_large_table(size_t count, size_t size)
{
    size_t rounded = (count * size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    void *table = aligned_alloc(LARGE_PAGE, rounded);
    if (!table)
        out_of_memory();
    madvise(table, rounded, MADV_HUGEPAGE);
    memset(table, 0, count * size);
    return table;
}
