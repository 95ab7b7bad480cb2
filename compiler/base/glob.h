/*
 * glob.h - patterns of names: `*` any run, `?` one character, `[a-z]` and `[!a-z]` one of a set,
 * `\` takes the next character as it is. A character is a UTF-8 code point.
 */
#ifndef FFC_GLOB_H
#define FFC_GLOB_H

#include <stdbool.h>

/* What is wrong with a pattern, as the end of a sentence; NULL when it is sound. */
const char *glob_problem(const char *pattern);
/* Cost: pattern times text at worst. */
bool glob_match(const char *pattern, const char *text);

#endif
