/* read_metadata.h - what a flag says of itself to whoever sees its results. */
#ifndef FFC_READ_METADATA_H
#define FFC_READ_METADATA_H

#include "form.h"
#include "reader.h"

extern const struct form metadata_form, links_form;

void read_metadata(struct reader *reader, struct node *node, void *draft);
void read_links(struct reader *reader, struct node *node, void *draft);
/* Both as one JSON object, for the flag; NULL where there is neither. */
const char *settle_metadata(struct reader *reader, const struct draft *draft);

#endif
