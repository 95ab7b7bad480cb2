/* read_naming.h - which of the names that the language allows a project has: `project.names`. */
#ifndef FFC_READ_NAMING_H
#define FFC_READ_NAMING_H

#include "form.h"
#include "reader.h"

extern const struct form naming_form;

/* `project.names`: a pattern for each kind of name. */
void read_naming(struct reader *reader, struct node *node);

/* Reports names that the project's patterns do not allow, and warns of names that look alike; once
 * every definition is read. Cost: a look at each byte of a name, unless it has a capital or is not
 * ASCII. */
void review_names(struct reader *reader);

#endif
