/* read_overrides.h - overrides, and the order in which they decide. */
#ifndef FFC_READ_OVERRIDES_H
#define FFC_READ_OVERRIDES_H

#include "reader.h"

void read_overrides(struct reader *reader, struct node *section);
/* Puts them in the order in which they decide, and names them. */
void order_overrides(struct reader *reader);
/* One, which belongs to nothing yet; NULL after reporting. */
struct override *read_override(struct reader *reader, struct node *node);

#endif
