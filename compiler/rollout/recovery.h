/*
 * recovery.h - what a run that was killed left, found by the next one that takes the lock.
 */
#ifndef FFC_RECOVERY_H
#define FFC_RECOVERY_H

#include <jansson.h>

#include "compiler/project.h"
#include "ledger.h"

/*
 * The line that was put aside is appended when the definitions are as it says they were made, and
 * dropped when not; steps of a plan that were started and never ended are recorded as interrupted.
 * Both are said on stderr. *finished is the line that was put aside, where it stands now, for the
 * caller to free, else NULL; `finished` may be NULL. False: a sentence in `error`.
 */
bool recover(const struct ledger *ledger, const struct project *project, json_t **finished,
             struct buffer *error);

#endif
