/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - what the parts of the verifier share.
 *
 * The verifier reads every byte a bounded number of times: what would be looked at once per
 * reference (the hash of a string, the shape of a split) is worked out once, in one pass over its
 * section, and kept beside it in the tables below, which go when verification ends. References are
 * then checked in constant time, whatever shares what.
 */
#ifndef FFLAG_RUNTIME_VERIFY_H
#define FFLAG_RUNTIME_VERIFY_H

#include "snapshot.h"

/* What is known of a string, beside its hash. */
#define TRAIT_UPPER_CASE    1u /* it has letters that folding changes */
#define TRAIT_VERSION_KNOWN 2u
#define TRAIT_VERSION       4u
#define TRAIT_GLOB_KNOWN    8u
#define TRAIT_GLOB          16u
#define TRAIT_LOOSE_KNOWN   32u
#define TRAIT_LOOSE         64u

/*
 * What a program needs of the flags that run it. Equal programs are one. The flags it requires come
 * before the first flag that runs it, so they come before all of them.
 */
struct program {
    uint32_t first;
    uint32_t count;
    uint32_t before;   /* the index of the first flag that runs it */
    uint32_t variants; /* more than the greatest variant it serves */
    uint64_t features;
    unsigned uses; /* FFS_USES_*; the clock also where a flag it requires does */
    bool serves_none;
    uint32_t depth;
    uint32_t cost;
    uint32_t body; /* the last test that had one, while it is verified */
    uint32_t body_end;
};

struct verifier {
    struct snapshot *snapshot;
    struct problem *problem;

    uint32_t string_units; /* of 4 bytes */
    uint32_t string_count;
    uint64_t *string_starts;  /* a bit per unit */
    uint32_t *strings_before; /* starts before each word of string_starts */
    uint64_t *string_hashes;  /* by ordinal */
    uint8_t *string_traits;   /* by ordinal: TRAIT_* */

    const uint32_t *tags;
    uint32_t variant_count, code_count, range_count, ramp_count, network_count;
    uint32_t split_words, set_words, automaton_words, tag_words, zone_words;
    uint16_t *split_variants;   /* by word: 0, or at an index 1 + its greatest variant */
    uint8_t *set_kinds;         /* by word: SET_* */
    uint32_t *network_runs;     /* by network: where the sorted run that it is in begins */
    uint64_t *automaton_starts; /* a bit per word */
    uint64_t *zone_starts;      /* so */
    uint64_t *tag_starts;       /* a bit per word */

    uint32_t *program_at; /* by instruction: 1 + the program it belongs to, or 0 */
    struct program *programs;
    uint32_t program_count;
    uint32_t *costs; /* by flag */
};

#define SET_NONE   0u
#define SET_EXACT  1u
#define SET_FOLDED 2u /* can also be asked with FFS_IGNORE_CASE */

/* Says what is wrong and returns FFLAG_ERROR_MALFORMED. */
enum fflag_error malformed(struct verifier *verifier, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

static inline bool is_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Whether `string` is the reference of an entry. */
static inline bool is_string(const struct verifier *verifier, ffs_string string)
{
    return string < verifier->string_units &&
           (verifier->string_starts[string / 64] >> string % 64 & 1);
}

/* A sum of sums: processors of the oldest kind that we run on have no instruction for it, and the
 * compiler would call a function. */
static inline uint32_t count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* The number of an entry, for the tables by ordinal. */
static inline uint32_t string_ordinal(const struct verifier *verifier, ffs_string string)
{
    uint64_t before = verifier->string_starts[string / 64] & ((UINT64_C(1) << string % 64) - 1);
    return verifier->strings_before[string / 64] + count_bits(before);
}

/* Whether the bytes are UTF-8 without NUL; *upper_case: ASCII capitals are among them. */
bool is_utf8(const uint8_t *bytes, size_t length, bool *upper_case);

enum fflag_error verify_strings(struct verifier *verifier, uint64_t size);
enum fflag_error verify_attributes(struct verifier *verifier);
enum fflag_error verify_variants(struct verifier *verifier);
enum fflag_error verify_splits(struct verifier *verifier);
enum fflag_error verify_ramps(struct verifier *verifier);
enum fflag_error verify_sets(struct verifier *verifier);
enum fflag_error verify_networks(struct verifier *verifier);
enum fflag_error verify_automata(struct verifier *verifier);
enum fflag_error verify_zones(struct verifier *verifier);
enum fflag_error verify_tags(struct verifier *verifier);
enum fflag_error verify_keys(struct verifier *verifier);
/* Fills in what the program needs. Its `first`, `count`, `before` and `cost` are given. */
enum fflag_error verify_program(struct verifier *verifier, struct program *program);
enum fflag_error verify_flags(struct verifier *verifier);
enum fflag_error verify_names(struct verifier *verifier, uint64_t size);

#endif
