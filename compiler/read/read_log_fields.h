/* read_log_fields.h - a log's time, and the fields that metrics use. */
#ifndef FFC_READ_LOG_FIELDS_H
#define FFC_READ_LOG_FIELDS_H

#include "form.h"
#include "reader.h"

/* Of keys of a log, which is the target. */
void read_log_time(struct reader *reader, struct node *node, void *target);
void read_log_zone(struct reader *reader, struct node *node, void *target);
void read_log_fields(struct reader *reader, struct node *node, void *target);
extern const struct form log_time_form, log_zone_form, log_fields_form;

/* Once the log's format is known: what its time and its fields cannot be. */
void settle_log_time(struct reader *reader, struct log *log, const struct node *body);
void settle_log_fields(struct reader *reader, const struct log *log, const struct node *body);

#endif
