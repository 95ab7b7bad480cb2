/*
 * touched_atoms.c - what the instructions of two snapshots are, whatever their indices.
 *
 * A test becomes a condition of the model, where there is one that means the same: then it can be
 * said in words, and the prover knows which tests exclude each other.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/model/condition.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"
#include "compiler/regex/regex.h"
#include "compiler/commands/in_words.h"
#include "touched_parts.h"

/* ------------------------------------------------------------------------------------- sides -- */

void side_init(struct program_side *side, const struct listing *listing, struct arena *arena)
{
    size_t size, sets;
    const struct snapshot *snapshot = listing->snapshot;
    *side = (struct program_side){.listing = listing};
    side->keys = snapshot_section(snapshot, FFS_KEYS, &size);
    side->splits = snapshot_section(snapshot, FFS_SPLITS, &size);
    side->ranges = snapshot_section(snapshot, FFS_RANGES, &size);
    side->ramps = snapshot_section(snapshot, FFS_RAMPS, &size);
    side->zones = snapshot_section(snapshot, FFS_ZONES, &size);
    side->sets = snapshot_section(snapshot, FFS_SETS, &sets);
    side->set_hashes = xcalloc(sets / sizeof(uint64_t) + 1, sizeof(uint64_t));
    snapshot_section(snapshot, FFS_CODE, &size);
    side->atoms = xcalloc(size / sizeof(struct ffs_instruction) + 1, sizeof(struct atom *));
    side->blocks = xcalloc(size / sizeof(struct ffs_instruction) + 1, sizeof(struct block *));
    side->suffixes = xcalloc(listing->flag_count + 1u, sizeof *side->suffixes);
    side->flag_hashes = xcalloc(listing->flag_count + 1u, sizeof *side->flag_hashes);
    for (uint32_t i = 0; i < listing->flag_count; i++)
        (void)table_add(&side->names, arena, snapshot_string(snapshot, listing->flags[i].name),
                        (void *)(uintptr_t)(i + 1));
}

void side_release(struct program_side *side)
{
    if (!side)
        return;
    for (uint32_t i = 0; i < side->listing->flag_count; i++)
        free(side->suffixes[i]);
    free(side->suffixes);
    free(side->flag_hashes);
    free(side->set_hashes);
    free(side->atoms);
    free(side->blocks);
}

static const struct ffs_instruction *code_of(const struct program_side *side,
                                             const struct ffs_flag *flag)
{
    return side->listing->code + flag->first_code;
}

static const char *text_at(const struct program_side *side, uint64_t string)
{
    return snapshot_string(side->listing->snapshot, (ffs_string)string);
}

static const char *attribute_name(const struct program_side *side, uint16_t attribute)
{
    return text_at(side, side->listing->attributes[attribute].name);
}

/* -------------------------------------------------------------------------------- identities -- */

static void add_word(struct buffer *bytes, uint64_t word)
{
    buffer_append(bytes, &word, sizeof word);
}

/* With its length, so that no two sequences of texts have the same bytes. */
static void add_text(struct buffer *bytes, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    add_word(bytes, text ? length : UINT64_MAX);
    buffer_append(bytes, text ? text : "", length);
}

static bool has_text_values(const struct ffs_flag *flag)
{
    return flag->type == FFLAG_TYPE_STRING || flag->type == FFLAG_TYPE_JSON;
}

uint64_t variant_identity(const struct program_side *side, const struct ffs_flag *flag,
                          uint16_t variant)
{
    struct buffer bytes = {0};
    add_word(&bytes, flag->type);
    if (variant != FFS_NO_VARIANT) {
        const struct ffs_variant *what = &side->listing->variants[flag->first_variant + variant];
        add_text(&bytes, text_at(side, what->name));
        if (has_text_values(flag))
            add_text(&bytes, text_at(side, what->value));
        else
            add_word(&bytes, what->value);
    }
    uint64_t identity = hash64(bytes.bytes, bytes.length);
    buffer_release(&bytes);
    return identity;
}

