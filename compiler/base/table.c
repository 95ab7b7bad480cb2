/* table.c - see table.h. Open addressing, at most half full. */
#include "table.h"

#include <string.h>

#include "arena.h"

static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static struct table_slot *find(const struct table *table, const char *name, uint64_t hash)
{
    size_t mask = table->capacity - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        struct table_slot *slot = &table->slots[at];
        if (!slot->name || (slot->hash == hash && strcmp(slot->name, name) == 0))
            return slot;
    }
}

void *table_get(const struct table *table, const char *name)
{
    return table->capacity ? find(table, name, hash_name(name))->value : NULL;
}

static void grow(struct table *table, struct arena *arena)
{
    struct table larger = {.capacity = table->capacity ? table->capacity * 2 : 16,
                           .count = table->count};
    larger.slots = ARENA_ARRAY(arena, struct table_slot, larger.capacity);
    for (size_t i = 0; i < table->capacity; i++) {
        const struct table_slot *slot = &table->slots[i];
        if (slot->name)
            *find(&larger, slot->name, slot->hash) = *slot;
    }
    *table = larger;
}

void *table_add(struct table *table, struct arena *arena, const char *name, void *value)
{
    if (table->count * 2 >= table->capacity)
        grow(table, arena);
    uint64_t hash = hash_name(name);
    struct table_slot *slot = find(table, name, hash);
    if (slot->name)
        return slot->value;
    *slot = (struct table_slot){hash, name, value};
    table->count++;
    return NULL;
}
