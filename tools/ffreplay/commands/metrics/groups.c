/* groups.c - see groups.h. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/hash.h"
#include "compiler/base/memory.h"

void groups_init(struct groups *groups, const struct measure *measures, uint32_t measure_count)
{
    *groups = (struct groups){.measures = measures, .measure_count = measure_count};
}

static bool is(const struct group *group, uint64_t hash, const unsigned char *key, size_t length)
{
    return group->hash == hash && group->length == length && memcmp(group->key, key, length) == 0;
}

static struct group **slot_of(const struct groups *groups, uint64_t hash, const unsigned char *key,
                              size_t length)
{
    size_t place = hash & (groups->capacity - 1);
    while (groups->slots[place] && !is(groups->slots[place], hash, key, length))
        place = (place + 1) & (groups->capacity - 1);
    return &groups->slots[place];
}

static void grow(struct groups *groups)
{
    struct groups larger = *groups;
    larger.capacity = groups->capacity ? groups->capacity * 2 : 16;
    larger.slots = xcalloc(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < groups->capacity; i++) {
        struct group *group = groups->slots[i];
        if (group)
            *slot_of(&larger, group->hash, group->key, group->length) = group;
    }
    free(groups->slots);
    *groups = larger;
}

const struct group *groups_look_up(const struct groups *groups, const unsigned char *key,
                                   size_t length)
{
    if (groups->count == 0)
        return NULL;
    return *slot_of(groups, hash64(key, length), key, length);
}

struct group *groups_find(struct groups *groups, const unsigned char *key, size_t length)
{
    uint64_t hash = hash64(key, length);
    if (groups->newest && is(groups->newest, hash, key, length))
        return groups->newest;
    if (groups->count >= groups->capacity / 2)
        grow(groups);
    struct group **slot = slot_of(groups, hash, key, length);
    if (!*slot && groups->count == GROUPS_MOST) {
        groups->too_many = true;
        return NULL;
    }
    if (!*slot) {
        struct group *group = xcalloc(1, sizeof *group + length + 1);
        group->hash = hash;
        group->length = length;
        memcpy(group->key, key, length);
        group->cells = xcalloc(groups->measure_count + 1, sizeof *group->cells);
        for (uint32_t i = 0; i < groups->measure_count; i++)
            cell_init(&group->cells[i], &groups->measures[i]);
        *slot = group;
        groups->count++;
    }
    return groups->newest = *slot;
}

void group_merge(const struct groups *groups, struct group *group, const struct group *other)
{
    group->events += other->events;
    for (uint32_t i = 0; i < groups->measure_count; i++)
        cell_merge(&group->cells[i], &groups->measures[i], &other->cells[i]);
}

void groups_merge(struct groups *groups, const struct groups *other)
{
    groups->too_many |= other->too_many;
    for (size_t i = 0; i < other->capacity; i++) {
        const struct group *group = other->slots[i];
        struct group *into = group ? groups_find(groups, group->key, group->length) : NULL;
        if (into)
            group_merge(groups, into, group);
    }
}

void groups_release(struct groups *groups)
{
    for (size_t i = 0; i < groups->capacity; i++) {
        struct group *group = groups->slots[i];
        for (uint32_t j = 0; group && j < groups->measure_count; j++)
            cell_release(&group->cells[j]);
        if (group)
            free(group->cells);
        free(group);
    }
    free(groups->slots);
    *groups = (struct groups){0};
}

static int by_key(const void *a, const void *b)
{
    const struct group *const *first = a, *const *second = b;
    size_t least = (*first)->length < (*second)->length ? (*first)->length : (*second)->length;
    int order = memcmp((*first)->key, (*second)->key, least);
    if (order != 0)
        return order;
    return (*first)->length < (*second)->length ? -1 : (*first)->length > (*second)->length;
}

struct group **groups_sorted(const struct groups *groups)
{
    struct group **sorted = xcalloc(groups->count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < groups->capacity; i++)
        if (groups->slots[i])
            sorted[count++] = groups->slots[i];
    qsort(sorted, count, sizeof *sorted, by_key);
    return sorted;
}
