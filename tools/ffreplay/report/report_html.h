/*
 * report_html.h - a verdict as a page for people: docs/reports.md says what it has. The same
 * verdict gives the same bytes.
 */
#ifndef FFREPLAY_REPORT_HTML_H
#define FFREPLAY_REPORT_HTML_H

#include "rollout_past.h"
#include "tools/ffreplay/canary/course.h"
#include "tools/ffreplay/html/html.h"

/* What a page is made by, and how it is made again. */
struct report_origin {
    const char *command; /* the command line, as a shell reads it */
};

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

/* The word of a page: what is to be done, or what was. */
struct report_words {
    const char *word;
    enum html_tone tone;
};
struct report_words report_words_of(const struct verdict *verdict,
                                    const struct rollout_change *end);

/* Parts of it, a file each. */
void report_html_rollout(const struct report_page *page);
void report_html_criteria(const struct report_page *page);
void report_html_metrics(const struct report_page *page);
void report_html_units(const struct report_page *page);

/* Sentences that others write, too. */
struct report_sentences {
    const char *const *items;
    uint32_t count;
};
void report_html_list(const struct html *html, const char *heading, const char *class,
                      struct report_sentences sentences);
/* A sentence: its first letter is large, and it ends in a full stop. */
const char *report_sentence(struct arena *arena, const char *text);

/* The definitions that these places are in, and how the page is made again. */
struct report_places {
    struct span *items;
    uint32_t count;
};
void report_html_definitions(const struct html *html, const struct project *project,
                             const struct report_places *places);
void report_html_again(const struct html *html, const struct replay *replay,
                       const struct report_origin *origin, const char *build,
                       const struct input_digest *digest);

#endif
