/* arena.c - see arena.h. Block sizes double up to a limit, so a big project needs few blocks. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"

#define FIRST_BLOCK   ((size_t)64 << 10)
#define LARGEST_BLOCK ((size_t)8 << 20)
#define LARGE_PAGE    ((uintptr_t)2 << 20)
#define ALIGNMENT     ((size_t)8)

struct arena_block {
    struct arena_block *previous;
    size_t size;
    max_align_t bytes[];
};

static void ask_for_large_pages(void *block, size_t size)
{
    uintptr_t begin = ((uintptr_t)block + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)block + size) & ~(LARGE_PAGE - 1);
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static void add_block(struct arena *arena, size_t size)
{
    size_t wanted = arena->block ? arena->block->size * 2 : FIRST_BLOCK;
    if (wanted > LARGEST_BLOCK)
        wanted = LARGEST_BLOCK;
    if (wanted < size)
        wanted = size;
    struct arena_block *block = xcalloc(1, sizeof *block + wanted);
    ask_for_large_pages(block, sizeof *block + wanted);
    block->previous = arena->block;
    block->size = wanted;
    arena->block = block;
    arena->next = (char *)block->bytes;
    arena->end = arena->next + wanted;
}

static void *take(struct arena *arena, size_t size, size_t alignment)
{
    if (size > SIZE_MAX / 2)
        out_of_memory();
    size_t padding = (size_t)(-(uintptr_t)arena->next & (alignment - 1));
    size_t rest = (size_t)(arena->end - arena->next);
    if (!arena->block || padding > rest || size > rest - padding) {
        add_block(arena, size);
        padding = 0;
    }
    void *result = arena->next + padding;
    arena->next += padding + size;
    return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return take(arena, size, ALIGNMENT);
}

char *arena_text(struct arena *arena, size_t length)
{
    return take(arena, length + 1, 1);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_text(arena, length);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_vformat(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return arena_copy(arena, "", 0);
    char *text = take(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vformat(arena, format, arguments);
    va_end(arguments);
    return text;
}

void arena_clear(struct arena *arena)
{
    struct arena_block *kept = arena->block;
    if (!kept)
        return;
    struct arena older = {.block = kept->previous};
    arena_release(&older);
    kept->previous = NULL;
    char *begin = (char *)kept->bytes;
    memset(begin, 0, (size_t)(arena->next - begin));
    arena->next = begin;
}

void arena_adopt(struct arena *arena, struct arena *other)
{
    struct arena_block *last = other->block;
    while (last && last->previous)
        last = last->previous;
    if (!arena->block) {
        *arena = *other;
    } else if (last) {
        last->previous = arena->block->previous;
        arena->block->previous = other->block;
    }
    *other = (struct arena){0};
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->block;
    while (block) {
        struct arena_block *previous = block->previous;
        free(block);
        block = previous;
    }
    *arena = (struct arena){0};
}

size_t arena_size(const struct arena *arena)
{
    size_t size = 0;
    for (const struct arena_block *block = arena->block; block; block = block->previous)
        size += block->size;
    return size;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size)
{
    /* Full exactly when the count is zero or a power of two. */
    if (count & (count - 1))
        return items;
    size_t capacity = count ? count * 2 : 1;
    if (capacity > SIZE_MAX / 2 / item_size)
        out_of_memory();
    void *grown = arena_alloc(arena, capacity * item_size);
    if (count)
        memcpy(grown, items, count * item_size);
    return grown;
}

void *arena_filled(struct arena *arena, size_t count, size_t item_size)
{
    size_t capacity = 1;
    while (capacity < count)
        capacity *= 2;
    if (capacity > SIZE_MAX / 2 / item_size)
        out_of_memory();
    return arena_alloc(arena, capacity * item_size);
}
