/* SPDX-License-Identifier: Apache-2.0 */
/* handles.c - the names behind a store's handles. */
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
    /* Acquire pairs with the release in handles_flag(): seeing the count implies seeing the
     * name. */
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

/* The place in the index where the name is, or would go. */
static uint32_t *find_in_index(const struct handles *handles, struct index *index, const char *name,
                               size_t length)
{
    uint32_t mask = index->capacity - 1;
    uint32_t place = (uint32_t)hash_bytes(name, length) & mask;
    while (index->place[place]) {
        if (same_name(handles_flag_name(handles, index->place[place] - 1), name, length))
            break;
        place = (place + 1) & mask;
    }
    return &index->place[place];
}

/* An index with room for one more; NULL when out of memory. */
static struct index *roomy_index(struct handles *handles, uint32_t count)
{
    struct index *old = atomic_load_explicit(&handles->index, memory_order_relaxed);
    if (old && old->capacity > 2 * count)
        return old;
    uint32_t capacity = old ? old->capacity * 2 : 256;
    struct index *index = calloc(1, sizeof *index + capacity * sizeof *index->place);
    if (!index)
        return NULL;
    index->capacity = capacity;
    for (fflag_id flag = 0; flag < count; flag++) {
        const struct name *name = handles_flag_name(handles, flag);
        *find_in_index(handles, index, name->bytes, name->length) = flag + 1;
    }
    /* Release: nobody, not even a child, ever sees a partial index. */
    atomic_store_explicit(&handles->index, index, memory_order_release);
    free(old);
    return index;
}

fflag_id handles_flag(struct handles *handles, const char *name, size_t length, bool *added)
{
    *added = false;
    uint32_t count = atomic_load_explicit(&handles->flag_count, memory_order_relaxed);
    struct index *index = count > UINT32_MAX / 4 ? NULL : roomy_index(handles, count);
    if (!index)
        return FFLAG_NO_FLAG;
    uint32_t *entry = find_in_index(handles, index, name, length);
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
    /* Release pairs with the acquire in handles_flag_name(). */
    atomic_store_explicit(&handles->flag_count, count + 1, memory_order_release);
    *entry = count + 1;
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
    free(atomic_load_explicit(&handles->index, memory_order_relaxed));
}