const char *variant_label(const struct program_side *side, struct arena *arena,
                          const struct ffs_flag *flag, uint16_t variant)
{
    if (variant == FFS_NO_VARIANT)
        return NO_VARIANT_NAME;
    const char *name = text_at(side, side->listing->variants[flag->first_variant + variant].name);
    if (name)
        return name;
    struct buffer value = {0};
    write_variant_value(side->listing, flag, variant, &value);
    const char *label = arena_copy(arena, value.bytes, value.length);
    buffer_release(&value);
    return label;
}

/* ------------------------------------------------------------------------------ instructions -- */

static const struct ffs_set *set_of(const struct program_side *side, uint64_t index)
{
    const void *bytes = side->sets + index;
    return bytes;
}

static const char *member_of(const struct program_side *side, const struct ffs_set *set,
                             const struct ffs_set_slot *slot)
{
    return ffs_set_holds_inline(set, slot->length) ? (const char *)&slot->ref
                                                   : text_at(side, slot->ref);
}

/* In whatever order they stand in its slots. */
static uint64_t set_hash(struct program_side *side, uint64_t index)
{
    if (side->set_hashes[index])
        return side->set_hashes[index];
    const struct ffs_set *set = set_of(side, index);
    uint64_t hash = set->count + 1u;
    for (uint32_t i = 0; i < set->capacity; i++) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, i);
        if (slot->length != FFS_NONE)
            hash += ffs_mix(hash64(member_of(side, set, slot), slot->length));
    }
    side->set_hashes[index] = hash ? hash : 1;
    return side->set_hashes[index];
}

static void add_zone(const struct program_side *side, uint32_t index, struct buffer *bytes)
{
    const void *at = side->zones + index;
    const struct ffs_zone *zone = at;
    add_word(bytes, (uint64_t)(uint32_t)zone->offset);
    buffer_append(bytes, zone + 1, zone->change_count * sizeof(struct ffs_zone_change));
}

static void add_split(const struct program_side *side, const struct ffs_flag *flag, uint32_t index,
                      struct buffer *bytes)
{
    const uint64_t *words = side->splits + index, *arm = words + 1;
    bool salted = words[0] & FFS_SPLIT_SALTED;
    add_word(bytes, salted ? *arm++ : flag->split_salt);
    for (uint32_t i = 0; i < (uint32_t)words[0]; i++) {
        add_word(bytes, arm[2 * i]);
        add_word(bytes, variant_identity(side, flag, (uint16_t)arm[2 * i + 1]));
    }
}

static void add_ramp(const struct program_side *side, const struct ffs_flag *flag, uint64_t index,
                     struct buffer *bytes)
{
    struct ffs_ramp ramp = side->ramps[index];
    if (!(ramp.flags & FFS_RAMP_SALTED))
        ramp.salt = flag->exposure_salt;
    ramp.flags = 0;
    buffer_append(bytes, &ramp, sizeof ramp);
}

static void add_input(const struct program_side *side, uint16_t by, struct buffer *bytes)
{
    if (by == FFS_NO_ATTRIBUTE)
        return;
    if (by < FFS_FIRST_KEY) {
        add_word(bytes, side->listing->attributes[by].type);
        add_text(bytes, attribute_name(side, by));
        return;
    }
    const struct ffs_key *key = &side->keys[by - FFS_FIRST_KEY];
    add_word(bytes, key->kind);
    add_text(bytes, text_at(side, key->with));
    for (uint32_t i = 0; i < key->count; i++)
        add_text(bytes, attribute_name(side, key->attributes[i]));
}

static uint64_t program_hash(struct program_side *side, uint32_t index);

