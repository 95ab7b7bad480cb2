/* origins_row.h - what lines were evaluated with, as a field of a row of aggregates, and back. */
#ifndef FFREPLAY_ORIGINS_ROW_H
#define FFREPLAY_ORIGINS_ROW_H

#include "tools/ffreplay/aggregate/row.h"
#include "tools/ffreplay/evaluate/in_force.h"

void origins_put(json_t *row, const struct origins *origins);
void origins_read(struct row_reader *reader, struct origins *origins);

#endif
