/* read_targeting.h - a flag as each environment has it. */
#ifndef FFC_READ_TARGETING_H
#define FFC_READ_TARGETING_H

#include "draft.h"

/* Makes the flag's environments of its draft. */
void read_targetings(struct reader *reader, struct draft *draft);

#endif
