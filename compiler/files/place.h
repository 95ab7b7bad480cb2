/* place.h - where a project's definitions are. */
#ifndef FFC_PLACE_H
#define FFC_PLACE_H

#include <stdbool.h>

/* Whether a file or folder of that name, which begins with '.' or '_', is no part of a project. */
bool is_hidden_name(const char *name);
/* The same of a path below a project: the file's own name, or that of a folder on the way. */
bool is_hidden_path(const char *path);
/* Whether a file of that name holds definitions. */
bool is_definition(const char *name);
/* Whether a file at that path below a project does. */
bool is_definition_path(const char *path);

/* Definitions may name other files: a word of their text, between these, can be such a name. */
#define BETWEEN_WORDS " \t\r\n\"'[]{},:#/"
/* The word by which a path would be named: what is behind its last folder, blank and quote. */
const char *last_word(const char *path);

/* The directory that project_load() reads, for the caller to free. */
char *project_place(const char *directory);

#endif
