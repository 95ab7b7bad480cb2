/*
 * analyze_html.h - an experiment as a page for people: docs/reports.md says what it has.
 */
#ifndef FFREPLAY_ANALYZE_HTML_H
#define FFREPLAY_ANALYZE_HTML_H

#include "analyze_page.h"
#include "tools/ffreplay/report/report_parts.h"

/* A section; `id` is that of it in the file. Effects over time need an analysis that keeps them. */
void analyze_html(const struct analyze_page *page, const struct report_origin *origin,
                  const char *id, const struct html *html);

/* The word of the page, and the first metric over time as markup for a table's row; NULL. */
struct report_words analyze_words_of(const struct conclusion *conclusion, struct arena *arena);
const char *analyze_spark(const struct analyze_page *page, struct arena *arena);

/* Parts of it, a file each. */
void analyze_html_units(const struct analyze_page *page, const struct html *html);
void analyze_html_effects(const struct analyze_page *page, const struct html *html);
void analyze_html_courses(const struct analyze_page *page, const struct html *html);
void analyze_html_values(const struct analyze_page *page, const struct html *html);
void analyze_html_breakdowns(const struct analyze_page *page, const struct html *html);

/* The arms' lines, by name, where there are as many. */
void analyze_html_key(const struct conclusion *conclusion, const struct html *html);

/* How an arm is drawn: 0 is control. */
uint32_t analyze_style(const struct conclusion *conclusion, uint32_t arm);
enum html_tone analyze_tone(const struct judged_effect *judged);

/* A guard's margin as a relative change; NAN: it is none. */
double analyze_margin(const struct judged_metric *metric);

#endif
