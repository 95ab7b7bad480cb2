/*
 * declared_name.h - a project's name, without reading the rest of it.
 */
#ifndef FFC_DECLARED_NAME_H
#define FFC_DECLARED_NAME_H

#include <stdbool.h>

struct buffer;

/*
 * Appends the `name` of the `project` section, searched for at the start of a line in the
 * definition files at the top of the directory, project.yaml first. False if it finds none; then
 * nothing is known. Cost: reading those files up to the one that has it.
 */
bool declared_name(const char *directory, struct buffer *name);

#endif
