/* memory.c - see memory.h. */
#include "memory.h"

#include <stdbool.h>
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

/* Accesses at random would otherwise miss the processor's table of pages as well as its caches. */
static void *in_large_pages(size_t size)
{
    size_t rounded = (size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    void *memory = rounded < size ? NULL : aligned_alloc(LARGE_PAGE, rounded);
    if (!memory)
        out_of_memory();
    madvise(memory, rounded, MADV_HUGEPAGE);
    return memory;
}

void *xrenew_table(void *old, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        out_of_memory();
    free(old);
    bool is_large = count * size >= LARGE_PAGE;
    void *table = is_large ? in_large_pages(count * size) : xrealloc(NULL, count * size);
    memset(table, 0, count * size);
    return table;
}
