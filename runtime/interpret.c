/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interpret.c - the interpreter.
 *
 * A single loop, in which every iteration moves forward in a program, and a stack of FFS_MAX_DEPTH
 * frames for the flags that a flag requires: so an evaluation ends within FFS_MAX_COST
 * instructions. It never locks or allocates, and asks the system for nothing but the time, once,
 * and only if a program needs it.
 */
#include "decide.h"
#include "fflag/private.h"
#include "keys.h"
#include "match.h"
#include "ramp.h"
#include "value_tests.h"
#include "values.h"

/* -------------------------------------------------------------------------------------- keys -- */

/* What is compared as text: a string, or the digits of a number that is a key. */
struct key {
    const char *bytes;
    uint32_t length;
    uint64_t hash;
    char digits[KEY_DIGITS];
};

static inline bool read_key(const struct fflag_slot *slot, uint8_t declared, struct key *key)
{
    /* An empty string is no key, but it is a text. */
    if (UNLIKELY(slot->key_type != declared) &&
        (declared != FFLAG_ATTRIBUTE_STRING || slot->type != declared))
        return false;
    key->hash = slot->bits;
    if (LIKELY(declared == FFLAG_ATTRIBUTE_STRING)) {
        key->bytes = slot->value.pointer;
        key->length = slot->length;
    } else {
        key->bytes = key->digits;
        key->length = (uint32_t)runtime_number_key(slot->value.number, key->digits);
    }
    return true;
}

static bool folded_set_holds(const struct snapshot *snapshot, const struct ffs_set *set,
                             const struct key *key)
{
    char folded[FFS_MAX_FOLDED];
    if (key->length > set->longest)
        return false;
    for (uint32_t i = 0; i < key->length; i++)
        folded[i] = fold_ascii(key->bytes[i]);
    return set_holds(snapshot, set, folded, key->length, hash_bytes(folded, key->length));
}

static bool key_equals(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                       const struct key *key)
{
    ffs_string string = (ffs_string)instruction->operand;
    if (instruction->flags & FFS_IGNORE_CASE)
        return key->length == string_length(snapshot, string) &&
               runtime_equals_folded(key->bytes, string_bytes(snapshot, string), key->length);
    return string_equals(snapshot, instruction->operand, key->bytes, key->length, key->hash);
}

static bool test_equal(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                       const struct fflag_slot *slot, uint8_t declared)
{
    struct key key;
    return read_key(slot, declared, &key) && key_equals(snapshot, instruction, &key);
}

static bool test_member(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                        const struct fflag_slot *slot, uint8_t declared)
{
    struct key key;
    if (!read_key(slot, declared, &key))
        return false;
    const struct ffs_set *set = set_at(snapshot, instruction->operand);
    if (UNLIKELY(instruction->flags & FFS_IGNORE_CASE))
        return folded_set_holds(snapshot, set, &key);
    return set_holds(snapshot, set, key.bytes, key.length, key.hash);
}

/* Whether the digest of a value is in a set; `attribute` is the place of the one it is of. */
static bool set_holds_digest(const struct snapshot *snapshot,
                             const struct ffs_instruction *instruction, uint16_t attribute,
                             const char *bytes, uint32_t length)
{
    const struct ffs_header *header = (const struct ffs_header *)snapshot->bytes;
    ffs_string name = snapshot->attributes[attribute].name;
    char digest[FFS_DIGEST];
    ffs_private_digest(
        hash_bytes(string_bytes(snapshot, header->project),
                   string_length(snapshot, header->project)),
        hash_bytes(string_bytes(snapshot, name), string_length(snapshot, name)), bytes, length,
        instruction->flags & FFS_IGNORE_CASE ? FFS_CASE_FOLDED : FFS_CASE_KEPT, digest);
    return set_holds(snapshot, set_at(snapshot, instruction->operand), digest, sizeof digest,
                     hash_bytes(digest, sizeof digest));
}

