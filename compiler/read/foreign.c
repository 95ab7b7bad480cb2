/* foreign.c - see foreign.h. */
#include "foreign.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *theirs, *ours, *beside; /* NULL: wherever it stands */
} words[] = {
#define FOREIGN(theirs, ours)                {theirs, ours, NULL},
#define FOREIGN_BESIDE(theirs, ours, beside) {theirs, ours, beside},
#include "foreign.def"
#undef FOREIGN_BESIDE
#undef FOREIGN
};

static const char *find(const char *word, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i], word) == 0)
            return known[i];
    }
    return NULL;
}

/* By its own name or by another system's. */
static bool has_key(const struct node *map, const char *key)
{
    for (uint32_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
        const char *name = map->entries[i].key->text;
        if (strcmp(name, key) == 0 || foreign_word(name, &key, 1, NULL))
            return true;
    }
    return false;
}

const char *foreign_word(const char *word, const char *const *known, size_t count,
                         const struct surroundings *around)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *key = words[i].beside;
        if (strcasecmp(words[i].theirs, word) != 0)
            continue;
        const char *ours = find(words[i].ours, known, count);
        if (ours && (!key || !around || has_key(around->map, key) || has_key(around->flag, key)))
            return ours;
    }
    return NULL;
}
