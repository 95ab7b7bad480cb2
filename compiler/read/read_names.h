/* read_names.h - declared names, and what was meant by a name that is none. */
#ifndef FFC_READ_NAMES_H
#define FFC_READ_NAMES_H

#include "compiler/base/name.h"
#include "reader.h"

/* Declares every definition of a section's mapping; `thing_size` is of the model's struct. */
void declare_all(struct reader *reader, enum declared kind, struct node *section,
                 size_t thing_size);
/* The declaration that a scalar names; NULL after reporting. */
struct declaration *find_declared(struct reader *reader, enum declared kind,
                                  const struct node *name);
/* The same for the thing itself. */
void *resolve(struct reader *reader, enum declared kind, const struct node *name);

/* What stands there may be what other places name: its key, and the keys below it. */
void lose_names(struct reader *reader, const struct entry *entry);
/*
 * Whether it has been reported at another place, of the same thing `of`, which then is a note; else
 * it is to be reported now.
 */
bool is_repeated(struct reader *reader, enum diagnostic_code code, struct span span,
                 const char *what, const char *of);
/* The last diagnostic says that the flag, if it is the one that is read now, may have the keys of
 * another, too. */
void suspect_doubled(struct reader *reader, const struct text *flag);
/* Notes where else they stand; once everything is read. */
void report_repeated(struct reader *reader);

/* Two definitions of one name; `noun` is of what: "flag". */
void report_twice(struct reader *reader, const char *noun, const struct text *name,
                  struct span first);

/* Warns of what is declared and nothing names; once everything is read. */
void report_unused(struct reader *reader);

/* Reports what cannot be the name of `what`: "a variant"; NULL: it is clear of what. */
bool check_name(struct reader *reader, const struct node *name, enum name_rule rule,
                const char *what);
/* An environment's place in the project's list; UINT32_MAX after reporting. */
uint32_t resolve_environment(struct reader *reader, const struct node *name);

#endif
