/* read_metrics.h - metrics, and the logs that they are measured from. */
#ifndef FFC_READ_METRICS_H
#define FFC_READ_METRICS_H

#include "form.h"
#include "reader.h"

void read_metric(struct reader *reader, struct declaration *declaration);
void read_log(struct reader *reader, struct declaration *declaration);

extern const struct form metric_form, log_form;

#endif
