/*
 * former_names.h - what a flag was called before, and is called now, by the renames that the ledger
 * has.
 */
#ifndef FFC_FORMER_NAMES_H
#define FFC_FORMER_NAMES_H

#include <jansson.h>
#include <stdbool.h>
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

/* ---------------------------------------------------------------------------- of all entries -- */

/* The renames that the ledger tells of, the oldest first. */
struct told_rename {
    const char *from, *to;
    uint32_t entry;
};
struct told_renames {
    struct told_rename *items;
    uint32_t count, entries; /* so many entries has the ledger */
};
/* In memory of the arena, and independent of the entries. Cost: as above. */
struct told_renames told_renames(const struct ledger_entries *entries, struct arena *arena);
/* One that is an entry's, for who has read them all: the oldest first, in memory of the arena. */
void told_renames_add(struct told_renames *told, const json_t *entry, uint32_t number,
                      struct arena *arena);

/* Which flag it is, whatever it is called. */
struct last_name {
    const char *name;
    uint32_t until; /* the entry in which another flag took the name; the count: none did */
};
/* Of the flag that an entry calls so. Cost: the renames. */
struct last_name last_name(const struct told_renames *told, const char *name, uint32_t entry);
/* Whether they are one flag. */
bool is_last_name(struct last_name a, struct last_name b);
/* The rename after which no flag has that name, unless somebody made another one. NULL: none. */
const struct told_rename *renamed_away(const struct told_renames *told, const char *name);

#endif
