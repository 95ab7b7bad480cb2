/* remove.h - flags taken out of the definitions, as a plan of edits.h. */
#ifndef FFC_COMMANDS_REMOVE_H
#define FFC_COMMANDS_REMOVE_H

#include <stdbool.h>
#include <stdint.h>

struct edits;

/* With their tests, and the overrides that name nothing else. False, and said, where a name is
 * unknown or something else asks for one of them. The names are borrowed. */
bool plan_removal(struct edits *edits, uint32_t count, const char *const *names);

#endif
