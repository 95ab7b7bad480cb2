/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - follows the snapshot file.
 */
#ifndef FFLAG_RUNTIME_WATCH_H
#define FFLAG_RUNTIME_WATCH_H

#include "base.h"

struct watch;

/*
 * Loads the file for the first time, then follows it: with a thread, unless `no_thread`. On failure
 * nothing is left behind.
 */
enum fflag_error runtime_watch_start(struct watch **watch, fflag_store *store, const char *path,
                                     const struct fflag_options *options);
/* Looks once, for threadless mode. */
void runtime_watch_poll(struct watch *watch);
int runtime_watch_fd(const struct watch *watch);
bool runtime_watch_active(const struct watch *watch);
void runtime_watch_stop(struct watch *watch);
/*
 * In a child: lets go of what it shares with its parent, and forgets what was going on. Returns
 * whether a thread followed the file; runtime_watch_resume() starts it anew.
 */
bool runtime_watch_revive(struct watch *watch);
void runtime_watch_resume(struct watch *watch);

#endif
