/*
 * arena.h - memory for everything that lives as long as a project, freed as a whole.
 *
 * A compilation allocates and never frees piecemeal. Running out of memory ends the program; see
 * memory.h.
 */
#ifndef FFC_ARENA_H
#define FFC_ARENA_H

#include <stdarg.h>
#include <stddef.h>

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
/* How many bytes it has taken from the system. */
size_t arena_size(const struct arena *arena);
/* Takes over another arena's memory, and leaves that one empty. */
void arena_adopt(struct arena *arena, struct arena *other);
/* Empties the arena and keeps one block for reuse. */
void arena_clear(struct arena *arena);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/*
 * Appends to an array in the arena and returns the new, zeroed element:
 *     struct rule *rule = ARENA_APPEND(arena, flag->rules, flag->rule_count);
 * Capacity is the next power of two, so the old copies at most double the cost. Elements move: take
 * no pointer to one before the array is complete.
 */
#define ARENA_APPEND(arena, items, count) \
    ((items) = arena_grow((arena), (items), (count), sizeof *(items)), &(items)[(count)++])
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);
/* An array of as many, zeroed, that ARENA_APPEND can go on with. */
#define ARENA_FILLED(arena, type, count) ((type *)arena_filled((arena), (count), sizeof(type)))
void *arena_filled(struct arena *arena, size_t count, size_t item_size);

#endif
