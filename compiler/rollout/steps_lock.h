/*
 * steps_lock.h - who is running steps for a flag: a lock on a file beside the ledger, which goes
 * with the process that holds it. The file goes when the steps end, so that one which is there and
 * not locked tells of a run that was killed.
 */
#ifndef FFC_STEPS_LOCK_H
#define FFC_STEPS_LOCK_H

struct buffer;

/* Waits. What to give back, or -1 with a sentence in `error`. */
int steps_lock(const char *directory, const char *flag, struct buffer *error);
void steps_unlock(const char *directory, const char *flag, int lock);

#endif
