/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fflag/snapshot.h - the layout of a snapshot file (.ffs), shared by its writer and its reader.
 *
 * docs/snapshot-format.md says what every field means; this header defines the numbers. Everything
 * is little-endian and aligned to its size; offsets and indices are relative, so the file is used
 * where it is mapped, with no fix-ups. The structs overlay the bytes directly, and the assertions
 * at the end hold their layout still.
 *
 * Invariants that the verifier checks once and the evaluator relies on from then on:
 *   - sections are in ascending id order, 64-byte aligned, disjoint, in bounds; the gaps are zero
 *   - every reference is in bounds of its section, and every string ends in NUL
 *   - jumps go forward and stay in their program; a flag requires only flags of lower index
 *   - the cost of a flag (instructions, its prerequisites included) is at most FFS_MAX_COST
 *   - what nothing reads is zero, or the number that stands for nothing
 * All but the first two hold for flags whose `features` the reader knows; it answers the others
 * with the caller's default and never looks at their programs.
 */
#ifndef FFLAG_SNAPSHOT_H
#define FFLAG_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

/* The line ends in the magic expose a file that was transferred as text. */
#define FFS_MAGIC      "\211FFS\r\n\x1a\n"
#define FFS_MAGIC_SIZE 8
#define FFS_MAJOR      3
#define FFS_MINOR      0

#define FFS_ALIGNMENT    64
#define FFS_MAX_SECTIONS 64
#define FFS_MAX_VARIANTS 4096                /* of a flag */
#define FFS_MAX_PROGRAM  32768               /* instructions of a flag: a jump is 16 bits */
#define FFS_MAX_DEPTH    16                  /* of prerequisites */
#define FFS_MAX_COST     65536               /* instructions a single evaluation may run */
#define FFS_MAX_FOLDED   512                 /* longest string an ignore-case set may hold */
#define FFS_MAX_WIDTH    128                 /* bytes of a slot of a set */
#define FFS_MAX_PROBES   64                  /* slots that a look-up in a set looks at */
#define FFS_MAX_LASTS    (INT64_C(1) << 46)  /* milliseconds of a linear ramp: 2,229 years */
#define FFS_MAX_DIVISOR  (UINT64_C(1) << 53) /* of a remainder */
#define FFS_NONE         UINT32_MAX          /* no string, no tags */
#define FFS_NO_ATTRIBUTE UINT16_MAX
#define FFS_NO_VARIANT   UINT16_MAX /* the caller's default is served */

#define FFS_MAX_AUTOMATON 65536 /* bytes of an automaton's rows */

/* Attributes are below; the numbers from here on are indices into KEYS. */
#define FFS_FIRST_KEY 0x8000

/*
 * What a flag's program, or that of a flag it requires, uses beyond the operations that every
 * reader of this major version knows, as bits of a flag's `features`. A reader loses the flags that
 * need something it does not know, and nothing else. There is room for 64: more than ISO C gives an
 * enumeration, which both compilers do.
 */
__extension__ enum ffs_feature {
    FFS_FEATURE_NONE = 0,
#define FFS_FEATURE(bit, name, level, description) FFS_FEATURE_##name = UINT64_C(1) << (bit),
#include "operations.def"
    FFS_ALL_FEATURES = 0
#define FFS_FEATURE(bit, name, level, description) | FFS_FEATURE_##name
#include "operations.def"
};
#define FFS_FEATURES ((uint64_t)FFS_ALL_FEATURES) /* that this header knows */

/* A reference into STRINGS: the byte offset of an entry, divided by 4. */
typedef uint32_t ffs_string;

struct ffs_header {
    uint8_t magic[FFS_MAGIC_SIZE];
    uint16_t major;
    uint16_t minor;
    uint32_t header_size; /* 128; the section table begins there */
    uint64_t file_size;
    uint64_t must_understand; /* what concerns the whole file: a reader that does not know a bit
                                 refuses it. There is none yet */
    uint32_t section_count;
    ffs_string project;
    ffs_string environment;
    uint32_t reserved0;       /* zero */
    uint8_t content_hash[16]; /* XXH3-128, canonical (big-endian), of [header_size, file_size) */
    uint64_t generation;      /* given at the build; zero: none was */
    uint8_t reserved1[48];    /* zero */
    uint64_t header_hash;     /* XXH3-64 of the 120 bytes before it */
};

