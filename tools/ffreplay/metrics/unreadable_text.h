/*
 * unreadable_text.h - one value that a metric could not read, for a person: which, and where.
 */
#ifndef FFREPLAY_UNREADABLE_TEXT_H
#define FFREPLAY_UNREADABLE_TEXT_H

#include "tools/ffreplay/replay/replay.h"
#include "unreadable.h"

struct arena;

/* "'status' is 'OK' at access.log:12", in memory of the arena. */
const char *unreadable_value_text(const struct replay *replay, struct arena *arena,
                                  const struct unreadable_value *value);

#endif
