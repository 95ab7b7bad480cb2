/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the system's clocks, in milliseconds.
 */
#ifndef FFLAG_RUNTIME_CLOCK_H
#define FFLAG_RUNTIME_CLOCK_H

#include <stdint.h>

/* For durations: nothing sets it. */
int64_t monotonic_ms(void);
/* Since the epoch. */
int64_t epoch_ms(void);

#endif