struct ffs_section {
    uint32_t id;
    uint32_t flags;  /* FFS_SECTION_SKIPPABLE */
    uint64_t offset; /* from the start of the file */
    uint64_t size;   /* bytes, without the padding that follows */
};

/*
 * A reader that does not know the section may ignore it; without this bit it refuses the file.
 * Sections that only features need have it: a reader that does not know one does not know the
 * other.
 */
#define FFS_SECTION_SKIPPABLE 1u

/* The entry of a section in the table of a snapshot that is known to be sound; NULL: none. */
static inline const struct ffs_section *ffs_find_section(const void *snapshot, uint32_t id)
{
    const struct ffs_header *header = (const struct ffs_header *)snapshot;
    const struct ffs_section *sections = (const struct ffs_section *)(header + 1);
    for (uint32_t i = 0; i < header->section_count; i++)
        if (sections[i].id == id)
            return &sections[i];
    return NULL;
}

/*
 * What may follow the snapshot, from `file_size` to the end of the file: a signature and its
 * comment. It covers the bytes before it, as minisign's do, and is not part of them: the hashes and
 * the size in the header are those of the unsigned file.
 */
#define FFS_SIGNATURE_MAGIC     "\211FFSIG\r\n"
#define FFS_SIGNATURE_ALGORITHM "ED" /* Ed25519 over BLAKE2b-512 */
#define FFS_MAX_COMMENT         8192

struct ffs_signature {
    uint8_t magic[FFS_MAGIC_SIZE];
    uint32_t comment_length; /* bytes that follow: a line of UTF-8 */
    uint8_t algorithm[2];
    uint8_t reserved[2]; /* zero */
    uint8_t key_id[8];   /* as in the key; printed as a little-endian number */
    uint8_t signature[64];
    uint8_t comment_signature[64]; /* over `signature` and the comment */
};

enum ffs_section_id {
    FFS_STRINGS = 1,
    FFS_ATTRIBUTES = 2,
    FFS_FLAGS = 3,
    FFS_NAMES = 4,
    FFS_VARIANTS = 5,
    FFS_CODE = 6,
    FFS_SPLITS = 7,
    FFS_RANGES = 8,
    FFS_RAMPS = 9,
    FFS_SETS = 10,
    FFS_NETWORKS = 11,
    FFS_AUTOMATA = 12, /* skippable */
    FFS_TAGS = 13,
    FFS_KEYS = 14,  /* skippable */
    FFS_ZONES = 15, /* skippable */

    /* JSON for people and tools; skippable, and never read by an evaluation. */
    FFS_PEOPLE = 32,
    FFS_LABELS = 33,
    FFS_OVERRIDES = 34
};

/*
 * STRINGS: entries of {uint32_t length; bytes; NUL; zero padding to 4}, in the order of first use.
 * An entry's bytes are UTF-8 without NUL.
 */

/* ATTRIBUTES: an array, sorted by name as bytes. `type` is an enum fflag_attribute_type. */
struct ffs_attribute {
    ffs_string name;
    uint8_t type;
    uint8_t reserved[3];
};

/*
 * FLAGS: an array in which a flag comes after the flags it requires (and by name, as bytes, where
 * that leaves a choice). A flag whose program is empty is constant: it serves `default_variant`,
 * reason STATIC. The end of a program serves `default_variant`, reason DEFAULT.
 */
struct ffs_flag {
    ffs_string name;
    uint8_t type;             /* enum fflag_type */
    uint8_t flags;            /* FFS_FLAG_* */
    uint16_t default_variant; /* or FFS_NO_VARIANT */
    uint32_t first_variant;   /* in VARIANTS */
    uint16_t variant_count;
    uint8_t depth;       /* 0, or 1 + the greatest depth among the flags it requires */
    uint8_t kind;        /* enum ffs_kind */
    uint32_t first_code; /* in CODE; 0 where there is none */
    uint32_t code_count;
    uint64_t exposure_salt; /* XXH3-64 of the salt */
    uint64_t split_salt;    /* XXH3-64 of the salt + "/split" */
    uint64_t features;      /* FFS_FEATURE_*: of its program, and of the flags it requires */
    uint32_t tags;          /* in TAGS, or FFS_NONE */
    ffs_string metadata;    /* a JSON object, or FFS_NONE */
};
#define FFS_FLAG_READS_CLOCK 1u /* its program, or one it requires, asks for the time */
#define FFS_FLAG_CLIENT      2u /* it may leave the server */
#define FFS_FLAG_SERVES_NONE 4u /* it may serve FFS_NO_VARIANT: its default, or its program */

