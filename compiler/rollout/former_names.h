/*
 * former_names.h - what a flag was called before, by the renames that the ledger has.
 */
#ifndef FFC_FORMER_NAMES_H
#define FFC_FORMER_NAMES_H

#include <stdint.h>

struct arena;
struct flag;
struct project;

#define FORMER_NAMES_MOST 32

/*
 * The newest first, in memory of the arena; at most that many. A name that another flag has now is
 * none of them, nor are those before it: what it says is that flag's. Of a ledger that cannot be
 * read there are none. For one thread.
 */
const char *const *former_names(const struct project *project, const struct flag *flag,
                                struct arena *arena, uint32_t *count);

#endif
