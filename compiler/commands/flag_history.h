/* flag_history.h - who changed a flag, when and why: from the ledger and from git, as one. */
#ifndef FFC_COMMANDS_FLAG_HISTORY_H
#define FFC_COMMANDS_FLAG_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct flag;
struct project;

/* A change. Texts are as somebody wrote them; what is not known is NULL. */
struct flag_change {
    int64_t time;       /* milliseconds */
    const char *what;   /* "rollback": what the ledger calls it; "commit" */
    const char *reason; /* or a commit's first line */
    const char *who;
    const char *environment; /* NULL: all */
    const char *commit;      /* abbreviated; NULL: it is in the ledger */
};

/*
 * The last `most` changes, newest first: entries of the ledger about it, its overrides among them,
 * and commits that changed the lines of its definition. *git is false if git could not be asked.
 * The arena's. Cost: reads the ledger, and runs git twice.
 */
struct flag_change *flag_history(const struct project *project, const struct flag *flag,
                                 uint32_t most, struct arena *arena, uint32_t *count, bool *git);

#endif
