/*
 * diff.h - what changed between two versions of flags, and whom it touches.
 *
 * diff_changes.c finds the changes, diff_risks.c what is dangerous about them, diff_contexts.c
 * counts contexts that are given, diff_write.c tells of it all.
 */
#ifndef FFC_COMMANDS_DIFF_H
#define FFC_COMMANDS_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "diff_sides.h"
#include "word_changes.h"
#include "touched.h"

#define CHANGE_KINDS(X)          \
    X(CHANGE_ADDED, "added")     \
    X(CHANGE_REMOVED, "removed") \
    X(CHANGE_CHANGED, "changed") \
    X(CHANGE_RENAMED, "renamed")
enum change_kind { CHANGE_KINDS(WORDS_MEMBER) };
extern const char *const change_kind_words[];

/* The worst first: changes are told in this order. */
#define RISK_KINDS(X)                \
    X(RISK_LOSES, "loses")           \
    X(RISK_SALT, "salt")             \
    X(RISK_BUCKET_BY, "bucket_by")   \
    X(RISK_LAYER, "layer")           \
    X(RISK_EXPERIMENT, "experiment") \
    X(RISK_STICKY, "sticky")         \
    X(RISK_GUARD, "guard")           \
    X(RISK_TYPE, "type")             \
    X(RISK_NAME, "name")             \
    X(RISK_UNKNOWN, "unknown")
enum risk_kind { RISK_KINDS(WORDS_MEMBER) };

struct risk {
    enum risk_kind kind;
    const char *text;  /* "units lose a variant" */
    const char *place; /* or NULL */
};

/* What the definitions say differently. */
struct cause {
    const char *what;           /* "rule nordics" */
    const char *before, *after; /* NULL: it is not said there */
    const char *place;          /* "flags/shop.yaml:14", or NULL */
};

/* How many of the contexts, or lines of a log, that were given get another answer. */
struct counted {
    const char *name; /* of a log; NULL: contexts */
    uint64_t total, changed;
};

struct change {
    const char *flag;
    const char *former; /* how it was called, of CHANGE_RENAMED */
    const char *environment;
    enum change_kind kind;
    uint32_t old, new; /* in the listings of the environment, or NO_FLAG */
    struct touched *touched;
    int64_t later;      /* when `touched` holds; INT64_MIN: now */
    struct risk *risks; /* worst first */
    uint32_t risk_count;
    struct cause *causes;
    uint32_t cause_count;
    struct counted *counted;
    uint32_t counted_count;
};

/* An environment in both versions; UINT32_MAX: it is not in that one. */
struct diff_pair {
    const char *name;
    uint32_t old, new;
    uint32_t changes; /* how many flags change in it */
    bool compared;
};

struct diff {
    struct arena arena;
    struct diff_sides *sides;
    int64_t now;
    struct diff_pair *pairs;
    uint32_t pair_count;
    struct change *changes; /* riskiest first, then by name */
    uint32_t change_count;
    /* Kept for what the changes borrow from them. */
    struct comparison **comparisons; /* by pair; NULL: it was not compiled */
};

/* Compares the environments that were compiled. */
void diff_find(struct diff *diff, struct diff_sides *sides, int64_t now);
void diff_release(struct diff *diff);

/* Adds what is risky about a change. */
void find_risks(struct diff *diff, const struct diff_pair *pair, struct comparison *comparison,
                struct change *change);
/* Whether both versions have it, by one name or another. */
static inline bool change_is_of_both(const struct change *change)
{
    return change->kind == CHANGE_CHANGED || change->kind == CHANGE_RENAMED;
}
/* How a version's tables call the flag: those of projects by its new name; see diff_sides.h. */
const char *change_name(const struct diff *diff, const struct change *change, enum version version);
/* The flag, as a version's definitions have it; NULL: it has none, or is a snapshot. */
const struct flag *change_flag(const struct diff *diff, const struct change *change,
                               enum version version);
/* "flags/shop.yaml:14"; NULL for no place. */
const char *diff_place(struct diff *diff, enum version version, struct span span);

/* Counts the contexts of a file, one a line. Returns an exit_status. */
int count_contexts(const struct command *command, struct diff *diff, const char *path);
/* The same of the lines of a log of the project, "NAME=FILE". */
int count_log(const struct command *command, struct diff *diff, const char *argument);

/* The share of units that get another answer; false where conditions decide, or nobody knows. */
bool change_share(const struct change *change, double *share);

void write_diff_text(const struct diff *diff, bool color, struct buffer *out);
void write_diff_markdown(const struct diff *diff, struct buffer *out);
void write_diff_json(const struct diff *diff, struct buffer *out);

#endif