/* The language's kinds, so that flags can be selected by kind without their definitions. */
/* Why a decision gives its variant: FFLAG_REASON_… with that name. */
#define FFS_REASONS(X)     \
    X(ERROR)               \
    X(STATIC)              \
    X(DEFAULT)             \
    X(TARGETING_MATCH)     \
    X(SPLIT)               \
    X(DISABLED)            \
    X(OVERRIDE)            \
    X(PREREQUISITE_FAILED) \
    X(HOLDOUT)             \
    X(LAYER)               \
    X(STICKY)

enum ffs_kind {
    FFS_KIND_RELEASE = 1,
    FFS_KIND_EXPERIMENT = 2,
    FFS_KIND_CANARY = 3,
    FFS_KIND_OPS = 4,
    FFS_KIND_CONFIG = 5,
    FFS_KIND_PERMISSION = 6
};

/* TAGS: uint32_t words; at an index: a count of at least 1, then as many ffs_string. Runs follow
 * each other without a gap; equal ones are stored once. */

/*
 * NAMES: a perfect hash from a flag's name to its index.
 *     struct ffs_names; uint16_t pilot[bucket_count], padded to 4; uint32_t slot[slot_count]
 * With h = XXH3-64(name, seed): bucket = high32(h) * bucket_count >> 32, and slot = x * slot_count
 * >> 64, in 128 bits, where x = ffs_spread(h, pilot[bucket]). A slot holds a flag index
 * or FFS_NONE; the reader compares the name's bytes.
 */
struct ffs_names {
    uint64_t seed;
    uint32_t bucket_count; /* at least 1 */
    uint32_t slot_count;   /* at least 1 */
};

/* Where a pilot sends a hash: the high bits count. The hash is already good; the pilot must only
 * change what collides. A multiplication after an exclusive or does that; neither does alone. */
static inline uint64_t ffs_spread(uint64_t hash, uint64_t pilot)
{
    return (hash ^ pilot * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0x9FB21C651E98DF25);
}

/* VARIANTS: an array; equal lists are stored once, so that boolean flags share theirs. */
struct ffs_variant {
    ffs_string name; /* FFS_NONE: the one value of a flag declared by `value` */
    uint32_t reserved;
    /* boolean 0 or 1 · integer, two's complement · number, IEEE bits · ffs_string */
    uint64_t value;
};

/*
 * CODE: an array of instructions; a flag's program is a run of them. A test that does not hold
 * jumps `jump` instructions forward (at least 1; to the end of the program at most), else the next
 * one runs. FFS_NEGATE inverts the test, even if the attribute is absent. Programs hold nothing
 * about the flag they belong to, so equal ones are stored once.
 */
struct ffs_instruction {
    uint8_t op;         /* enum ffs_op */
    uint8_t flags;      /* FFS_NEGATE, FFS_IGNORE_CASE; of a decision: enum fflag_reason */
    uint16_t attribute; /* in ATTRIBUTES; FFS_NO_ATTRIBUTE where the operation reads none */
    uint16_t jump;      /* 0 of FFS_SERVE and FFS_ACCEPT */
    uint16_t variant;   /* of FFS_SERVE, FFS_NO_VARIANT among them; else 0 */
    uint64_t operand;   /* 0 where the operation has none */
};
#define FFS_NEGATE      1u
#define FFS_IGNORE_CASE 2u /* folds ASCII; the operand is stored folded */

/* The operations: operations.def says of each what it tests, and what of an instruction it uses. */
enum ffs_op {
#define FFS_OPERATION(number, name, ...) FFS_##name = (number),
#include "operations.def"
};

