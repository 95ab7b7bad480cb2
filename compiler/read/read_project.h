/* read_project.h - the project's own section, and the small declarations. */
#ifndef FFC_READ_PROJECT_H
#define FFC_READ_PROJECT_H

#include "form.h"
#include "reader.h"

void read_project_section(struct reader *reader, struct node *section);
void read_attribute(struct reader *reader, struct declaration *declaration);
void read_segment(struct reader *reader, struct declaration *declaration);
void read_layer(struct reader *reader, struct declaration *declaration);
void read_holdout(struct reader *reader, struct declaration *declaration);
/* What units are known by; each key once, so that equal ones have one address. */
void read_bucket_by(struct reader *reader, struct node *node, const struct unit_key **bucket_by);
extern const struct form key_form;

/* Of the section, and of what is declared in the others. */
extern const struct form project_form, attribute_form, segment_form, layer_form, holdout_form;

#endif
