/*
 * report.h - a verdict, written: for programs and for people. The same verdict gives the same
 * bytes.
 */
#ifndef FFREPLAY_REPORT_H
#define FFREPLAY_REPORT_H

#include "tools/ffreplay/page/page.h"
#include "tools/ffreplay/canary/verdict.h"

struct buffer;

/* One JSON object and a newline. */
void report_json(struct verdict *verdict, struct buffer *out);
/* Its parts that the ledger keeps, too. */
void report_json_criteria(struct verdict *verdict, struct buffer *out);
void report_json_sentences(const struct sentences *list, const char *key, struct buffer *out);
/* `"srm":…`, null where it is not known. */
void report_json_ratio(const struct unit_ratio *ratio, struct buffer *out);

/* For people. */
void report_text(struct verdict *verdict, const struct page *page);

/* "rollback"; of `advance_when`, "advance". */
const char *finding_action_text(const struct finding *finding);

#endif
