/* read_criteria.h - guards and `advance_when`. */
#ifndef FFC_READ_CRITERIA_H
#define FFC_READ_CRITERIA_H

#include "form.h"
#include "reader.h"

/* A percentage from 50 to below 100, as a share. */
void read_confidence(struct reader *reader, const struct node *node, double *confidence);
void read_criteria(struct reader *reader, struct node *node, bool guards,
                   struct criteria *criteria);

/* Gives thresholds that are a flag's the value that it has in each environment; once all flags are
 * read. */
void settle_thresholds(struct reader *reader);

extern const struct form guards_form, criteria_form;

#endif
