/*
 * emergency.h - overrides that are added to the definitions in a hurry, and lifted again.
 *
 * Each is a file of its own, `overrides/ID.yaml`, which takes precedence over all other overrides.
 * So adding one neither needs another file to be readable nor conflicts with somebody else's
 * change. The rest of the definitions is not read, and no error in them gets in the way.
 */
#ifndef FFC_EMERGENCY_H
#define FFC_EMERGENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/files/edit.h"
#include "compiler/model/override.h"
#include "compiler/ledger/entry.h"
#include "compiler/ledger/ledger.h"

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
    int64_t from, until; /* INT64_MAX: until it is lifted */
    const char *reason, *by;
    int64_t at;
    const struct override *planned; /* in place of the scope and `serve`: that of a plan, … */
    const struct source *source;    /* … and its file */
};

/* An edit that was planned and is not made. */
struct override_edit {
    struct arena arena;
    struct override override; /* what is added or lifted. Its environments and condition are only
                                 there where a project knows them: of a plan, and of a lift */
    const char *environment;  /* the one it is for; NULL: as override.environments */
    const char *segment;      /* or NULL */
    const char *definition;   /* as YAML, without `id` and `at` */
    const char *name;         /* of the file, below the project */
    bool lifts;
    const struct source *source; /* of an override that others share a file with; NULL: the file is
                                    added, or removed, whole */
    struct buffer text;
    const char **flags; /* that are selected, as far as anybody knew */
    uint32_t flag_count;
};

/* Plans one that is added. */
void emergency_plan(const struct emergency *emergency, struct override_edit *edit);
/*
 * Plans to remove one of the project's, which must outlive the edit. False: a sentence in `error`.
 */
bool emergency_plan_lift(const struct project *project, const struct override *override,
                         struct override_edit *edit, struct buffer *error);
void override_edit_release(struct override_edit *edit);

/* Adds the flags of a project that it selects, once. */
void override_edit_select(struct override_edit *edit, const struct project *project);

/* The entry for it: `head` may name a flag, else that of one. */
void override_entry(struct buffer *out, const struct entry_head *head,
                    const struct project *project, const struct override_edit *edit,
                    const char *reason);
#define OVERRIDE_VERDICT(edit) ((edit)->lifts ? "lift" : "override")

/* Puts the entry aside: if this run dies, the next one adds the override. */
bool override_edit_prepare(struct ledger *ledger, const struct override_edit *edit,
                           const struct buffer *entry, struct buffer *error);
/* Writes, changes or removes the file; ledger_edited() and ledger_commit() are for the caller. */
enum replaced override_edit_make(const char *directory, struct override_edit *edit,
                                 struct buffer *error);
/* Whether the project was read from the folder's current files. */
bool overrides_are_current(const struct project *project);
/* The folder that they are in, which may be there. */
bool override_folder_make(const char *directory, struct buffer *error);

/*
 * The first of the project's overrides that decides for the flag in that environment at that time,
 * for everybody or for some; NULL if none does. With `after`, the next one after that.
 */
const struct override *override_in_force(const struct project *project, const struct flag *flag,
                                         uint32_t environment, int64_t at,
                                         const struct override *after);

#endif