static void add_operand(struct program_side *side, const struct ffs_flag *flag,
                        const struct ffs_instruction *instruction, struct buffer *bytes)
{
    size_t size;
    uint64_t operand = instruction->operand;
    const struct ffs_network *networks;
    switch (ffs_operand_of(instruction->op)) {
    case FFS_OPERAND_RULE: /* what a rule is called changes no answer */
        return;
    case FFS_OPERAND_SPLIT:
        add_split(side, flag, (uint32_t)operand, bytes);
        return;
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        add_text(bytes, text_at(side, operand));
        return;
    case FFS_OPERAND_AUTOMATON:
        add_text(bytes, text_at(side, operand >> 32));
        return;
    case FFS_OPERAND_SET:
    case FFS_OPERAND_DIGESTS:
        add_word(bytes, set_hash(side, operand));
        return;
    case FFS_OPERAND_WEEKLY:
        add_word(bytes, operand >> 32);
        add_zone(side, (uint32_t)operand, bytes);
        return;
    case FFS_OPERAND_NETWORKS:
        networks = snapshot_section(side->listing->snapshot, FFS_NETWORKS, &size);
        buffer_append(bytes, networks + (uint32_t)operand, (operand >> 32) * sizeof *networks);
        return;
    case FFS_OPERAND_THRESHOLD:
        add_word(bytes, flag->exposure_salt);
        add_word(bytes, operand);
        return;
    case FFS_OPERAND_RANGE:
    case FFS_OPERAND_REMAINDERS:
        buffer_append(bytes, &side->ranges[operand], sizeof *side->ranges);
        return;
    case FFS_OPERAND_RAMP:
        add_ramp(side, flag, operand, bytes);
        return;
    case FFS_OPERAND_ATTRIBUTE:
        add_word(bytes, operand >> 32);
        add_input(side, (uint16_t)operand, bytes);
        return;
    case FFS_OPERAND_FLAG:
        add_word(bytes, program_hash(side, (uint32_t)operand));
        return;
    case FFS_OPERAND_NONE:
    case FFS_OPERAND_NUMBER:
    case FFS_OPERAND_BOOLEAN:
    case FFS_OPERAND_TIME:
    case FFS_OPERAND_DURATION:
    case FFS_OPERAND_BODY:
    case FFS_OPERAND_VARIANT_BITS:
        add_word(bytes, operand);
        return;
    }
}

/* What it does, whatever its table has it at. Why it decides is left out. */
static void add_instruction(struct program_side *side, const struct ffs_flag *flag,
                            const struct ffs_instruction *instruction, struct buffer *bytes)
{
    unsigned uses = ffs_uses_of(instruction->op);
    add_word(bytes, instruction->op);
    if (!(uses & FFS_USES_REASON))
        add_word(bytes, instruction->flags);
    if (uses & FFS_USES_VARIANT)
        add_word(bytes, variant_identity(side, flag, instruction->variant));
    /* A unit may have had any. */
    for (uint16_t i = 0; instruction->op == FFS_PREVIOUS && i < flag->variant_count; i++)
        add_word(bytes, variant_identity(side, flag, i));
    add_word(bytes, instruction->jump);
    add_input(side, instruction->attribute, bytes);
    add_operand(side, flag, instruction, bytes);
}

const uint64_t *program_suffixes(struct program_side *side, uint32_t index)
{
    if (side->suffixes[index])
        return side->suffixes[index];
    const struct ffs_flag *flag = &side->listing->flags[index];
    const struct ffs_instruction *code = code_of(side, flag);
    uint64_t *suffixes = xcalloc(flag->code_count + 1u, sizeof *suffixes);
    struct buffer bytes = {0};
    suffixes[flag->code_count] = variant_identity(side, flag, flag->default_variant);
    for (uint32_t i = flag->code_count; i-- > 0;) {
        bytes.length = 0;
        add_word(&bytes, suffixes[i + 1]);
        add_instruction(side, flag, &code[i], &bytes);
        suffixes[i] = hash64(bytes.bytes, bytes.length);
    }
    buffer_release(&bytes);
    side->suffixes[index] = suffixes;
    return suffixes;
}

static uint64_t program_hash(struct program_side *side, uint32_t index)
{
    if (side->flag_hashes[index])
        return side->flag_hashes[index];
    const struct ffs_flag *flag = &side->listing->flags[index];
    struct buffer bytes = {0};
    /* Who asks for its answer names variants by their places. */
    for (uint16_t i = 0; i < flag->variant_count; i++)
        add_word(&bytes, variant_identity(side, flag, i));
    add_word(&bytes, program_suffixes(side, index)[0]);
    uint64_t hash = hash64(bytes.bytes, bytes.length);
    buffer_release(&bytes);
    side->flag_hashes[index] = hash ? hash : 1;
    return side->flag_hashes[index];
}

