/* read_json.h - values of any shape. */
#ifndef FFC_READ_JSON_H
#define FFC_READ_JSON_H

#include "reader.h"

/* As compact JSON text; NULL after reporting. */
const char *read_json(struct reader *reader, const struct node *node);
/* Whether that text is null. */
bool is_json_null(const struct node *node);
/* Whether two values have the same shape; *where tells what differs first. */
bool same_json_shape(const struct node *first, const struct node *second,
                     const struct node **where);

#endif
