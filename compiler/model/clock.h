/* clock.h - what a condition asks of the time of an evaluation. */
#ifndef FFC_MODEL_CLOCK_H
#define FFC_MODEL_CLOCK_H

#include <stdint.h>

#include "compiler/base/words.h"

/* In the language's words: the keys of `now`, and of a rule's window. */
#define CLOCK_TESTS(X)      \
    X(CLOCK_FROM, "from")   \
    X(CLOCK_UNTIL, "until") \
    X(CLOCK_AFTER, "after") \
    X(CLOCK_BEFORE, "before")
enum clock_test_kind { CLOCK_TESTS(WORDS_MEMBER) };
extern const char *const clock_test_words[];

/* Holds from `time` on; CLOCK_UNTIL and CLOCK_BEFORE are the negation. `after T` is from the
 * millisecond after T on. */
struct clock_test {
    enum clock_test_kind kind;
    int64_t time;
};

#endif