static bool test_private(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                         const struct fflag_slot *slot, uint8_t declared)
{
    struct key key;
    return read_key(slot, declared, &key) &&
           set_holds_digest(snapshot, instruction, instruction->attribute, key.bytes, key.length);
}

/* By an attribute, or one of KEYS. */
static inline bool find_any_bucket(const fflag_view *view, const struct ffs_flag *flag,
                                   const fflag_context *context, uint16_t by, uint64_t salt,
                                   uint64_t *bucket)
{
    if (LIKELY(by < FFS_FIRST_KEY))
        return find_bucket(view, flag, context, by, salt, bucket);
    uint64_t hash;
    if (!runtime_key_hash(view, flag, context, &view->snapshot->keys[by - FFS_FIRST_KEY], &hash))
        return false;
    *bucket = ffs_mix(hash ^ salt);
    return true;
}

static bool test_key(const fflag_view *view, const struct ffs_flag *flag,
                     const struct ffs_instruction *instruction, const fflag_context *context)
{
    const struct snapshot *snapshot = view->snapshot;
    struct key_part part;
    return runtime_first_part(view, flag, context,
                              &snapshot->keys[instruction->attribute - FFS_FIRST_KEY], &part) &&
           set_holds(snapshot, set_at(snapshot, instruction->operand), part.bytes, part.length,
                     hash_bytes(part.bytes, part.length));
}

static bool test_private_key(const fflag_view *view, const struct ffs_flag *flag,
                             const struct ffs_instruction *instruction,
                             const fflag_context *context)
{
    const struct ffs_key *key = &view->snapshot->keys[instruction->attribute - FFS_FIRST_KEY];
    struct key_part part;
    return runtime_first_part(view, flag, context, key, &part) &&
           set_holds_digest(view->snapshot, instruction, key->attributes[0], part.bytes,
                            part.length);
}

static inline bool test_number(const struct ffs_instruction *instruction,
                               const struct fflag_slot *slot)
{
    double number = slot->value.number, operand;
    memcpy(&operand, &instruction->operand, sizeof operand);
    switch ((enum ffs_comparison)(instruction->op - FFS_NUMBER_EQ)) {
    case FFS_EQ:
        return number == operand;
    case FFS_LT:
        return number < operand;
    case FFS_LE:
        return number <= operand;
    case FFS_GT:
        return number > operand;
    case FFS_GE:
        return number >= operand;
    }
    return false;
}

/* Against the value of another attribute. */
static __attribute__((noinline)) bool test_other(const fflag_view *view,
                                                 const struct ffs_flag *flag,
                                                 const struct ffs_instruction *instruction,
                                                 const fflag_context *context,
                                                 const struct fflag_slot *slot)
{
    uint8_t declared;
    const struct fflag_slot *other =
        find_fitting(view, flag, context, (uint16_t)instruction->operand, &declared);
    return other && test_pair(instruction, slot, other, declared);
}

/* ------------------------------------------------------------------------------- percentages -- */

static int64_t read_clock(const fflag_view *view, int64_t *now)
{
    if (*now == INT64_MIN)
        *now = runtime_now(view->store);
    return *now;
}

static bool test_ramp(const fflag_view *view, const struct ffs_flag *flag,
                      const struct ffs_instruction *instruction, const fflag_context *context,
                      int64_t *now)
{
    const struct snapshot *snapshot = view->snapshot;
    const struct ffs_ramp *ramp = &snapshot->ramps[instruction->operand];
    uint64_t bucket, threshold;
    if (ramp_threshold(ramp, read_clock(view, now), &threshold))
        return true;
    uint64_t salt = ramp->flags & FFS_RAMP_SALTED ? ramp->salt : flag->exposure_salt;
    return find_any_bucket(view, flag, context, instruction->attribute, salt, &bucket) &&
           bucket < threshold;
}

