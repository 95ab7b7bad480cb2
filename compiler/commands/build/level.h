/*
 * level.h - format levels: which features a snapshot's readers must know.
 *
 * A level stands for the features of a version of the library. docs/snapshot-format.md has the same
 * table.
 */
#ifndef FFC_COMMANDS_LEVEL_H
#define FFC_COMMANDS_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/project/project.h"

struct buffer;

#define NEWEST_LEVEL 2u

/* The features, FFS_FEATURE_*, that readers of a level know: 1 to NEWEST_LEVEL. */
uint64_t level_features(unsigned level);

/*
 * Whether every flag of a sound snapshot, which was compiled from the project, is made of `known`
 * features. If not, a line for each that is not is appended to `problem`, with its place.
 */
bool fits_features(struct project *project, const struct buffer *snapshot, uint64_t known,
                   struct buffer *problem);

#endif
