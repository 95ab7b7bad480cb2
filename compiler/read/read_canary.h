/* read_canary.h - canaries. */
#ifndef FFC_READ_CANARY_H
#define FFC_READ_CANARY_H

#include "form.h"
#include "draft.h"

/* NULL after reporting. */
struct canary *read_canary(struct reader *reader, struct node *node, struct draft *draft);

/* What canaries have in common, which is read again with each of them. */
struct rollout {
    struct text name;
    bool faulty; /* reported */
};
void read_rollout(struct reader *reader, struct declaration *declaration);

extern const struct form canary_form, rollout_form;

#endif
