/*
 * grammar.h - what may stand at a place of a definition file: walks the forms of its keys, from
 * which the schema and the reference are printed, too.
 */
#ifndef FFC_LSP_GRAMMAR_H
#define FFC_LSP_GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/read/form.h"

struct field;
struct operator_info;

#define MOST_FORMS 16

/* What a value there may be, as any of several forms; none where that is not known. */
struct grammar_place {
    const struct form *forms[MOST_FORMS];
    uint32_t count;
    uint32_t named; /* of what its texts are the names: bits by enum named */
    bool of_fields; /* names of attributes are those of a log's fields */
    /* What the key means whose value it is. */
    const struct field *field;
    const struct operator_info *operator_;
    const char *section; /* of a file's section, what it is for */
    uint32_t key_named;  /* of what the key is the name */
};

struct grammar_place grammar_top(void);
struct grammar_place grammar_key(const struct grammar_place *place, const char *key);
struct grammar_place grammar_item(const struct grammar_place *place);
/* Below keys, and items where one is NULL. */
struct grammar_place grammar_below(const char *const *steps, uint32_t count);

static inline bool grammar_names(uint32_t named, enum named kind)
{
    return named >> kind & 1;
}

#endif
