/*
 * operators.h - the operators of conditions: operators.def as enums and tables.
 */
#ifndef FFC_OPERATORS_H
#define FFC_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fflag.h"
#include "compiler/base/match.h"

enum operator_kind {
#define OPERATOR_KIND(kind, ...) OPERATOR_##kind,
#include "operators.def"
};
enum {
#define OPERATOR_KIND(kind, ...) +1
    OPERATOR_KIND_COUNT = 0
#include "operators.def"
};
enum {
#define OPERATOR(...) +1
    OPERATOR_COUNT = 0
#include "operators.def"
};

/* What the prover may assume of a test: for which values it holds. */
enum operator_proof {
    PROOF_EQUAL,     /* for its operands; of addresses, for those in its blocks */
    PROOF_ORDER,     /* for those that stand to an operand as `order` says */
    PROOF_PART,      /* for texts that have an operand at `place` */
    PROOF_GLOB,      /* for what a glob matches */
    PROOF_PATTERN,   /* for what an automaton accepts */
    PROOF_LISTED,    /* for the lines of a file */
    PROOF_REMAINDER, /* for integers that leave one of its operands, divided by `divisor` */
    PROOF_ENTRIES,   /* for lists that have an operand as an entry */
    PROOF_AGE,       /* for times so long before the evaluation that it stands to an operand as
                        `order` says */
    PROOF_SOME,      /* for lists that have an entry for which the condition within holds */
    PROOF_EVERY,     /* for lists whose entries are all so */
    PROOF_NO,        /* for lists of which none is */
    PROOF_SIZE,      /* for lists for whose number of entries the condition within holds */
    PROOF_PRESENCE,  /* for all */
    PROOF_NULL,      /* for none, but for null, which is no value */
    PROOF_OPAQUE     /* nothing is known: it may hold or fail for any of them */
};

/* As what a test of a log's field reads the field. */
enum operator_log {
    LOG_EQUAL, /* as numbers where all operands are; else a number equals a number, a text a text */
    LOG_LISTED, /* the same, but the field need not be a number */
    LOG_ORDER,  /* as a number, and cannot read anything else */
    LOG_PART,   /* as a text, like the three that follow */
    LOG_GLOB,
    LOG_PATTERN,
    LOG_REMAINDER, /* as a number, likewise */
    LOG_ENTRIES,   /* as a list of texts; nothing else has entries */
    LOG_SOME,      /* as a list of texts, and cannot read anything else, like the three that */
    LOG_EVERY,     /* follow; they have a condition on an entry, or on how many there are */
    LOG_NO,
    LOG_SIZE,
    LOG_PRESENCE, /* not at all: it has a value */
    LOG_NULL,     /* not at all: it is null */
    LOG_NONE      /* such a test cannot be asked of a field */
};

/* How a value stands to an operand, as bits. */
enum { ORDER_LOWER = 1, ORDER_EQUAL = 2, ORDER_HIGHER = 4 };
/* How the operand stands to the value, then. */
static inline unsigned order_mirrored(unsigned order)
{
    return (order & ORDER_EQUAL) | (order & ORDER_LOWER ? ORDER_HIGHER : 0u) |
           (order & ORDER_HIGHER ? ORDER_LOWER : 0u);
}

struct operator_kind_info {
    const char *name; /* of the enumerator */
    enum operator_proof proof;
    unsigned order;        /* ORDER_… bits; 0: it is not by order that it holds */
    enum part_place place; /* PROOF_EQUAL, PROOF_LISTED, PROOF_PART */
    bool all;              /* all operands must make it hold, rather than any */
    enum operator_log log;
};
extern const struct operator_kind_info operator_kinds[OPERATOR_KIND_COUNT];

enum operand_shape {
    SHAPE_ONE,
    SHAPE_LIST,
    SHAPE_ONE_OR_LIST,
    SHAPE_FILE,
    SHAPE_PRESENCE,
    SHAPE_WITHIN, /* a condition on a part of the value */
    SHAPE_MAP     /* keys of its own: operand_map() in read_operands.h */
};
enum operand_form {
    OPERAND_VALUE,    /* one of the attribute's type */
    OPERAND_VALUES,   /* a list of them */
    OPERAND_TEXT,     /* an entry of a list of strings */
    OPERAND_TEXTS,    /* one text, or a list */
    OPERAND_GLOBS,    /* so, of globs */
    OPERAND_PATTERNS, /* so, of regular expressions */
    OPERAND_PATH,     /* of a list file */
    OPERAND_TIME,
    OPERAND_DURATION,
    OPERAND_REMAINDERS, /* a divisor, and remainders */
    OPERAND_ENTRY,      /* operators of a text, for an entry of a list */
    OPERAND_COUNT,      /* a number, or operators of one, for how many there are */
    OPERAND_PRESENCE    /* whether there is a value */
};
struct operand_form_info {
    enum operand_shape shape;
    const char *words;  /* in the reference */
    const char *schema; /* of JSON Schema, the members of an object */
};
extern const struct operand_form_info operand_forms[];

#define TYPE_BIT(type) (1u << (type))
#define A_FIELD        0u /* in place of an attribute's type: a field of a log, which has none */

/* A spelling. */
struct operator_info {
    const char *name;
    enum operator_kind kind;
    bool negate;
    enum operand_form form;
    unsigned types; /* TYPE_BIT() of those it takes */
    const char *help;
};
extern const struct operator_info operators[OPERATOR_COUNT];

/* By its name in definitions; NULL: there is none. */
const struct operator_info *operator_find(const char *name);
/* By what others call it, the name it has here, of several one that takes the type; or NULL. */
const char *operator_known_as(const char *word, unsigned type);
/* Whether others write one word so: with capitals, a dollar sign, hyphens or underscores. */
bool is_same_word(const char *one, const char *other);
/* Likewise the operator of which others' word is the negation: `notMatches`, `is_not_set`. */
const char *operator_negated_as(const char *word, unsigned type);
/* What `attribute: value`, or with `list` a list of values, is short for. */
const struct operator_info *operator_of_bare(bool list);

/* How a test of that kind, of an attribute of that type, is written for so many operands. */
const struct operator_info *operator_spelling(enum operator_kind kind, bool negate, unsigned type,
                                              uint32_t operands);
/* The one like it that takes a list; NULL: none does. */
const struct operator_info *operator_for_list(const struct operator_info *spelling, unsigned type);

/* Whether it compares with one value, and so with that of another attribute. */
bool operator_compares(const struct operator_info *spelling);

/* Whether what it compares with can stand as digests in a snapshot: it asks for whole values, of a
 * text, a number or an entry, or for none. */
bool operator_hides(enum operator_kind kind);

/* Whether `ignore_case` beside it has a meaning, for an attribute of that type. */
bool operator_folds_case(const struct operator_info *spelling, unsigned type);

/* Of enum fflag_attribute_type. */
#define ATTRIBUTE_TYPES(X)                \
    X(FFLAG_ATTRIBUTE_STRING, "string")   \
    X(FFLAG_ATTRIBUTE_NUMBER, "number")   \
    X(FFLAG_ATTRIBUTE_BOOLEAN, "boolean") \
    X(FFLAG_ATTRIBUTE_VERSION, "version") \
    X(FFLAG_ATTRIBUTE_TIME, "time")       \
    X(FFLAG_ATTRIBUTE_STRINGS, "strings") \
    X(FFLAG_ATTRIBUTE_IP, "ip")
extern const char *const attribute_type_words[]; /* of A_FIELD, "field" */

#endif
