/* read_rollback.h - a flag's plan for being rolled back. */
#ifndef FFC_READ_ROLLBACK_H
#define FFC_READ_ROLLBACK_H

#include "form.h"
#include "draft.h"

/* Into the draft's flag. */
void read_rollback(struct reader *reader, struct node *node, void *draft);

extern const struct form rollback_form;

#endif
