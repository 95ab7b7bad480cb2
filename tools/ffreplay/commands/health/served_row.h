/* served_row.h - what a flag served, as a row of a file of aggregates, and back. */
#ifndef FFREPLAY_SERVED_ROW_H
#define FFREPLAY_SERVED_ROW_H

#include "served_counts.h"
#include "tools/ffreplay/aggregate/rows.h"

/* Once all is read: the row "health/FLAG". */
void served_counts_put(struct served_counts *counted, struct rows *rows);
/* Into counts that were prepared, and have taken nothing. False: `error` says why. */
bool served_counts_read_rows(struct served_counts *counted, const struct rows *rows,
                             struct buffer *error);

#endif
