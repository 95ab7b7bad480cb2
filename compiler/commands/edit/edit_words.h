/* edit_words.h - what an edit changes, in words, for its entry of the ledger. */
#ifndef FFC_COMMANDS_EDIT_WORDS_H
#define FFC_COMMANDS_EDIT_WORDS_H

#include <stdint.h>

struct buffer;
struct project;

/*
 * Appends `"changes":`, as `ffc log --json` has them, of the flags as two readings of the project
 * have them. `former` is how the only one was called before; NULL: it was not renamed. A flag whose
 * words do not change is left out.
 */
void entry_changes(struct buffer *out, const struct project *old, const struct project *new,
                   const char *const *flags, uint32_t count, const char *former);

#endif
