/*
 * absent_fields.h - fields that no line of a log had, for a person: a slip in its definition, most
 * often.
 */
#ifndef FFREPLAY_ABSENT_FIELDS_H
#define FFREPLAY_ABSENT_FIELDS_H

#include "verdict.h"

/* "no line of log 'requests' has 'status'", of those that the criterion's metric reads; NULL: some
 * line had each, or there is no line. */
const char *absent_from_metric(const struct verdict *verdict, const struct judgement *judgement);

/* Where everybody lacks the key that the flag is bucketed by, nothing is measured: that is an
 * issue. What else no line had, is a note. */
void absent_fields_judge(struct verdict *verdict);

#endif
