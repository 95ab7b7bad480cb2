/* nearest.h - for "did you mean". */
#ifndef FFC_NEAREST_H
#define FFC_NEAREST_H

#include <stddef.h>

/* The nearest of `count` names by edit distance, or NULL when none is near: for "did you mean". */
const char *nearest_name(const char *name, const char *const *names, size_t count);

#endif
