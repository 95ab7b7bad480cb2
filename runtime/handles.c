/*
 * handles.c - the names behind a store's handles.
 */
#include <stdlib.h>

#include "handles.h"
#include "hash.h"

/* Block k holds FIRST_BLOCK << k names. */
static unsigned block_of(fflag_id flag, uint32_t *place)
{
    unsigned block = 31u - (unsigned)__builtin_clz(flag / FIRST_BLOCK + 1);
    *place = flag - FIRST_BLOCK * ((1u << block) - 1);
    return block;
}

const struct name *handles_flag_name(const struct handles *handles, fflag_id flag)
{
    /* Acquire pairs with the release in handles_flag(): whoever sees the count sees the name. */
    if (flag >= atomic_load_explicit(&handles->flag_count, memory_order_acquire))
        return NULL;
    uint32_t place;
    unsigned block = block_of(flag, &place);
    return &atomic_load_explicit(&handles->blocks[block], memory_order_relaxed)[place];
}

static bool same_name(const struct name *known, const char *name, size_t length)
{
    return known->length == length && memcmp(known->bytes, name, length) == 0;
}

static bool copy_name(struct name *name, const char *bytes, size_t length)
{
    name->bytes = malloc(length + 1);
    if (!name->bytes)
        return false;
    memcpy(name->bytes, bytes, length);
    name->bytes[length] = '\0';
    name->length = length;
    return true;
}

/* The place in the index where the name is or belongs. */
static uint32_t *find_in_index(const struct handles *handles, const char *name, size_t length)
{
    uint32_t mask = handles->index_capacity - 1;
    uint32_t place = (uint32_t)hash_bytes(name, length) & mask;
    while (handles->index[place]) {
        if (same_name(handles_flag_name(handles, handles->index[place] - 1), name, length))
            break;
        place = (place + 1) & mask;
    }
    return &handles->index[place];
}

static bool grow_index(struct handles *handles, uint32_t count)
{
    if (handles->index_capacity > 2 * count)
        return true;
    uint32_t *old = handles->index;
    uint32_t capacity = handles->index_capacity ? handles->index_capacity * 2 : 256;
    uint32_t *index = calloc(capacity, sizeof *index);
    if (!index)
        return false;
    handles->index = index;
    handles->index_capacity = capacity;
    for (fflag_id flag = 0; flag < count; flag++) {
        const struct name *name = handles_flag_name(handles, flag);
        *find_in_index(handles, name->bytes, name->length) = flag + 1;
    }
    free(old);
    return true;
}

fflag_id handles_flag(struct handles *handles, const char *name, size_t length, bool *added)
{
    *added = false;
    uint32_t count = atomic_load_explicit(&handles->flag_count, memory_order_relaxed);
    if (count > UINT32_MAX / 4 || !grow_index(handles, count))
        return FFLAG_NO_FLAG;
    uint32_t *entry = find_in_index(handles, name, length);
    if (*entry)
        return *entry - 1;

    uint32_t place;
    unsigned number = block_of(count, &place);
    struct name *block = atomic_load_explicit(&handles->blocks[number], memory_order_relaxed);
    if (!block) {
        block = calloc((size_t)FIRST_BLOCK << number, sizeof *block);
        if (!block)
            return FFLAG_NO_FLAG;
        atomic_store_explicit(&handles->blocks[number], block, memory_order_relaxed);
    }
    if (!copy_name(&block[place], name, length))
        return FFLAG_NO_FLAG;
    *entry = count + 1;
    /* Release pairs with the acquire in handles_flag_name(). */
    atomic_store_explicit(&handles->flag_count, count + 1, memory_order_release);
    *added = true;
    return count;
}

fflag_attr handles_attribute(struct handles *handles, const char *name, size_t length, bool *added)
{
    *added = false;
    for (uint32_t i = 0; i < handles->attribute_count; i++)
        if (same_name(&handles->attributes[i], name, length))
            return i;
    if (handles->attribute_count == FFLAG_CONTEXT_SLOTS ||
        !copy_name(&handles->attributes[handles->attribute_count], name, length))
        return FFLAG_NO_ATTR;
    *added = true;
    return handles->attribute_count++;
}

void handles_free(struct handles *handles)
{
    uint32_t count = atomic_load_explicit(&handles->flag_count, memory_order_relaxed);
    for (fflag_id flag = 0; flag < count; flag++)
        free(handles_flag_name(handles, flag)->bytes);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(atomic_load_explicit(&handles->blocks[i], memory_order_relaxed));
    for (uint32_t i = 0; i < handles->attribute_count; i++)
        free(handles->attributes[i].bytes);
    free(handles->index);
}
