/*
 * chart_forest.c - estimates with their intervals below each other, on one scale.
 *
 * On a page, words stand to the left and the verdict to the right of the scale; on a phone, words
 * stand above each interval.
 */
#include <math.h>

#include "chart.h"
#include "compiler/base/arena.h"

#define HEAD 26
#define FOOT 28

struct drawing {
    const struct html *html;
    const struct forest_chart *chart;
    enum chart_form form;
    struct chart_scale x;
    double row, top; /* its height, and that of its words above the interval */
};

static double clamp(const struct drawing *drawing, double value)
{
    return chart_place(&drawing->x, fmin(fmax(value, drawing->x.low), drawing->x.high));
}

static void put_text(const struct drawing *drawing, const char *class, double x, double y,
                     const char *anchor, const char *text)
{
    html_format(drawing->html,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", class, x,
                y, anchor, text);
}

/* On a phone the words stand between the intervals, and no line goes through them. */
static void put_vertical(const struct drawing *drawing, const char *class, double value,
                         double bottom)
{
    double x = clamp(drawing, value);
    if (drawing->form == CHART_WIDE)
        html_format(drawing->html,
                    "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>\n", class,
                    x, x, HEAD - 4, bottom);
    for (uint32_t i = 0; drawing->form == CHART_NARROW && i < drawing->chart->row_count; i++)
        html_format(
            drawing->html, "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
            class, x, x, HEAD + i * drawing->row + drawing->top, HEAD + (i + 1) * drawing->row - 2);
}

