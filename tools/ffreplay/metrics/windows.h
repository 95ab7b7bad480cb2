/*
 * windows.h - the newest time windows that hold data.
 *
 * Windows are aligned to the epoch. Only the newest few are kept: a window that is among them at
 * the end was so since its first sample, so none of its samples is missed, in whatever order they
 * come.
 */
#ifndef FFREPLAY_WINDOWS_H
#define FFREPLAY_WINDOWS_H

#include <stdint.h>

#include "metric.h"
#include "tools/ffreplay/aggregate/slots.h"

struct window {
    int64_t begin; /* milliseconds; it ends, exclusive, at begin + width */
    struct cell cell;
};

struct windows {
    const struct measure *measure;
    int64_t width;
    uint32_t keep;
    uint32_t count;
    struct window **items; /* newest first */
};

void windows_init(struct windows *windows, const struct measure *measure, int64_t width,
                  uint32_t keep);
void windows_add(struct windows *windows, const struct sample *sample);
/* The cell of the window that begins there; NULL: it is older than all those that are kept. */
struct cell *windows_cell(struct windows *windows, int64_t begin);
/* Of the same measure and width. */
void windows_merge(struct windows *windows, const struct windows *other);
void windows_release(struct windows *windows);

/* Merges the windows within [from, to) into `cell`. Returns how many there were. */
uint32_t windows_sum(const struct windows *windows, int64_t from, int64_t to, struct cell *cell);

#endif
