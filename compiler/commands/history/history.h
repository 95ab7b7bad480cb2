/*
 * history.h - what changed the meaning of flags, when, by whom and why: from the ledger, from git's
 * commits and from the work tree, as one.
 *
 * A commit is compared with the one before it, as `git log` has them, by what its definitions mean:
 * an edit of a comment, a line that moved and a merge that only joins two branches are no changes.
 * What the ledger says is found again in the commit that has it, and told once. A flag that was
 * renamed with its salt kept is followed, and so is one that moved to another file.
 */
#ifndef FFC_COMMANDS_HISTORY_H
#define FFC_COMMANDS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "compiler/commands/diff/word_changes.h"

struct arena;
struct project;

#define HAPPENINGS(X)              \
    X(HAPPENED_NEW, "new")         \
    X(HAPPENED_GONE, "removed")    \
    X(HAPPENED_RENAMED, "renamed") \
    X(HAPPENED_CHANGED, "changed")
enum happening { HAPPENINGS(WORDS_MEMBER) };
extern const char *const happening_words[];

/* A change. Texts are as somebody wrote them; what is not known, or does not apply, is NULL. */
struct flag_change {
    int64_t time; /* milliseconds; INT64_MAX: it is not committed, and in no ledger */
    enum happening what;
    const char *flag;     /* NULL: of several, or of an environment */
    const char *former;   /* how it was called before */
    const char *override; /* one that was written by hand: "override:inc-12" */
    const char **flags;   /* that an override is for; flag is NULL then, or the only one */
    uint32_t flag_count;
    const char **environments; /* none: all */
    uint32_t environment_count;
    struct word_change *said;
    uint32_t said_count;
    const char *action; /* what the ledger calls it: "rollback" */
    const char *who;    /* by the ledger, else a commit's author */
    const char *reason; /* by the ledger, else a commit's first line */
    const char *commit; /* abbreviated */
    const char *entry;  /* of the ledger, its place: "ledger/….json" */
    bool is_committed;
    uint32_t unreadable; /* commits before it whose changes it has, too: they do not compile */
};

/* A commit in which what some flags mean is not known. */
struct unknown_commit {
    const char *commit; /* NULL: the work tree */
    const char **flags; /* none: it could not be read at all */
    uint32_t flag_count;
};

struct history_choice {
    const char *const *flags; /* by name, be they gone; none: all */
    uint32_t flag_count;
    const char *environment; /* NULL: all */
    int64_t since;           /* INT64_MIN: from the beginning */
    int64_t until;           /* INT64_MAX: to what is not committed */
    uint32_t most;           /* the last ones */
    int64_t now;
};

struct history {
    struct flag_change *items; /* newest first */
    uint32_t count;
    struct unknown_commit *unknown;
    uint32_t unknown_count;
    bool git;       /* it could be asked, and has commits of these definitions */
    bool shallow;   /* the clone ends before the history does */
    bool truncated; /* git could not give something that it should have */
};

/*
 * All in the arena. Cost: reads the ledger; of each commit what is different in it; of flags whose
 * text differs the definitions that they need.
 */
struct history flag_history(const struct project *project, const struct history_choice *choice,
                            struct arena *arena);

#endif
