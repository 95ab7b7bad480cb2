/*
 * file_edits.h - files of definitions that change as one, with an entry of the ledger: whoever is
 * killed meanwhile, they and the ledger end up all as before or all as they were to be.
 *
 * A single file is replaced by one rename, so its hash tells whether that was done. Of several, the
 * new texts are put aside with the entry, and the next run writes those that are missing.
 */
#ifndef FFC_FILE_EDITS_H
#define FFC_FILE_EDITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "compiler/ledger/ledger.h"

struct buffer;

struct file_edit {
    const char *name;            /* below the project */
    const struct source *source; /* as it was read; NULL: there is no such file yet */
    const struct buffer *text;   /* NULL: it goes */
};

/* Of the entry: `"files":[{"file":…,"before":HASH,"after":HASH},…]`; null where there is none. */
void file_edits_entry(const struct file_edit *edits, uint32_t count, struct buffer *out);

/*
 * Puts the entry aside, and changes the files. The caller then publishes, and ends with
 * ledger_commit(). False: a sentence in `error`, and nothing was changed.
 */
bool file_edits_make(struct ledger *ledger, const struct file_edit *edits, uint32_t count,
                     const struct buffer *entry, struct buffer *error);

/* For recovery, of an entry with `files`: whether they are as it says. */
enum file_edits_state {
    FILES_BEFORE, /* none is */
    FILES_AFTER,  /* all are */
    FILES_PARTLY, /* some are, and the others as before */
    FILES_OTHER   /* one is neither: somebody changed it since */
};
enum file_edits_state file_edits_look(const char *directory, const json_t *entry);
/* Writes those that are missing, whose texts were put aside. */
bool file_edits_complete(const char *directory, const json_t *entry, const json_t *todo,
                         struct buffer *error);

#endif