/* -------------------------------------------------------------------------------- conditions -- */

const char *key_words(const struct program_side *side, struct arena *arena, uint16_t by)
{
    if (by < FFS_FIRST_KEY)
        return attribute_name(side, by);
    const struct ffs_key *key = &side->keys[by - FFS_FIRST_KEY];
    const char *words = attribute_name(side, key->attributes[0]);
    for (uint32_t i = 1; key->kind == FFS_KEY_JOINED && i < key->count; i++)
        words = arena_format(arena, "%s + \"%s\" + %s", words, text_at(side, key->with),
                             attribute_name(side, key->attributes[i]));
    return words;
}

/* The operator that an operation is; those that are not here are said as listings say them. */
static const struct {
    enum ffs_op op;
    enum operator_kind kind;
} meanings[] = {{FFS_PRESENT, OPERATOR_PRESENT},
                {FFS_LOOSE_PRESENT, OPERATOR_PRESENT},
                {FFS_IS_NULL, OPERATOR_IS_NULL},
                {FFS_STRING_EQ, OPERATOR_EQ},
                {FFS_STRING_IN, OPERATOR_EQ},
                {FFS_STRING_CONTAINS, OPERATOR_CONTAINS},
                {FFS_STRING_PREFIX, OPERATOR_STARTS_WITH},
                {FFS_STRING_SUFFIX, OPERATOR_ENDS_WITH},
                {FFS_STRING_GLOB, OPERATOR_GLOB},
                {FFS_STRING_MATCHES, OPERATOR_MATCHES},
                {FFS_STRING_LT, OPERATOR_LT},
                {FFS_STRING_LE, OPERATOR_LE},
                {FFS_STRING_GT, OPERATOR_GT},
                {FFS_STRING_GE, OPERATOR_GE},
                {FFS_STRINGS_HAS, OPERATOR_HAS_ANY},
                {FFS_NUMBER_EQ, OPERATOR_EQ},
                {FFS_NUMBER_LT, OPERATOR_LT},
                {FFS_NUMBER_LE, OPERATOR_LE},
                {FFS_NUMBER_GT, OPERATOR_GT},
                {FFS_NUMBER_GE, OPERATOR_GE},
                {FFS_NUMBER_REMAINDER, OPERATOR_MOD},
                {FFS_BOOLEAN_IS, OPERATOR_EQ},
                {FFS_VERSION_EQ, OPERATOR_EQ},
                {FFS_VERSION_LT, OPERATOR_LT},
                {FFS_VERSION_LE, OPERATOR_LE},
                {FFS_VERSION_GT, OPERATOR_GT},
                {FFS_VERSION_GE, OPERATOR_GE},
                {FFS_LOOSE_EQ, OPERATOR_EQ},
                {FFS_LOOSE_LT, OPERATOR_LT},
                {FFS_LOOSE_LE, OPERATOR_LE},
                {FFS_LOOSE_GT, OPERATOR_GT},
                {FFS_LOOSE_GE, OPERATOR_GE},
                {FFS_TIME_EQ, OPERATOR_EQ},
                {FFS_TIME_LT, OPERATOR_LT},
                {FFS_TIME_LE, OPERATOR_LE},
                {FFS_TIME_GT, OPERATOR_GT},
                {FFS_TIME_GE, OPERATOR_GE},
                {FFS_TIME_WITHIN, OPERATOR_WITHIN},
                {FFS_TIME_OLDER, OPERATOR_OLDER},
                {FFS_IP_IN, OPERATOR_EQ},
                {FFS_PAIR_EQ, OPERATOR_EQ},
                {FFS_PAIR_LT, OPERATOR_LT},
                {FFS_PAIR_LE, OPERATOR_LE},
                {FFS_PAIR_GT, OPERATOR_GT},
                {FFS_PAIR_GE, OPERATOR_GE}};

static bool find_meaning(uint8_t op, enum operator_kind *kind)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].op == op) {
            *kind = meanings[i].kind;
            return true;
        }
    return false;
}

