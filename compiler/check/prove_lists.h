/* prove_lists.h - which tests of a list of strings can hold together, for prove_regions.c. */
#ifndef FFC_PROVE_LISTS_H
#define FFC_PROVE_LISTS_H

#include <stdbool.h>

struct arena;
struct subject;

/* Adds the regions of the lists that are given. False if there are too many. */
bool lists_cut(struct subject *subject, struct arena *arena);

#endif
