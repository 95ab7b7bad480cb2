/* read_value_overrides.h - values of which parts are replaced. */
#ifndef FFC_READ_VALUE_OVERRIDES_H
#define FFC_READ_VALUE_OVERRIDES_H

#include "draft.h"
#include "form.h"

extern const struct form value_overrides_form;

void read_value_overrides(struct reader *reader, struct node *node, struct rule *rule);
/* Of a flag, or an environment of it: by variant, for some units. */
extern const struct form variant_overrides_form;
void read_variant_overrides(struct reader *reader, struct node *node, void *draft);
/* The values that an environment serves with their parts replaced, for the targeting;
 * once its variants and rules are known. */
void resolve_value_overrides(struct reader *reader, struct draft *draft);

#endif
