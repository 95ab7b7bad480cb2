/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - a snapshot in memory.
 *
 * A file becomes one in three steps: load.c brings its bytes into memory, verify.c checks them and
 * finds the sections, slots.c binds the result to the store's handles and publishes it. From then
 * on it is read-only, but for the tables outside the file that grow with the handles: those are
 * filled by atomic stores, under the store's lock.
 */
#ifndef FFLAG_RUNTIME_SNAPSHOT_H
#define FFLAG_RUNTIME_SNAPSHOT_H

#include "base.h"
#include "fflag/snapshot.h"

/*
 * What a handle means in one snapshot, in a word: index of the flag << 32 | type << 8 | bits. Zero
 * where the snapshot has no flag of that name. The bits answer a constant boolean at once.
 */
#define WORD_VALUE    UINT64_C(1) /* of a constant boolean */
#define WORD_CONSTANT UINT64_C(2) /* a boolean that is the same for everybody, always */
#define WORD_ROLLOUT  UINT64_C(4) /* a boolean that is one percentage, see struct shortcut */
#define WORD_LIST     UINT64_C(8) /* a boolean that is one list of keys, see there */
/* The type of a flag that may serve no variant has this bit, so that calls for a value need not
 * look for that elsewhere; what is not supported is of no type. */
#define WORD_MAY_BE_NONE 0x80u
#define WORD_UNSUPPORTED UINT64_C(0x40)
#define WORD_PLAN        UINT64_C(0x10000) /* a boolean whose program has a plan, see plan.h */
#define WORD_ANSWERED    (WORD_CONSTANT | WORD_ROLLOUT | WORD_LIST | WORD_PLAN)
/* These, where the store counts: apart, so that others need not ask. */
#define WORD_COUNTED(bits) ((bits) << 3)
/* A flag of another type whose program has a plan, whether the store counts or not. */
#define WORD_OTHER_PLAN UINT64_C(0x20000)
/* A flag of any type whose program has a wide plan, see wide_plan.h, whether the store counts or
 * not. */
#define WORD_WIDE_PLAN UINT64_C(0x40000)
#define WORD_ANY_PLAN  (WORD_PLAN | WORD_COUNTED(WORD_PLAN) | WORD_OTHER_PLAN)

static inline unsigned word_type(uint64_t word)
{
    return word >> 8 & 0xff;
}

