/*
 * emergency.h - overrides that are added to the definitions in a hurry, and lifted again.
 *
 * A new one is put before all others, because the first that is active decides: into the first file
 * that has a list of them, or into a new `overrides.yaml`. What the definitions would be is checked
 * before anything is written.
 */
#ifndef FFC_EMERGENCY_H
#define FFC_EMERGENCY_H

#include "compiler/files/edit.h"
#include "entry.h"
#include "ledger.h"

/* What selects flags, and for whom; what is not given is NULL or 0. */
struct scope {
    const char *const *flags, *const *tags, *const *kinds;
    size_t flag_count, tag_count, kind_count;
    bool all;
    const char *segment, *environment;
};
struct emergency {
    struct scope scope;
    const char *serve;   /* "default", or a variant */
    int64_t from, until; /* INT64_MIN, INT64_MAX: always */
    const char *reason, *by;
    int64_t at;
    const struct node *node; /* in place of the scope and `serve`: the override of a plan, … */
    const struct source *source; /* … and its file */
};

/* An edit that was planned and is not made. */
struct override_edit {
    struct arena arena;
    const char *id;
    const char *definition;      /* as YAML, without `id` and `at` */
    const char *name;            /* of the file, below the project */
    const struct source *source; /* NULL: the file is new */
    struct buffer text;
    struct project *checked; /* the definitions as they would be */
    const char **flags;      /* that are selected */
    uint32_t flag_count;
};

/*
 * Plans. False: a sentence in `error`, or errors in edit->checked, which would not compile.
 * `project` must outlive the edit, which in either case is for the caller to release.
 */
bool emergency_plan(const struct project *project, const struct emergency *emergency,
                    struct override_edit *edit, struct buffer *error);
bool emergency_plan_lift(const struct project *project, const char *id, struct override_edit *edit,
                         struct buffer *error);
void override_edit_release(struct override_edit *edit);

/* The entry for it: `verdict` is "override" or "lift"; `head` may name a flag, else that of one. */
void override_entry(struct buffer *out, const struct entry_head *head,
                    const struct override_edit *edit, const char *verdict, const char *reason);
/* Puts the entry aside and writes the file; ledger_commit() is for the caller. False: nothing was
 * changed. */
bool override_edit_make(struct ledger *ledger, struct override_edit *edit,
                        const struct buffer *entry, struct buffer *error);

/* The override of that id; NULL when there is none. */
const struct override *find_override(const struct project *project, const char *id);

#endif
