/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate.c - the interpreter, and the calls that read a value from it.
 *
 * It trusts the snapshot, which is verified, and nothing else: handles, contexts and their types
 * are checked as they are used. There is one loop, whose every turn moves forward in a program, and
 * a stack of FFS_MAX_DEPTH frames for the flags that a flag requires; so an evaluation ends, within
 * FFS_MAX_COST instructions. Nothing is locked, allocated or asked of the system but, once and only
 * where a program needs it, the time.
 */
#include "counters.h"
#include "decision.h"
#include "faults.h"
#include "hash.h"
#include "ramp.h"
#include "sets.h"
#include "value_tests.h"

/* ------------------------------------------------------------------------------------ inputs -- */

static const fflag_context nobody = {.now = INT64_MIN};

/* The context's value for an attribute of the snapshot, NULL where it has none. */
static inline const struct fflag_slot *find_input(const struct snapshot *snapshot,
                                                  const fflag_context *context, uint16_t attribute,
                                                  uint8_t *declared)
{
    unsigned input = atomic_load_explicit(&snapshot->inputs[attribute], memory_order_relaxed);
    unsigned slot = input & 0xff;
    *declared = (uint8_t)(input >> 8);
    if (slot == INPUT_NO_SLOT || !(context->present[slot / 64] >> slot % 64 & 1))
        return NULL;
    return &context->slot[slot];
}

static __attribute__((noinline, cold)) void note_attribute(const fflag_view *view,
                                                           const struct ffs_flag *flag,
                                                           uint16_t attribute, uint8_t given)
{
    fault_of_flag(view, (uint32_t)(flag - view->snapshot->flags), FAULT_ATTRIBUTE_TYPE,
                  attribute_detail(attribute, given));
}

/* The same for a test of that flag; what is of a type that cannot be meant counts as absent. */
static inline const struct fflag_slot *find_fitting(const fflag_view *view,
                                                    const struct ffs_flag *flag,
                                                    const fflag_context *context,
                                                    uint16_t attribute, uint8_t *declared)
{
    const struct fflag_slot *slot = find_input(view->snapshot, context, attribute, declared);
    if (LIKELY(!slot || attribute_fits(slot->type, *declared)))
        return slot;
    note_attribute(view, flag, attribute, slot->type);
    return NULL;
}

/* The unit's bucket under a salt; false where the unit has no key. */
static inline bool find_bucket(const fflag_view *view, const struct ffs_flag *flag,
                               const fflag_context *context, uint16_t attribute, uint64_t salt,
                               uint64_t *bucket)
{
    uint8_t declared;
    const struct fflag_slot *unit = find_input(view->snapshot, context, attribute, &declared);
    if (UNLIKELY(!unit || unit->key_type != declared)) {
        if (unit && !attribute_fits(unit->type, declared))
            note_attribute(view, flag, attribute, unit->type);
        return false;
    }
    *bucket = ffs_mix(unit->bits ^ salt);
    return true;
}

/* ------------------------------------------------------------------------------------- tests -- */

/* A unit's key as text: a string, or the digits of a number. */
struct key {
    const char *bytes;
    uint32_t length;
    uint64_t hash;
    char digits[KEY_DIGITS];
};

