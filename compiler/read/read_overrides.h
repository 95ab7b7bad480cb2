/* read_overrides.h - overrides, and the order in which they decide. */
#ifndef FFC_READ_OVERRIDES_H
#define FFC_READ_OVERRIDES_H

#include "form.h"
#include "reader.h"

void read_overrides(struct reader *reader, struct node *section);
/* Sorts them by precedence, and names them. */
void order_overrides(struct reader *reader);
/* Reads one, which belongs to nothing yet; NULL after reporting. */
struct override *read_override(struct reader *reader, struct node *node);

extern const struct form override_form;

#endif
