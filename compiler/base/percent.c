/* percent.c - percentages as thousandths of a percent, and as 64-bit bucket thresholds. */
#include "percent.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ALL 100000u

uint64_t percent_threshold(uint32_t thousandths)
{
    assert(thousandths < ALL);
    return (uint64_t)(((unsigned __int128)thousandths << 64) / ALL);
}

bool percent_of_threshold(uint64_t threshold, uint32_t *thousandths)
{
    unsigned __int128 product = (unsigned __int128)threshold * ALL;
    uint64_t rounded_up = (uint64_t)(product >> 64) + ((uint64_t)product != 0);
    if (rounded_up >= ALL || percent_threshold((uint32_t)rounded_up) != threshold)
        return false;
    *thousandths = (uint32_t)rounded_up;
    return true;
}

void percent_format(uint32_t thousandths, char out[PERCENT_TEXT_SIZE])
{
    uint32_t fraction = thousandths % 1000;
    if (!fraction) {
        snprintf(out, PERCENT_TEXT_SIZE, "%u", thousandths / 1000);
        return;
    }
    int length = snprintf(out, PERCENT_TEXT_SIZE, "%u.%03u", thousandths / 1000, fraction);
    while (out[length - 1] == '0')
        out[--length] = '\0';
}