static void put_harm(const struct drawing *drawing, double bottom)
{
    double x = clamp(drawing, 1), width = drawing->x.to - x;
    if (drawing->form == CHART_WIDE)
        html_format(drawing->html,
                    "<rect class=\"harm\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    x, HEAD - 4, width, bottom - HEAD + 4);
    for (uint32_t i = 0; drawing->form == CHART_NARROW && i < drawing->chart->row_count; i++)
        html_format(drawing->html,
                    "<rect class=\"harm\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    x, HEAD + i * drawing->row + drawing->top, width,
                    drawing->row - drawing->top - 2);
}

static const char *tick_text(const struct drawing *drawing, double value)
{
    struct arena *arena = drawing->html->arena;
    if (drawing->chart->percent)
        return arena_format(arena, "%s%g%%", value > 1e-12 ? "+" : "",
                            fabs(value) < 1e-12 ? 0 : value * 100);
    return arena_format(arena, "%g", fabs(value) < 1e-12 ? 0 : value);
}

static void put_axis(const struct drawing *drawing, double bottom)
{
    const struct forest_chart *chart = drawing->chart;
    if (chart->one)
        put_harm(drawing, bottom);
    struct chart_ticks ticks =
        chart_ticks(drawing->x.low, drawing->x.high, drawing->form == CHART_WIDE ? 6 : 4);
    for (uint32_t i = 0; i < ticks.count; i++) {
        double value = ticks.first + i * ticks.step;
        put_vertical(drawing, "grid", value, bottom);
        if (!chart->one)
            put_text(drawing, "t", clamp(drawing, value), bottom + 18, "middle",
                     tick_text(drawing, value));
    }
    put_vertical(drawing, "zero", 0, bottom);
    if (chart->zero)
        put_text(drawing, "t", clamp(drawing, 0), HEAD - 10, "middle", chart->zero);
    if (!chart->one)
        return;
    put_vertical(drawing, "limit", 1, bottom);
    put_text(drawing, "bad b", clamp(drawing, 1), HEAD - 10, "middle", chart->one);
}

/* What goes on beyond what is shown ends in an arrow. */
static void put_end(const struct drawing *drawing, const struct forest_row *row, double bound,
                    double y, int side)
{
    double x = clamp(drawing, bound);
    bool beyond = side < 0 ? bound < drawing->x.low : bound > drawing->x.high;
    if (beyond)
        html_format(drawing->html, "<path class=\"f%u\" d=\"M%.1f,%.1f l%d,-5 v10 z\"/>",
                    row->style % CHART_STYLES, x, y, side < 0 ? 8 : -8);
    else
        html_format(drawing->html,
                    "<line class=\"s%u ci\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    row->style % CHART_STYLES, x, x, y - 5, y + 5);
}

static void put_interval(const struct drawing *drawing, const struct forest_row *row, double y)
{
    if (!isnan(row->low) && !isnan(row->high)) {
        html_format(drawing->html,
                    "<line class=\"s%u ci\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    row->style % CHART_STYLES, clamp(drawing, row->low), clamp(drawing, row->high),
                    y, y);
        put_end(drawing, row, row->low, y, -1);
        put_end(drawing, row, row->high, y, 1);
    }
    if (!isnan(row->margin) && row->margin >= drawing->x.low && row->margin <= drawing->x.high)
        html_format(drawing->html,
                    "<line class=\"%s\" data-margin=\"\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
                    "y2=\"%.1f\"/>",
                    row->is_wanted ? "wanted" : "limit", clamp(drawing, row->margin),
                    clamp(drawing, row->margin), y - 11, y + 11);
    if (isnan(row->value))
        return;
    if (row->value < drawing->x.low || row->value > drawing->x.high)
        put_end(drawing, row, row->value, y, row->value < drawing->x.low ? -1 : 1);
    else
        chart_point(drawing->html, row->style, clamp(drawing, row->value), y, 5);
}

static void put_words(const struct drawing *drawing, const struct forest_row *row, double top,
                      double y)
{
    const char *tone = html_tone_class(row->tone);
    const char *word =
        arena_format(drawing->html->arena, "%s %s", html_tone_shape(row->tone), row->word);
    const char *class = arena_format(drawing->html->arena, "b %s", tone);
    double end = chart_width(drawing->form);
    bool narrow = drawing->form == CHART_NARROW;
    double room = narrow ? end - chart_text_width(word) - 16 : drawing->x.from - 14;
    const char *text = chart_text_within(drawing->html->arena, row->text, room);
    const char *detail =
        row->detail ? chart_text_within(drawing->html->arena, row->detail, narrow ? end : room)
                    : NULL;
    if (narrow) {
        put_text(drawing, "b", 0, top + 16, "start", text);
        put_text(drawing, class, end, top + 16, "end", word);
        if (detail)
            put_text(drawing, "t", 0, top + 33, "start", detail);
        return;
    }
    put_text(drawing, "b", 0, detail ? y - 4 : y + 5, "start", text);
    if (detail)
        put_text(drawing, "t", 0, y + 13, "start", detail);
    put_text(drawing, class, drawing->x.to + 14, y + 5, "start", word);
}

static void put_row(const struct drawing *drawing, const struct forest_row *row, double top)
{
    double y = top + drawing->top + (drawing->row - drawing->top) / 2;
    html_format(drawing->html,
                "<g class=\"pt\" tabindex=\"0\" role=\"img\"><title>%s</title><rect class=\"hit\" "
                "x=\"0\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\"/>",
                row->point, top, chart_width(drawing->form), drawing->row);
    put_words(drawing, row, top, y);
    put_interval(drawing, row, y);
    html_format(drawing->html, "</g>\n");
}

static void put_form(const struct html *html, const struct forest_chart *chart,
                     enum chart_form form)
{
    double width = chart_width(form), words = 0, verdicts = 0;
    for (uint32_t i = 0; i < chart->row_count; i++) {
        const struct forest_row *row = &chart->rows[i];
        words = fmax(words, chart_text_width(row->text));
        words = fmax(words, row->detail ? chart_text_width(row->detail) : 0);
        verdicts = fmax(verdicts, chart_text_width(row->word) + 26);
    }
    struct drawing drawing = {html, chart, form, {chart->low, chart->high, 10, width - 10}, 44, 0};
    if (form == CHART_WIDE) {
        drawing.x.from = fmin(words + 24, width * 0.42);
        drawing.x.to = width - verdicts - 14;
    } else {
        drawing.top = 40;
        drawing.row = 70;
    }
    double bottom = HEAD + chart->row_count * drawing.row;
    chart_begin(html, form, bottom + (chart->one ? 6 : FOOT), chart->name);
    put_axis(&drawing, bottom);
    for (uint32_t i = 0; i < chart->row_count; i++)
        put_row(&drawing, &chart->rows[i], HEAD + i * drawing.row);
    chart_end(html);
}

void forest_chart(const struct html *html, const struct forest_chart *chart)
{
    for (int form = 0; form < CHART_FORMS; form++)
        put_form(html, chart, (enum chart_form)form);
}
