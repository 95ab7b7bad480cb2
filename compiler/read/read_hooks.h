/* read_hooks.h - programs that rollouts run, and which of them when. */
#ifndef FFC_READ_HOOKS_H
#define FFC_READ_HOOKS_H

#include "form.h"
#include "reader.h"

/* A list of a program and its arguments. */
void read_program(struct reader *reader, struct node *node, struct texts *arguments);
/* A mapping of hooks to such lists, which replace those that `hooks` has. */
void read_hooks(struct reader *reader, struct node *node, struct hooks *hooks);

extern const struct form program_form, hooks_form;

#endif
