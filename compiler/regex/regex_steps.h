/*
 * regex_steps.h - the steps from a pattern to its automaton: what the files regex_*.c share.
 *
 * text → tree (regex_parse.c) → NFA over bytes (regex_nfa.c) → DFA (regex_dfa.c) → the smallest
 * DFA (regex_minimise.c) → the table (regex.c). Nothing in between outlives the compilation. Each
 * step stops at a limit of its own, so that no pattern is expensive to refuse.
 */
#ifndef FFC_REGEX_STEPS_H
#define FFC_REGEX_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex.h"

struct arena;

/* ------------------------------------------------------------------------ sets (regex_set.c) -- */

#define LAST_CHARACTER 0x10FFFFu

struct character_range {
    uint32_t low, high;
};
struct character_set {
    struct character_range *ranges;
    uint32_t count;
};

void set_add(struct arena *arena, struct character_set *set, uint32_t low, uint32_t high);
void set_add_all(struct arena *arena, struct character_set *set, const struct character_set *other);
/* Adds the other case of every ASCII letter in it. */
void set_fold(struct arena *arena, struct character_set *set);
/* Sorts, and merges what touches. */
void set_normalise(struct character_set *set);
/* What is not in it; normalised. */
void set_negate(struct arena *arena, struct character_set *set);
/* `\d`, `\s`, `\w` by their letter, and POSIX classes by their name; false: there is none. */
bool set_add_escape(struct arena *arena, struct character_set *set, char letter);
bool set_add_named(struct arena *arena, struct character_set *set, const char *name, size_t length);

/* Its bytes in UTF-8; returns how many. */
uint32_t encode_character(uint32_t character, uint8_t bytes[4]);

/* ---------------------------------------------------------------------- tree (regex_parse.c) -- */

enum assertion {
    AT_TEXT_BEGIN,
    AT_TEXT_END,
    AT_LINE_BEGIN,
    AT_LINE_END,
    AT_WORD_BOUNDARY,
    AT_NO_WORD_BOUNDARY
};
enum { ASSERTION_COUNT = AT_NO_WORD_BOUNDARY + 1 };

enum regex_kind {
    REGEX_SET,      /* one character of it */
    REGEX_ASSERT,   /* a place */
    REGEX_SEQUENCE, /* its children, one after the other */
    REGEX_CHOICE,   /* one of its children */
    REGEX_REPEAT    /* its one child, `least` to `most` times */
};

struct regex_node {
    enum regex_kind kind;
    enum assertion assertion;
    struct character_set set;
    struct regex_node **children;
    uint32_t child_count;
    uint32_t least, most; /* most: REGEX_NO_END where there is none */
};
#define REGEX_NO_END     UINT32_MAX
#define REGEX_MAX_REPEAT 1000u
#define REGEX_MAX_DEPTH  250u /* of groups in groups */

/* NULL with *problem filled. Messages are in `messages`, the tree in `arena`. */
struct regex_node *regex_parse(struct arena *arena, struct arena *messages, const char *pattern,
                               size_t length, bool ignore_case, struct regex_problem *problem);

/* ------------------------------------------------------------------------- NFA (regex_nfa.c) -- */

struct nfa_range {
    uint8_t low, high;
    uint32_t next;
};

enum nfa_kind { NFA_BYTES, NFA_BRANCH, NFA_ASSERT, NFA_MATCH };

struct nfa_state {
    enum nfa_kind kind;
    enum assertion assertion; /* of NFA_ASSERT, which goes on to `next` */
    uint32_t next, other;     /* of NFA_BRANCH, both */
    uint32_t first_range, range_count;
};

/* State 0 matches. */
struct nfa {
    struct arena *arena;
    struct nfa_state *states;
    struct nfa_range *ranges;
    uint32_t state_count, range_count;
    uint32_t start;
    bool asserts[ASSERTION_COUNT]; /* which of them occur */
    uint32_t work;
    bool too_large;
};
#define NFA_MAX_STATES 16384u
#define NFA_MAX_WORK   (1u << 20)

/* An NFA that reads texts from their first byte, wherever in them the match begins. False: it would
 * be too large. */
bool nfa_build(struct nfa *nfa, struct arena *arena, const struct regex_node *root);

/* ------------------------------------------------------- DFA (regex_dfa.c, regex_minimise.c) -- */

/* No match is possible any more; or one is found, whatever follows. Nothing leaves them. */
#define DFA_DEAD  0u
#define DFA_FOUND 1u

/* A complete DFA: next[state * class_count + class of the byte]. Zeroed memory is an empty one. */
struct dfa {
    uint32_t state_count, class_count;
    uint8_t class_of[256];
    uint32_t *next;
    bool *accepts; /* a text that ends here matches */
    uint32_t start;
};
#define DFA_MAX_ENTRIES (1u << 20) /* of `next`, before it is minimised */
#define DFA_MAX_WORK    (1u << 26)

/* False: it would be too large, or take too long. Either way *dfa is to be released. */
bool dfa_build(struct dfa *dfa, struct arena *arena, const struct nfa *nfa);
void dfa_release(struct dfa *dfa);

/*
 * The minimal DFA of the same language, with as few classes as possible, in canonical order:
 * DFA_DEAD, DFA_FOUND, then the states that reject at the end of the text and those that accept,
 * each in breadth-first order from the start.
 */
void dfa_minimise(struct dfa *dfa, struct arena *arena);

#endif
