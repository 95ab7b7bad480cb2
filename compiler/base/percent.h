/*
 * percent.h - percentages as thousandths of a percent, and as thresholds of a 64-bit bucket.
 */
#ifndef FFC_PERCENT_H
#define FFC_PERCENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERCENT_ALL       100000u
#define PERCENT_TEXT_SIZE 16

/* floor(thousandths * 2^64 / 100000), for less than 100 %. */
uint64_t percent_threshold(uint32_t thousandths);
/* The inverse; false when no percentage has that threshold. */
bool percent_of_threshold(uint64_t threshold, uint32_t *thousandths);
/* "25", "0.125": without a sign, so that it is JSON, too. */
void percent_format(uint32_t thousandths, char out[PERCENT_TEXT_SIZE]);

#endif