/* One for both versions, because the prover goes by the address. */
static const struct attribute *attribute_of(struct comparison *comparison,
                                            const struct program_side *side, uint16_t index,
                                            bool loose)
{
    struct arena *arena = &comparison->arena;
    const struct ffs_attribute *found = &side->listing->attributes[index];
    const char *name = text_at(side, found->name);
    const char *key = arena_format(arena, "%u %d %s", found->type, loose, name);
    struct attribute *attribute = table_get(&comparison->attributes, key);
    if (attribute)
        return attribute;
    attribute = ARENA_NEW(arena, struct attribute);
    attribute->name = (struct text){name, NO_SPAN};
    attribute->type = (enum fflag_attribute_type)found->type;
    attribute->scheme = loose ? SCHEME_LOOSE : SCHEME_SEMVER;
    (void)table_add(&comparison->attributes, arena, key, attribute);
    return attribute;
}

/* A condition being made of an instruction. */
struct decoding {
    struct arena *arena;
    struct program_side *side;
    const struct ffs_instruction *test;
    struct condition *condition;
};

static struct operand *new_operand(struct decoding *decoding, const char *source)
{
    struct condition *condition = decoding->condition;
    struct operand *operand =
        ARENA_APPEND(decoding->arena, condition->operands, condition->operand_count);
    operand->source = (struct text){source, NO_SPAN};
    operand->text = source;
    return operand;
}

static const char *kept_text(struct decoding *decoding, struct buffer *text)
{
    const char *kept = arena_copy(decoding->arena, text->bytes, text->length);
    buffer_release(text);
    return kept;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted. */
static const char **texts_of_set(const struct program_side *side, struct arena *arena,
                                 uint64_t index, uint32_t *count)
{
    const struct ffs_set *set = set_of(side, index);
    const char **texts = ARENA_ARRAY(arena, const char *, set->count + 1u);
    *count = 0;
    for (uint32_t i = 0; i < set->capacity && *count < set->count; i++) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, i);
        if (slot->length != FFS_NONE)
            texts[(*count)++] = arena_copy(arena, member_of(side, set, slot), slot->length);
    }
    qsort(texts, *count, sizeof *texts, compare_texts);
    return texts;
}

static void decode_set(struct decoding *decoding)
{
    uint32_t count;
    const char **texts =
        texts_of_set(decoding->side, decoding->arena, decoding->test->operand, &count);
    for (uint32_t i = 0; i < count; i++)
        new_operand(decoding, texts[i]);
}

static void put_half(uint64_t half, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(half >> (56 - 8 * i));
}

/* Each range is written as a listing has it; together they are one text, so that equal runs are
 * equal tests. */
static void decode_networks(struct decoding *decoding)
{
    size_t size;
    const struct ffs_network *networks =
        snapshot_section(decoding->side->listing->snapshot, FFS_NETWORKS, &size);
    uint32_t first = (uint32_t)decoding->test->operand;
    for (uint32_t i = 0; i < decoding->test->operand >> 32; i++) {
        const struct ffs_network *network = &networks[first + i];
        struct buffer text = {0};
        write_network(network, &text);
        struct operand *operand = new_operand(decoding, kept_text(decoding, &text));
        put_half(network->first_high, operand->network.first);
        put_half(network->first_low, operand->network.first + 8);
        put_half(network->last_high, operand->network.last);
        put_half(network->last_low, operand->network.last + 8);
    }
}

#define MOST_REMAINDERS 64

static bool decode_remainders(struct decoding *decoding)
{
    const struct ffs_range *range = &decoding->side->ranges[decoding->test->operand];
    if (range->to - range->from > MOST_REMAINDERS)
        return false;
    decoding->condition->divisor = range->divisor;
    for (uint64_t i = range->from; i < range->to; i++)
        new_operand(decoding, arena_format(decoding->arena, "%" PRIu64, i))->number = (double)i;
    return true;
}

static void decode_number(struct decoding *decoding)
{
    struct buffer text = {0};
    double number;
    memcpy(&number, &decoding->test->operand, sizeof number);
    json_write_number(&text, number);
    new_operand(decoding, kept_text(decoding, &text))->number = number;
}

