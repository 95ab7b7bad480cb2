/*
 * steps_lock.h - marks that steps run for a flag: a lock on a file next to the ledger, released
 * with the process that holds it. The file is removed when the steps end, so one that exists and is
 * not locked means a killed run.
 */
#ifndef FFC_STEPS_LOCK_H
#define FFC_STEPS_LOCK_H

struct buffer;

/* Waits. What to give back, or -1 with a sentence in `error`. */
int steps_lock(const char *directory, const char *flag, struct buffer *error);
void steps_unlock(const char *directory, const char *flag, int lock);

#endif
