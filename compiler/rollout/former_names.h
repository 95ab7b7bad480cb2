/*
 * former_names.h - what a flag was called before, by the renames that the ledger has.
 */
#ifndef FFC_FORMER_NAMES_H
#define FFC_FORMER_NAMES_H

#include <jansson.h>
#include <stdint.h>

struct arena;
struct flag;
struct ledger_entries;
struct project;

#define FORMER_NAMES_MOST 32

/*
 * The newest first, in memory of the arena; at most that many. A name that another flag has now is
 * none of them, nor are those before it: what it says is that flag's. Of a ledger that cannot be
 * read there are none. For one thread.
 */
const char *const *former_names(const struct project *project, const struct flag *flag,
                                struct arena *arena, uint32_t *count);

/* What a flag was called as the ledger went on. */
struct names_then {
    struct {
        const char *name;
        uint32_t from; /* the first entry in which it means the flag */
    } items[1 + FORMER_NAMES_MOST];
    uint32_t count; /* the newest first: its name now */
};

/* Texts are the flag's, or in memory of the arena. Cost: the entries that tell of renames. */
void names_then_find(struct names_then *names, const struct ledger_entries *entries,
                     const struct flag *flag, struct arena *arena);
/* The entry, which the caller lets go of, if it has the flag's name of then; *called is it. NULL:
 * it is not about the flag. */
json_t *ledger_json_of(const struct ledger_entries *entries, uint32_t entry,
                       const struct names_then *names, const char **called);

#endif
