/*
 * gen.h - what `ffc gen` writes: names of flags in a language, and templates that they are put in.
 *
 * Templates are the files of gen/, in the language itself. A line that begins with % is for the
 * template:
 *
 *     %word NAME CONDITION TEXT    what @NAME@ stands for, by the first condition that holds
 *     %for flags                   what follows, up to %end, for each flag; so for `attributes`,
 *                                  and for the `variants` of the flag
 *     %if CONDITION, %else, %end
 *     %include FILE
 *
 * A condition is `any`, or alternatives of facts, `string|json`; `a+!b` is both a and not b, and
 * binds closer. A line with @doc@ alone becomes the comment of what is being written.
 * gen_template.c has the lists of facts and words.
 */
#ifndef FFC_COMMANDS_GEN_H
#define FFC_COMMANDS_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/callers/idioms.h"
#include "compiler/cli/options.h"
#include "compiler/model/model.h"

#define GENERATED_PREFIX "flags"        /* of C, unless another is asked for */
#define GENERATED_GUARD  "_GENERATED_H" /* of C, behind the prefix */
#define GETTER           "_get_"        /* of C, between the prefix and the flag's name */
#define VARIANT_WORD     "variant"      /* behind the flag's name: what tells its variant */

struct generation {
    struct arena arena;
    struct project *project;
    const struct idiom *idiom;
    bool native; /* of Java: the half in C */
    const char *prefix, *package, *namespace, *class;
    struct option_texts renames; /* NAME=IDENTIFIER */
    int64_t now;
    bool *selected; /* by flag */
    /* Identifiers, by flag; those of variants are NULL where it has none to ask for. */
    const char **methods, **variant_methods, **types, ***variants;
    const char **attributes;
    struct buffer out;
};

/* Texts and numbers have variants that one may ask for by name. */
bool has_variants(const struct flag *flag);
/* An entry of a list is no attribute that one sets. */
bool is_declared(const struct attribute *attribute);

/* ------------------------------------------------------------------------- gen_names.c -- */

/* Names all that is selected. Where two names would be one, or a rename is of nothing, reports it:
 * EXIT_INPUT, EXIT_JOB. */
int name_all(struct generation *generation);

/* ------------------------------------------------------------------------ gen_values.c -- */

/* A text as the language has it, in quotes. */
void put_text(const struct idiom *idiom, struct buffer *out, const char *text);
/* What counts where there is no value: the default's, if that is one in all environments. */
bool put_fallback(const struct generation *generation, const struct flag *flag, struct buffer *out);
/* Whether a value of the flag is beyond what a double holds exactly. */
bool has_big_values(const struct generation *generation, const struct flag *flag);
/* What somebody wrote, in a comment: it neither ends it nor begins another, means nothing there,
 * and an editor shows it in the order in which it is written. */
void put_words(const struct idiom *idiom, struct buffer *out, const char *words);
/* Paragraphs, each a line of `text`, as a comment so many columns in; `inner`: of the file. */
void put_comment(const struct idiom *idiom, struct buffer *out, size_t column, bool inner,
                 const char *text);

/* ---------------------------------------------------------------------- gen_template.c -- */

/* Writes the whole file into `out`. */
void put_templates(struct generation *generation);

#endif
