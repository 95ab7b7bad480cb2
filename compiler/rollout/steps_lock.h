/*
 * steps_lock.h - who is running steps for a flag: a lock on one byte of a file beside the ledger,
 * which goes with the process that holds it.
 */
#ifndef FFC_STEPS_LOCK_H
#define FFC_STEPS_LOCK_H

#include "compiler/base/memory.h"

/* Waits. A file to close, or -1 with a sentence in `error`. */
int steps_lock(const char *directory, const char *flag, struct buffer *error);

#endif
