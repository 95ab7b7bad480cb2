/*
 * memory.h - allocation that does not fail.
 *
 * Running out of memory ends the program with exit status 2: there is nothing a compiler could do
 * instead, and no output file is touched before the last step. The runtime library does not use
 * this.
 */
#ifndef FFC_MEMORY_H
#define FFC_MEMORY_H

#include <stddef.h>

_Noreturn void out_of_memory(void);
/* calloc and realloc that do not return on failure. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *pointer, size_t size);
/*
 * Replaces `old` by a zeroed table that will be accessed at random. Pre-faults its pages, since
 * calloc()'s would fault twice, for reading and then for writing, each time stopping all
 * processors. Not in huge pages, which a virtual machine may have to fetch from its host each time.
 */
void *xrenew_table(void *old, size_t count, size_t size);
/* The same in huge pages, if the system has any: for a table of some MiB, accessed so often that it
 * would miss the processor's table of pages, too. */
void *xnew_large_table(size_t count, size_t size);

#endif
