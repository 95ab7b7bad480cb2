/* foreign.h - words of other systems, and what they are called here. */
#ifndef FFC_FOREIGN_H
#define FFC_FOREIGN_H

#include <stddef.h>

#include "compiler/files/yaml.h"

/* The mapping that the word stands in, and the flag; either may be NULL. */
struct surroundings {
    const struct node *map, *flag;
};

/* The one of `known` that is meant by `word`, which is what another system calls it, where it
 * stands, or anywhere for NULL; or NULL. */
const char *foreign_word(const char *word, const char *const *known, size_t count,
                         const struct surroundings *around);

#endif