/* What an operand is. Where it has two halves, the first of them is the low one. */
enum ffs_operand {
    FFS_OPERAND_NONE,          /* zero */
    FFS_OPERAND_RULE,          /* ffs_string, or FFS_NONE: the rule's name */
    FFS_OPERAND_SPLIT,         /* SPLITS index | rule's name << 32 */
    FFS_OPERAND_STRING,        /* ffs_string; folded with FFS_IGNORE_CASE, like the next two */
    FFS_OPERAND_TAGGED_STRING, /* ffs_string | the low half of its XXH3-64 << 32, which is zero with
                                  FFS_IGNORE_CASE */
    FFS_OPERAND_GLOB, /* ffs_string: `*` a run, `?` one character, `[a-z]` `[!a-z]`, `\` quotes */
    FFS_OPERAND_VERSION,       /* ffs_string of a valid version */
    FFS_OPERAND_LOOSE_VERSION, /* ffs_string of a version of any number of parts */
    FFS_OPERAND_SET,           /* SETS index */
    FFS_OPERAND_DIGESTS,       /* likewise, of a set whose strings are of FFS_DIGEST characters */
    FFS_OPERAND_NUMBER,        /* IEEE bits, finite */
    FFS_OPERAND_BOOLEAN,       /* 0 or 1 */
    FFS_OPERAND_TIME,          /* milliseconds, two's complement */
    FFS_OPERAND_DURATION,      /* milliseconds, at most INT64_MAX */
    FFS_OPERAND_WEEKLY,        /* ZONES index | FFS_WEEKLY() */
    FFS_OPERAND_NETWORKS,      /* NETWORKS index | count << 32 */
    FFS_OPERAND_AUTOMATON,     /* AUTOMATA index | ffs_string of the pattern << 32, for people */
    FFS_OPERAND_THRESHOLD,     /* holds for buckets below */
    FFS_OPERAND_RANGE,         /* RANGES index */
    FFS_OPERAND_RAMP,          /* RAMPS index */
    FFS_OPERAND_REMAINDERS,    /* RANGES index, of a divisor */
    FFS_OPERAND_ATTRIBUTE,     /* ATTRIBUTES index, of the same type | FFS_PAIR_LOOSE */
    FFS_OPERAND_FLAG,          /* FLAGS index, of a flag before */
    FFS_OPERAND_BODY,          /* how many instructions belong to it: those that follow */
    FFS_OPERAND_VARIANT_BITS   /* 64 of the variants that the FFS_FLAG_IS before accepts */
};

/* Of two versions: they have any number of parts. */
#define FFS_PAIR_LOOSE (UINT64_C(1) << 32)

/* What of an instruction an operation uses, beside the attribute and the operand. */
enum ffs_uses {
    FFS_USES_REASON = 1,       /* `flags` is an enum fflag_reason: it decides */
    FFS_USES_VARIANT = 2,      /* `variant`, or FFS_NO_VARIANT; else 0 */
    FFS_USES_JUMP = 4,         /* `jump`; else 0 */
    FFS_USES_NEGATE = 8,       /* `flags` may have FFS_NEGATE */
    FFS_USES_IGNORE_CASE = 16, /* or FFS_IGNORE_CASE */
    FFS_USES_CLOCK = 32,       /* it asks for the time */
    FFS_USES_VALUE = 64,       /* it looks at nothing but a text or a number: a body may have it */
    FFS_TEST = FFS_USES_JUMP | FFS_USES_NEGATE,
    FFS_VALUE_TEST = FFS_TEST | FFS_USES_VALUE,
    FFS_TEXT_TEST = FFS_VALUE_TEST | FFS_USES_IGNORE_CASE,
    FFS_CLOCK_TEST = FFS_TEST | FFS_USES_CLOCK
};

/* Of a known operation; 0, FFS_OPERAND_NONE, for others. */
static inline enum ffs_operand ffs_operand_of(uint8_t op)
{
    switch ((enum ffs_op)op) {
#define FFS_OPERATION(number, name, operand, ...) \
    case FFS_##name:                              \
        return FFS_OPERAND_##operand;
#include "operations.def"
    }
    return FFS_OPERAND_NONE;
}

/* FFS_USES_*, as bits. */
static inline unsigned ffs_uses_of(uint8_t op)
{
    switch ((enum ffs_op)op) {
#define FFS_OPERATION(number, name, operand, uses, ...) \
    case FFS_##name:                                    \
        return (uses);
#include "operations.def"
    }
    return 0;
}

/* FFS_FEATURE_*, as bits. */
static inline uint64_t ffs_features_of(uint8_t op)
{
    switch ((enum ffs_op)op) {
#define FFS_OPERATION(number, name, operand, uses, reads, cost, folded, feature, ...) \
    case FFS_##name:                                                                  \
        return FFS_FEATURE_##feature;
#include "operations.def"
    }
    return 0;
}

