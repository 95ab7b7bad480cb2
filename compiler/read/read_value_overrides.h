/* read_value_overrides.h - values of which a rule replaces parts. */
#ifndef FFC_READ_VALUE_OVERRIDES_H
#define FFC_READ_VALUE_OVERRIDES_H

#include "draft.h"
#include "form.h"

extern const struct form value_overrides_form;

void read_value_overrides(struct reader *reader, struct node *node, struct rule *rule);
/* The values that the rules of an environment serve with their parts replaced, for the targeting;
 * once its variants and rules are known. */
void resolve_value_overrides(struct reader *reader, struct draft *draft);

#endif
