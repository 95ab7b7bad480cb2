/* read_rules.h - rules, splits and percentages that move with the clock. */
#ifndef FFC_READ_RULES_H
#define FFC_READ_RULES_H

#include "form.h"
#include "draft.h"

void read_rules(struct reader *reader, struct node *node, struct draft *draft);
bool read_split(struct reader *reader, struct node *node, const struct draft *draft,
                struct arm **arms, uint32_t *count);
void read_keep(struct reader *reader, struct node *node, struct keep *keep);
void read_ramp(struct reader *reader, struct node *node, struct ramp *ramp);
/* Makes the shorthand a rule, and settles what each rule hashes. */
void finish_rules(struct reader *reader, struct draft *draft);
/* Reports that something hashes and nothing says what. */
void report_no_bucket(struct reader *reader, struct span span, const char *what);

extern const struct form rules_form, percent_or_ramp_form, kept_form, split_form;

#endif
