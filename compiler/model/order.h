/* order.h - the order of flags in a snapshot. */
#ifndef FFC_MODEL_ORDER_H
#define FFC_MODEL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/*
 * The places in the project of all its flags, so that each comes after those it refers to, and by
 * name where that leaves a choice. False when they form a cycle.
 */
bool order_flags(const struct project *project, uint32_t environment, uint32_t *order);

#endif
