/*
 * row_rules.h - what each field of a row is, by its name.
 */
#ifndef FFREPLAY_ROW_RULES_H
#define FFREPLAY_ROW_RULES_H

#include <jansson.h>
#include <stdint.h>

/* What a field is, and so what becomes of two. */
#define OPERATIONS(X)                                                    \
    X(SAME)    /* anything that is the same in both */                   \
    X(ALIKE)   /* the same, or in neither */                             \
    X(ALONE)   /* 1, in one of them at most */                           \
    X(TRUTH)   /* 1, where it is so in one of them */                    \
    X(COUNT)   /* a count: the sum */                                    \
    X(COUNTS)  /* counts by name */                                      \
    X(NAMES)   /* 1 by name: those of both */                            \
    X(FIRST)   /* a time: the earlier */                                 \
    X(LAST)    /* a time: the later */                                   \
    X(SUM)     /* an exact sum */                                        \
    X(INTEGER) /* an integer of up to 126 bits: the sum */               \
    X(DIGEST)  /* a sum modulo 2^128 */                                  \
    X(LEAST)   /* a number */                                            \
    X(MOST)    /* a number */                                            \
    X(WORD)    /* a text: the first as bytes */                          \
    X(NEWEST)  /* {time, value}: the later; at one time the greater */   \
    X(SHOWN)   /* {time, text, field, file, line}: the first */          \
    X(EXPOSED) /* of units, by log: {first, arm, values} of the first */ \
    X(SAID)    /* lines of a unit; see lines_settle() */                 \
    X(SLICES)                                                            \
    X(TRAFFIC)                                                           \
    X(SAMPLE)  /* {halvings, units}: units and their groups */           \
    X(SERIES)  /* {width, items}: rows by when they begin, of so long */ \
    X(WINDOWS) /* {keep, items}: rows by when they begin, the newest */  \
    X(ROW)     /* fields, each by its name */                            \
    X(ROWS)    /* rows by name */
#define OPERATION(NAME) NAME,
enum row_operation { OPERATIONS(OPERATION) };

struct row_rule {
    const char *field;
    enum row_operation operation;
};
/* NULL: there is no such field. */
const struct row_rule *row_rule_of(const char *field);

/* Rows within rows that a file may have; those that are written are less deep. */
#define ROW_DEEPEST 8

/* Drops units of a sample that is halved so often. */
void row_keep_sampled(json_t *units, int64_t halvings);

#endif
