/* order.h - sorts flags for a snapshot. */
#ifndef FFC_MODEL_ORDER_H
#define FFC_MODEL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct project;

/*
 * The project's flags, as indices, sorted so that each comes after those it refers to, and by name
 * otherwise. False if they form a cycle.
 */
bool order_flags(const struct project *project, uint32_t environment, uint32_t *order);

#endif
