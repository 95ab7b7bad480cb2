/* touched_parts.h - what touched.c and the other files of its name share. */
#ifndef FFC_COMMANDS_TOUCHED_PARTS_H
#define FFC_COMMANDS_TOUCHED_PARTS_H

#include "touched.h"

struct condition;

enum truth { TRUTH_OPEN, TRUTH_HOLDS, TRUTH_FAILS };

/* A test that is not of a bucket, the same for all instructions that ask it, in both versions. */
struct atom {
    const char *words;
    bool is_several;             /* the words are alternatives */
    struct condition *condition; /* as the prover knows it; NULL: it does not */
    enum truth truth;            /* what is supposed now */
    const char *key;             /* the attribute that makes it fail where it is absent; or NULL */
    const char **members;        /* the keys of the units for which it holds; NULL: not a list */
    uint32_t member_count;
    bool is_hidden; /* it names units, or other values, that stand as hashes */
    bool is_no_key; /* it holds for one number, which has a fraction or is too large for a key */
};

/* The tests before a decision, and it. */
struct block {
    const struct ffs_instruction *decision;
    struct atom *whole; /* its tests of attributes, as one; NULL: each is an atom */
    struct atom **atoms;
    uint32_t atom_count;
};

/* A version, with its tables at hand. */
struct program_side {
    const struct listing *listing;
    const struct ffs_key *keys;
    const uint64_t *splits;
    const struct ffs_range *ranges;
    const struct ffs_ramp *ramps;
    const uint64_t *sets, *zones;
    uint64_t **suffixes;   /* of each flag: what its program does from an instruction on; … */
    uint64_t *flag_hashes; /* … and as a whole; 0: not yet known */
    uint64_t *set_hashes;  /* by place in SETS; 0: not yet known */
    struct atom **atoms;   /* by instruction, once known */
    struct block **blocks; /* likewise, of those that begin there */
    struct table names;    /* to 1 + an index */
};

void side_init(struct program_side *side, const struct listing *listing, struct arena *arena);
void side_release(struct program_side *side);

/* A combination of atoms: those that hold are named, where they might also have failed. */
struct leaf {
    struct atom **named;
    uint32_t named_count;
    struct share *shares;
    uint32_t share_count;
    struct leaf * or ; /* another, with the same shares, that the region has, too */
    bool merged;
};

/* Adds the regions of leaves, which are in the order in which they are tried. */
void add_regions(struct comparison *comparison, struct leaf *leaves, uint32_t leaf_count,
                 struct touched *touched);

/* Whether an instruction asks for a unit's bucket. */
static inline bool reads_bucket(uint8_t op)
{
    enum ffs_operand operand = ffs_operand_of(op);
    return operand == FFS_OPERAND_SPLIT || operand == FFS_OPERAND_THRESHOLD ||
           operand == FFS_OPERAND_RANGE || operand == FFS_OPERAND_RAMP;
}

/* What a variant is, and what it is called. */
uint64_t variant_identity(const struct program_side *side, const struct ffs_flag *flag,
                          uint16_t variant);
const char *variant_label(const struct program_side *side, struct arena *arena,
                          const struct ffs_flag *flag, uint16_t variant);

/* The flag's variant of a name, as the runtime finds it; FFS_NO_VARIANT: there is none. */
uint16_t variant_named(const struct program_side *side, const struct ffs_flag *flag,
                       const char *name);

/* Hashes of what is left of a program from each of its instructions on, and from its end on. */
const uint64_t *program_suffixes(struct program_side *side, uint32_t flag);

/* Whether a flag, or one that it asks, hashes a boolean: two buckets are no share of units. */
bool program_has_boolean_key(const struct program_side *side, uint32_t flag);
/* What programs hash. */
#define MOST_KEYS 16
struct unit_keys {
    const char *names[MOST_KEYS];
    bool is_number[MOST_KEYS]; /* one, of which those that are no integer make no key */
    uint32_t count;
};
/* Adds what a flag's program hashes, and those that it asks. */
void find_keys(struct unit_keys *keys, const struct program_side *side, struct arena *arena,
               uint32_t flag);
bool has_key(const struct unit_keys *keys, const char *name); /* NULL is none */
/* Whether it is a number; NULL: whether any is. */
bool has_number_key(const struct unit_keys *keys, const char *name);
/* Whether the clock is in a window of the week, an operand. */
bool is_in_week(const struct program_side *side, uint64_t operand, int64_t now);

/* Which attribute's key a bucket is of: of several, of which one is enough, the first. Borrowed, or
 * the arena's. */
const char *key_words(const struct program_side *side, struct arena *arena, uint16_t by);

struct atom *atom_of(struct comparison *comparison, struct program_side *side,
                     const struct ffs_flag *flag, const struct ffs_instruction *test);
/* The block that begins with an instruction; NULL: none does. */
const struct block *block_at(struct comparison *comparison, struct program_side *side,
                             const struct ffs_flag *flag, const struct ffs_instruction *at);
/* Completes an atom that is made of some members of a list. */
void name_members(struct comparison *comparison, const struct atom *list, struct atom *units);
/* Whether no unit of that key can make true what is supposed of tests of its key's attribute. */
bool unit_is_impossible(struct comparison *comparison, struct atom *const *supposed,
                        uint32_t supposed_count, const char *key, const char *unit);
/* Whether no context can make what is supposed of the atoms true, and this, too. */
bool atom_is_impossible(struct comparison *comparison, struct atom *const *supposed,
                        uint32_t supposed_count, struct atom *atom, bool holds);
/* Whether whatever makes `atom` hold makes `other` hold. */
bool atom_implies(struct comparison *comparison, const struct atom *atom, const struct atom *other);
/* One of two, as one test: "country is NO or SE". NULL: they are not of a kind. */
struct condition *joined_alternatives(struct arena *arena, const struct condition *a,
                                      const struct condition *b);

#endif
