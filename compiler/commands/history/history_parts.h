/* history_parts.h - what the files of history.h share: what commits changed, and what the ledger
 * says, before the two are one. */
#ifndef FFC_COMMANDS_HISTORY_PARTS_H
#define FFC_COMMANDS_HISTORY_PARTS_H

#include "compiler/base/arena.h"
#include "history.h"

#define WORK_TREE UINT32_MAX       /* in place of a commit */
#define NOWHERE   (UINT32_MAX - 1) /* no commit has it */

struct commit {
    const char *id, *short_id, *author, *subject;
    const char **parents;
    uint32_t parent_count;
    const char **texts; /* objects that differ in it; a hint */
    uint32_t text_count;
    int64_t time, committed;   /* by its author; as it stands here */
    const char *tree;          /* of the project */
    bool is_read, is_unlisted; /* it is not in the list, and its parents are not known */
};

struct ledger_part;

/* A change in one environment. */
struct raw_change {
    uint32_t commit;
    enum happening what;
    const char *flag, *former, *environment;
    const char *override; /* its name; flag is NULL */
    struct word_change *said;
    uint32_t said_count;
    uint32_t unreadable;
    struct ledger_part *entry; /* that says who and why */
};

/* What an edit's entry says of a flag: in some environments, or, without any, of all of it. */
struct entry_change {
    enum happening what;
    const char *flag, *former;
    const char **environments;
    uint32_t environment_count;
    struct word_change *said;
    uint32_t said_count;
    /* By statement, environments in which a commit shows it: as many bits. */
    uint64_t *found;
};

/* An entry. */
struct ledger_part {
    int64_t time;
    const char *flag, *former, *action, *who, *reason, *place; /* former: of one that is renamed */
    const char **flags, **environments;                        /* environments: none, all */
    uint32_t flag_count, environment_count;
    const char *subject; /* "canary" or "experiment", whose state it changed; NULL: none */
    const char *from, *to, *approved; /* in words */
    const char *override, *serve;     /* its id */
    bool lifts;
    struct entry_change *changes;
    uint32_t change_count;
    uint32_t commit;
    const char **found_in; /* environments in which a commit shows it */
    uint32_t found_count;
    bool is_told; /* with a commit's changes */
};

/* A name of the flag that is asked for, in the commits from `from` on. */
struct alias {
    const char *name;
    uint32_t from;
};

struct telling_history {
    const struct project *project;
    const struct history_choice *choice;
    struct arena *arena;
    struct history *history;
    struct commit *commits; /* newest first, none before one that follows it */
    uint32_t commit_count;
    struct raw_change *raws;
    uint32_t raw_count;
    struct alias *aliases;
    uint32_t alias_count;
    struct ledger_part *entries; /* newest first */
    uint32_t entry_count;
    struct table added; /* files, by path: the uint32_t of the commit that added them */
};

const char *history_kept(struct arena *arena, const char *text);

/* What commits and the work tree changed. */
void find_committed(struct telling_history *telling);
/* What the ledger says. */
void find_entries(struct telling_history *telling);
/* Takes out of the commits' changes what the ledger says of them. */
void match_entries(struct telling_history *telling);

#endif
