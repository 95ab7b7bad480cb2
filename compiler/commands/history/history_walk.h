/* history_walk.h - the commits of a history: which there are, and what they hold. */
#ifndef FFC_COMMANDS_HISTORY_WALK_H
#define FFC_COMMANDS_HISTORY_WALK_H

#include "history_parts.h"
#include "past.h"

struct walk {
    struct telling_history *telling;
    struct past past;
    struct table by_id;   /* commits */
    struct arena scratch; /* of one flag */
    uint32_t found;       /* commits with changes */
    uint32_t fetched;     /* what commits before this one ask for has been read */
};

/* False: git cannot tell. */
bool list_commits(struct walk *walk);
/* The trees of all of them, at once. */
void find_trees(struct walk *walk);
/* By its id; one that is not in the list is known, too, but not its parents. */
struct commit *commit_of(struct walk *walk, const char *id);
/* That of the project's folder; NULL: it has none. */
const char *tree_of(struct walk *walk, struct commit *commit);
/* Reads what the next commits will ask for. */
void fetch_ahead(struct walk *walk, uint32_t at);

#endif
