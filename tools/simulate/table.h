/*
 * table.h - rows of docs/calibration.md, and whether what they promise was kept.
 */
#ifndef SIMULATE_TABLE_H
#define SIMULATE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "calibration.h"

/* Of settings whose values are counted, and of those whose values are drawn one by one. */
extern uint32_t replays, value_replays;
extern uint64_t seed;
extern uint32_t missed; /* promises that were not kept */

/* Every setting has its own random numbers, so that adding one changes no other. */
uint64_t next_seed(uint64_t setting);

void percentage(uint32_t count, uint32_t of);
/* The last cell of a row. */
void verdict_of(bool fine);
/* The last cell where nothing is promised: it shows what a limit of a method costs. */
void not_promised(void);

/* At most 5 % on either side; of so many replays, three standard errors more are chance. */
bool is_calibrated(const struct outcome *outcome, uint32_t of);
/* Both sides, and whether they are calibrated; `fixed`: the test for one look beside them. */
void false_row(const struct outcome *outcome, uint32_t of, bool fixed);

/* Tables of other files. */
void rollouts(void);
void moving_shares(void);
void means_alone(void);
void ratios(void);
void settling_means(void);
void bursts(void);

#endif
