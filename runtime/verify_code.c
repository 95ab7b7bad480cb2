/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_code.c - the programs of flags.
 */
#include <math.h>

#include "fflag/private.h"
#include "match.h"
#include "values.h"
#include "verify.h"

/* The types of an attribute, as bits. */
#define TYPE(name)     (1u << FFLAG_ATTRIBUTE_##name)
#define READS_NONE     0
#define READS_KEY      (TYPE(STRING) | TYPE(NUMBER))
#define READS_ANY      0xffffu
#define READS_STRING   TYPE(STRING)
#define READS_NUMBER   TYPE(NUMBER)
#define READS_BOOLEAN  TYPE(BOOLEAN)
#define READS_VERSION  TYPE(VERSION)
#define READS_TIME     TYPE(TIME)
#define READS_STRINGS  TYPE(STRINGS)
#define READS_IP       TYPE(IP)
#define READS_COMPARED (TYPE(STRING) | TYPE(NUMBER) | TYPE(BOOLEAN) | TYPE(VERSION) | TYPE(TIME))
#define READS_MADE     0x10000u /* not an attribute: one of KEYS */

/* The bits of an instruction's first eight bytes that its operation does not use, and that must be
 * zero. */
#define FLAGS(uses)                                                        \
    ((uses)&FFS_USES_REASON ? 0xffu                                        \
                            : ((uses)&FFS_USES_NEGATE ? FFS_NEGATE : 0u) | \
                                  ((uses)&FFS_USES_IGNORE_CASE ? FFS_IGNORE_CASE : 0u))
#define UNUSED(uses)                                                                               \
    ((uint64_t)(~FLAGS(uses) & 0xffu) << 8 | ((uses)&FFS_USES_JUMP ? 0 : UINT64_C(0xffff) << 32) | \
     ((uses)&FFS_USES_VARIANT ? 0 : UINT64_C(0xffff) << 48))
_Static_assert(offsetof(struct ffs_instruction, flags) == 1 &&
                   offsetof(struct ffs_instruction, jump) == 4 &&
                   offsetof(struct ffs_instruction, variant) == 6,
               "what UNUSED() takes for granted");

#define ALONE(uses, reads) (READS_##reads & ~(uint32_t)((uses)&FFS_USES_VALUE ? TYPE(STRINGS) : 0))

