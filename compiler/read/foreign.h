/* foreign.h - words of other systems, and what they are called here. */
#ifndef FFC_FOREIGN_H
#define FFC_FOREIGN_H

#include <stddef.h>

/* The one of `known` that `word` is elsewhere called by, or NULL. */
const char *foreign_word(const char *word, const char *const *known, size_t count);

#endif
