/* read_experiment.h - experiments. */
#ifndef FFC_READ_EXPERIMENT_H
#define FFC_READ_EXPERIMENT_H

#include "draft.h"

/* NULL after reporting. */
struct experiment *read_experiment(struct reader *reader, struct node *node, struct draft *draft);

#endif
