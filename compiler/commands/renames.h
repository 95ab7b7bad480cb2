/*
 * renames.h - flags that go on under another name, between two versions of a project.
 *
 * The salt says who is chosen: a flag that has that of one that is gone goes on with its units. A
 * flag that chooses nobody, such as a value, has no need of one: there, the ledger knows.
 */
#ifndef FFC_COMMANDS_RENAMES_H
#define FFC_COMMANDS_RENAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"

struct flag;
struct project;

struct rename {
    const char *former, *name;
};

/* Whether the salt of a flag that is new says that it is one that is gone: without a word about it,
 * their salts would be their names. */
bool has_its_salt(const struct project *before, const struct flag *old, const struct project *after,
                  const struct flag *new);
/*
 * The flags of `after` that had another name in `before`, by name; the arena's. Where several could
 * be one that is gone, and the ledger does not say which, none is. `ledger`: the directory of a
 * project whose ledger is asked for what salts do not tell; NULL: none.
 */
struct rename *find_renames(const struct project *before, const struct project *after,
                            const char *ledger, struct arena *arena, uint32_t *count);
/* How a flag was called; NULL: the same. */
const char *former_name(const struct rename *renames, uint32_t count, const char *name);
/* Calls the flags of `before` as they are called now, so that they are compared with themselves. */
void call_by_new_names(struct project *before, const struct rename *renames, uint32_t count);

#endif
