/* read_flag.h - the keys of a flag, and those of one environment that are read over them. */
#ifndef FFC_READ_FLAG_H
#define FFC_READ_FLAG_H

#include "form.h"
#include "draft.h"

/* The variants are known once heads are read, before any body is. */
void read_flag_head(struct reader *reader, struct declaration *declaration);
void read_flag(struct reader *reader, struct declaration *declaration);
/* The keys of one environment, over those that the draft has. */
void read_environment(struct reader *reader, struct node *node, struct draft *draft);

extern const struct form flag_form, environment_form, flag_kind_form;

#endif
