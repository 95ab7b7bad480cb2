/* operators.c - see operators.h. */
#include "operators.h"

#include <string.h>

#include "compiler/base/match.h"

/* The words of operators.def. */
enum { ANY = false, ALL = true };
enum { HOLDS = false, FAILS = true };
enum { LOWER = ORDER_LOWER, EQUAL = ORDER_EQUAL, HIGHER = ORDER_HIGHER, NO_ORDER = 0 };
#define NO_PLACE PART_ANYWHERE
enum {
    FIELD = TYPE_BIT(A_FIELD),
    STRING = TYPE_BIT(FFLAG_ATTRIBUTE_STRING),
    NUMBER = TYPE_BIT(FFLAG_ATTRIBUTE_NUMBER),
    BOOLEAN = TYPE_BIT(FFLAG_ATTRIBUTE_BOOLEAN),
    VERSION = TYPE_BIT(FFLAG_ATTRIBUTE_VERSION),
    TIME = TYPE_BIT(FFLAG_ATTRIBUTE_TIME),
    STRINGS = TYPE_BIT(FFLAG_ATTRIBUTE_STRINGS),
    IP = TYPE_BIT(FFLAG_ATTRIBUTE_IP),
    ORDERED = NUMBER | VERSION | TIME,
    EVERY = FIELD | STRING | ORDERED | BOOLEAN | STRINGS | IP
};

const struct operator_kind_info operator_kinds[] = {
#define OPERATOR_KIND(kind, proof, order, place, operands, log) \
    [OPERATOR_##kind] = {#kind, PROOF_##proof, (unsigned)(order), place, operands, LOG_##log},
#include "operators.def"
};

const struct operator_info operators[] = {
#define OPERATOR(name, kind, sense, form, types, help) \
    {name, OPERATOR_##kind, sense, OPERAND_##form, (unsigned)(types), help},
#include "operators.def"
};

static const char *const elsewhere[][2] = {
#define OPERATOR_ELSEWHERE(word, name) {word, name},
#include "operators.def"
};

#define TEXTS_SCHEMA "\"$ref\": \"#/definitions/texts\""

const struct operand_form_info operand_forms[] = {
    [OPERAND_VALUE] = {SHAPE_ONE, "value", "\"$ref\": \"#/definitions/scalar\""},
    [OPERAND_VALUES] = {SHAPE_LIST, "list", TEXTS_SCHEMA},
    [OPERAND_TEXT] = {SHAPE_ONE, "text", "\"$ref\": \"#/definitions/scalar\""},
    [OPERAND_TEXTS] = {SHAPE_ONE_OR_LIST, "text or list", TEXTS_SCHEMA},
    [OPERAND_GLOBS] = {SHAPE_ONE_OR_LIST, "glob or list", TEXTS_SCHEMA},
    [OPERAND_PATTERNS] = {SHAPE_ONE_OR_LIST, "pattern or list", TEXTS_SCHEMA},
    [OPERAND_PATH] = {SHAPE_FILE, "path", "\"type\": \"string\""},
    [OPERAND_TIME] = {SHAPE_ONE, "time", "\"$ref\": \"#/definitions/time\""},
    [OPERAND_DURATION] = {SHAPE_ONE, "duration", "\"$ref\": \"#/definitions/duration\""},
    [OPERAND_REMAINDERS] = {SHAPE_MAP, "{by, in}", ""},
    [OPERAND_ENTRY] = {SHAPE_WITHIN, "operators", "\"$ref\": \"#/definitions/test\""},
    [OPERAND_COUNT] = {SHAPE_WITHIN, "number or operators", "\"$ref\": \"#/definitions/test\""},
    [OPERAND_PRESENCE] = {SHAPE_PRESENCE, "boolean", "\"type\": \"boolean\""},
};

const struct operator_info *operator_find(const char *name)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (strcmp(operators[i].name, name) == 0)
            return &operators[i];
    }
    return NULL;
}

