/* foreign.c - see foreign.h. */
#include "foreign.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *theirs, *ours;
} words[] = {
#define FOREIGN(theirs, ours) {theirs, ours},
#include "foreign.def"
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

const char *foreign_word(const char *word, const char *const *known, size_t count)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *ours =
            strcasecmp(words[i].theirs, word) == 0 ? find(words[i].ours, known, count) : NULL;
        if (ours)
            return ours;
    }
    return NULL;
}
