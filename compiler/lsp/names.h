/*
 * names.h - names in definitions: where each is defined, and where it is used.
 */
#ifndef FFC_LSP_NAMES_H
#define FFC_LSP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "compiler/read/form.h"
#include "cursor.h"
#include "workspace.h"

struct node;

struct name {
    enum named kind; /* NAMED_NOTHING: it is none */
    const char *text;
    const char *flag; /* of a variant or a stage: whose; NULL: not known */
};

struct name_use {
    struct name name;
    const struct node *node; /* the scalar */
    bool defines;
};
typedef void name_taker(const struct name_use *use, void *user);
/* Calls `take` with each name of a file, of whatever kind. Cost: a pass over all of it. */
void names_in(const struct node *root, name_taker *take, void *user);
/* Whether both name the same thing. */
bool name_is_same(const struct name *left, const struct name *right);

/* What the cursor stands on. `root` may be NULL. The arena's. */
struct name name_at(const struct cursor *cursor, const struct node *root, struct arena *arena);

/* Where it is defined; false: nowhere. */
struct name_place {
    struct workspace_file file;
    const struct node *node;
};
bool name_find(const struct workspace *workspace, const struct name *name,
               struct name_place *place);
/* Calls `take` with all that there are of a kind; of variants and stages, those of a flag. */
typedef void name_lister(const char *name, const struct node *body, void *user);
void names_each(const struct workspace *workspace, const struct name *like, name_lister *take,
                void *user);

/* The section in which a kind is declared; NULL: in none. */
const char *name_section(enum named kind);
extern const char *const named_words[NAMED_COUNT]; /* "flag" */

#endif
