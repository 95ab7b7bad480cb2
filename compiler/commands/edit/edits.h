/*
 * edits.h - an edit of definitions by a command: `set`, `new`, `remove`, `rename`, …
 *
 * A command plans: it asks for files, and gives them new texts, which edit.h makes; nothing is
 * written meanwhile. edits_carry_out() does the rest, the same for all of them: the project as it
 * would be is read and checked, and an edit that adds an error is refused, while one of a project
 * with errors that are not its own is not; what it changes is told, as lines, as what flags serve,
 * and as tests that expect something else; the files are written as one, with an entry of the
 * ledger, published and committed, as the options ask for. An edit that changes nothing says so.
 *
 *     struct edits edits = EDITS_INIT(&my_command);
 *     const struct option table[] = {…, EDITS_OPTIONS(edits)};
 *     …
 *     status = edits_begin(&edits);
 *     if (status == EXIT_FINE)
 *         status = plan(&edits) ? edits_carry_out(&edits) : edits.refused;
 *     edits_release(&edits);
 */
#ifndef FFC_COMMANDS_EDITS_H
#define FFC_COMMANDS_EDITS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/commands/change.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/files/edit.h"
#include "compiler/files/yaml.h"
#include "compiler/project/parsed.h"

/* A file that is edited. */
struct edited {
    const struct source *read; /* as it was; NULL: it is new */
    struct source now;         /* as it would be; its text is NULL if it goes */
    const struct node *root;   /* of that; NULL: it is empty */
    uint32_t file;             /* its number in the project; UINT32_MAX: it is new */
};

/* Where a flag is defined. `map` is that of its section, and `place` its entry there. */
struct flag_place {
    struct edited *file;
    const struct node *map;
    uint32_t place;
};

struct edits {
    struct change change;
    bool update_tests, is_new;
    struct arena arena;
    struct parsed *parsed;
    struct edited **files;
    uint32_t file_count;

    /* Given by the command, before it is carried out. */
    const char *verdict; /* of the ledger's entry: "set" */
    const char **flags;  /* that it is about, as they are called after it */
    uint32_t flag_count;
    const char *subject; /* in words: "set new-checkout in production: 25%" */
    const char *nothing; /* what to say where nothing is changed */
    const char *renamed; /* the only flag, as it was called before; or NULL */
    int refused;         /* what to exit with, when planning failed */
    struct buffer *why;  /* takes why it did, in place of stderr; or NULL */
    struct buffer notes; /* for stderr, when it is done */
    struct buffer words; /* of the ledger's entry: what changes, in words */
};

#define EDITS_INIT(its_command)                                                   \
    {                                                                             \
        .change = {.command = (its_command), .at = INT64_MIN, .ledger.lock = -1 } \
    }
/* Rows of a command's table. */
#define EDITS_OPTIONS(edits)                                                            \
    {"update-tests",        0,    OPTION_FLAG,                                          \
     &(edits).update_tests, NULL, "update tests that expect what the flag was before"}, \
        EDIT_OPTIONS((edits).change)

/* Locks the project, finishes what a run that was killed left, and parses it. Returns an
 * exit_status; what is wrong has been said. */
int edits_begin(struct edits *edits);
int edits_carry_out(struct edits *edits);
void edits_release(struct edits *edits);

/* ---------------------------------------------------------------------------------- planning -- */

/* A file by its name below the project; NULL: there is none. */
struct edited *edits_file(struct edits *edits, const char *name);
/* One that is not there yet. */
struct edited *edits_new_file(struct edits *edits, const char *name);
/* Gives a file the text that edit.h made, and empties it. With NULL, the file goes. */
void edits_take(struct edits *edits, struct edited *file, struct buffer *text);
/*
 * Sets keys of a mapping of the file. False, and said: it cannot be done. Whatever was found in the
 * file has to be found again.
 */
bool edits_set(struct edits *edits, struct edited *file, const struct node *map,
               const struct edit *list, size_t count);

/* Where a flag is, as edited so far; false, and said, with what may have been meant. */
bool edits_find_flag(struct edits *edits, const char *name, struct flag_place *place);
/* The same, and silent. */
bool edits_has_flag(struct edits *edits, const char *name, struct flag_place *place);
/* Calls `take` for each file with the section, as edited so far, until it returns false; the file
 * may be edited in it. */
typedef bool section_taker(struct edits *edits, struct edited *file, const struct entry *section,
                           void *user);
bool edits_each_section(struct edits *edits, const char *section, section_taker *take, void *user);
/* The project's environments, as its definitions name them. */
const char **edits_environments(struct edits *edits, uint32_t *count);
/* The one that -e names, else the project's only or default one. NULL in *name: none is named. It
 * returns false, and said, for one that the project does not have. */
bool edits_environment(struct edits *edits, const char **name);

/* Percentages hash a flag's name, unless it says what instead: keeps what they hashed when it was
 * called `old`. False, and said: it cannot be done. */
bool edits_keep_salt(struct edits *edits, const char *old, const char *name);
/* Whether a flag can be called so; else said, with why. */
bool edits_check_name(struct edits *edits, const char *name);
/* Says that it cannot be done, and what to do (or NULL). Always false. */
bool edits_refuse(struct edits *edits, const struct buffer *why, const char *help);
/* The same, with what printf makes of it. */
bool edits_cannot(struct edits *edits, const char *help, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "flags/shop.yaml:14" */
const char *edits_place(struct edits *edits, const struct edited *file, const struct node *node);

#endif
