/* read_variants.h - what a flag can be: its variants and their values. */
#ifndef FFC_READ_VARIANTS_H
#define FFC_READ_VARIANTS_H

#include "form.h"
#include "draft.h"

void read_variants(struct reader *reader, struct draft *draft);
void read_environment_variants(struct reader *reader, struct node *node, struct draft *draft);
void read_environment_value(struct reader *reader, struct node *node, struct draft *draft);
/* A variant's place, that of no variant among them; UINT32_MAX after reporting. */
uint32_t resolve_variant(struct reader *reader, const struct draft *draft, const struct node *name);
/* False after reporting that it is no variant, which will not do for `what`: "a canary". */
bool compare_variant(struct reader *reader, const struct draft *draft, uint32_t variant,
                     struct span span, const char *what);
/* A variant's place, where no variant will not do; UINT32_MAX after reporting. */
uint32_t resolve_compared(struct reader *reader, const struct draft *draft, const struct node *name,
                          const char *what);
/* A variant or a list of them; NULL after reporting. */
const struct variant_set *resolve_variants(struct reader *reader, const struct draft *draft,
                                           struct node *names);
/* The variant that a rule without `serve` gives: `on` of a boolean flag; UINT32_MAX: none. */
uint32_t usual_variant(const struct draft *draft);

extern const char *const shape_words[]; /* of the key `shape`; ended by NULL */

#endif
