/*
 * names.h - the names of one kind that a project has, for shells to complete.
 *
 * A project that does not compile has those that could be read.
 */
#ifndef FFC_NAMES_H
#define FFC_NAMES_H

#include <stdint.h>

#include "compiler/base/arena.h"

enum names {
    NAMES_CODES, /* of diagnostics; these and kinds need no project */
    NAMES_KINDS,
    NAMES_FLAGS,
    NAMES_ENVIRONMENTS,
    NAMES_STAGES, /* of canaries */
    NAMES_VARIANTS,
    NAMES_SERVED, /* "FLAG=VARIANT" */
    NAMES_SEGMENTS,
    NAMES_METRICS,
    NAMES_OWNERS,
    NAMES_TAGS,
    NAMES_ROLLOUTS,
    NAMES_OVERRIDES, /* their ids */
    NAMES_REVISIONS  /* of git: branches and tags */
};

struct name_list {
    struct arena *arena; /* owns the texts, too */
    const char **items;
    uint32_t count;
};

/*
 * Appends the names, sorted as bytes, each once, of the project below `directory` (NULL: the usual
 * one). Of stages and variants, those of these flags; of all flags when there are none, or none of
 * them is known. Names that a terminal cannot show as they are, such as those with line breaks, are
 * left out. Cost: of what is named in a section, the parsing of all files; else the reading.
 */
void names_of(enum names names, const char *directory, const char *const *flags,
              uint32_t flag_count, struct name_list *list);

/* Likewise the flags of a snapshot; none where that cannot be opened, or is stdin. */
void names_of_snapshot(const char *path, struct name_list *list);

#endif