static void decode_automaton(struct decoding *decoding)
{
    size_t size;
    const uint32_t *words =
        snapshot_section(decoding->side->listing->snapshot, FFS_AUTOMATA, &size);
    const void *at = words + (uint32_t)decoding->test->operand;
    const struct ffs_automaton *table = at;
    struct automaton *automaton = ARENA_NEW(decoding->arena, struct automaton);
    automaton->table = table;
    automaton->size =
        (sizeof *table + (size_t)table->state_count * table->class_count * 2 + 3) / 4 * 4;
    const char *pattern = text_at(decoding->side, decoding->test->operand >> 32);
    new_operand(decoding, pattern ? pattern : "?")->automaton = automaton;
}

/* False for an operand that no condition has. */
static bool decode_operand(struct decoding *decoding)
{
    char time[32];
    uint64_t operand = decoding->test->operand;
    switch (ffs_operand_of(decoding->test->op)) {
    case FFS_OPERAND_NONE:
        return true;
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        new_operand(decoding, text_at(decoding->side, operand));
        return true;
    case FFS_OPERAND_SET:
        decode_set(decoding);
        return true;
    case FFS_OPERAND_NUMBER:
        decode_number(decoding);
        return true;
    case FFS_OPERAND_BOOLEAN:
        new_operand(decoding, operand ? "true" : "false")->boolean = operand != 0;
        return true;
    case FFS_OPERAND_TIME:
        format_time((int64_t)operand, time, sizeof time);
        new_operand(decoding, arena_format(decoding->arena, "%s", time))->time = (int64_t)operand;
        return true;
    case FFS_OPERAND_DURATION:
        new_operand(decoding, duration_text(decoding->arena, (int64_t)operand))->duration =
            (int64_t)operand;
        return true;
    case FFS_OPERAND_NETWORKS:
        decode_networks(decoding);
        return true;
    case FFS_OPERAND_AUTOMATON:
        decode_automaton(decoding);
        return true;
    case FFS_OPERAND_REMAINDERS:
        return decode_remainders(decoding);
    case FFS_OPERAND_RULE:
    case FFS_OPERAND_SPLIT:
    case FFS_OPERAND_DIGESTS: /* of values that nobody can tell; see private_words() */
    case FFS_OPERAND_WEEKLY:
    case FFS_OPERAND_THRESHOLD:
    case FFS_OPERAND_RANGE:
    case FFS_OPERAND_RAMP:
    case FFS_OPERAND_FLAG:
    case FFS_OPERAND_ATTRIBUTE:
    case FFS_OPERAND_BODY:
    case FFS_OPERAND_VARIANT_BITS:
        break;
    }
    return false;
}

/* The same test as a condition; NULL: there is none. */
static struct condition *decode(struct comparison *comparison, struct program_side *side,
                                const struct ffs_instruction *test)
{
    struct arena *arena = &comparison->arena;
    enum operator_kind kind;
    if (test->attribute >= FFS_FIRST_KEY || !find_meaning(test->op, &kind))
        return NULL;
    enum ffs_operand operand = ffs_operand_of(test->op);
    bool pair = operand == FFS_OPERAND_ATTRIBUTE;
    bool loose = operand == FFS_OPERAND_LOOSE_VERSION || test->op == FFS_LOOSE_PRESENT ||
                 (pair && test->operand & FFS_PAIR_LOOSE);
    struct condition *condition = ARENA_NEW(arena, struct condition);
    *condition = (struct condition){.kind = CONDITION_TEST,
                                    .span = NO_SPAN,
                                    .operator_kind = kind,
                                    .ignore_case = test->flags & FFS_IGNORE_CASE};
    condition->attribute = attribute_of(comparison, side, test->attribute, loose);
    condition->field = condition->attribute->name;
    if (pair) {
        condition->other = attribute_of(comparison, side, (uint16_t)test->operand, loose);
        return condition;
    }
    struct decoding decoding = {arena, side, test, condition};
    return decode_operand(&decoding) ? condition : NULL;
}

/* The prover takes a test's operands for values of its attribute's type. A number that is compared
 * with texts, as users are, has none. */
