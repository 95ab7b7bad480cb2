/*
 * touched.h - whom a change of a flag touches: the shares of units that get another answer.
 *
 * Two versions of a flag's program, from two snapshots, are run together, not for a unit but for
 * all of them: a test of the unit's bucket cuts the range of buckets that are still possible, and a
 * test of anything else is an atom, which holds or does not. The shares are the lengths of those
 * ranges: exact, nothing is sampled. Buckets of one salt and key are one number, however often they
 * are asked for; those of different salts or keys are independent, since mix() avalanches (see
 * docs/evaluation.md).
 *
 * A unit has a key. What becomes of a context without one is told apart, in `keyless`. Nor had it a
 * variant before: what becomes of one that a sticky flag served before is told in `kept`.
 *
 * Where atoms decide, regions are the first-match partition: a context is in the first region whose
 * condition holds. They are found by trying the atoms in the order in which the programs ask for
 * them, the true side first, so that naming the atoms that hold is enough. Combinations that no
 * context has (compiler/check/prove.h) are left out.
 */
#ifndef FFC_COMMANDS_TOUCHED_H
#define FFC_COMMANDS_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/table.h"
#include "compiler/check/prove.h"
#include "compiler/commands/dump/disassemble.h"

#define NO_FLAG UINT32_MAX

/* The two versions. */
enum version { VERSION_OLD, VERSION_NEW };

/* Units that go from one variant to another. A label is a variant's name, its value as JSON where
 * it has none, "none" for no variant, NULL where the flag does not exist. Two labels may be the
 * same: then its value is another. */
struct share {
    const char *from, *to;
    uint64_t from_id, to_id; /* of name and value */
    double share;            /* of the units of its region */
    bool unknown;            /* how many of its region: they stand in the snapshot as hashes */
    bool loses;              /* what they had was not the old default */
};

struct region {
    const char *where;    /* NULL: everybody that no region before it has */
    struct share *shares; /* largest first; none: nothing changes */
    uint32_t share_count;
};

struct touched {
    struct region *regions; /* at least one, unless it is not known */
    uint32_t region_count;  /* one without a condition: shares are of all units */
    const char *unknown;    /* why that cannot be told; or NULL */
    bool incomplete;        /* there are more regions than were counted */
    bool reads_clock;
    struct share *keyless; /* contexts that have no key; `share` is not used */
    uint32_t keyless_count;
    const char *key;    /* what they lack: "user_id" */
    bool key_is_number; /* or they have one that is no integer, which is none */
    bool keeps; /* both versions serve units what they had before: `shares` are of the others */
    struct share *kept; /* units that had a variant and get another answer; `share` is not used */
    uint32_t kept_count;
};

/* A version of an environment's flags, whose programs are compared. */
struct program_side;

struct comparison {
    struct arena arena;
    struct program_side *sides[2]; /* NULL: the environment is not there */
    struct atom **atoms;
    uint32_t atom_count;
    struct table atom_names, attributes;
    struct table private_values; /* "digest attribute" to its number; … */
    struct table private_counts; /* … and by attribute, how many there are */
    struct prover prover;
};

/* Either may be NULL; both must outlive the comparison. */
void comparison_init(struct comparison *comparison, const struct listing *old,
                     const struct listing *new);
/* Looks at every program of a version ahead, so that several versions can be at once. */
void comparison_prepare(struct comparison *comparison, enum version version);
void comparison_release(struct comparison *comparison);
/* The flag's index in a version, or NO_FLAG. */
uint32_t comparison_find(const struct comparison *comparison, enum version version,
                         const char *name);
/* Whether two versions of a flag certainly give the same answers, to whomever and whenever. */
bool comparison_same(struct comparison *comparison, uint32_t old, uint32_t new);
/* Whom the difference touches at that time; the arena's. One of the two may be NO_FLAG. */
struct touched *comparison_touched(struct comparison *comparison, uint32_t old, uint32_t new,
                                   int64_t now);
/* Flags that either version asks for their answer, and that differ; the arena's. */
const char **comparison_asked(struct comparison *comparison, uint32_t old, uint32_t new,
                              uint32_t *count);
/* By what a version's units are hashed: "user_id", "company, user_id"; "" if by nothing. */
const char *comparison_keys(struct comparison *comparison, enum version version, uint32_t flag);
/* A hash of what a version's layer leaves to the flag; 0: it has none, or all of it. */
uint64_t comparison_layer(const struct comparison *comparison, enum version version, uint32_t flag);
/* A hash of the split of an experiment that runs; 0: none does. */
uint64_t comparison_experiment(const struct comparison *comparison, enum version version,
                               uint32_t flag);
/* Whether a version hashes units by the flag's own salt; *salt is its hash. */
bool comparison_salt(const struct comparison *comparison, enum version version, uint32_t flag,
                     uint64_t *salt);
/* Whether a version serves units what they had before. */
bool comparison_keeps(const struct comparison *comparison, enum version version, uint32_t flag);
/* Times after `now` at which either version may begin to answer differently, sorted; the arena's.
 * At most `most`. */
int64_t *comparison_times(struct comparison *comparison, uint32_t old, uint32_t new, int64_t now,
                          uint32_t most, uint32_t *count);

#endif
