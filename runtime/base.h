/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h - what every file of the runtime may use.
 */
#ifndef FFLAG_RUNTIME_BASE_H
#define FFLAG_RUNTIME_BASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fflag.h"

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* A function of a few nanoseconds, at the start of a line of the instruction cache: so that its
 * time does not depend on what the linker puts before it, which is as much as a tenth. */
#define ON_A_LINE __attribute__((aligned(64)))

/* One line about what is wrong with a file; empty while nothing is. */
struct problem {
    char text[320];
};
void runtime_describe(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