/* What is added to FFS_NUMBER_EQ, FFS_VERSION_EQ, FFS_LOOSE_EQ, FFS_TIME_EQ, FFS_PAIR_EQ or
 * FFS_STRING_ORDER for another comparison. */
enum ffs_comparison { FFS_EQ, FFS_LT, FFS_LE, FFS_GT, FFS_GE };
#define FFS_STRING_ORDER (FFS_STRING_LT - FFS_LT) /* texts are equal by FFS_STRING_EQ */

/* How many FFS_ACCEPT follow an FFS_FLAG_IS on a flag of so many variants: with a bit for each, and
 * one more for no variant. */
static inline uint32_t ffs_accept_count(uint32_t variant_count)
{
    return variant_count / 64 + 1;
}

/* What running a body takes beside the once that its program counts: it is run for each entry of a
 * list, which counts as so many. Longer lists take longer in proportion, as longer texts do. */
#define FFS_COUNTED_ENTRIES 32
static inline uint64_t ffs_repeated_cost(uint8_t op, uint64_t operand)
{
    return op == FFS_ANY_ENTRY || op == FFS_EVERY_ENTRY ? operand * (FFS_COUNTED_ENTRIES - 1) : 0;
}

/* SPLITS: uint64_t words; at an index: arm count n | FFS_SPLIT_SALTED; where that bit is set, the
 * XXH3-64 of a salt of its own; then n pairs {upper, variant}. An arm holds when bucket < upper;
 * the last one always does, and its upper is UINT64_MAX. Splits follow each other without a gap,
 * as sets do in SETS. */
#define FFS_SPLIT_SALTED (UINT64_C(1) << 32)

/* RANGES: an array. Holds when from <= bucket(salt) < to; `to` = 0 stands for 2^64. Or, of
 * remainders, when from <= the remainder of a number divided by `divisor` < to <= divisor. */
struct ffs_range {
    union {
        uint64_t salt;    /* XXH3-64 of the salt bytes */
        uint64_t divisor; /* 1 to FFS_MAX_DIVISOR */
    };
    uint64_t from;
    uint64_t to;
};

/*
 * RAMPS: percentages that move with the clock, in thousandths of a percent.
 *   linear (step = 0; `end` at most FFS_MAX_LASTS after `start`): `from` until `start`, `to` from
 *   `end`, and between them
 *       from + (to - from) * (now - start) / (end - start), as a threshold in 128-bit arithmetic:
 *       floor((from * (end - start) + (to - from) * (now - start)) * 2^64
 *             / (100000 * (end - start)))
 *   steps: `from` before `start`, then from + step * floor((now - start) / every), towards `to`,
 *       where it stops: the first step is taken one `every` after `start`. `end` is zero.
 */
struct ffs_ramp {
    int64_t start;
    int64_t end;
    int64_t every; /* milliseconds, positive; zero when linear */
    uint32_t from;
    uint32_t to;
    uint32_t step;  /* thousandths of a percent; zero when linear. Direction follows from `to` */
    uint32_t flags; /* FFS_RAMP_SALTED */
    uint64_t salt;  /* with that flag, XXH3-64 of a salt of its own; else 0 */
};
#define FFS_RAMP_SALTED 1u

/*
 * SETS: uint64_t words; at an index: struct ffs_set, `buckets` words, then `capacity` slots of
 * `width` bytes each. h is a string's XXH3-64.
 *   with buckets     a perfect hash, as in NAMES: the string is in no slot but that of
 *                    ffs_spread(h, pilot), with the pilot in the low 16 bits of its bucket's word.
 *                    The bits above are a filter: all of ffs_filter_bits(h) are set.
 *   without          `capacity` is a power of two. The first slot is the low bits of h, and probing
 *                    goes on linearly, round at the end, to an empty slot, which is at most the
 *                    FFS_MAX_PROBESth that any look-up comes to.
 * `longest` is the length of the longest string.
 */
struct ffs_set {
    uint32_t capacity; /* at least 1 */
    uint32_t count;
    uint32_t longest;
    uint32_t width; /* a multiple of 8, at most FFS_MAX_WIDTH */
    uint32_t buckets;
    uint32_t reserved; /* zero */
};

/* A slot. What of it is not used is zero. */
struct ffs_set_slot {
    uint32_t length; /* of the string; FFS_NONE: empty */
    /* The string from here to the end of the slot; one that does not fit is in STRINGS. */
    ffs_string ref;
};

