/*
 * analyze_by.h - `--by` of `ffreplay analyze`: the fields that units are grouped by.
 */
#ifndef FFREPLAY_ANALYZE_BY_H
#define FFREPLAY_ANALYZE_BY_H

#include <stdbool.h>

#include "compiler/cli/options.h"
#include "tools/ffreplay/analysis/exposures.h"
#include "tools/ffreplay/replay/replay.h"

/* Registers them in the logs that tell exposures, before these are read. False: it is no list of
 * fields, or one is private and not to be shown; it has been reported. */
/* *by_day: whether days since exposure are asked for, too, which is no field. */
bool analyze_by_prepare(const struct option_texts *by, bool show_private, struct replay *replay,
                        struct exposures *exposures, bool *by_day);
/* Likewise of the field that changes are post-stratified by, whose values are not shown; after
 * those. Returns its place among the fields. */
uint32_t analyze_by_stratify(const char *name, struct replay *replay, struct exposures *exposures);
/* Once these are settled. False: no line has one of the fields, which is misspelt, or not in this
 * log; or it has too many values. It has been reported. */
bool analyze_by_was_seen(const struct replay *replay, const struct exposures *exposures);

#endif