/* What an operation's instructions have in common. */
static const struct operation {
    bool known;
    uint8_t operand; /* enum ffs_operand */
    uint8_t uses;    /* FFS_USES_* */
    uint32_t reads;  /* the types of the attribute that it reads; 0: none */
    uint32_t alone;  /* so outside a body, where a list is none of a test's values */
    uint64_t unused;
    uint64_t features; /* FFS_FEATURE_* */
} operations[UINT8_MAX + 1] = {
#define FFS_OPERATION(number, name, operand, uses, reads, cost, folded, feature, words)           \
    [FFS_##name] = {true,         FFS_OPERAND_##operand, uses, READS_##reads, ALONE(uses, reads), \
                    UNUSED(uses), FFS_FEATURE_##feature},
#include "fflag/operations.def"
};

/* A test of a text or a number must work in a body, because the language's operators do there. */
enum {
    IS_OF_VALUE_NONE = 0,
    IS_OF_VALUE_KEY = 0,
    IS_OF_VALUE_MADE = 0,
    IS_OF_VALUE_ANY = 0,
    IS_OF_VALUE_BOOLEAN = 0,
    IS_OF_VALUE_VERSION = 0,
    IS_OF_VALUE_TIME = 0,
    IS_OF_VALUE_STRINGS = 0,
    IS_OF_VALUE_IP = 0,
    IS_OF_VALUE_COMPARED = 1,
    IS_OF_VALUE_STRING = 1,
    IS_OF_VALUE_NUMBER = 1
};
#define FFS_OPERATION(number, name, operand, uses, reads, ...)           \
    _Static_assert(!IS_OF_VALUE_##reads || ((uses)&FFS_USES_VALUE) != 0, \
                   #name " reads a text or a number, so a body may have it: FFS_VALUE_TEST");
#include "fflag/operations.def"

/* Computed on first use, so that a string shared by many instructions is read once. */
static bool has_trait(struct verifier *verifier, ffs_string string, uint8_t known, uint8_t trait)
{
    uint8_t *traits = &verifier->string_traits[string_ordinal(verifier, string)];
    if (!(*traits & known)) {
        const char *bytes = string_bytes(verifier->snapshot, string);
        uint32_t length = string_length(verifier->snapshot, string);
        struct version version;
        struct loose_version loose;
        bool holds = trait == TRAIT_VERSION ? runtime_parse_version(bytes, length, &version)
                     : trait == TRAIT_LOOSE ? runtime_parse_loose_version(bytes, length, &loose)
                                            : runtime_valid_glob(bytes, length);
        *traits |= (uint8_t)(known | (holds ? trait : 0));
    }
    return *traits & trait;
}

static enum fflag_error verify_string_operand(struct verifier *verifier, uint32_t index,
                                              const struct operation *operation)
{
    const struct ffs_instruction *instruction = &verifier->snapshot->code[index];
    ffs_string string = (ffs_string)instruction->operand;
    uint32_t tag = (uint32_t)(instruction->operand >> 32);
    bool ignore_case = instruction->flags & FFS_IGNORE_CASE;
    if (!is_string(verifier, string))
        return malformed(verifier, "instruction %u: the operand is not a string", index);
    uint32_t ordinal = string_ordinal(verifier, string);
    bool tagged = !ignore_case && operation->operand == FFS_OPERAND_TAGGED_STRING;
    if (tag != (tagged ? (uint32_t)verifier->string_hashes[ordinal] : 0))
        return malformed(verifier, "instruction %u: the tag is not the string's", index);
    if (ignore_case && (verifier->string_traits[ordinal] & TRAIT_UPPER_CASE))
        return malformed(verifier, "instruction %u: the operand is not folded", index);
    if (operation->operand == FFS_OPERAND_GLOB &&
        !has_trait(verifier, string, TRAIT_GLOB_KNOWN, TRAIT_GLOB))
        return malformed(verifier, "instruction %u: the operand is not a glob", index);
    if (operation->operand == FFS_OPERAND_VERSION &&
        !has_trait(verifier, string, TRAIT_VERSION_KNOWN, TRAIT_VERSION))
        return malformed(verifier, "instruction %u: the operand is not a version", index);
    if (operation->operand == FFS_OPERAND_LOOSE_VERSION &&
        !has_trait(verifier, string, TRAIT_LOOSE_KNOWN, TRAIT_LOOSE))
        return malformed(verifier, "instruction %u: the operand is not a loose version", index);
    return FFLAG_OK;
}

static enum fflag_error verify_set_operand(struct verifier *verifier, uint32_t index,
                                           const struct ffs_instruction *instruction)
{
    uint64_t at = instruction->operand;
    uint8_t kind = at < verifier->set_words ? verifier->set_kinds[at] : SET_NONE;
    if (kind == SET_NONE)
        return malformed(verifier, "instruction %u: the operand is not a set", index);
    if ((instruction->flags & FFS_IGNORE_CASE) && kind != SET_FOLDED)
        return malformed(verifier, "instruction %u: the set is not folded", index);
    return FFLAG_OK;
}

static enum fflag_error verify_digests_operand(struct verifier *verifier, uint32_t index,
                                               uint64_t at)
{
    if (at >= verifier->set_words || verifier->set_kinds[at] == SET_NONE ||
        ((const struct ffs_set *)(verifier->snapshot->sets + at))->longest != FFS_DIGEST)
        return malformed(verifier, "instruction %u: the operand is not a set of digests", index);
    return FFLAG_OK;
}

static enum fflag_error verify_network_operand(struct verifier *verifier, uint32_t index,
                                               uint64_t operand)
{
    uint32_t first = (uint32_t)operand, count = (uint32_t)(operand >> 32);
    if (first > verifier->network_count || count > verifier->network_count - first)
        return malformed(verifier, "instruction %u: the networks are out of bounds", index);
    if (count > 0 && verifier->network_runs[first + count - 1] > first)
        return malformed(verifier, "instruction %u: the networks are not sorted", index);
    return FFLAG_OK;
}

static enum fflag_error verify_pattern_operand(struct verifier *verifier, uint32_t index,
                                               uint64_t operand)
{
    uint32_t at = (uint32_t)operand;
    if (at >= verifier->automaton_words || !(verifier->automaton_starts[at / 64] >> at % 64 & 1))
        return malformed(verifier, "instruction %u: the operand is not an automaton", index);
    if (!is_string(verifier, (ffs_string)(operand >> 32)))
        return malformed(verifier, "instruction %u: the pattern is not a string", index);
    return FFLAG_OK;
}

static enum fflag_error verify_remainders(struct verifier *verifier, uint32_t index,
                                          uint64_t operand)
{
    if (operand >= verifier->range_count)
        return malformed(verifier, "instruction %u: the operand is not a range", index);
    const struct ffs_range *range = &verifier->snapshot->ranges[operand];
    if (range->divisor == 0 || range->divisor > FFS_MAX_DIVISOR || range->from >= range->to ||
        range->to > range->divisor)
        return malformed(verifier, "instruction %u: the operand is not remainders", index);
    return FFLAG_OK;
}

/* Which is of the type of what is compared with it: of the attribute, or what the body is given. */
static enum fflag_error verify_other(struct verifier *verifier, uint32_t index,
                                     const struct program *program)
{
    const struct snapshot *snapshot = verifier->snapshot;
    const struct ffs_instruction *instruction = &snapshot->code[index];
    uint32_t other = (uint32_t)instruction->operand;
    uint64_t flags = instruction->operand >> 32 << 32;
    uint8_t type = snapshot->attributes[instruction->attribute].type;
    if (index < program->body_end)
        type = snapshot->code[program->body].op == FFS_SIZE_IS ? FFLAG_ATTRIBUTE_NUMBER
                                                               : FFLAG_ATTRIBUTE_STRING;
    if (other >= snapshot->attribute_count)
        return malformed(verifier, "instruction %u: the other attribute is out of bounds", index);
    if (snapshot->attributes[other].type != type)
        return malformed(verifier, "instruction %u: the types of the attributes differ", index);
    if (flags && (flags != FFS_PAIR_LOOSE || type != FFLAG_ATTRIBUTE_VERSION))
        return malformed(verifier, "instruction %u: the attributes are not loose versions", index);
    if (instruction->flags & FFS_IGNORE_CASE && type != FFLAG_ATTRIBUTE_STRING)
        return malformed(verifier, "instruction %u: the attributes have no case", index);
    if (type == FFLAG_ATTRIBUTE_BOOLEAN && instruction->op != FFS_PAIR_EQ)
        return malformed(verifier, "instruction %u: the attributes have no order", index);
    return FFLAG_OK;
}

static enum fflag_error verify_weekly_operand(struct verifier *verifier, uint32_t index,
                                              uint64_t operand)
{
    uint32_t at = (uint32_t)operand;
    if (at >= verifier->zone_words || !(verifier->zone_starts[at / 64] >> at % 64 & 1))
        return malformed(verifier, "instruction %u: the operand is not a zone", index);
    if (operand & FFS_WEEKLY_UNUSED || !FFS_WEEKLY_DAYS(operand) ||
        FFS_WEEKLY_FROM(operand) >= FFS_WEEKLY_UNTIL(operand) || FFS_WEEKLY_UNTIL(operand) > 1440)
        return malformed(verifier, "instruction %u: impossible times of a week", index);
    return FFLAG_OK;
}

static enum fflag_error verify_split_operand(struct verifier *verifier, uint32_t index,
                                             uint64_t operand, struct program *program)
{
    uint32_t at = (uint32_t)operand, rule = (uint32_t)(operand >> 32);
    uint32_t variants = at < verifier->split_words ? verifier->split_variants[at] : 0;
    if (variants == 0)
        return malformed(verifier, "instruction %u: the operand is not a split", index);
    if (rule != FFS_NONE && !is_string(verifier, rule))
        return malformed(verifier, "instruction %u: the rule is not a string", index);
    if (variants > program->variants)
        program->variants = variants;
    return FFLAG_OK;
}

static enum fflag_error verify_serve(struct verifier *verifier, uint32_t index,
                                     const struct ffs_instruction *instruction,
                                     struct program *program)
{
    if (instruction->operand != FFS_NONE &&
        (instruction->operand > UINT32_MAX ||
         !is_string(verifier, (ffs_string)instruction->operand)))
        return malformed(verifier, "instruction %u: the rule is not a string", index);
    if (instruction->variant == FFS_NO_VARIANT)
        program->serves_none = true;
    else if (instruction->variant >= program->variants)
        program->variants = instruction->variant + 1u;
    return FFLAG_OK;
}

/* The instructions after an FFS_FLAG_IS: as many as the flag's variants need, without bits for
 * variants that it does not have. The bit after the last variant's stands for none. */
static enum fflag_error verify_accepted(struct verifier *verifier, uint32_t index,
                                        const struct program *program, uint32_t variant_count)
{
    const struct ffs_instruction *test = &verifier->snapshot->code[index];
    uint32_t left = program->first + program->count - index, words = 0;
    while (words + 1 < left && test[words + 1].op == FFS_ACCEPT)
        words++;
    if (words != ffs_accept_count(variant_count))
        return malformed(verifier, "instruction %u: %u FFS_ACCEPT for a flag of %u variants", index,
                         words, variant_count);
    if (test[words].operand >> variant_count % 64 >> 1)
        return malformed(verifier, "instruction %u accepts a variant the flag does not have",
                         index);
    return FFLAG_OK;
}

static enum fflag_error verify_required(struct verifier *verifier, uint32_t index,
                                        struct program *program)
{
    const struct ffs_instruction *test = &verifier->snapshot->code[index];
    if (test->operand >= program->before)
        return malformed(verifier, "instruction %u requires a flag that does not come before it",
                         index);
    const struct ffs_flag *required = &verifier->snapshot->flags[test->operand];
    enum fflag_error error = verify_accepted(verifier, index, program, required->variant_count);
    if (error)
        return error;
    program->features |= required->features;
    if (required->flags & FFS_FLAG_READS_CLOCK)
        program->uses |= FFS_USES_CLOCK;
    if (required->depth >= program->depth)
        program->depth = required->depth + 1u;
    program->cost += verifier->costs[test->operand];
    if (program->cost > FFS_MAX_COST)
        return malformed(verifier, "instruction %u makes its flag cost more than %d", index,
                         FFS_MAX_COST);
    return FFLAG_OK;
}

/* The instructions after a test of a list: within the program, and skipped by the test's jump. */
static enum fflag_error verify_body(struct verifier *verifier, uint32_t index,
                                    struct program *program)
{
    const struct ffs_instruction *test = &verifier->snapshot->code[index];
    if (test->operand >= test->jump)
        return malformed(verifier, "instruction %u jumps into its body", index);
    program->body = index;
    program->body_end = index + 1 + (uint32_t)test->operand;
    program->cost += (uint32_t)ffs_repeated_cost(test->op, test->operand);
    if (program->cost > FFS_MAX_COST)
        return malformed(verifier, "instruction %u makes its flag cost more than %d", index,
                         FFS_MAX_COST);
    return FFLAG_OK;
}

static enum fflag_error verify_operand(struct verifier *verifier, uint32_t index,
                                       const struct operation *operation, struct program *program)
{
    const struct ffs_instruction *instruction = &verifier->snapshot->code[index];
    uint64_t operand = instruction->operand;
    double number;
    switch ((enum ffs_operand)operation->operand) {
    case FFS_OPERAND_NONE:
        if (operand)
            return malformed(verifier, "instruction %u: the operand is not zero", index);
        return FFLAG_OK;
    case FFS_OPERAND_RULE:
        return verify_serve(verifier, index, instruction, program);
    case FFS_OPERAND_SPLIT:
        return verify_split_operand(verifier, index, operand, program);
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
        return verify_string_operand(verifier, index, operation);
    case FFS_OPERAND_SET:
        return verify_set_operand(verifier, index, instruction);
    case FFS_OPERAND_DIGESTS:
        return verify_digests_operand(verifier, index, operand);
    case FFS_OPERAND_NUMBER:
        memcpy(&number, &operand, sizeof number);
        if (!isfinite(number))
            return malformed(verifier, "instruction %u: the operand is not finite", index);
        return FFLAG_OK;
    case FFS_OPERAND_BOOLEAN:
        if (operand > 1)
            return malformed(verifier, "instruction %u: the operand is not a boolean", index);
        return FFLAG_OK;
    case FFS_OPERAND_DURATION:
        if (operand > INT64_MAX)
            return malformed(verifier, "instruction %u: the operand is not a duration", index);
        return FFLAG_OK;
    case FFS_OPERAND_WEEKLY:
        return verify_weekly_operand(verifier, index, operand);
    case FFS_OPERAND_NETWORKS:
        return verify_network_operand(verifier, index, operand);
    case FFS_OPERAND_AUTOMATON:
        return verify_pattern_operand(verifier, index, operand);
    case FFS_OPERAND_RANGE:
        if (operand >= verifier->range_count)
            return malformed(verifier, "instruction %u: the operand is not a range", index);
        return FFLAG_OK;
    case FFS_OPERAND_REMAINDERS:
        return verify_remainders(verifier, index, operand);
    case FFS_OPERAND_RAMP:
        if (operand >= verifier->ramp_count)
            return malformed(verifier, "instruction %u: the operand is not a ramp", index);
        return FFLAG_OK;
    case FFS_OPERAND_ATTRIBUTE:
        return verify_other(verifier, index, program);
    case FFS_OPERAND_FLAG:
        return verify_required(verifier, index, program);
    case FFS_OPERAND_BODY:
        return verify_body(verifier, index, program);
    case FFS_OPERAND_TIME:
    case FFS_OPERAND_THRESHOLD:
    case FFS_OPERAND_VARIANT_BITS: /* checked by verify_required() */
        return FFLAG_OK;
    }
    return malformed(verifier, "instruction %u: unknown operand", index);
}

/* Whether it reads an entry of a list, or the number of them: only a body may have it. */
static bool is_of_body(const struct verifier *verifier, const struct ffs_instruction *instruction)
{
    const struct operation *operation = &operations[instruction->op];
    if (instruction->op == FFS_PASS)
        return true;
    return operation->uses & FFS_USES_VALUE &&
           instruction->attribute < verifier->snapshot->attribute_count &&
           verifier->snapshot->attributes[instruction->attribute].type == FFLAG_ATTRIBUTE_STRINGS;
}

/* Of the list that the body's test reads, and a test of what the body is given. */
static enum fflag_error verify_in_body(struct verifier *verifier, uint32_t index,
                                       const struct program *program)
{
    const struct ffs_instruction *code = verifier->snapshot->code;
    const struct ffs_instruction *instruction = &code[index], *test = &code[program->body];
    unsigned given = test->op == FFS_SIZE_IS ? TYPE(NUMBER) : TYPE(STRING);
    if (!is_of_body(verifier, instruction))
        return malformed(verifier, "instruction %u: not a test of an entry, in a body", index);
    if (instruction->op == FFS_PASS)
        return FFLAG_OK;
    if (instruction->attribute != test->attribute)
        return malformed(verifier, "instruction %u: not the list of its body", index);
    if (!(operations[instruction->op].reads & given))
        return malformed(verifier, "instruction %u: the attribute's type does not fit", index);
    return FFLAG_OK;
}

/* Names the field that an instruction sets although its operation does not use it. */
static __attribute__((noinline, cold)) enum fflag_error
refuse_unused(struct verifier *verifier, uint32_t index, const struct operation *operation)
{
    const struct ffs_instruction *instruction = &verifier->snapshot->code[index];
    if (instruction->variant && !(operation->uses & FFS_USES_VARIANT))
        return malformed(verifier, "instruction %u: a variant that it does not serve", index);
    if (instruction->jump && !(operation->uses & FFS_USES_JUMP))
        return malformed(verifier, "instruction %u: a jump that it does not make", index);
    return malformed(verifier, "instruction %u: unknown flags 0x%x", index, instruction->flags);
}

static enum fflag_error verify_made_key(struct verifier *verifier, uint32_t index,
                                        const struct ffs_instruction *instruction)
{
    const struct snapshot *snapshot = verifier->snapshot;
    uint32_t at = (uint32_t)instruction->attribute - FFS_FIRST_KEY;
    if (instruction->attribute < FFS_FIRST_KEY || at >= snapshot->key_count)
        return malformed(verifier, "instruction %u: the key is out of bounds", index);
    if ((instruction->op == FFS_KEY_IN || instruction->op == FFS_PRIVATE_KEY_IN) &&
        snapshot->keys[at].kind != FFS_KEY_FIRST)
        return malformed(verifier, "instruction %u: a set of joined keys", index);
    return FFLAG_OK;
}

/* Verifies everything except the jump and the operand. */
static enum fflag_error verify_fields(struct verifier *verifier, uint32_t index,
                                      const struct operation *operation, bool in_body)
{
    const struct snapshot *snapshot = verifier->snapshot;
    const struct ffs_instruction *instruction = &snapshot->code[index];
    uint64_t head;
    memcpy(&head, instruction, sizeof head);
    if (UNLIKELY(head & operation->unused))
        return refuse_unused(verifier, index, operation);
    if (operation->uses & FFS_USES_REASON &&
        (instruction->flags < FFLAG_REASON_STATIC || instruction->flags > FFLAG_REASON_STICKY ||
         (instruction->op == FFS_PREVIOUS) != (instruction->flags == FFLAG_REASON_STICKY)))
        return malformed(verifier, "instruction %u: unknown reason %u", index, instruction->flags);
    if (!operation->reads) {
        if (instruction->attribute != FFS_NO_ATTRIBUTE)
            return malformed(verifier, "instruction %u: an attribute that it does not read", index);
        return FFLAG_OK;
    }
    if (operation->reads == READS_MADE)
        return verify_made_key(verifier, index, instruction);
    if (instruction->attribute >= snapshot->attribute_count)
        return malformed(verifier, "instruction %u: the attribute is out of bounds", index);
    if (!in_body &&
        UNLIKELY(!(operation->alone >> snapshot->attributes[instruction->attribute].type & 1)))
        return malformed(verifier,
                         is_of_body(verifier, instruction)
                             ? "instruction %u: a test of an entry, outside a body"
                             : "instruction %u: the attribute's type does not fit",
                         index);
    return FFLAG_OK;
}

/* Jumps go forward, at most to the end, and never to an FFS_ACCEPT, which is always skipped. */
static enum fflag_error verify_jump(struct verifier *verifier, uint32_t index,
                                    const struct operation *operation,
                                    const struct program *program)
{
    const struct ffs_instruction *code = verifier->snapshot->code;
    const struct ffs_instruction *instruction = &code[index];
    bool in_body = index < program->body_end;
    uint32_t end = in_body ? program->body_end : program->first + program->count;
    uint32_t left = end - index;
    if (!(operation->uses & FFS_USES_JUMP)) {
        if (instruction->op == FFS_ACCEPT &&
            (index == program->first ||
             (code[index - 1].op != FFS_FLAG_IS && code[index - 1].op != FFS_ACCEPT)))
            return malformed(verifier, "instruction %u: FFS_ACCEPT without FFS_FLAG_IS", index);
        return FFLAG_OK;
    }
    if (instruction->jump == 0 || instruction->jump > left)
        return malformed(verifier, "instruction %u: the jump leaves the %s", index,
                         in_body ? "body" : "program");
    if (instruction->jump < left && code[index + instruction->jump].op == FFS_ACCEPT)
        return malformed(verifier, "instruction %u: the jump ends at an FFS_ACCEPT", index);
    return FFLAG_OK;
}

static enum fflag_error verify_instruction(struct verifier *verifier, uint32_t index,
                                           struct program *program)
{
    uint8_t op = verifier->snapshot->code[index].op;
    const struct operation *operation = &operations[op];
    if (!operation->known)
        return malformed(verifier, "instruction %u: unknown operation %u", index, op);
    program->features |= operation->features;
    program->uses |= operation->uses;
    bool in_body = index < program->body_end;
    enum fflag_error error = FFLAG_OK;
    if (in_body)
        error = verify_in_body(verifier, index, program);
    else if (UNLIKELY(op == FFS_PASS))
        return malformed(verifier, "instruction %u: a test of an entry, outside a body", index);
    if (error || (error = verify_fields(verifier, index, operation, in_body)) ||
        (error = verify_jump(verifier, index, operation, program)))
        return error;
    return verify_operand(verifier, index, operation, program);
}

/* In a program whose instructions are sound, so that those of bodies are nowhere else. */
static enum fflag_error verify_ways_in(struct verifier *verifier, const struct program *program)
{
    const struct ffs_instruction *code = verifier->snapshot->code;
    uint32_t end = program->first + program->count;
    for (uint32_t index = program->first; index < end; index++) {
        const struct operation *operation = &operations[code[index].op];
        uint32_t target = index + code[index].jump;
        if (operation->uses & FFS_USES_JUMP && target < end && is_of_body(verifier, &code[target]))
            return malformed(verifier, "instruction %u: the jump ends in a body", index);
        if (operation->operand == FFS_OPERAND_BODY)
            index += (uint32_t)code[index].operand;
    }
    return FFLAG_OK;
}

enum fflag_error verify_program(struct verifier *verifier, struct program *program)
{
    uint32_t end = program->first + program->count;
    for (uint32_t index = program->first; index < end; index++) {
        if (verifier->program_at[index])
            return malformed(verifier, "instruction %u belongs to two programs", index);
        verifier->program_at[index] = verifier->program_count;
        enum fflag_error error = verify_instruction(verifier, index, program);
        if (error)
            return error;
    }
    return program->body_end ? verify_ways_in(verifier, program) : FFLAG_OK;
}
