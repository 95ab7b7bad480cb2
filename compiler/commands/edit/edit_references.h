/* edit_references.h - where definitions name a flag, besides its own definition. */
#ifndef FFC_COMMANDS_EDIT_REFERENCES_H
#define FFC_COMMANDS_EDIT_REFERENCES_H

#include "edits.h"

#define REFERENCE_KINDS(X)               \
    X(REFERENCE_ASKS, "asks for it")     \
    X(REFERENCE_TEST, "is a test of it") \
    X(REFERENCE_OVERRIDE, "selects it by name")
enum reference_kind { REFERENCE_KINDS(WORDS_MEMBER) };

struct reference {
    enum reference_kind kind;
    struct edited *file;
    const struct node *name;   /* the scalar that names it */
    const struct entry *list;  /* of a test or an override: the list that it is in, … */
    uint32_t index;            /* … and its place there */
    const struct node *owner;  /* of a step of a rollback plan: the flag's keys; else NULL */
    const struct node *select; /* of an override: its keys, … */
    const struct entry *names; /* … and its `flags` among them */
    const char *who; /* asks: the flag or segment, for people; of a plan: its flag; else NULL */
};
/* The first one from `skip` on, as edited so far; false: there is none. */
bool find_reference(struct edits *edits, const char *flag, uint32_t skip,
                    struct reference *reference);
/* Likewise a pattern of an override or a plan that selects one of two names, and not the other. */
bool find_pattern(struct edits *edits, const char *flag, const char *other, uint32_t skip,
                  struct reference *reference);

#endif
