/*
 * memory.h - an arena for everything that lives as long as a project, and a growing byte buffer.
 *
 * A compilation allocates and never frees piecemeal; the arena goes as a whole. Running out of
 * memory ends the program with exit status 2 (`out_of_memory`): there is nothing a compiler could
 * do instead, and no output file is touched before the last step. The runtime library does not use
 * this.
 */
#ifndef FFC_MEMORY_H
#define FFC_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
    struct arena_block *block;
    char *next;
    char *end;
};

/* Zeroed memory, aligned for pointers, 64-bit numbers and what is made of them. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_text(struct arena *arena, size_t length); /* room for it and a NUL; zeroed */
char *arena_copy(struct arena *arena, const void *bytes, size_t length); /* adds a NUL */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void arena_release(struct arena *arena);
/* Takes over what another arena holds, and leaves it empty. */
void arena_adopt(struct arena *arena, struct arena *other);
/* Forgets everything and keeps a block, for what comes next. */
void arena_clear(struct arena *arena);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/*
 * Appends to an array in the arena and returns the new, zeroed element:
 *     struct rule *rule = ARENA_APPEND(arena, flag->rules, flag->rule_count);
 * Capacity is the next power of two, so the old copies cost at most as much again. Elements move:
 * take no pointer to one before the array is complete.
 */
#define ARENA_APPEND(arena, items, count) \
    ((items) = arena_grow((arena), (items), (count), sizeof *(items)), &(items)[(count)++])
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* What a buffer holds ends in a NUL that its length does not count. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_pad(struct buffer *buffer, size_t alignment); /* with zero bytes */
void buffer_release(struct buffer *buffer);

/* calloc and realloc that do not return on failure. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *pointer, size_t size);
/*
 * Zeroed memory for a table that is looked at all over, in place of `old`, of which nothing stays.
 * Its pages are written here: calloc()'s would come twice, to be read and then to be written, for
 * which all processors are stopped. Not large pages, which a virtual machine may have to fetch from
 * its host each time.
 */
void *xrenew_table(void *old, size_t count, size_t size);

#endif
