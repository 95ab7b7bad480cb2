/* read_criteria.h - guards and `advance_when`. */
#ifndef FFC_READ_CRITERIA_H
#define FFC_READ_CRITERIA_H

#include "form.h"
#include "reader.h"

/* A percentage from 50 to below 100, as a share. */
void read_confidence(struct reader *reader, const struct node *node, double *confidence);
void read_criteria(struct reader *reader, struct node *node, bool guards,
                   struct criteria *criteria);

extern const struct form guards_form, criteria_form;

#endif
