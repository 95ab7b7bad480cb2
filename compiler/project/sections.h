/* sections.h - what a definition file may have at its top. */
#ifndef FFC_SECTIONS_H
#define FFC_SECTIONS_H

#include <stddef.h>

#include "compiler/read/reader.h"

struct form;

struct section {
    const char *name;
    size_t thing_size; /* of what is declared in it; 0: it is not a mapping of names */
    const struct form *form;
    const char *help;
};
#define SECTION_COUNT (DECLARED_COUNT + 3)
#define SCHEMA_KEY    "$schema"                      /* a text beside the sections, for editors */
extern const struct section sections[SECTION_COUNT]; /* first those of enum declared */

#endif