static inline bool read_key(const struct fflag_slot *slot, uint8_t declared, struct key *key)
{
    if (slot->key_type != declared)
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

static inline bool string_equals(const struct snapshot *snapshot, uint64_t operand,
                                 const char *bytes, uint32_t length, uint64_t hash)
{
    ffs_string string = (ffs_string)operand;
    return (uint32_t)hash == operand >> 32 && length == string_length(snapshot, string) &&
           same_bytes(bytes, string_bytes(snapshot, string), length);
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

static inline const struct ffs_set *set_at(const struct snapshot *snapshot, uint64_t operand)
{
    return (const struct ffs_set *)(snapshot->sets + operand);
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
    return find_bucket(view, flag, context, instruction->attribute, salt, &bucket) &&
           bucket < threshold;
}

/* What a split serves a unit; false where the unit has no key. */
static inline bool split_variant(const fflag_view *view, const struct ffs_flag *flag,
                                 const struct ffs_instruction *instruction,
                                 const fflag_context *context, uint64_t *variant)
{
    const uint64_t *words = view->snapshot->splits + (uint32_t)instruction->operand;
    const uint64_t *arm = words + 1;
    uint64_t salt = flag->split_salt;
    if (UNLIKELY(words[0] & FFS_SPLIT_SALTED))
        salt = *arm++;
    uint64_t bucket;
    if (!find_bucket(view, flag, context, instruction->attribute, salt, &bucket))
        return false;
    /* The last arm's upper is the greatest there is. */
    const uint64_t *last = arm + 2 * ((uint32_t)words[0] - 1);
    while (arm < last && bucket >= arm[0])
        arm += 2;
    *variant = arm[1];
    return true;
}

/* --------------------------------------------------------------------------------- decisions -- */

/*
 * The operations that most programs consist of, in a function that calls nothing and keeps all in
 * registers. Returns where it came upon another; NULL when *decided has the decision.
 */
static inline const struct ffs_instruction *decide_plain(const struct snapshot *snapshot,
                                                         const struct ffs_flag *flag,
                                                         const fflag_context *context,
                                                         uint64_t *decided)
{
    const struct ffs_instruction *at = snapshot->code + flag->first_code;
    const struct ffs_instruction *end = at + flag->code_count;
    while (at != end) {
        if (at->op == FFS_SERVE) {
            *decided = serve(at);
            return NULL;
        }
        bool holds = false;
        if (at->op == FFS_EXPOSED) {
            uint8_t declared;
            const struct fflag_slot *unit = find_input(snapshot, context, at->attribute, &declared);
            if (UNLIKELY(unit && unit->key_type != declared))
                return at;
            holds = unit && ffs_mix(unit->bits ^ flag->exposure_salt) < at->operand;
            if (is_last_test(at, end)) {
                *decided = serve_if(holds, at, flag);
                return NULL;
            }
        } else if ((at->op == FFS_STRING_EQ || at->op == FFS_STRING_IN) &&
                   !(at->flags & FFS_IGNORE_CASE)) {
            uint8_t declared;
            const struct fflag_slot *slot = find_input(snapshot, context, at->attribute, &declared);
            if (slot) {
                if (UNLIKELY(slot->key_type != declared || declared != FFLAG_ATTRIBUTE_STRING))
                    return at;
                holds = at->op == FFS_STRING_EQ
                            ? string_equals(snapshot, at->operand, slot->value.pointer,
                                            slot->length, slot->bits)
                            : set_holds(snapshot, set_at(snapshot, at->operand),
                                        slot->value.pointer, slot->length, slot->bits);
            }
        } else {
            return at;
        }
        at += holds != (at->flags & FFS_NEGATE) ? 1 : at->jump;
    }
    *decided = serve_default(flag);
    return NULL;
}

struct frame {
    const struct ffs_flag *flag;
    const struct ffs_instruction *test; /* the FFS_FLAG_IS that waits for the answer */
};

/* Whether the instructions behind an FFS_FLAG_IS have the variant that the flag was served. The bit
 * for none is the one behind the last variant's, and FFS_NO_VARIANT greater than all. */
static inline bool is_accepted(const struct ffs_instruction *test, const struct ffs_flag *required,
                               uint16_t variant)
{
    unsigned bit = variant < required->variant_count ? variant : required->variant_count;
    return test[1 + bit / 64].operand >> bit % 64 & 1;
}

/* From an instruction of the flag's program on. */
static __attribute__((noinline)) uint64_t interpret(const fflag_view *view,
                                                    const struct ffs_flag *flag,
                                                    const struct ffs_instruction *at,
                                                    const fflag_context *context, int64_t *now)
{
    const struct snapshot *snapshot = view->snapshot;
    const struct ffs_instruction *end = snapshot->code + flag->first_code + flag->code_count;
    struct frame frames[FFS_MAX_DEPTH];
    unsigned depth = 0;

    for (;;) {
        uint64_t decided, bucket, variant;
        uint8_t declared;
        const struct fflag_slot *slot;
        value_test *test = NULL;
        bool holds = false;
        if (at == end) {
            decided = serve_default(flag);
            goto decided;
        }
        switch ((enum ffs_op)at->op) {
        case FFS_SERVE:
            decided = serve(at);
            goto decided;
        case FFS_SPLIT:
            if (!split_variant(view, flag, at, context, &variant)) {
                at += at->jump;
                continue;
            }
            decided = decision(variant, at->flags, at->operand >> 32);
            goto decided;
        case FFS_EXPOSED:
            holds = find_bucket(view, flag, context, at->attribute, flag->exposure_salt, &bucket) &&
                    bucket < at->operand;
            if (is_last_test(at, end)) {
                decided = serve_if(holds, at, flag);
                goto decided;
            }
            break;
        case FFS_IN_RANGE: {
            const struct ffs_range *range = &snapshot->ranges[at->operand];
            holds = find_bucket(view, flag, context, at->attribute, range->salt, &bucket) &&
                    bucket >= range->from && (bucket < range->to || range->to == 0);
            break;
        }
        case FFS_RAMP:
            holds = test_ramp(view, flag, at, context, now);
            break;
        case FFS_CLOCK_GE:
            holds = read_clock(view, now) >= (int64_t)at->operand;
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
            slot = find_fitting(view, flag, context, at->attribute, &declared);
            holds = slot && test_number(at, slot);
            break;
        case FFS_PRESENT:
            test = test_presence;
            break;
        case FFS_STRING_EQ:
            slot = find_fitting(view, flag, context, at->attribute, &declared);
            holds = slot && test_equal(snapshot, at, slot, declared);
            break;
        case FFS_STRING_IN:
            slot = find_fitting(view, flag, context, at->attribute, &declared);
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
        case FFS_TIME_EQ:
        case FFS_TIME_LT:
        case FFS_TIME_LE:
        case FFS_TIME_GT:
        case FFS_TIME_GE:
            test = test_time;
            break;
        case FFS_IP_IN:
            test = test_address;
            break;
        case FFS_ACCEPT: /* skipped, never run */
            holds = true;
            break;
        }
        if (test) {
            slot = find_fitting(view, flag, context, at->attribute, &declared);
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

static inline uint64_t decide(const fflag_view *view, const struct ffs_flag *flag,
                              const fflag_context *context, int64_t *now)
{
    uint64_t decided;
    const struct ffs_instruction *at = decide_plain(view->snapshot, flag, context, &decided);
    return LIKELY(!at) ? decided : interpret(view, flag, at, context, now);
}

/* ------------------------------------------------------------------------------------- calls -- */

static inline uint32_t flag_index(const struct snapshot *snapshot, const struct ffs_flag *flag)
{
    return (uint32_t)(flag - snapshot->flags);
}

static inline const struct ffs_variant *variant_of(const struct snapshot *snapshot,
                                                   const struct ffs_flag *flag, uint16_t variant)
{
    return &snapshot->variants[flag->first_variant + variant];
}

/* The word of a handle; zero where the snapshot does not have the flag. */
static inline uint64_t find_word(const fflag_view *view, fflag_id flag)
{
    if (LIKELY(flag < view->word_count))
        return atomic_load_explicit(&view->words[flag], memory_order_relaxed);
    size_t length;
    const char *name = runtime_flag_name(view->store, flag, &length);
    return name ? runtime_flag_word(view->snapshot, name, length) : 0;
}

/* The value of a flag that always serves a variant, as that holds it. */
static inline __attribute__((always_inline)) uint64_t
run(const fflag_view *view, const struct ffs_flag *flag, const fflag_context *context)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    uint64_t decided = decide(view, flag, context, &now);
    count_variant(view->counters, flag_index(view->snapshot, flag), decided_variant(decided));
    return variant_of(view->snapshot, flag, decided_variant(decided))->value;
}

/* What a call for a value returns in registers. */
struct answer {
    uint64_t value;
    bool given; /* else the caller's default counts */
};

/* The same for a word that has another type than is asked for, perhaps because the flag may serve
 * no variant. */
static __attribute__((noinline, cold)) struct answer run_rare(const fflag_view *view,
                                                              fflag_id handle, uint64_t word,
                                                              enum fflag_type type,
                                                              const fflag_context *context)
{
    if (word_type(word) != (WORD_MAY_BE_NONE | type)) {
        if (!word)
            fault_of_handle(view, handle);
        else if (word_type(word) == WORD_UNSUPPORTED)
            fault_of_flag(view, word_index(word), FAULT_UNSUPPORTED, 0);
        else
            fault_of_flag(view, word_index(word), FAULT_FLAG_TYPE, type);
        return (struct answer){0, false};
    }
    const struct ffs_flag *flag = &view->snapshot->flags[word_index(word)];
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    uint16_t variant = decided_variant(decide(view, flag, context, &now));
    if (variant == FFS_NO_VARIANT) {
        count_none(view->counters, word_index(word));
        return (struct answer){0, false};
    }
    count_variant(view->counters, word_index(word), variant);
    return (struct answer){variant_of(view->snapshot, flag, variant)->value, true};
}

/* The unit of a shortcut, where it can be asked for this context. */
static inline const struct fflag_slot *shortcut_unit(const struct shortcut *shortcut,
                                                     const fflag_context *context)
{
    const char *base = (const char *)context;
    const struct fflag_slot *unit = (const struct fflag_slot *)(base + shortcut->unit);
    uint64_t present = *(const uint64_t *)(base + shortcut->presence);
    return LIKELY((present & shortcut->present) && unit->key_type == shortcut->type) ? unit : NULL;
}

static inline bool is_below(const struct shortcut *rollout, const struct fflag_slot *unit)
{
    return ffs_mix(unit->bits ^ rollout->salt) < rollout->threshold;
}

static inline bool is_listed(const fflag_view *view, const struct shortcut *list,
                             const struct fflag_slot *unit)
{
    return set_holds(view->snapshot, list->set, unit->value.pointer, unit->length, unit->bits);
}

/* `word` is the handle's. */
static __attribute__((noinline)) bool run_boolean(const fflag_view *view, uint64_t word,
                                                  const fflag_context *context, bool fallback,
                                                  fflag_id flag)
{
    if (LIKELY(word_type(word) == FFLAG_TYPE_BOOLEAN))
        return run(view, &view->snapshot->flags[word_index(word)], context);
    struct answer answer = run_rare(view, flag, word, FFLAG_TYPE_BOOLEAN, context);
    return answer.given ? answer.value : fallback;
}

/* Of a handle that is younger than the snapshot. */
static __attribute__((noinline)) bool run_late(const fflag_view *view, fflag_id flag,
                                               const fflag_context *context, bool fallback)
{
    return run_boolean(view, find_word(view, flag), context, fallback, flag);
}

/* A list, where the store counts. */
static __attribute__((noinline)) bool count_list(const fflag_view *view, fflag_id flag,
                                                 const fflag_context *context, bool fallback,
                                                 uint64_t word)
{
    const struct shortcut *list = &view->shortcuts[flag];
    const struct fflag_slot *unit = LIKELY(context) ? shortcut_unit(list, context) : NULL;
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    bool holds = is_listed(view, list, unit);
    count_cell(view->counters, view->tallies[flag].cell[holds]);
    return list->value[holds];
}

/* What fflag_bool() answers without the program, where the store counts; the rest goes the long
 * way, and is counted there. */
static __attribute__((noinline)) bool count_boolean(const fflag_view *view, fflag_id flag,
                                                    const fflag_context *context, bool fallback,
                                                    uint64_t word)
{
    const struct tally *tally = &view->tallies[flag];
    if (word & WORD_COUNTED(WORD_CONSTANT)) {
        count_cell(view->counters, tally->cell[1]);
        return word & WORD_VALUE;
    }
    if (word & WORD_COUNTED(WORD_LIST))
        return count_list(view, flag, context, fallback, word);
    if (UNLIKELY(!context))
        return run_boolean(view, word, context, fallback, flag);
    const struct shortcut *rollout = &view->shortcuts[flag];
    const struct fflag_slot *unit = shortcut_unit(rollout, context);
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    bool below = is_below(rollout, unit);
    count_cell(view->counters, tally->cell[below]);
    return rollout->value[below];
}

/*
 * A flag that is one list. A question about a large one waits for memory, and meanwhile the
 * processor begins with the next one, if that is near enough: the way through the program is twice
 * as long.
 */
static __attribute__((noinline)) bool list_boolean(const fflag_view *view, fflag_id flag,
                                                   const fflag_context *context, bool fallback,
                                                   uint64_t word)
{
    const struct shortcut *list = &view->shortcuts[flag];
    const struct fflag_slot *unit = LIKELY(context) ? shortcut_unit(list, context) : NULL;
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    return list->value[is_listed(view, list, unit)];
}

/*
 * The two commonest flags are answered here, in a function that calls nothing and so saves nothing:
 * one that is the same for everybody, and one that is a percentage. Everything odd about either, a
 * unit without a key among it, goes the long way. The outcome of a percentage is as good as random,
 * so it is chosen, not branched on.
 */
bool fflag_bool(const fflag_view *view, fflag_id flag, const fflag_context *context, bool fallback)
{
    if (UNLIKELY(!view))
        return fallback;
    if (UNLIKELY(flag >= view->word_count))
        return run_late(view, flag, context, fallback);
    uint64_t word = atomic_load_explicit(&view->words[flag], memory_order_acquire);
    if (LIKELY(word & WORD_CONSTANT))
        return word & WORD_VALUE;
    if (UNLIKELY(!(word & WORD_ROLLOUT) || !context)) {
        if (word & WORD_LIST)
            return list_boolean(view, flag, context, fallback, word);
        return word & WORD_COUNTED(WORD_ANSWERED)
                   ? count_boolean(view, flag, context, fallback, word)
                   : run_boolean(view, word, context, fallback, flag);
    }
    const struct shortcut *rollout = &view->shortcuts[flag];
    const struct fflag_slot *unit = shortcut_unit(rollout, context);
    if (UNLIKELY(!unit))
        return run_boolean(view, word, context, fallback, flag);
    return rollout->value[is_below(rollout, unit)];
}

static inline __attribute__((always_inline)) struct answer read_value(const fflag_view *view,
                                                                      fflag_id flag,
                                                                      enum fflag_type type,
                                                                      const fflag_context *context)
{
    uint64_t word = find_word(view, flag);
    if (LIKELY(word_type(word) == type))
        return (struct answer){run(view, &view->snapshot->flags[word_index(word)], context), true};
    return run_rare(view, flag, word, type, context);
}

int64_t fflag_integer(const fflag_view *view, fflag_id flag, const fflag_context *context,
                      int64_t fallback)
{
    if (!view)
        return fallback;
    struct answer answer = read_value(view, flag, FFLAG_TYPE_INTEGER, context);
    return answer.given ? (int64_t)answer.value : fallback;
}

static double bits_to_double(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

double fflag_number(const fflag_view *view, fflag_id flag, const fflag_context *context,
                    double fallback)
{
    if (!view)
        return fallback;
    bool whole = (word_type(find_word(view, flag)) & ~WORD_MAY_BE_NONE) == FFLAG_TYPE_INTEGER;
    struct answer answer =
        read_value(view, flag, whole ? FFLAG_TYPE_INTEGER : FFLAG_TYPE_NUMBER, context);
    if (!answer.given)
        return fallback;
    return whole ? (double)(int64_t)answer.value : bits_to_double(answer.value);
}

static const char *read_text(const fflag_view *view, fflag_id flag, enum fflag_type type,
                             const fflag_context *context, const char *fallback, size_t *length)
{
    struct answer answer = view ? read_value(view, flag, type, context) : (struct answer){0, false};
    if (!answer.given) {
        if (length)
            *length = fallback ? strlen(fallback) : 0;
        return fallback;
    }
    ffs_string string = (ffs_string)answer.value;
    if (length)
        *length = string_length(view->snapshot, string);
    return string_bytes(view->snapshot, string);
}

const char *fflag_string(const fflag_view *view, fflag_id flag, const fflag_context *context,
                         const char *fallback, size_t *length)
{
    return read_text(view, flag, FFLAG_TYPE_STRING, context, fallback, length);
}

const char *fflag_json(const fflag_view *view, fflag_id flag, const fflag_context *context,
                       const char *fallback, size_t *length)
{
    return read_text(view, flag, FFLAG_TYPE_JSON, context, fallback, length);
}

static fflag_result failure(enum fflag_error error)
{
    return (fflag_result){
        .error = error, .reason = FFLAG_REASON_ERROR, .variant_index = FFLAG_NO_VARIANT};
}

static const char *string_or_null(const struct snapshot *snapshot, ffs_string string)
{
    return string == FFS_NONE ? NULL : string_bytes(snapshot, string);
}

static fflag_result evaluate(const fflag_view *view, const struct ffs_flag *flag,
                             const fflag_context *context, int64_t *now)
{
    const struct snapshot *snapshot = view->snapshot;
    if (UNLIKELY(!runtime_is_supported(flag))) {
        fault_of_flag(view, flag_index(snapshot, flag), FAULT_UNSUPPORTED, 0);
        return (fflag_result){.error = FFLAG_ERROR_UNSUPPORTED,
                              .reason = FFLAG_REASON_ERROR,
                              .type = (enum fflag_type)flag->type,
                              .variant_index = FFLAG_NO_VARIANT,
                              .flag = string_bytes(snapshot, flag->name)};
    }
    uint64_t decided = decide(view, flag, context, now);
    fflag_result result = {
        .error = FFLAG_OK,
        .reason = (enum fflag_reason)(decided >> 16 & 0xff),
        .type = (enum fflag_type)flag->type,
        .variant_index = FFLAG_NO_VARIANT,
        .flag = string_bytes(snapshot, flag->name),
        .rule = string_or_null(snapshot, (ffs_string)(decided >> 32)),
    };
    if (UNLIKELY(decided_variant(decided) == FFS_NO_VARIANT)) {
        count_none(view->counters, flag_index(snapshot, flag));
        if (result.type == FFLAG_TYPE_STRING || result.type == FFLAG_TYPE_JSON)
            result.value.string.text = ""; /* for who prints it without having looked */
        return result;
    }
    count_variant(view->counters, flag_index(snapshot, flag), decided_variant(decided));
    const struct ffs_variant *variant = variant_of(snapshot, flag, decided_variant(decided));
    result.variant_index = decided_variant(decided);
    result.variant = string_or_null(snapshot, variant->name);
    switch (result.type) {
    case FFLAG_TYPE_BOOLEAN:
        result.value.boolean = variant->value;
        break;
    case FFLAG_TYPE_INTEGER:
        result.value.integer = (int64_t)variant->value;
        break;
    case FFLAG_TYPE_NUMBER:
        result.value.number = bits_to_double(variant->value);
        break;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        result.value.string.text = string_bytes(snapshot, (ffs_string)variant->value);
        result.value.string.length = string_length(snapshot, (ffs_string)variant->value);
        break;
    }
    return result;
}

static fflag_result evaluate_handle(const fflag_view *view, fflag_id handle,
                                    const fflag_context *context, int64_t *now)
{
    uint64_t word = find_word(view, handle);
    if (UNLIKELY(!word)) {
        fault_of_handle(view, handle);
        return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
    return evaluate(view, &view->snapshot->flags[word_index(word)], context, now);
}

fflag_result fflag_evaluate(const fflag_view *view, fflag_id flag, const fflag_context *context)
{
    if (!view)
        return failure(FFLAG_ERROR_GENERAL);
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    return evaluate_handle(view, flag, context, &now);
}

fflag_result fflag_evaluate_name(const fflag_view *view, const char *flag,
                                 const fflag_context *context)
{
    if (!view || !flag)
        return failure(FFLAG_ERROR_GENERAL);
    const struct ffs_flag *found = runtime_find_flag(view->snapshot, flag, strlen(flag));
    if (UNLIKELY(!found)) {
        fault_of_name(view, flag);
        return failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    return evaluate(view, found, context, &now);
}

void fflag_evaluate_all(const fflag_view *view, const fflag_id *flags, size_t count,
                        const fflag_context *context, fflag_result *results)
{
    if (!context)
        context = &nobody;
    int64_t now = context->now;
    for (size_t i = 0; results && i < count; i++) {
        if (!view)
            results[i] = failure(FFLAG_ERROR_GENERAL);
        else if (flags)
            results[i] = evaluate_handle(view, flags[i], context, &now);
        else if (i < view->snapshot->flag_count)
            results[i] = evaluate(view, &view->snapshot->flags[i], context, &now);
        else
            results[i] = failure(FFLAG_ERROR_FLAG_NOT_FOUND);
    }
}