static inline uint32_t word_index(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

struct plan;
struct wide_plan;

/*
 * The most common programs, one test of the unit and SERVE, precomputed for a handle: all that an
 * evaluation needs, in one place. Valid if the handle's word has WORD_ROLLOUT or WORD_LIST. With
 * WORD_ANY_PLAN, only `plan` is, and with WORD_WIDE_PLAN, only `wide`.
 */
struct shortcut {
    union {
        uint64_t salt;             /* of a rollout */
        const struct ffs_set *set; /* of a list */
        const struct plan *plan;
        const struct wide_plan *wide;
    };
    uint64_t threshold; /* of a rollout */
    uint64_t present;   /* the bit of the unit's slot in the word at `presence` */
    uint16_t presence;  /* this and the next are offsets into a context */
    uint16_t unit;
    uint8_t type;  /* that the unit's key must have */
    bool value[2]; /* where the test does not hold, and where it does */
};

/* The type of a slot that is set to null: it fits no declared type. */
#define SLOT_NULL 0

/* Whether a value that was set as one type can stand for an attribute that is declared another. */
static inline bool attribute_fits(unsigned given, unsigned declared)
{
    static const uint8_t takes[8] = {
        [FFLAG_ATTRIBUTE_STRING] = 1u << FFLAG_ATTRIBUTE_STRING,
        [FFLAG_ATTRIBUTE_NUMBER] = 1u << FFLAG_ATTRIBUTE_NUMBER,
        [FFLAG_ATTRIBUTE_BOOLEAN] = 1u << FFLAG_ATTRIBUTE_BOOLEAN,
        [FFLAG_ATTRIBUTE_VERSION] = 1u << FFLAG_ATTRIBUTE_VERSION | 1u << FFLAG_ATTRIBUTE_STRING,
        [FFLAG_ATTRIBUTE_TIME] = 1u << FFLAG_ATTRIBUTE_TIME | 1u << FFLAG_ATTRIBUTE_STRING |
                                 1u << FFLAG_ATTRIBUTE_NUMBER,
        [FFLAG_ATTRIBUTE_STRINGS] = 1u << FFLAG_ATTRIBUTE_STRINGS,
        [FFLAG_ATTRIBUTE_IP] = 1u << FFLAG_ATTRIBUTE_IP | 1u << FFLAG_ATTRIBUTE_STRING,
    };
    return takes[declared & 7] >> (given & 7) & 1;
}

/* Where an attribute of a snapshot is in a context: its declared type << 8 | slot. */
#define INPUT_NO_SLOT 0xffu

struct snapshot {
    const uint8_t *bytes;
    size_t length;            /* of the snapshot */
    size_t file_length;       /* with the signature */
    size_t mapped;            /* the memory at `bytes` */
    bool is_file;             /* mapped, not copied: whoever writes to the file writes to it */
    const uint8_t *signature; /* struct ffs_signature, not aligned; NULL: unsigned */
    bool is_hashed;           /* content_hash is known, of these bytes */
    uint8_t content_hash[16];
    char build[33];

    const uint8_t *strings;
    const struct ffs_attribute *attributes;
    const struct ffs_flag *flags;
    const struct ffs_names *names;
    const uint16_t *pilots;
    const uint32_t *name_slots;
    const struct ffs_variant *variants;
    const struct ffs_instruction *code;
    const uint64_t *splits;
    const struct ffs_range *ranges;
    const struct ffs_ramp *ramps;
    const uint64_t *sets;
    const struct ffs_network *networks;
    const uint32_t *automata;
    const uint64_t *zones;
    const struct ffs_key *keys;
    uint32_t key_count;
    uint32_t attribute_count;
    uint32_t flag_count;

    /* Made by the store. */
    _Atomic uint64_t *words;    /* by flag handle */
    struct shortcut *shortcuts; /* by flag handle; filled before the word */
    uint32_t word_count;
    _Atomic uint16_t *inputs;              /* by attribute index */
    struct counters *counters;             /* NULL: the store does not count */
    struct shortcut_cells *shortcut_cells; /* by flag handle; filled before the word */
    struct flag_faults *faults;            /* by flag index; see faults.h */
    fflag_result *results;                 /* by flag index, of constant flags; see constants.h */
    struct plans *plans;                   /* NULL: none was made */
    uint64_t *constant;                    /* a bit by flag index: it is one of these */
    _Atomic uint64_t *missing; /* by flag handle: questions for a flag that is not there */
};

static inline const char *string_bytes(const struct snapshot *snapshot, ffs_string string)
{
    return (const char *)snapshot->strings + (size_t)string * 4 + sizeof(uint32_t);
}

static inline uint32_t string_length(const struct snapshot *snapshot, ffs_string string)
{
    uint32_t length;
    memcpy(&length, snapshot->strings + (size_t)string * 4, sizeof length);
    return length;
}

/* Whether the library knows everything the flag's program uses. If not, it has not verified the
 * program, and must not read it. */
static inline bool runtime_is_supported(const struct ffs_flag *flag)
{
    return (flag->features & ~FFS_FEATURES) == 0;
}

/*
 * Verifies all of snapshot->bytes and fills in the sections and the build. Linear in the length,
 * never recursive. On what it accepts, no evaluation reads out of bounds or loops.
 */
enum fflag_error runtime_verify(struct snapshot *snapshot, struct problem *problem);

/* The flag of that name, or NULL. One probe. */
const struct ffs_flag *runtime_find_flag(const struct snapshot *snapshot, const char *name,
                                         size_t length);

/* The word a handle of that name has in this snapshot, without WORD_ROLLOUT and WORD_LIST. */
uint64_t runtime_flag_word(const struct snapshot *snapshot, const char *name, size_t length);
/*
 * Fills in the word and shortcut of a handle, as far as the attributes are bound. Returns the index
 * of the flag, which `guess` may be, or FFS_NONE.
 */
uint32_t runtime_bind_flag(struct snapshot *snapshot, fflag_id flag, const char *name,
                           size_t length, uint32_t guess);
/*
 * Makes a plan for a handle's flag, if its attributes are bound, nothing else answers without its
 * program, and it has none. Other threads may evaluate meanwhile.
 */
void runtime_bind_plan(struct snapshot *snapshot, fflag_id flag);

#endif
