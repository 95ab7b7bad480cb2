/* duration_names.h - what a field's name tells of the unit that its durations are logged in. */
#ifndef FFC_MODEL_DURATION_NAMES_H
#define FFC_MODEL_DURATION_NAMES_H

#include "time_unit.h"

/*
 * The unit at the end of a name, as in `latency_ms`, `elapsedNanos` and `duration_seconds`, or that
 * in which a known program logs a field that it calls so; TIME_AUTO: the name does not tell.
 * *program: that program, or NULL where the name says it all. A name may be a dotted path.
 */
enum time_unit duration_unit_of_name(const char *name, const char **program);

#endif
