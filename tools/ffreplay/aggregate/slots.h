/*
 * slots.h - time in slots of one width, aligned to the epoch: at most SLOTS_MOST of them, as wide
 * as that takes. Widths are multiples of each other, so narrow slots add up to wider ones.
 */
#ifndef FFREPLAY_SLOTS_H
#define FFREPLAY_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#define SLOTS_MOST 100

/* The begin of the window, or slot, that holds a time; INT64_MIN of those that begin before. */
int64_t window_begin(int64_t time, int64_t width);
/* The next width, in milliseconds: rounder, or twice as wide. */
int64_t slots_wider(int64_t width);
/* Whether all from one time to the other has room; of times as far apart as can be, too. */
bool slots_fit(int64_t first, int64_t last, int64_t width);

#endif
