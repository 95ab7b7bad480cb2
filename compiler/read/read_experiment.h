/* read_experiment.h - experiments. */
#ifndef FFC_READ_EXPERIMENT_H
#define FFC_READ_EXPERIMENT_H

#include "form.h"
#include "draft.h"

/* NULL after reporting. */
struct experiment *read_experiment(struct reader *reader, struct node *node, struct draft *draft);

extern const struct form experiment_form;

#endif
