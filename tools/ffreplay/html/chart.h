/*
 * chart.h - charts as SVG, drawn twice: for a page, and for a phone.
 *
 * A chart is a figure: its title and caption, which say in words what is to be seen; the drawing in
 * both forms, of which the style shows one; a line that says the numbers of the point that is
 * pointed at or has the focus; and the table of all of them. What is not known is NAN, and leaves a
 * gap. Coordinates have one decimal, so the bytes are the same everywhere.
 */
#ifndef FFREPLAY_CHART_H
#define FFREPLAY_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "html.h"

/* ----------------------------------------------------------------------------------- figures -- */

/* What a figure is, for who looks for it: `data-chart`, and `data-of`, which may be NULL. */
struct figure {
    const char *chart, *of;
    const char *title;
    const char *word; /* a verdict beside the title; or NULL */
    enum html_tone tone;
    const char *caption; /* a sentence, in words and numbers */
    const char *note;    /* how to read it; or NULL */
};
void figure_begin(const struct html *html, const struct figure *figure);
/* `points`: there are some to point at. `table` may be NULL. */
enum figure_points { FIGURE_PLAIN, FIGURE_POINTS };
void figure_end(const struct html *html, enum figure_points points, const struct html_table *table,
                const char *name);

/* ------------------------------------------------------------------------------------- forms -- */

enum chart_form { CHART_WIDE, CHART_NARROW };
#define CHART_FORMS 2
/* How wide a drawing is, in its own units: pixels where it is not scaled. */
double chart_width(enum chart_form form);
void chart_begin(const struct html *html, enum chart_form form, double height, const char *name);
void chart_end(const struct html *html);
/* How wide a text is about, in a drawing. */
double chart_text_width(const char *text);
/* The text, or what of it has room, with an ellipsis in its middle; in memory of the arena. */
const char *chart_text_within(struct arena *arena, const char *text, double width);

/* A variant's line, its colour and its point: 0 is control, 1 the canary or the first one. */
#define CHART_STYLES 6
void chart_point(const struct html *html, uint32_t style, double x, double y, double radius);
/* The lines of variants, by name. */
void chart_key(const struct html *html, const char *const *names, uint32_t count,
               const char *band); /* what the band is; or NULL */

/* ------------------------------------------------------------------------------------ scales -- */

/* Numbers between two ends, on pixels between two others. */
struct chart_scale {
    double low, high;
    double from, to;
};
double chart_place(const struct chart_scale *scale, double value);
/* Where ticks stand: multiples of a round step, about so many. */
struct chart_ticks {
    double first, step;
    uint32_t count;
};
struct chart_ticks chart_ticks(double low, double high, uint32_t about);
/* Of times in milliseconds: multiples of a minute, an hour, a day, in UTC. */
struct chart_ticks chart_time_ticks(int64_t from, int64_t to, uint32_t about);
/* "10:30", "20 Nov": as short as the step allows, in memory of the arena. */
const char *chart_time_text(struct arena *arena, int64_t time, double step);
/* "20 Nov 10:30", "20 Nov 2026 10:30:07": as exact as it has to be. */
const char *chart_moment_text(struct arena *arena, int64_t time);
/* "20 Nov 2026, 10:30 UTC" */
const char *chart_stamp_text(struct arena *arena, int64_t time);
/* "20 Nov 2026" */
const char *chart_date_text(struct arena *arena, int64_t time);

/* --------------------------------------------------------------------------------- over time -- */

