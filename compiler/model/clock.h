/* clock.h - what a condition asks of the time of an evaluation. */
#ifndef FFC_MODEL_CLOCK_H
#define FFC_MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"

/* In the language's words: the keys of `now`, and of a rule's window. */
#define CLOCK_TESTS(X)          \
    X(CLOCK_FROM, "from")       \
    X(CLOCK_UNTIL, "until")     \
    X(CLOCK_AFTER, "after")     \
    X(CLOCK_BEFORE, "before")   \
    X(CLOCK_WEEKDAY, "weekday") \
    X(CLOCK_BETWEEN, "between")
enum clock_test_kind { CLOCK_TESTS(WORDS_MEMBER) };
extern const char *const clock_test_words[];

#define WEEKDAYS(X)     \
    X(MONDAY, "mon")    \
    X(TUESDAY, "tue")   \
    X(WEDNESDAY, "wed") \
    X(THURSDAY, "thu")  \
    X(FRIDAY, "fri")    \
    X(SATURDAY, "sat")  \
    X(SUNDAY, "sun")
enum weekday { WEEKDAYS(WORDS_MEMBER) };
extern const char *const weekday_words[];
#define EVERY_DAY ((1u << WORDS_COUNT(WEEKDAYS)) - 1)

#define MINUTES_OF_DAY  1440u
#define MINUTES_OF_WEEK (7 * MINUTES_OF_DAY)

struct zone;

/*
 * The first four hold from `time` on; CLOCK_UNTIL and CLOCK_BEFORE are the negation, and `after T`
 * is from the millisecond after T on. The others ask for the local time.
 */
struct clock_test {
    enum clock_test_kind kind;
    int64_t time;
    unsigned weekdays;    /* CLOCK_WEEKDAY, as bits */
    uint32_t from, until; /* CLOCK_BETWEEN: minutes of a day; over midnight where reversed */
    const struct zone *zone;
};

/* Whether it asks for the local time, rather than for the time. */
bool clock_is_local(const struct clock_test *test);
/* Whether a test of the local time holds at this minute of a week, from Monday on. */
bool clock_holds_locally(const struct clock_test *test, uint32_t minute);

#endif