/* The variant that a split serves a unit; false if the unit has no key. */
static inline bool split_variant(const fflag_view *view, const struct ffs_flag *flag,
                                 const struct ffs_instruction *instruction,
                                 const fflag_context *context, uint64_t *variant)
{
    const uint64_t *words = view->snapshot->splits + (uint32_t)instruction->operand;
    uint64_t bucket;
    if (!find_any_bucket(view, flag, context, instruction->attribute, split_salt(words, flag),
                         &bucket))
        return false;
    *variant = find_arm(words, bucket);
    return true;
}

/* ------------------------------------------------------------------------------------ sticky -- */

/* The variant of that name: the first, since those after have parts of its value replaced. */
static bool find_variant(const struct snapshot *snapshot, const struct ffs_flag *flag,
                         const struct fflag_previous *previous, uint64_t *variant)
{
    for (uint16_t i = 0; i < flag->variant_count; i++) {
        ffs_string name = variant_of(snapshot, flag, i)->name;
        if (name == FFS_NONE || string_length(snapshot, name) != previous->length ||
            memcmp(string_bytes(snapshot, name), previous->variant, previous->length) != 0)
            continue;
        *variant = i;
        return true;
    }
    return false;
}

static __attribute__((noinline)) bool find_previous(const fflag_view *view,
                                                    const struct ffs_flag *flag,
                                                    const fflag_context *context, uint64_t *variant)
{
    const struct fflag_previous *previous = context->previous;
    for (size_t i = 0; previous && i < context->previous_count; i++) {
        uint64_t word = find_word(view, previous[i].flag);
        if (word && word_index(word) == flag_index(view->snapshot, flag) &&
            find_variant(view->snapshot, flag, &previous[i], variant))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- programs -- */

struct frame {
    const struct ffs_flag *flag;
    const struct ffs_instruction *test; /* the FFS_FLAG_IS that is waiting for the answer */
};

/* Whether the instructions after an FFS_FLAG_IS accept the variant that the flag was served. The
 * bit for no variant follows the last variant's; FFS_NO_VARIANT is greater than every variant. */
static inline bool is_accepted(const struct ffs_instruction *test, const struct ffs_flag *required,
                               uint16_t variant)
{
    unsigned bit = variant < required->variant_count ? variant : required->variant_count;
    return test[1 + bit / 64].operand >> bit % 64 & 1;
}

/* Whether a test of a list by its body holds. */
static bool test_body(const fflag_view *view, const struct ffs_flag *flag,
                      const struct ffs_instruction *test, const fflag_context *context,
                      int64_t *now, const struct fflag_slot *list);

/* What a test reads: within a body its value, else an attribute. */
static inline const struct fflag_slot *
find_value(const struct fflag_slot *value, const fflag_view *view, const struct ffs_flag *flag,
           const fflag_context *context, uint16_t attribute, uint8_t *declared)
{
    if (!value)
        return find_fitting(view, flag, context, attribute, declared);
    *declared = value->type;
    return value;
}

/*
 * Runs a program from an instruction on, or with a value the body that reads it, and returns what
 * it decides, or whether the value passes. Each of the two is compiled for itself, so that
 * programs do not pay for bodies.
 */
static inline __attribute__((always_inline)) uint64_t
interpret(const fflag_view *view, const struct ffs_flag *flag, const struct ffs_instruction *at,
          const struct ffs_instruction *end, const fflag_context *context, int64_t *now,
          const struct fflag_slot *value)
{
    const struct snapshot *snapshot = view->snapshot;
    struct frame frames[FFS_MAX_DEPTH];
    unsigned depth = 0;

    for (;;) {
        uint64_t decided, bucket, variant;
        uint8_t declared;
        const struct fflag_slot *slot;
        value_test *test = NULL;
        bool holds = false;
        if (at == end) {
            if (value)
                return false;
            decided = serve_default(flag);
            goto decided;
        }
        switch ((enum ffs_op)at->op) {
        case FFS_SERVE:
            decided = decision_at(at);
            goto decided;
        case FFS_SPLIT:
        case FFS_KEY_SPLIT:
            if (!split_variant(view, flag, at, context, &variant)) {
                at += at->jump;
                continue;
            }
            decided = decision(variant, at->flags, at->operand >> 32);
            goto decided;
        case FFS_PREVIOUS:
            if (!find_previous(view, flag, context, &variant)) {
                at += at->jump;
                continue;
            }
            decided = decision(variant, at->flags, at->operand);
            goto decided;
        case FFS_EXPOSED:
            holds = find_bucket(view, flag, context, at->attribute, flag->exposure_salt, &bucket) &&
                    bucket < at->operand;
            if (is_last_test(at, end)) {
                decided = serve_if(holds, at, flag);
                goto decided;
            }
            break;
        case FFS_IN_RANGE:
        case FFS_KEY_IN_RANGE: {
            const struct ffs_range *range = &snapshot->ranges[at->operand];
            holds = find_any_bucket(view, flag, context, at->attribute, range->salt, &bucket) &&
                    bucket >= range->from && (bucket < range->to || range->to == 0);
            break;
        }
        case FFS_RAMP:
        case FFS_KEY_RAMP:
            holds = test_ramp(view, flag, at, context, now);
            break;
        case FFS_KEY_IN:
            holds = test_key(view, flag, at, context);
            break;
        case FFS_PRIVATE_KEY_IN:
            holds = test_private_key(view, flag, at, context);
            break;
        case FFS_CLOCK_GE:
            holds = read_clock(view, now) >= (int64_t)at->operand;
            break;
        case FFS_CLOCK_IN:
            holds = test_week(snapshot, at, read_clock(view, now));
            break;
        case FFS_FLAG_IS:
            frames[depth++] = (struct frame){flag, at};
            flag = &snapshot->flags[at->operand];
            at = snapshot->code + flag->first_code;
            end = at + flag->code_count;
            continue;
        case FFS_NUMBER_EQ:
        case FFS_NUMBER_LT:
        case FFS_NUMBER_LE:
        case FFS_NUMBER_GT:
        case FFS_NUMBER_GE:
            slot = find_value(value, view, flag, context, at->attribute, &declared);
            holds = slot && test_number(at, slot);
            break;
        case FFS_NUMBER_REMAINDER:
            test = test_remainder;
            break;
        case FFS_PRESENT:
            test = test_presence;
            break;
        case FFS_IS_NULL:
            slot = find_input(snapshot, context, at->attribute, &declared);
            holds = slot && slot->type == SLOT_NULL;
            break;
        case FFS_STRING_EQ:
            slot = find_value(value, view, flag, context, at->attribute, &declared);
            holds = slot && test_equal(snapshot, at, slot, declared);
            break;
        case FFS_STRING_IN:
            slot = find_value(value, view, flag, context, at->attribute, &declared);
            holds = slot && test_member(snapshot, at, slot, declared);
            break;
        case FFS_STRING_CONTAINS:
            test = test_contains;
            break;
        case FFS_STRING_PREFIX:
            test = test_prefix;
            break;
        case FFS_STRING_SUFFIX:
            test = test_suffix;
            break;
        case FFS_STRING_GLOB:
            test = test_glob;
            break;
        case FFS_STRING_MATCHES:
            test = test_pattern;
            break;
        case FFS_STRING_LT:
        case FFS_STRING_LE:
        case FFS_STRING_GT:
        case FFS_STRING_GE:
            test = test_text_order;
            break;
        case FFS_PRIVATE_IN:
            test = test_private;
            break;
        case FFS_STRINGS_HAS:
            test = test_strings;
            break;
        case FFS_BOOLEAN_IS:
            test = test_boolean;
            break;
        case FFS_VERSION_EQ:
        case FFS_VERSION_LT:
        case FFS_VERSION_LE:
        case FFS_VERSION_GT:
        case FFS_VERSION_GE:
            test = test_version;
            break;
        case FFS_LOOSE_EQ:
        case FFS_LOOSE_LT:
        case FFS_LOOSE_LE:
        case FFS_LOOSE_GT:
        case FFS_LOOSE_GE:
            test = test_loose_version;
            break;
        case FFS_LOOSE_PRESENT:
            test = test_loose_presence;
            break;
        case FFS_TIME_EQ:
        case FFS_TIME_LT:
        case FFS_TIME_LE:
        case FFS_TIME_GT:
        case FFS_TIME_GE:
            test = test_time;
            break;
        case FFS_TIME_WITHIN:
        case FFS_TIME_OLDER:
            slot = find_fitting(view, flag, context, at->attribute, &declared);
            holds = slot && test_age(at, slot, read_clock(view, now));
            break;
        case FFS_IP_IN:
            test = test_address;
            break;
        case FFS_PAIR_EQ:
        case FFS_PAIR_LT:
        case FFS_PAIR_LE:
        case FFS_PAIR_GT:
        case FFS_PAIR_GE:
            slot = find_value(value, view, flag, context, at->attribute, &declared);
            holds = slot && test_other(view, flag, at, context, slot);
            break;
        case FFS_ANY_ENTRY:
        case FFS_EVERY_ENTRY:
        case FFS_SIZE_IS:
            slot = find_fitting(view, flag, context, at->attribute, &declared);
            holds = slot && test_body(view, flag, at, context, now, slot);
            at += holds != (at->flags & FFS_NEGATE) ? 1 + at->operand : at->jump;
            continue;
        case FFS_PASS:
            return true;
        case FFS_ACCEPT: /* always skipped, never executed */
            holds = true;
            break;
        }
        if (test) {
            slot = find_value(value, view, flag, context, at->attribute, &declared);
            holds = slot && test(snapshot, at, slot, declared);
        }
        at += holds != (at->flags & FFS_NEGATE) ? 1 : at->jump;
        continue;

    decided:
        if (depth == 0)
            return decided;
        at = frames[--depth].test;
        holds = is_accepted(at, flag, decided_variant(decided));
        at += holds != (at->flags & FFS_NEGATE) ? 1 + ffs_accept_count(flag->variant_count)
                                                : at->jump;
        flag = frames[depth].flag;
        end = snapshot->code + flag->first_code + flag->code_count;
    }
}

static bool compares_hashes(const struct ffs_instruction *test)
{
    for (uint64_t i = 1; i <= test->operand; i++)
        if (test[i].op == FFS_STRING_EQ || test[i].op == FFS_STRING_IN)
            return true;
    return false;
}

static void take_entry(struct fflag_slot *value, const char *text, bool hashed)
{
    value->value.pointer = text;
    value->length = (uint32_t)strlen(text);
    if (hashed)
        value->bits = hash_bytes(text, value->length);
}

static __attribute__((noinline)) bool test_body(const fflag_view *view, const struct ffs_flag *flag,
                                                const struct ffs_instruction *test,
                                                const fflag_context *context, int64_t *now,
                                                const struct fflag_slot *list)
{
    bool size = test->op == FFS_SIZE_IS, every = test->op == FFS_EVERY_ENTRY;
    bool hashed = !size && compares_hashes(test);
    const char *const *entries = list->value.pointer;
    uint32_t count = size ? 1 : list->length;
    struct fflag_slot value = {.type = FFLAG_ATTRIBUTE_STRING, .key_type = FFLAG_ATTRIBUTE_STRING};
    if (size) {
        value.type = FFLAG_ATTRIBUTE_NUMBER;
        value.key_type = 0;
        value.value.number = list->length;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!size)
            take_entry(&value, entries[i], hashed);
        if (interpret(view, flag, test + 1, test + 1 + test->operand, context, now, &value) !=
            every)
            return !every;
    }
    return every;
}

/* Starts at an instruction of the flag's program. */
uint64_t runtime_interpret(const fflag_view *view, const struct ffs_flag *flag,
                           const struct ffs_instruction *at, const fflag_context *context,
                           int64_t *now)
{
    const struct ffs_instruction *end = view->snapshot->code + flag->first_code + flag->code_count;
    return interpret(view, flag, at, end, context, now, NULL);
}
