/*
 * replacement.h - examines what a build is about to replace, before the first file is written.
 */
#ifndef FFC_COMMANDS_REPLACEMENT_H
#define FFC_COMMANDS_REPLACEMENT_H

#include "compiler/commands/commands.h"
#include "compiler/files/seal.h"

struct replacement {
    const struct command *command;
    const char *path;
    const struct project *project;
    const char *environment;
    const struct secret_key *key; /* NULL: what comes is not signed */
    const struct option_texts *dropped;
};

/*
 * An exit status. EXIT_JOB: it is no snapshot. EXIT_INPUT: an emergency was published there that
 * neither the definitions nor the ledger know, nor `dropped` names, and the build would end it.
 * Said on stderr, as are a signature that is not the same any more, and a snapshot of another
 * project or environment.
 */
int replacement_judge(const struct replacement *replacement);

/* What a build would replace: the file of each environment that it is for. */
struct replaced_files {
    const char **paths;
    uint32_t count;
};
/*
 * Whether each override that is to be dropped is one that only a file being replaced has: another
 * would be silently ignored. An exit status; said on stderr.
 */
int replacement_judge_dropped(const struct command *command, const struct project *project,
                              const struct replaced_files *files,
                              const struct option_texts *dropped);

#endif
