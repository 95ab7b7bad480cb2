/* canary.h - the parts of `ffc canary`. */
#ifndef FFC_CANARY_H
#define FFC_CANARY_H

#include "compiler/commands/change.h"
#include "compiler/rollout/control.h"

/* The state of every canary, or of one flag's, as far as the definitions can be read; an exit
 * status. */
int canary_status(struct change *change, const char *flag);

#endif
