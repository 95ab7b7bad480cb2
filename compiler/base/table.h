/*
 * table.h - a hash table from names to things, in the arena.
 *
 * Keys are borrowed and must live as long as the table. Nothing is removed. Zeroed memory is an
 * empty table.
 */
#ifndef FFC_TABLE_H
#define FFC_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct table_slot {
    uint64_t hash;
    const char *name; /* NULL: free */
    void *value;
};

struct table {
    struct table_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

/* The value of a name, or NULL. */
void *table_get(const struct table *table, const char *name);
/* Adds a name and returns NULL; if it is already there, changes nothing and returns its value. */
void *table_add(struct table *table, struct arena *arena, const char *name, void *value);

#endif
