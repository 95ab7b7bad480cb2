/*
 * past.h - the definitions of a project as commits have them, read as far as they are asked for.
 *
 * A version of a project is the id of git's tree for its folder. Two versions are compared by the
 * ids of what they hold; of a version, only those definitions are compiled that some flags need.
 * What was read stays until past_trim(), so that neighbours in a history share it.
 */
#ifndef FFC_COMMANDS_PAST_H
#define FFC_COMMANDS_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"
#include "definition_text.h"
#include "compiler/files/git.h"

struct project;

struct past {
    struct git_objects objects;
    const char *folder; /* of the project, below the top of the repository */
    int64_t now;
    struct arena arena;
    struct table paths;     /* where a definition of a name has stood in any version seen */
    struct table files;     /* the same of files that definitions may name, by their last word */
    const char **odd_names; /* with blanks or brackets */
    uint32_t odd_count;
    struct arena cache;        /* what follows, until it is too much */
    struct table trees, texts; /* by id */
    size_t cached;
    bool failed; /* something could not be read: what is said may lack it */
};

/* False if git cannot be run. past_close() follows, whatever the result. */
bool past_open(struct past *past, const char *directory, const char *folder, int64_t now);
void past_close(struct past *past);
/* Forgets what was read of texts and trees, where that is much. */
void past_trim(struct past *past);

/* Reads many at once, of which later calls ask for each. */
void past_fetch(struct past *past, const char *const *trees, size_t tree_count,
                const char *const *texts, size_t text_count);

/* The tree of the project's folder in a commit, by its id; NULL: it has no such folder. */
const char *past_tree(struct past *past, const char *commit);
/* Whether the commit has parents, and this clone has them not. */
bool past_lacks_parents(struct past *past, const char *commit);
/* Learns where everything is in a version: in the newest one first, and in others by comparing. */
void past_learn(struct past *past, const char *tree);
/* A file of a version; NULL: it has none of that name. Until past_trim(). */
const struct definition_text *past_definitions(struct past *past, const char *tree,
                                               const char *path);

/* What is different between two versions, by its text. */
struct past_delta {
    struct arena *arena;
    struct table seen;
    const char **flags; /* whose own definition differs, or something that they name */
    uint32_t flag_count;
    const char **added; /* other files that are only in the newer one, by path */
    uint32_t added_count;
    bool everything; /* something differs that all flags depend on */
    bool overrides;
    struct table names; /* of segments and the like that differ */
    const char **name_items;
    uint32_t name_count;
};
/* NULL for a tree: nothing. */
void past_compare(struct past *past, const char *old, const char *new, struct past_delta *delta);
/* One definition file of both, for versions that are no trees. NULL: it is not there. */
void past_compare_texts(struct past *past, const char *path, const struct definition_text *old,
                        const struct definition_text *new, struct past_delta *delta);
/* Another file that definitions may name. */
void past_compare_file(struct past *past, const char *path, bool is_new, struct past_delta *delta);
/* Adds the flags of a version that name what differs. */
void past_spread(struct past *past, const char *tree, struct past_delta *delta);
void past_spread_text(const struct definition_text *text, struct past_delta *delta, bool *more);

/* Whether the texts of a version define a flag of that name, as far as they could be cut. */
bool past_defines(struct past *past, const char *tree, const char *flag);
/* Whether something that could not be cut may. */
bool past_may_define(struct past *past, const char *tree, const char *flag);

/*
 * A version with the flags of these names, and whatever they name; all of it where that alone has
 * errors, or with `count` UINT32_MAX. For project_free(). NULL: it could not be read.
 */
enum past_part { PAST_FLAGS, PAST_WITH_OVERRIDES };
struct project *past_load(struct past *past, const char *tree, const char *const *names,
                          uint32_t count, enum past_part part);

#endif
