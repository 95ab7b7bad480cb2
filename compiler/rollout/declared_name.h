/*
 * declared_name.h - what a project calls itself, without reading the rest of it.
 */
#ifndef FFC_DECLARED_NAME_H
#define FFC_DECLARED_NAME_H

#include <stdbool.h>

struct buffer;

/*
 * Appends the `name` of the `project` section, which is looked for at the beginning of a line in
 * the definition files at the top of the directory, project.yaml first. False where there is none
 * to be found: then nothing is known. Costs the reading of those files up to the one that has it.
 */
bool declared_name(const char *directory, struct buffer *name);

#endif
