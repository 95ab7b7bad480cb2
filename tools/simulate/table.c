/* table.c - see table.h. */
#include "table.h"

#include <math.h>
#include <stdio.h>

#define MOST_FALSE 0.05

uint32_t replays, value_replays, missed;
uint64_t seed;

uint64_t next_seed(uint64_t setting)
{
    return seed * 1000 + setting;
}

void percentage(uint32_t count, uint32_t of)
{
    printf(" %.2f %% |", 100.0 * count / of);
}

void verdict_of(bool fine)
{
    printf(" %s |\n", fine ? "yes" : "**no**");
    missed += !fine;
}

void not_promised(void)
{
    printf(" not promised |\n");
}

bool is_calibrated(const struct outcome *outcome, uint32_t of)
{
    double most = MOST_FALSE * of + 3 * sqrt(MOST_FALSE * (1 - MOST_FALSE) * of);
    return outcome->above <= most && outcome->below <= most;
}

void false_row(const struct outcome *outcome, uint32_t of, bool fixed)
{
    percentage(outcome->above, of);
    percentage(outcome->below, of);
    if (fixed)
        percentage(outcome->fixed_above + outcome->fixed_below, of);
    verdict_of(is_calibrated(outcome, of));
}