bool is_same_word(const char *one, const char *other)
{
    one += *one == '$';
    other += *other == '$';
    for (;; one++, other++) {
        while (*one == '_' || *one == '-' || *one == ' ')
            one++;
        while (*other == '_' || *other == '-' || *other == ' ')
            other++;
        if (ascii_lower(*one) != ascii_lower(*other) || !*one)
            return ascii_lower(*one) == ascii_lower(*other);
    }
}

const char *operator_known_as(const char *word, unsigned type)
{
    const char *found = NULL, *fitting = NULL;
    for (size_t i = 0; i < OPERATOR_COUNT && !fitting; i++) {
        if (!is_same_word(operators[i].name, word))
            continue;
        found = operators[i].name;
        fitting = operators[i].types & TYPE_BIT(type) ? found : NULL;
    }
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere && !fitting; i++) {
        if (!is_same_word(elsewhere[i][0], word))
            continue;
        found = found ? found : elsewhere[i][1];
        fitting = operator_find(elsewhere[i][1])->types & TYPE_BIT(type) ? elsewhere[i][1] : NULL;
    }
    return fitting ? fitting : found;
}

const char *operator_negated_as(const char *word, unsigned type)
{
    static const char *const negations[] = {"!", "not", "isnot", "doesnot"};
    for (size_t i = 0; i < sizeof negations / sizeof *negations; i++) {
        const char *rest = word + (*word == '$'), *letter = negations[i];
        while (*letter && ascii_lower(*rest) == *letter) {
            letter++;
            rest++;
            while (*rest == '_' || *rest == '-' || *rest == ' ')
                rest++;
        }
        if (!*letter && operator_known_as(rest, type))
            return operator_known_as(rest, type);
    }
    return NULL;
}

const struct operator_info *operator_of_bare(bool list)
{
    return operator_find(list ? "in" : "eq");
}

static bool fits(enum operand_shape shape, uint32_t operands)
{
    return shape == SHAPE_LIST ? operands != 1 : shape == SHAPE_ONE ? operands == 1 : true;
}

const struct operator_info *operator_spelling(enum operator_kind kind, bool negate, unsigned type,
                                              uint32_t operands)
{
    const struct operator_info *found = NULL;
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        const struct operator_info *one = &operators[i];
        enum operand_shape shape = operand_forms[one->form].shape;
        if (one->kind != kind || !(one->types & TYPE_BIT(type)) ||
            (one->negate != negate && shape != SHAPE_PRESENCE))
            continue;
        if (fits(shape, operands))
            return one;
        if (!found)
            found = one;
    }
    return found;
}

const struct operator_info *operator_for_list(const struct operator_info *spelling, unsigned type)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (operators[i].kind == spelling->kind && operators[i].negate == spelling->negate &&
            operators[i].types & TYPE_BIT(type) &&
            operand_forms[operators[i].form].shape == SHAPE_LIST)
            return &operators[i];
    }
    return NULL;
}

bool operator_compares(const struct operator_info *spelling)
{
    return spelling->form == OPERAND_VALUE || spelling->form == OPERAND_TIME;
}

bool operator_hides(enum operator_kind kind)
{
    switch (operator_kinds[kind].proof) {
    case PROOF_EQUAL:
    case PROOF_LISTED:
    case PROOF_ENTRIES:
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
    case PROOF_PRESENCE:
    case PROOF_NULL:
        return true;
    case PROOF_ORDER:
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_REMAINDER:
    case PROOF_AGE:
    case PROOF_OPAQUE:
        return false;
    }
    return false;
}

bool operator_folds_case(const struct operator_info *spelling, unsigned type)
{
    if (type == A_FIELD && operator_kinds[spelling->kind].log == LOG_ORDER)
        return false; /* it compares numbers */
    return spelling->types & (STRING | STRINGS) && spelling->form != OPERAND_COUNT &&
           spelling->form != OPERAND_PRESENCE;
}
