/*
 * chart_stages.c - a rollout's stages on a time axis.
 *
 * Those that are to come have no time yet; they stand behind the axis, in a part of their own. A
 * bar's words stand in it where they fit, and every change has a number, which is explained below.
 */
#include <math.h>

#include "chart.h"
#include "compiler/base/arena.h"

#define TOP  30
#define BAR  34
#define NEXT 74 /* the width of one that is to come */

struct drawing {
    const struct html *html;
    const struct stage_chart *chart;
    enum chart_form form;
    struct chart_scale x;
    double axis; /* where it stands */
};

static double clamp(const struct drawing *drawing, int64_t time)
{
    double x = chart_place(&drawing->x, (double)time);
    return fmin(fmax(x, drawing->x.from), drawing->x.to);
}

static void put_bar(const struct drawing *drawing, const struct stage_bar *bar, double from,
                    double to)
{
    static const char *const classes[] = {
        [BAR_DONE] = "done", [BAR_PAUSED] = "paused", [BAR_NOW] = "now", [BAR_NEXT] = "next"};
    double width = fmax(to - from - 2, 1);
    html_format(drawing->html,
                "<g class=\"pt\" tabindex=\"0\" role=\"img\"><title>%s</title><rect class=\"stage "
                "%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"4\"/>",
                bar->detail, classes[bar->kind], from, (double)TOP, width, BAR);
    const char *text = chart_text_width(bar->text) + 10 <= width    ? bar->text
                       : chart_text_width(bar->brief) + 10 <= width ? bar->brief
                                                                    : NULL;
    if (text)
        html_format(drawing->html, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                    bar->kind == BAR_NEXT ? "t" : "b", from + 7, TOP + BAR / 2 + 5.0, text);
    html_format(drawing->html, "</g>\n");
}

static void put_bars(const struct drawing *drawing, uint32_t next)
{
    const struct stage_chart *chart = drawing->chart;
    double end = chart_width(drawing->form);
    double step = next ? (end - drawing->x.to - 6) / next : 0;
    uint32_t to_come = 0;
    for (uint32_t i = 0; i < chart->bar_count; i++) {
        const struct stage_bar *bar = &chart->bars[i];
        if (bar->kind == BAR_NEXT) {
            double from = drawing->x.to + 6 + step * to_come++;
            put_bar(drawing, bar, from, from + step);
        } else {
            put_bar(drawing, bar, clamp(drawing, bar->from), clamp(drawing, bar->to));
        }
    }
}

static void put_held(const struct drawing *drawing)
{
    const struct stage_chart *chart = drawing->chart;
    for (uint32_t i = 0; i < chart->held_count; i++) {
        double from = clamp(drawing, chart->held[i].from), to = clamp(drawing, chart->held[i].to);
        html_format(drawing->html,
                    "<g data-held=\"\"><title>%s</title><rect class=\"held\" x=\"%.1f\" y=\"%d\" "
                    "width=\"%.1f\" height=\"%d\"/></g>\n",
                    chart->held[i].text, from, TOP - 5, fmax(to - from, 3), BAR + 10);
    }
}

/* Numbers of changes that are close together stand in two rows, then side by side. */
static void put_marks(const struct drawing *drawing)
{
    double taken[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < drawing->chart->mark_count; i++) {
        const struct stage_mark *mark = &drawing->chart->marks[i];
        double x = clamp(drawing, mark->at), width = chart_text_width(mark->text) + 6;
        double middle = fmin(fmax(x, width / 2), chart_width(drawing->form) - width / 2);
        int row = middle - width / 2 >= taken[0] ? 0 : middle - width / 2 >= taken[1] ? 1 : 0;
        if (middle - width / 2 < taken[row])
            middle = taken[row] + width / 2;
        taken[row] = middle + width / 2;
        html_format(
            drawing->html,
            "<g class=\"pt\" tabindex=\"0\" role=\"img\"><title>%s</title><line "
            "class=\"decide\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/><text class=\"b\" "
            "x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text></g>\n",
            mark->detail, x, x, TOP - 4, TOP + BAR + 4, middle, row == 0 ? TOP - 9.0 : 11.0,
            mark->text);
    }
}

static void put_axis(const struct drawing *drawing)
{
    const struct stage_chart *chart = drawing->chart;
    struct arena *arena = drawing->html->arena;
    struct chart_ticks ticks =
        chart_time_ticks(chart->from, chart->to, drawing->form == CHART_WIDE ? 7 : 3);
    html_format(drawing->html,
                "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                drawing->x.from, drawing->x.to, drawing->axis, drawing->axis);
    double last = -INFINITY;
    for (uint32_t i = 0; i < ticks.count; i++) {
        int64_t time = (int64_t)(ticks.first + i * ticks.step);
        const char *text = chart_time_text(arena, time, ticks.step);
        double x = chart_place(&drawing->x, (double)time), half = chart_text_width(text) / 2;
        double middle = fmax(x, half);
        if (middle - half < last + 8)
            continue;
        last = middle + half;
        html_format(drawing->html,
                    "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                    "class=\"t\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                    x, x, drawing->axis, drawing->axis + 4, middle, drawing->axis + 18, text);
    }
}

static void put_form(const struct html *html, const struct stage_chart *chart, enum chart_form form)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < chart->bar_count; i++)
        next += chart->bars[i].kind == BAR_NEXT;
    double width = chart_width(form), most = width * (next == chart->bar_count ? 1 : 0.4);
    double room = next ? fmin(next * (double)(form == CHART_WIDE ? NEXT + 26 : NEXT), most) : 0;
    struct drawing drawing = {html,
                              chart,
                              form,
                              {(double)chart->from, (double)chart->to, 1, width - 1 - room},
                              TOP + BAR + 12};
    bool has_time = next < chart->bar_count;
    chart_begin(html, form, has_time ? drawing.axis + 24 : TOP + BAR + 4.0, chart->name);
    put_bars(&drawing, next);
    if (has_time)
        put_axis(&drawing);
    put_held(&drawing);
    put_marks(&drawing);
    chart_end(html);
}

void stage_chart(const struct html *html, const struct stage_chart *chart)
{
    for (int form = 0; form < CHART_FORMS; form++)
        put_form(html, chart, (enum chart_form)form);
}
