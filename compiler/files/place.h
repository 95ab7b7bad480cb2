/* place.h - where a project's definitions are. */
#ifndef FFC_PLACE_H
#define FFC_PLACE_H

#include <stdbool.h>

/* Whether a file of that name holds definitions. */
bool is_definition(const char *name);

/* The directory that project_load() reads, for the caller to free. */
char *project_place(const char *directory);

#endif
