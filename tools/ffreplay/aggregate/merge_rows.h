/*
 * merge_rows.h - two rows of aggregates with the same key become one.
 *
 * What becomes of a field is said by its name, in one table: counts and exact sums add up, the
 * earliest, latest, least and greatest are kept, what must be the same is. Each is associative and
 * commutative, to the bit; so is the whole. No definition is needed for it.
 */
#ifndef FFREPLAY_MERGE_ROWS_H
#define FFREPLAY_MERGE_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "row.h"

/* Of a sample of units, which is halved beyond; as in canary/unit_shares.h. */
#define SAMPLE_MOST (1u << 16)

/* Whether every field is known, and what it should be. False: `fault` says which is not. */
bool row_check(const json_t *row, char fault[ROW_FAULT]);

/* Adds `other` to `row`; both have been checked. False: `fault` says why they are not parts of one
 * whole. */
bool row_merge(json_t *row, const json_t *other, char fault[ROW_FAULT]);

/*
 * What a query writes in its own way, as it is written otherwise: sums and digests as integers
 * times a power of two, "12p-80", numbers in any notation, samples of more units than are kept.
 * False: `fault` says what is none.
 */
bool row_settle(json_t *row, char fault[ROW_FAULT]);

/* The row as it is written: one line without its end, its fields in order, for the caller to free.
 */
char *row_dump(const json_t *row);

#endif
