/* rollback.h - the parts of `ffc rollback`. */
#ifndef FFC_ROLLBACK_H
#define FFC_ROLLBACK_H

#include "compiler/commands/change.h"
#include "compiler/rollout/emergency.h"

/* Each an exit status. What the definitions have is listed as far as they can be read; what the
 * ledger has of steps does not need them. */
int rollback_list(struct change *change);
int rollback_status(struct change *change);

#endif
