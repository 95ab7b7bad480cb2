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
void read_bucket_by(struct reader *reader, const struct node *node,
                    const struct attribute **bucket_by);

/* Of the section, and of what is declared in the others. */
extern const struct form project_form, attribute_form, segment_form, layer_form, holdout_form;

#endif
