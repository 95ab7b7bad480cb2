/*
 * outside.h - directories that files of a project may lie in, though they are outside of it: where
 * links of a Bazel sandbox or a Nix store lead. Whoever runs the program says which, with
 * --allow-outside; definitions never do.
 *
 * The list is the process's. It is made while options are read, before any file is, and then only
 * read: from any thread.
 */
#ifndef FFC_OUTSIDE_H
#define FFC_OUTSIDE_H

#include <stdbool.h>

/* Adds a directory, by the path that its links lead to. False, with errno: it is none. */
bool outside_allow(const char *directory);
/* Whether a path without links is one of these directories, or below one. */
bool outside_has(const char *path);

#endif
