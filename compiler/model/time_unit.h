/* time_unit.h - units of times and durations. */
#ifndef FFC_MODEL_TIME_UNIT_H
#define FFC_MODEL_TIME_UNIT_H

#include "compiler/base/words.h"

#define TIME_UNITS(X)          \
    X(TIME_AUTO, "auto")       \
    X(TIME_SECONDS, "s")       \
    X(TIME_MILLISECONDS, "ms") \
    X(TIME_MICROSECONDS, "us") \
    X(TIME_NANOSECONDS, "ns")
enum time_unit { TIME_UNITS(WORDS_MEMBER) };
extern const char *const time_unit_words[];

#endif