static bool is_provable(const struct condition *condition, const struct ffs_instruction *test)
{
    enum ffs_operand operand = ffs_operand_of(test->op);
    bool text = operand == FFS_OPERAND_TAGGED_STRING || operand == FFS_OPERAND_SET;
    return !text || condition->attribute->type == FFLAG_ATTRIBUTE_STRING ||
           condition->attribute->type == FFLAG_ATTRIBUTE_STRINGS;
}

/* A private value is told by a number, the same wherever it is asked for: its digest stays in the
 * snapshot, where it can be guessed at. */
static uintptr_t private_number(struct comparison *comparison, const char *attribute,
                                const char *digest)
{
    struct arena *arena = &comparison->arena;
    const char *key = arena_format(arena, "%s %s", digest, attribute);
    uintptr_t number = (uintptr_t)table_get(&comparison->private_values, key);
    if (number)
        return number;
    uintptr_t *count = table_get(&comparison->private_counts, attribute);
    if (!count) {
        count = ARENA_NEW(arena, uintptr_t);
        (void)table_add(&comparison->private_counts, arena, attribute, count);
    }
    number = ++*count;
    (void)table_add(&comparison->private_values, arena, key, (void *)number);
    return number;
}

static int compare_numbers(const void *left, const void *right)
{
    uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

/* "team is private value 1 or 2" */
static void add_private_words(struct comparison *comparison, const struct program_side *side,
                              const struct ffs_instruction *test, struct buffer *text)
{
    struct arena *arena = &comparison->arena;
    const char *attribute = key_words(side, arena, test->attribute);
    uint32_t count;
    const char **digests = texts_of_set(side, arena, test->operand, &count);
    uintptr_t *numbers = ARENA_ARRAY(arena, uintptr_t, count + 1u);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = private_number(comparison, attribute, digests[i]);
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    buffer_format(text, "%s is private value ", attribute);
    for (uint32_t i = 0; i < count && i < NAMED_OPERANDS; i++)
        buffer_format(text, "%s%" PRIuPTR,
                      i == 0           ? ""
                      : i + 1 == count ? " or "
                                       : ", ",
                      numbers[i]);
    if (count > NAMED_OPERANDS)
        buffer_format(text, " or %u more", count - NAMED_OPERANDS);
    if (test->flags & FFS_IGNORE_CASE)
        buffer_append_text(text, ", ignoring case");
}

/* As a listing has it, with the tests within it. */
static const char *listed_words(struct comparison *comparison, struct program_side *side,
                                const struct ffs_flag *flag, const struct ffs_instruction *test)
{
    struct buffer text = {0};
    if (ffs_operand_of(test->op) == FFS_OPERAND_DIGESTS)
        add_private_words(comparison, side, test, &text);
    else
        write_instruction(side->listing, flag, test, NAMED_OPERANDS, &text);
    bool body = ffs_operand_of(test->op) == FFS_OPERAND_BODY;
    for (uint64_t i = 1; body && i <= test->operand; i++) {
        if (test[i].op == FFS_PASS)
            continue;
        buffer_append_text(&text, i > 1 ? " and " : " ");
        buffer_append_text(&text, test[i].flags & FFS_NEGATE ? "not " : "");
        if (ffs_operand_of(test[i].op) != FFS_OPERAND_DIGESTS) {
            write_instruction(side->listing, flag, &test[i], NAMED_OPERANDS, &text);
            continue;
        }
        buffer_append_text(&text, "entry of ");
        add_private_words(comparison, side, &test[i], &text);
    }
    const char *words = arena_copy(&comparison->arena, text.bytes, text.length);
    buffer_release(&text);
    return words;
}

#define MOST_OF_KEY 9007199254740992.0 /* of a number that can be hashed */

/* Of a test that names texts, or a number that is a key, each in full. */
static void list_members(struct comparison *comparison, const struct program_side *side,
                         const struct ffs_instruction *test, struct atom *atom)
{
    if (test->flags & FFS_IGNORE_CASE)
        return;
    if (test->op == FFS_STRING_IN || test->op == FFS_KEY_IN) {
        atom->members = texts_of_set(side, &comparison->arena, test->operand, &atom->member_count);
    } else if (test->op == FFS_STRING_EQ) {
        atom->members = ARENA_NEW(&comparison->arena, const char *);
        atom->members[atom->member_count++] = text_at(side, test->operand);
    } else if (test->op == FFS_NUMBER_EQ) {
        double number;
        memcpy(&number, &test->operand, sizeof number);
        atom->is_no_key = fabs(number) > MOST_OF_KEY || number != trunc(number);
        if (atom->is_no_key)
            return;
        atom->members = ARENA_NEW(&comparison->arena, const char *);
        atom->members[atom->member_count++] =
            arena_format(&comparison->arena, "%" PRId64, (int64_t)number);
    }
}

void name_members(struct comparison *comparison, const struct atom *list, struct atom *units)
{
    struct arena *arena = &comparison->arena;
    struct condition *condition = ARENA_NEW(arena, struct condition);
    struct attribute *key = ARENA_NEW(arena, struct attribute);
    struct buffer text = {0};
    *key = (struct attribute){.name = {list->key, NO_SPAN}, .type = FFLAG_ATTRIBUTE_STRING};
    *condition = (struct condition){
        .kind = CONDITION_TEST, .operator_kind = OPERATOR_EQ, .attribute = key, .field = key->name};
    for (uint32_t i = 0; i < units->member_count; i++) {
        struct operand *operand =
            ARENA_APPEND(arena, condition->operands, condition->operand_count);
        *operand =
            (struct operand){.source = {units->members[i], NO_SPAN}, .text = units->members[i]};
    }
    test_in_words(condition, NAMED_OPERANDS, &text);
    units->words = arena_copy(arena, text.bytes, text.length);
    units->key = list->key;
    units->condition = condition;
    buffer_release(&text);
}

static struct atom *make_atom(struct comparison *comparison, struct program_side *side,
                              const struct ffs_flag *flag, const struct ffs_instruction *test)
{
    struct atom *atom = ARENA_NEW(&comparison->arena, struct atom);
    struct condition *condition = decode(comparison, side, test);
    if (condition) {
        struct buffer text = {0};
        test_in_words(condition, NAMED_OPERANDS, &text);
        atom->words = arena_copy(&comparison->arena, text.bytes, text.length);
        buffer_release(&text);
    } else {
        atom->words = listed_words(comparison, side, flag, test);
    }
    atom->condition = condition && is_provable(condition, test) ? condition : NULL;
    atom->key = test->attribute == FFS_NO_ATTRIBUTE
                    ? NULL
                    : key_words(side, &comparison->arena, test->attribute);
    list_members(comparison, side, test, atom);
    atom->is_hidden = ffs_operand_of(test->op) == FFS_OPERAND_DIGESTS;
    *ARENA_APPEND(&comparison->arena, comparison->atoms, comparison->atom_count) = atom;
    return atom;
}

/* What it tests, without its jump and negation. */
static const char *atom_name(struct comparison *comparison, struct program_side *side,
                             const struct ffs_flag *flag, const struct ffs_instruction *test)
{
    struct buffer bytes = {0};
    struct ffs_instruction alone = *test;
    alone.jump = 0;
    alone.flags &= (uint8_t)~FFS_NEGATE;
    add_instruction(side, flag, &alone, &bytes);
    bool body = ffs_operand_of(test->op) == FFS_OPERAND_BODY;
    for (uint64_t i = 1; body && i <= test->operand; i++)
        add_instruction(side, flag, &test[i], &bytes);
    struct hash128 hash = hash128(bytes.bytes, bytes.length);
    buffer_release(&bytes);
    return arena_format(&comparison->arena, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

struct atom *atom_of(struct comparison *comparison, struct program_side *side,
                     const struct ffs_flag *flag, const struct ffs_instruction *test)
{
    struct atom **known = &side->atoms[test - side->listing->code];
    if (*known)
        return *known;
    const char *name = atom_name(comparison, side, flag, test);
    *known = table_get(&comparison->atom_names, name);
    if (!*known) {
        *known = make_atom(comparison, side, flag, test);
        (void)table_add(&comparison->atom_names, &comparison->arena, name, *known);
    }
    return *known;
}