struct chart_line {
    uint32_t style;
    const double *values; /* one a point in time */
};
/* A value that something is held against: over all of the time. */
struct chart_limit {
    double value;
    bool is_wanted; /* it has to be reached; else it must not be passed */
    const char *text;
};
struct chart_held {
    int64_t from, to;
    const char *text;
};
/* A part of the time, which lines begin anew in: a stage. */
struct chart_part {
    int64_t from, to;
    const char *text, *brief; /* what stands above it, and what does where it is narrow */
};
struct time_chart {
    const char *name; /* for who cannot see it */
    int64_t from, to;
    const int64_t *times;
    size_t count;
    const struct chart_line *lines;
    uint32_t line_count;
    const double *low, *high; /* of a band around the first line; NULL: none */
    const struct chart_limit *limits;
    uint32_t limit_count;
    const struct chart_held *held;
    uint32_t held_count;
    const struct chart_part *parts; /* ascending; of a chart without a mark */
    uint32_t part_count;
    bool has_zero; /* a line at zero, which is to be seen */
    bool settles;  /* a point has all before it: what it says at first, of little, may be cut */
    size_t mark;   /* the point that decided; SIZE_MAX: none */
    const char *mark_text;
    /* What a value is called at the axis; in memory of the arena. */
    const char *(*value_text)(struct arena *arena, const void *of, double value);
    const void *of;
    const char *const *points; /* what each point in time says */
};
void time_chart(const struct html *html, const struct time_chart *chart);
/* The first line alone, without words: for a row of a table. */
void spark_chart(const struct html *html, const struct time_chart *chart);

/* ------------------------------------------------------------------------------------ stages -- */

enum bar_kind { BAR_DONE, BAR_PAUSED, BAR_NOW, BAR_NEXT };
struct stage_bar {
    int64_t from, to; /* of BAR_NEXT: not looked at */
    enum bar_kind kind;
    const char *text, *brief, *detail; /* what stands in it, and what does where it is narrow */
};
struct stage_mark {
    int64_t at;
    const char *text; /* its number */
    const char *detail;
};
struct stage_chart {
    const char *name;
    int64_t from, to;
    const struct stage_bar *bars;
    uint32_t bar_count;
    const struct stage_mark *marks;
    uint32_t mark_count;
    const struct chart_held *held;
    uint32_t held_count;
};
void stage_chart(const struct html *html, const struct stage_chart *chart);

/* ------------------------------------------------------------------------------------ forest -- */

struct forest_row {
    const char *text, *detail; /* beside it, and below that */
    uint32_t style;
    double value, low, high; /* low and high may be infinite, and NAN: there is none */
    double margin;           /* where it acts; NAN: nowhere in particular */
    bool harm_is_below;
    bool is_wanted; /* the margin has to be reached, or it is one of harm */
    enum html_tone tone;
    const char *word;
    const char *point; /* what it says when it is pointed at */
};
struct forest_chart {
    const char *name;
    const struct forest_row *rows;
    uint32_t row_count;
    double low, high;       /* what is shown; what is beyond ends in an arrow */
    const char *zero, *one; /* what the lines at 0 and 1 are; NULL: there is none */
    bool percent;           /* ticks are percent */
};
void forest_chart(const struct html *html, const struct forest_chart *chart);

/* ------------------------------------------------------------------------- shares and counts -- */

/* Of a distribution: the levels that are told, and those of them that are marked. */
#define SHARE_LEVELS 29
extern const double share_levels[SHARE_LEVELS];
#define SHARE_MARKS 4
extern const double share_marks[SHARE_MARKS];

/* Shares of values up to each: a step for each level. */
struct share_curve {
    uint32_t style;
    const char *name;
    const double *values; /* ascending; one a level */
};
struct share_chart {
    const char *name;
    const double *levels; /* 0 to 1 */
    size_t level_count;
    const struct share_curve *curves;
    uint32_t curve_count;
    const double *marked; /* levels that are marked, such as 0.5 and 0.95 */
    size_t marked_count;
    const char *(*value_text)(struct arena *arena, const void *of, double value);
    const void *of;
};
void share_chart(const struct html *html, const struct share_chart *chart);

/* Bars from zero, with what each should be; NAN: nothing says it. */
struct count_bar {
    const char *text, *value_text;
    uint32_t style; /* CHART_STYLES: none of a variant's */
    double value, expected;
};
void count_chart(const struct html *html, const char *name, const struct count_bar *bars,
                 uint32_t count);

#endif
