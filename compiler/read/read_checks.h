/*
 * read_checks.h - what a project makes of warnings, and what it requires of its flags.
 *
 *     project:
 *       checks: {FF0386: off, FF0327: error}
 *       require: [owner, {expires: [release, experiment]}]
 *
 * and, in the line that a warning is about, or in a line of its own before it:
 *
 *     # ffc: allow FF0386 the importer reads it
 */
#ifndef FFC_READ_CHECKS_H
#define FFC_READ_CHECKS_H

#include "form.h"
#include "reader.h"

struct document;

extern const struct form checks_form, require_form;
void read_checks(struct reader *reader, struct node *node, void *target);
void read_require(struct reader *reader, struct node *node, void *target);

/* Reports the keys that a flag of this kind must have and lacks. */
void check_required(struct reader *reader, const struct flag *flag, const struct node *body);

/* Whether a comment may be there that allows a warning. Cost: a search of the text. */
bool allows_warnings(const struct source *source);
/* Once everything is reported: takes out what comments allow, and gives the rest the levels that
 * the project asks for. Cost: a search of each file that is not known to have none, and of
 * more where it has such comments. */
void apply_checks(struct reader *reader, const struct document *documents, uint32_t count);

#endif
