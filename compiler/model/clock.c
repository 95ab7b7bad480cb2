/* clock.c - see clock.h. */
#include "clock.h"

bool clock_is_local(const struct clock_test *test)
{
    return test->kind == CLOCK_WEEKDAY || test->kind == CLOCK_BETWEEN;
}

bool clock_holds_locally(const struct clock_test *test, uint32_t minute)
{
    uint32_t time = minute % MINUTES_OF_DAY;
    if (test->kind == CLOCK_WEEKDAY)
        return test->weekdays >> minute / MINUTES_OF_DAY & 1;
    return test->from < test->until ? time >= test->from && time < test->until
                                    : time >= test->from || time < test->until;
}
