/*
 * report_html.h - a verdict as a page for people: docs/reports.md says what it has. The same
 * verdict gives the same bytes.
 */
#ifndef FFREPLAY_REPORT_HTML_H
#define FFREPLAY_REPORT_HTML_H

#include "report_parts.h"
#include "rollout_past.h"
#include "tools/ffreplay/canary/course.h"

struct report_page {
    const struct html *html;
    struct verdict *verdict;
    const struct rollout_past *past;
    const struct rollout_change *end; /* the page is of a rollout that was ended by it; or NULL */
    const struct course *courses;     /* of each judgement */
    struct chart_held *held;          /* when overrides held the flag back, until now */
    uint32_t held_count;
};

/*
 * A section on one canary; html_begin() and html_end() go around all of them. The analysis was
 * prepared with `keeps_series`, and `courses` are its courses_of(). `id`: of the section in the
 * file, and the file's only heading says less where there are several. False: the ledger cannot be
 * read, with a sentence in `error`.
 */
bool report_html(struct verdict *verdict, const struct rollout_change *end,
                 const struct course *courses, const struct report_origin *origin, const char *id,
                 const struct html *html, struct buffer *error);

struct report_words report_words_of(const struct verdict *verdict,
                                    const struct rollout_change *end);

/* Parts of it, a file each. */
void report_html_rollout(const struct report_page *page);
void report_html_criteria(const struct report_page *page);
void report_html_metrics(const struct report_page *page);
/* A metric since the first stage; nothing where there was none before this one. */
void report_html_stages(const struct report_page *page, uint32_t accumulator);
void report_html_units(const struct report_page *page);

#endif
