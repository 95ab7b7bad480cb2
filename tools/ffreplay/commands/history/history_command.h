/*
 * history_command.h - what the files of `ffreplay history` share.
 */
#ifndef FFREPLAY_HISTORY_COMMAND_H
#define FFREPLAY_HISTORY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/project/project.h"
#include "history.h"
#include "tools/ffreplay/commands/commands.h"

struct history_options {
    const char *environment, *flag, *last, *reason, *actor;
    struct option_texts expected, acknowledged; /* hashes, or how they begin */
    bool verify, json;
    enum color_choice color;
};

struct history {
    const char *directory;
    struct page page;
    struct arena arena;
    struct buffer out;
    struct ledger_entries entries;
    struct recorded *records; /* one for each entry; without JSON where it is none */
    struct recorded *shown;   /* those with JSON */
    size_t shown_count;
    struct told_renames renames;
    struct last_name *flag; /* that is asked for; NULL: all */
    struct ledger_breaks breaks;
};

bool history_read(struct history *history, struct buffer *error);

/* Writes the entry that closes them; an exit status. */
int history_acknowledge(struct history *history, const struct project *project,
                        const struct history_options *options);

#endif
