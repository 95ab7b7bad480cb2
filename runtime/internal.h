/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the parts of the runtime share.
 *
 * A file becomes a snapshot in three steps: load.c brings its bytes into memory, verify.c checks
 * them and finds the sections, store.c binds the result to the handles of a store and publishes it.
 * From then on a snapshot is read-only, but for the two tables outside the file that grow with the
 * program's handles: those are filled by relaxed atomic stores, under the store's lock.
 */
#ifndef FFLAG_RUNTIME_INTERNAL_H
#define FFLAG_RUNTIME_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "fflag.h"
#include "fflag/snapshot.h"

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* One line about what is wrong with a file; empty while nothing is. */
struct problem {
    char text[320];
};
void runtime_describe(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---------------------------------------------------------------------------------- snapshot -- */

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
#define WORD_ANSWERED    (WORD_CONSTANT | WORD_ROLLOUT | WORD_LIST)
/* These, where the store counts: apart, so that others need not ask. */
#define WORD_COUNTED(bits) ((bits) << 3)

static inline unsigned word_type(uint64_t word)
{
    return word >> 8 & 0xff;
}

static inline uint32_t word_index(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

/*
 * The commonest programs, one test of the unit and SERVE, worked out for a handle: all that an
 * evaluation needs, side by side. It counts where the handle's word has WORD_ROLLOUT or WORD_LIST.
 */
struct shortcut {
    union {
        uint64_t salt;             /* of a rollout */
        const struct ffs_set *set; /* of a list */
    };
    uint64_t threshold; /* of a rollout */
    uint64_t present;   /* the bit of the unit's slot in the word at `presence` */
    uint16_t presence;  /* this and the next are offsets into a context */
    uint16_t unit;
    uint8_t type;  /* that the unit's key must have */
    bool value[2]; /* where the test does not hold, and where it does */
};

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
    uint32_t attribute_count;
    uint32_t flag_count;

    /* Made by the store. */
    _Atomic uint64_t *words;    /* by flag handle */
    struct shortcut *shortcuts; /* by flag handle; filled before the word */
    uint32_t word_count;
    _Atomic uint16_t *inputs;   /* by attribute index */
    struct counters *counters;  /* NULL: the store does not count */
    struct tally *tallies;      /* by flag handle; filled before the word */
    struct flag_faults *faults; /* by flag index; see faults.h */
    _Atomic uint64_t *missing;  /* by flag handle: questions for a flag that is not there */
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

/* Whether the library knows all that the flag's program is made of. If not, it has not looked at
 * the program, and must not. */
static inline bool runtime_is_supported(const struct ffs_flag *flag)
{
    return (flag->features & ~FFS_FEATURES) == 0;
}

/*
 * Verifies snapshot->bytes whole and fills in the sections and the build. Linear in the length,
 * never recursive. What it accepts, no evaluation reads outside of or loops on.
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

/* -------------------------------------------------------------------------------------- load -- */

/* What tells one state of a file from another. The inode alone does not: file systems reuse it. */
struct identity {
    dev_t device;
    ino_t inode;
    mode_t mode; /* who may write to it decides whether it is copied */
    off_t size;
    struct timespec modified;
    struct timespec changed;
};
struct identity runtime_identity(const struct stat *status);
bool runtime_same_identity(const struct identity *a, const struct identity *b);

/*
 * Reads or maps the file and verifies it. On FFLAG_OK, *snapshot is the caller's to free with
 * runtime_unload(). *identity is filled as soon as the file could be opened, also on failure.
 */
enum fflag_error runtime_load(const char *path, enum fflag_load_mode mode,
                              struct snapshot **snapshot, struct identity *identity,
                              struct problem *problem);
/* The same from memory, which is copied. */
enum fflag_error runtime_load_memory(const void *bytes, size_t length, struct snapshot **snapshot,
                                     struct problem *problem);
void runtime_unload(struct snapshot *snapshot);

/* ------------------------------------------------------------------------------------- store -- */

/*
 * One shard of a slot, and the view that threads who pinned it there hold. The fields are written
 * while no one holds a pin and read by everyone; the counter has a cache line to itself.
 */
struct fflag_view {
    _Alignas(64) const struct snapshot *snapshot;
    const _Atomic uint64_t *words;
    uint32_t word_count;
    const struct shortcut *shortcuts;
    fflag_store *store;
    const struct counters *counters; /* and the next: the snapshot's */
    const struct tally *tallies;
    _Alignas(64) _Atomic uint64_t pins;
};

/* The store's clock, or the system's. */
int64_t runtime_now(const fflag_store *store);

/* The name behind a flag handle, lock-free; NULL when the store never gave out that handle. */
const char *runtime_flag_name(const fflag_store *store, fflag_id flag, size_t *length);

/* Makes a snapshot the one that is served. It becomes the store's. */
enum fflag_error runtime_publish(fflag_store *store, struct snapshot *snapshot);

/* Frees retired snapshots that nobody holds a view of. Cheap where there are none. */
void runtime_reclaim(fflag_store *store);

/* Whether the store's options accept a sound snapshot. Only the loader asks. */
enum fflag_error runtime_judge(const fflag_store *store, const struct snapshot *snapshot,
                               struct problem *problem);

/* Snapshots that were replaced and are still looked at, and for how long the first of them. */
struct held_views {
    uint32_t snapshots;
    int64_t age_ms;
};
/* Adds up what the store counted, and keeps it locked until the second is called. */
const struct counts *runtime_lock_counts(const fflag_store *store, struct held_views *held);
void runtime_unlock_counts(const fflag_store *store);

/* Notes the result of an attempt to load, for the status. */
void runtime_record(fflag_store *store, enum fflag_error error);
/* Calls the log callback, which may come back into the store: no lock of it is held. */
void runtime_log(fflag_store *store, enum fflag_event event, enum fflag_error error,
                 const char *text);

/* Tells what evaluations came upon since; see faults.h. */
void runtime_tell_faults(fflag_store *store);

/* Whether the log callback asked for the store to be closed; then its caller must do that. */
bool runtime_close_asked(const fflag_store *store);

/*
 * Whether the served snapshot is this one: by its header, which has the hash of the content, and by
 * its signature. A mapped one is not its own copy. Only the loader, who alone publishes, may ask.
 */
bool runtime_serves(const fflag_store *store, const struct snapshot *snapshot);
/* The header of the served snapshot, for the same. */
const void *runtime_served_header(const fflag_store *store);

/* ------------------------------------------------------------------------------------- watch -- */

struct watch;

/*
 * Loads the file for the first time, then follows it: with a thread, unless `no_thread`. On failure
 * nothing is left behind.
 */
enum fflag_error runtime_watch_start(struct watch **watch, fflag_store *store, const char *path,
                                     const struct fflag_options *options);
/* Looks once: for the threadless mode. */
void runtime_watch_poll(struct watch *watch);
int runtime_watch_fd(const struct watch *watch);
bool runtime_watch_active(const struct watch *watch);
void runtime_watch_stop(struct watch *watch);
/*
 * In a child: lets go of what it shares with its parent, and forgets what was going on. Returns
 * whether a thread followed the file; runtime_watch_resume() starts it anew.
 */
bool runtime_watch_revive(struct watch *watch);
void runtime_watch_resume(struct watch *watch);

/* -------------------------------------------------------------------------- values and tests -- */

struct version {
    struct {
        const char *digits; /* without leading zeros */
        size_t length;
    } part[3];
    const char *prerelease; /* NULL: a release */
    size_t prerelease_length;
};
/* SemVer 2.0, also with a leading `v` and without minor or patch. Points into the text. */
bool runtime_parse_version(const char *text, size_t length, struct version *version);
/* Less than, equal to or greater than zero, by SemVer precedence: build metadata is ignored. */
int runtime_compare_versions(const struct version *a, const struct version *b);

/* RFC 3339 with an offset, to milliseconds since the epoch; finer fractions are cut off. */
bool runtime_parse_time(const char *text, size_t length, int64_t *ms);

struct address {
    uint64_t high, low; /* IPv4 is ::ffff:a.b.c.d */
};
bool runtime_parse_address(const char *text, size_t length, struct address *address);

/* The decimal digits of a number that can be a key: integral, |n| <= 2^53. Returns 0 for others. */
#define KEY_DIGITS 24
size_t runtime_number_key(double number, char digits[KEY_DIGITS]);

/* Whether a glob is well formed: brackets closed, nothing quoted at the end. */
bool runtime_valid_glob(const char *pattern, size_t length);
bool runtime_match_glob(const char *pattern, size_t pattern_length, const char *text, size_t length,
                        bool ignore_case);
bool runtime_contains(const char *text, size_t length, const char *part, size_t part_length,
                      bool ignore_case);
/* Equal but for ASCII case; `folded` has no upper-case letters. */
bool runtime_equals_folded(const char *text, const char *folded, size_t length);

/* Two words that the processor handles as one. */
typedef uint64_t two_words __attribute__((vector_size(16)));

/* memcmp() == 0 without the call, which costs more than the comparison of most keys. */
static inline bool same_bytes(const char *a, const char *b, size_t length)
{
    if (length >= sizeof(two_words)) {
        /* To the end, because a hash has found it, and it mostly is the same. The last ones
         * overlap. */
        two_words of_a, of_b, differ = {0, 0};
        for (size_t at = 0; at < length - sizeof of_a; at += sizeof of_a) {
            memcpy(&of_a, a + at, sizeof of_a);
            memcpy(&of_b, b + at, sizeof of_b);
            differ |= of_a ^ of_b;
        }
        memcpy(&of_a, a + length - sizeof of_a, sizeof of_a);
        memcpy(&of_b, b + length - sizeof of_b, sizeof of_b);
        differ |= of_a ^ of_b;
        return (differ[0] | differ[1]) == 0;
    }
    if (length >= sizeof(uint64_t)) {
        uint64_t of_a[2], of_b[2];
        memcpy(&of_a[0], a, sizeof of_a[0]);
        memcpy(&of_b[0], b, sizeof of_b[0]);
        memcpy(&of_a[1], a + length - sizeof of_a[1], sizeof of_a[1]);
        memcpy(&of_b[1], b + length - sizeof of_b[1], sizeof of_b[1]);
        return ((of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1])) == 0;
    }
    if (length >= sizeof(uint32_t)) {
        uint32_t of_a[2], of_b[2];
        memcpy(&of_a[0], a, sizeof of_a[0]);
        memcpy(&of_b[0], b, sizeof of_b[0]);
        memcpy(&of_a[1], a + length - sizeof of_a[1], sizeof of_a[1]);
        memcpy(&of_b[1], b + length - sizeof of_b[1], sizeof of_b[1]);
        return ((of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1])) == 0;
    }
    /* Of one to three, these are all. */
    return length == 0 ||
           ((a[0] ^ b[0]) | (a[length / 2] ^ b[length / 2]) | (a[length - 1] ^ b[length - 1])) == 0;
}

static inline char fold_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
