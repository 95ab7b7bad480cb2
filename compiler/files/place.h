/* place.h - where a project's definitions are. */
#ifndef FFC_PLACE_H
#define FFC_PLACE_H

#include <stdbool.h>

/* Whether a file of that name holds definitions. */
bool is_definition(const char *name);
/* Whether a file at that path below a project does: no folder of it is hidden. */
bool is_definition_path(const char *path);

/* The directory that project_load() reads, for the caller to free. */
char *project_place(const char *directory);

#endif
