/*
 * regex.h - regular expressions of the RE2 kind, as automata of a snapshot.
 *
 * A pattern matches anywhere in a text, unless it is anchored. docs/language.md has the syntax:
 * that of RE2, which has neither back-references nor look-around, so every pattern is a finite
 * automaton and a text is read once. A character is a code point: `.` and `[^a]` match one, however
 * many bytes it has. Ignoring case folds ASCII.
 *
 * The work for one pattern is bounded, even if its automaton would be astronomically large.
 */
#ifndef FFC_REGEX_H
#define FFC_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/base/match.h"
#include "compiler/diagnostics/diagnose.h"
#include "fflag/snapshot.h"

struct arena;

struct automaton {
    const struct ffs_automaton *table; /* as it stands in AUTOMATA */
    size_t size;                       /* bytes, padding included */
    bool always, never;                /* it matches every text, or none */
    const char *literal;               /* what is looked for, where that is a plain text; or NULL */
    bool at_begin, at_end;             /* where the literal has to stand */
};

/* What is wrong with a pattern, and where: [begin, end) in its bytes. */
struct regex_problem {
    enum diagnostic_code code;
    size_t begin, end;
    const char *message;
    const char *help; /* or NULL */
};

/*
 * The automaton of a pattern, which is UTF-8; NULL with *problem filled where there is none. Both
 * are the arena's. Equal languages give equal bytes. Cost: at most a few tenths of a second.
 */
const struct automaton *regex_compile(struct arena *arena, const char *pattern, size_t length,
                                      bool ignore_case, struct regex_problem *problem);

/* The automaton of the texts that have this part there. NULL where it would be too large. */
const struct automaton *regex_literal(struct arena *arena, const char *part, enum part_place place,
                                      bool ignore_case);

struct regex_relation {
    bool included; /* every text that the first matches, the second matches */
    bool disjoint; /* no text matches both */
};
/* False: the two are too large to tell. Cost: at most some milliseconds. */
bool regex_relate(const struct automaton *first, const struct automaton *second,
                  struct regex_relation *relation);

/* The pattern on its own, with an `ignore_case: true` next to it folded in. */
const char *pattern_text(struct arena *arena, const char *pattern, bool ignore_case);

#endif