static inline const struct ffs_set_slot *ffs_set_slot_at(const struct ffs_set *set, uint32_t place)
{
    const uint8_t *slots = (const uint8_t *)((const uint64_t *)(set + 1) + set->buckets);
    return (const struct ffs_set_slot *)(const void *)(slots + (size_t)place * set->width);
}

/* Whether strings of that length are in the slots themselves, at the address of `ref`. */
static inline int ffs_set_holds_inline(const struct ffs_set *set, uint32_t length)
{
    return length <= set->width - sizeof(uint32_t);
}

/* One in each of the upper three quarters of a word, by the low 12 bits of a hash. */
static inline uint64_t ffs_filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (16 + (hash & 15)) | UINT64_C(1) << (32 + (hash >> 4 & 15)) |
           UINT64_C(1) << (48 + (hash >> 8 & 15));
}

/*
 * NETWORKS: an array of inclusive address ranges, each in network byte order as two big-endian
 * halves. IPv4 is held as ::ffff:a.b.c.d. Within one run, sorted and disjoint.
 */
struct ffs_network {
    uint64_t first_high, first_low;
    uint64_t last_high, last_low;
};

/*
 * AUTOMATA: uint32_t words; at an index: this, then uint16_t rows[state_count][class_count], padded
 * to 4. A state is the offset of its row in `rows`; row[class of a byte] is the state after it. In
 * row 0 no match is possible any more, in row 1 one is found: nothing leaves these two. A text
 * matches when it comes to row 1, or ends in a state at or after `accepting`.
 */
struct ffs_automaton {
    uint16_t state_count; /* at least 2 */
    uint16_t class_count; /* 1 to 256 */
    uint16_t start;
    uint16_t accepting;
    uint8_t class_of[256]; /* by byte */
};

/* Whether a text matches. Looks at each byte once, and at none that cannot change the answer. */
static inline int ffs_automaton_matches(const struct ffs_automaton *automaton, const char *text,
                                        size_t length)
{
    const uint16_t *rows = (const uint16_t *)(automaton + 1);
    const uint32_t found = automaton->class_count;
    uint32_t state = automaton->start;
    for (size_t i = 0; i < length && state > found; i++)
        state = rows[state + automaton->class_of[(uint8_t)text[i]]];
    return state == found || state >= automaton->accepting;
}

/*
 * ZONES: uint64_t words; at an index: this, then as many changes, in ascending order. Local time is
 * `offset` seconds ahead of UTC until the first change, and from each change on as it says.
 */
struct ffs_zone {
    ffs_string name; /* for people; FFS_NONE: it has none */
    uint32_t change_count;
    int32_t offset;
    uint32_t reserved; /* zero */
};
struct ffs_zone_change {
    int64_t at; /* milliseconds */
    int32_t offset;
    uint32_t reserved; /* zero */
};
#define FFS_MAX_CHANGES     1024
#define FFS_MAX_ZONE_OFFSET 93600 /* seconds, either way */

/* The days of a week as bits, Monday the lowest, at least one; and minutes of a day, from < until
 * <= 1440: holds on these days at these times, local. */
#define FFS_WEEKLY(days, from, until) \
    ((uint64_t)(days) << 32 | (uint64_t)(from) << 39 | (uint64_t)(until) << 50)
#define FFS_WEEKLY_DAYS(operand)  ((operand) >> 32 & 127)
#define FFS_WEEKLY_FROM(operand)  ((operand) >> 39 & 2047)
#define FFS_WEEKLY_UNTIL(operand) ((operand) >> 50 & 2047)
#define FFS_WEEKLY_UNUSED         (UINT64_C(7) << 61)

