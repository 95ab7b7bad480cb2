/* diff_sides.h - the two things that are compared: projects, snapshots, revisions of a project. */
#ifndef FFC_COMMANDS_DIFF_SIDES_H
#define FFC_COMMANDS_DIFF_SIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/commands/commands.h"
#include "compiler/commands/dump/disassemble.h"
#include "compiler/commands/renames.h"
#include "compiler/commands/snapshot.h"

/* Where one of the two comes from. */
enum side_source {
    SOURCE_PATH,     /* a project's directory, or a snapshot */
    SOURCE_REVISION, /* a commit of git */
    SOURCE_WORK_TREE /* the project as it is: where the command names no second one */
};

struct diff_side {
    enum side_source source;
    const char *name;        /* as given */
    const char *commit;      /* SOURCE_REVISION */
    const char *folder;      /* of the project, as places name it: "flags"; "" for the one at "." */
    struct project *project; /* NULL: a snapshot, or nothing is there */
    bool is_empty;           /* the revision has no definitions */
    const char **environments;
    uint32_t environment_count;
    struct snapshot *snapshots; /* by environment */
    struct listing *listings;
};

struct diff_sides {
    struct arena arena;
    struct diff_side items[2]; /* by enum version */
    const char *repository;    /* where git is asked */
    /* Of two projects, whose old flags are called by their new names; see renames.h. */
    const struct rename *renames;
    uint32_t rename_count;
    bool shallow;
};

/*
 * Finds out what the arguments name, and reads it: `A..B`, two names, one (the other is the work
 * tree), or none (of HEAD and the work tree). Returns an exit_status; when it is not EXIT_FINE, it
 * has been said why. Whatever the result, diff_sides_release() may follow.
 */
int diff_sides_open(const struct command *command, const struct project_choice *choice,
                    int argument_count, char **arguments, int64_t now, struct diff_sides *sides);
/* The same of two readings of the work tree, which sides then own: as it was, and as edited, with a
 * flag that the edit renamed, or NULL. */
void diff_sides_of(struct project *old, struct project *new, const struct rename *renamed,
                   struct diff_sides *sides);
/* Compiles the environments that are named, or NULL: all. The same. */
int diff_sides_compile(const struct command *command, const struct project_choice *choice,
                       const char *environment, struct diff_sides *sides);
void diff_sides_release(struct diff_sides *sides);

/* The index of an environment of one side, UINT32_MAX: it has none of that name. */
uint32_t side_environment(const struct diff_side *side, const char *name);

#endif
