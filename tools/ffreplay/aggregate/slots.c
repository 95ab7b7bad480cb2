/* slots.c - see slots.h. */
#include "slots.h"

#include <stddef.h>

int64_t window_begin(int64_t time, int64_t width)
{
    int64_t past = time % width, begin;
    return __builtin_sub_overflow(time, past < 0 ? past + width : past, &begin) ? INT64_MIN : begin;
}

int64_t slots_wider(int64_t width)
{
    static const int64_t round[] = {10000,   30000,   60000,    120000,   600000,  1800000,
                                    3600000, 7200000, 21600000, 43200000, 86400000};
    for (size_t i = 0; i < sizeof round / sizeof *round; i++)
        if (round[i] > width && round[i] % width == 0)
            return round[i];
    return width * 2;
}

bool slots_fit(int64_t first, int64_t last, int64_t width)
{
    uint64_t span = (uint64_t)window_begin(last, width) - (uint64_t)window_begin(first, width);
    return span / (uint64_t)width < SLOTS_MOST;
}