/* Minutes since a Monday 00:00, local time. */
static inline uint32_t ffs_minute_of_week(const struct ffs_zone *zone, int64_t ms)
{
    const struct ffs_zone_change *changes = (const struct ffs_zone_change *)(zone + 1);
    const int64_t week = 7 * 86400, thursday = 3 * 86400;
    uint32_t low = 0, high = zone->change_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (changes[middle].at <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    int32_t offset = low ? changes[low - 1].offset : zone->offset;
    int64_t seconds = (ms / 1000 - (ms % 1000 < 0) + offset + thursday) % week;
    return (uint32_t)(seconds < 0 ? seconds + week : seconds) / 60;
}

/*
 * KEYS: an array of keys that are not those of one string or number. A part has the key of its
 * attribute: a string's bytes, of which there must be some; a whole number's decimal digits, up to
 * 2^53; `true` or `false`. The key is that of the first part that has one; or of all of them, in
 * this order, with `with` between two, if each has one.
 */
#define FFS_MAX_KEY_PARTS 8
#define FFS_KEY_FIRST     1u /* kinds */
#define FFS_KEY_JOINED    2u /* at least two parts */

struct ffs_key {
    uint16_t attributes[FFS_MAX_KEY_PARTS]; /* FFS_NO_ATTRIBUTE after the last */
    ffs_string with;                        /* FFS_NONE unless joined */
    uint8_t count;
    uint8_t kind;
    uint16_t reserved; /* zero */
};

/* bucket = ffs_mix(key hash ^ salt hash): the finaliser of XXH3's 4 to 8 byte path (rrmxmx), full
 * avalanche; without it flags would not be independent. */
static inline uint64_t ffs_mix(uint64_t x)
{
    x ^= (x >> 49 | x << 15) ^ (x >> 24 | x << 40);
    x *= UINT64_C(0x9FB21C651E98DF25);
    x ^= x >> 28;
    x *= UINT64_C(0x9FB21C651E98DF25);
    return x ^ x >> 28;
}

/* These sizes and offsets are the format; a compiler that lays them out otherwise must fail. */
#if defined(__cplusplus)
#define FFS_ASSERT(condition) static_assert(condition, #condition)
#else
#define FFS_ASSERT(condition) _Static_assert(condition, #condition)
#endif
FFS_ASSERT(sizeof(struct ffs_header) == 128);
FFS_ASSERT(offsetof(struct ffs_header, content_hash) == 48);
FFS_ASSERT(offsetof(struct ffs_header, header_hash) == 120);
FFS_ASSERT(sizeof(struct ffs_section) == 24);
FFS_ASSERT(sizeof(struct ffs_attribute) == 8);
FFS_ASSERT(sizeof(struct ffs_flag) == 56 && offsetof(struct ffs_flag, exposure_salt) == 24);
FFS_ASSERT(offsetof(struct ffs_flag, features) == 40);
FFS_ASSERT(sizeof(struct ffs_names) == 16);
FFS_ASSERT(sizeof(struct ffs_variant) == 16);
FFS_ASSERT(sizeof(struct ffs_instruction) == 16 && offsetof(struct ffs_instruction, operand) == 8);
FFS_ASSERT(FFS_NUMBER_LT - FFS_NUMBER_EQ == FFS_LT && FFS_NUMBER_GE - FFS_NUMBER_EQ == FFS_GE);
FFS_ASSERT(FFS_VERSION_LT - FFS_VERSION_EQ == FFS_LT && FFS_VERSION_GE - FFS_VERSION_EQ == FFS_GE);
FFS_ASSERT(FFS_LOOSE_LT - FFS_LOOSE_EQ == FFS_LT && FFS_LOOSE_GE - FFS_LOOSE_EQ == FFS_GE);
FFS_ASSERT(FFS_PAIR_LT - FFS_PAIR_EQ == FFS_LT && FFS_PAIR_GE - FFS_PAIR_EQ == FFS_GE);
FFS_ASSERT(FFS_TIME_LT - FFS_TIME_EQ == FFS_LT && FFS_TIME_GE - FFS_TIME_EQ == FFS_GE);
FFS_ASSERT(FFS_STRING_GE - FFS_STRING_LT == FFS_GE - FFS_LT);
FFS_ASSERT(sizeof(struct ffs_signature) == 152 && offsetof(struct ffs_signature, key_id) == 16);
FFS_ASSERT(sizeof(struct ffs_range) == 24);
FFS_ASSERT(sizeof(struct ffs_ramp) == 48);
FFS_ASSERT(sizeof(struct ffs_set) == 24 && sizeof(struct ffs_set_slot) == 8);
FFS_ASSERT(sizeof(struct ffs_network) == 32);
FFS_ASSERT(sizeof(struct ffs_automaton) == 264);
FFS_ASSERT(sizeof(struct ffs_zone) == 16 && sizeof(struct ffs_zone_change) == 16);
FFS_ASSERT(sizeof(struct ffs_key) == 24 && offsetof(struct ffs_key, with) == 16);

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "snapshots are little-endian and used in place; this machine is not"
#endif

#endif
