/* merge_units.h - what experiments keep of a unit, as fields of rows: how two become one. */
#ifndef FFREPLAY_MERGE_UNITS_H
#define FFREPLAY_MERGE_UNITS_H

#include <jansson.h>
#include <stdbool.h>

#include "row.h"

/* By log, {first, arm, values}: when and where a unit was first exposed. False: it is not, and
 * `fault` may say why. */
bool exposed_is_sound(const json_t *logs, char fault[ROW_FAULT]);
/* Both are sound. */
void exposed_merge(json_t *logs, const json_t *others, char fault[ROW_FAULT]);

/*
 * Lines of a unit, each [time, count, digest, what it says to metrics], in their order: by time,
 * and of one time by what they say. Lines that are alike are one, with their counts and digests
 * added up.
 */
void lines_settle(json_t *lines);
bool lines_are_sound(const json_t *lines, char fault[ROW_FAULT]);
/* Both are sound. False: `fault` says why they do not add up. */
bool lines_merge(json_t *lines, const json_t *others, char fault[ROW_FAULT]);

#endif
