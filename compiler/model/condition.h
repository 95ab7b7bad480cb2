/* condition.h - whom a rule applies to, or which lines a metric counts: a tree of tests. */
#ifndef FFC_MODEL_CONDITION_H
#define FFC_MODEL_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/scalar.h"
#include "clock.h"
#include "operators.h"
#include "text.h"

struct attribute;
struct unit_key;
struct flag;
struct segment;
struct variant_set;

struct automaton; /* see regex.h */

/* A test's operand. `source` is as written; the attribute's type says which member is used: the
 * text itself for string and strings, and for a version its canonical text. */
struct operand {
    struct text source;
    union {
        const char *text;
        double number;
        bool boolean;
        int64_t time;
        int64_t duration; /* PROOF_AGE */
        struct network network;
        const struct automaton *automaton; /* OPERATOR_MATCHES */
    };
};

enum condition_kind {
    CONDITION_ALL = 1, /* children; none: always holds */
    CONDITION_ANY,     /* children; none: never holds */
    CONDITION_NOT,     /* one child */
    CONDITION_TEST,
    CONDITION_SEGMENT,
    CONDITION_FLAG,
    CONDITION_CLOCK,
    CONDITION_PERCENT
};

/* A share of the units: from a place to another in order of their buckets. `salt` NULL: the flag's
 * and "/if"; `by` NULL: the flag's bucket_by. */
struct share_test {
    uint32_t from; /* 0 in all that definitions say */
    uint32_t percent;
    const char *salt;
    const struct unit_key *by;
};

/*
 * A tree. The exact negations (`ne`, `not_in`, `not_contains`, `has_none`, `present: false`, …) are
 * a test with `negate`; operators.def says whether any of several operands makes a test hold, or
 * all must.
 */
struct condition {
    enum condition_kind kind;
    struct span span; /* the entry `key: value`, or the operator within it */
    struct condition **children;
    uint32_t child_count;

    /* CONDITION_TEST */
    enum operator_kind operator_kind;
    bool negate;
    bool ignore_case;
    const struct attribute *attribute; /* NULL in a metric, whose tests are on fields */
    struct text field;                 /* the attribute's or field's name */
    struct operand *operands;
    uint32_t operand_count;
    /* Instead of operands: the attribute that it is compared with, or the log's field. */
    const struct attribute *other;
    struct text other_field;
    uint64_t divisor;       /* OPERATOR_MOD, whose operands are remainders */
    struct list_file *file; /* OPERATOR_IN_FILE */
    /* SHAPE_WITHIN: one test, or CONDITION_ALL of several, of an entry or of their number */
    struct condition *within;

    const struct segment *segment; /* CONDITION_SEGMENT */
    const struct flag *flag;       /* CONDITION_FLAG: holds when it serves one of `variants` */
    const struct variant_set *variants;
    struct clock_test clock; /* CONDITION_CLOCK; with `negate` */
    struct share_test share; /* CONDITION_PERCENT */
};

/* What may be assumed of a test for values of its attribute alone: of a comparison with another
 * attribute, nothing. */
static inline enum operator_proof proof_of(const struct condition *test)
{
    return test->other ? PROOF_OPAQUE : operator_kinds[test->operator_kind].proof;
}

/* Whether a share of the units is part of it, in its segments, too; NULL: none. */
bool condition_samples(const struct condition *condition);
/* A share by what a flag is bucketed by, segments left out; NULL: there is none. */
const struct condition *condition_share_of_flag(const struct condition *condition);

/* A file of values, one per line; read once however often it is used. */
struct list_file {
    const char *path; /* relative to the project */
    const char **values;
    uint32_t count;
};

#endif
