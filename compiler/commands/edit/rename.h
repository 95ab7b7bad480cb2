/* rename.h - a flag by another name, for whoever edits definitions. */
#ifndef FFC_COMMANDS_RENAME_H
#define FFC_COMMANDS_RENAME_H

#include "edits.h"

/* Plans it: wherever the flag is named, and its salt, so that its units stay. False, and said: it
 * cannot be done. */
bool rename_plan(struct edits *edits, const char *old, const char *name);

#endif
