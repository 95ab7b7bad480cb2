/* read_canary.h - canaries. */
#ifndef FFC_READ_CANARY_H
#define FFC_READ_CANARY_H

#include "form.h"
#include "draft.h"

/* NULL after reporting. */
struct canary *read_canary(struct reader *reader, struct node *node, struct draft *draft);

extern const struct form canary_form;

#endif
