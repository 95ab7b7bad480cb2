/*
 * report_html_criteria.c - all criteria on one scale: 0 is as control, 1 is at the limit.
 *
 * A change is measured in its margin. A value that has a constant limit is measured from control's
 * value, where that is known and within the limit; else, below an upper limit, from nothing.
 */
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "report_html.h"
#include "told.h"
#include "tools/ffreplay/canary/reasons_bound.h"
#include "tools/ffreplay/html/chart.h"

struct scale_position {
    double zero, one; /* the values that stand there; NAN: it has no place on the scale */
};

static struct scale_position scale_position_of(const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    double margin = criterion_margin(criterion);
    if (criterion_compares(criterion))
        return (struct scale_position){0, margin != 0 ? margin : NAN};
    bool above = criterion_harm_side(criterion) == SIDE_ABOVE;
    double control = judgement->control_estimate;
    if (judgement->control_measured && (above ? control < margin : control > margin))
        return (struct scale_position){control, margin};
    return (struct scale_position){0, above && margin > 0 ? margin : NAN};
}

static double place(const struct scale_position *position, double value)
{
    return (value - position->zero) / (position->one - position->zero);
}

static const char *point_text(struct arena *arena, const struct told *told)
{
    return arena_format(arena, "%s, %s: %s. %s (%s)", told->metric, told->wanted,
                        told_measured(arena, told), told->verdict, told->action);
}

static struct forest_row row_of(struct arena *arena, const struct judgement *judgement,
                                const struct told *told)
{
    const struct scale_position position = scale_position_of(judgement);
    const struct comparison *comparison = &judgement->comparison;
    struct forest_row row = {
        .text = told->metric,
        .detail = arena_format(arena, "%s · %s", told->wanted, told->action),
        .style = 1,
        .value = NAN,
        .low = NAN,
        .high = NAN,
        .margin = NAN,
        .tone = told->tone == TOLD_GOOD  ? TONE_GOOD
                : told->tone == TOLD_BAD ? TONE_BAD
                                         : TONE_OPEN,
        .word = told->verdict,
        .point = point_text(arena, told),
    };
    bool bounded = judgement->statistical && comparison->method;
    double value = criterion_compares(judgement->criterion)
                       ? (bounded ? comparison->change : NAN)
                       : (judgement->measured ? judgement->estimate : NAN);
    if (isnan(position.one))
        return row;
    row.value = place(&position, value);
    if (!bounded || (isinf(comparison->interval.lower) && isinf(comparison->interval.upper)))
        return row;
    double one = place(&position, comparison->interval.lower);
    double other = place(&position, comparison->interval.upper);
    row.low = fmin(one, other);
    row.high = fmax(one, other);
    return row;
}

static void widen(struct forest_chart *chart, double value)
{
    if (!isfinite(value))
        return;
    chart->low = fmin(chart->low, fmax(value - 0.05, -2));
    chart->high = fmax(chart->high, fmin(value + 0.05, 3));
}

static struct html_table table_of(const struct html *html, const struct told *all, uint32_t count)
{
    static const char *const headings[] = {"criterion", "wanted",   "canary",  "n",     "control",
                                           "change",    "interval", "verdict", "action"};
    struct html_table table = {.alignment = "llrrrrrll"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < count; i++) {
        html_cell(html, &table, all[i].metric);
        html_cell(html, &table, all[i].wanted);
        html_cell(html, &table, all[i].canary);
        html_cell(html, &table, all[i].samples);
        html_cell(html, &table, all[i].control);
        html_cell(html, &table, all[i].change);
        html_cell(html, &table, all[i].interval);
        html_cell(html, &table, all[i].verdict);
        html_cell(html, &table, all[i].action);
    }
    return table;
}

/* "7 criteria: 5 PASS, 1 HARM, 1 INSUFFICIENT" */
static const char *caption_of(struct arena *arena, const struct told *all, uint32_t count)
{
    const char *text = arena_format(arena, "%u criteri%s:", count, count == 1 ? "on" : "a");
    const char *comma = "";
    for (uint32_t i = 0; i < count; i++) {
        uint32_t same = 0, before = 0;
        for (uint32_t j = 0; j < count; j++) {
            same += all[j].verdict == all[i].verdict;
            before += j < i && all[j].verdict == all[i].verdict;
        }
        if (before > 0)
            continue;
        text = arena_format(arena, "%s%s %u %s", text, comma, same, all[i].verdict);
        comma = ",";
    }
    return arena_format(arena, "%s.", text);
}

void report_html_criteria(const struct report_page *page)
{
    const struct html *html = page->html;
    const struct analysis *analysis = page->verdict->analysis;
    uint32_t count = analysis->judgement_count;
    html_format(html,
                "<h2>What was judged</h2>\n<p class=\"note hint\">Point at a chart, or reach it "
                "with Tab and move with the arrow keys, and its numbers stand below "
                "it.</p>\n");
    if (count == 0) {
        html_format(html, "<p>It has no criteria: time and samples alone decide.</p>\n");
        return;
    }
    struct told *all = ARENA_ARRAY(html->arena, struct told, count);
    struct forest_row *rows = ARENA_ARRAY(html->arena, struct forest_row, count);
    struct forest_chart chart = {.name = "Criteria, from as control to at the limit",
                                 .rows = rows,
                                 .row_count = count,
                                 .low = -0.5,
                                 .high = 1.5,
                                 .zero = "as control",
                                 .one = "limit"};
    for (uint32_t i = 0; i < count; i++) {
        all[i] = judgement_told(html->arena, &analysis->judgements[i]);
        rows[i] = row_of(html->arena, &analysis->judgements[i], &all[i]);
        widen(&chart, rows[i].value);
        widen(&chart, rows[i].low);
        widen(&chart, rows[i].high);
    }
    figure_begin(html, &(struct figure){
                           .chart = "criteria",
                           .title = "Criteria",
                           .caption = caption_of(html->arena, all, count),
                           .note = "Each on its own scale: 0 is as control, the dotted line its "
                                   "limit; what is shaded is worse. An arrow goes on."});
    forest_chart(html, &chart);
    const struct html_table table = table_of(html, all, count);
    figure_end(html, FIGURE_POINTS, &table, "Criteria in numbers");
}
