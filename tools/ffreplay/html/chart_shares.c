/* chart_shares.c - how values are distributed, and how many there are of each kind. */
#include <math.h>

#include "chart.h"
#include "compiler/base/arena.h"

#define TOP    14
#define PLOT   180
#define BOTTOM 26
#define LEFT   48

const double share_levels[SHARE_LEVELS] = {
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,   0.25, 0.3,  0.35, 0.4,  0.45,  0.5,  0.55,
    0.6,   0.65,  0.7,  0.75,  0.8,  0.85, 0.9,  0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999};
const double share_marks[SHARE_MARKS] = {0.5, 0.9, 0.95, 0.99};

struct drawing {
    const struct html *html;
    const struct share_chart *chart;
    enum chart_form form;
    struct chart_scale x, y;
};

static void put_axes(const struct drawing *drawing)
{
    struct arena *arena = drawing->html->arena;
    for (int share = 0; share <= 100; share += 25) {
        double y = chart_place(&drawing->y, share / 100.0);
        html_format(drawing->html,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                    "class=\"t\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n",
                    drawing->x.from, drawing->x.to, y, y, drawing->x.from - 7, y + 4.5, share);
    }
    struct chart_ticks ticks =
        chart_ticks(drawing->x.low, drawing->x.high, drawing->form == CHART_WIDE ? 6 : 3);
    for (uint32_t i = 0; i < ticks.count; i++) {
        double value = ticks.first + i * ticks.step, x = chart_place(&drawing->x, value);
        const char *text =
            drawing->chart->value_text(arena, drawing->chart->of, fabs(value) < 1e-12 ? 0 : value);
        bool last = x + chart_text_width(text) / 2 > chart_width(drawing->form);
        html_format(drawing->html,
                    "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                    "class=\"t\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                    x, x, drawing->y.from, drawing->y.from + 4,
                    last ? chart_width(drawing->form) : x, drawing->y.from + 19,
                    last ? "end" : "middle", text);
    }
}

static void put_curve(const struct drawing *drawing, const struct share_curve *curve)
{
    const struct share_chart *chart = drawing->chart;
    html_format(drawing->html, "<path class=\"v v%u\" d=\"M", curve->style % CHART_STYLES);
    for (size_t i = 0; i < chart->level_count; i++)
        html_format(drawing->html, "%.1f,%.1f ",
                    chart_place(&drawing->x, fmin(curve->values[i], drawing->x.high)),
                    chart_place(&drawing->y, chart->levels[i]));
    html_format(drawing->html, "\"/>\n");
}

static const char *share_text(struct arena *arena, double level)
{
    return arena_format(arena, "%.4g %%", level * 100);
}

/* A point for each curve and level that is marked. */
static void put_marks(const struct drawing *drawing, const struct share_curve *curve)
{
    const struct share_chart *chart = drawing->chart;
    struct arena *arena = drawing->html->arena;
    for (size_t mark = 0; mark < chart->marked_count; mark++)
        for (size_t i = 0; i < chart->level_count; i++) {
            if (chart->levels[i] != chart->marked[mark] || curve->values[i] > drawing->x.high)
                continue;
            double x = chart_place(&drawing->x, curve->values[i]);
            double y = chart_place(&drawing->y, chart->levels[i]);
            html_format(
                drawing->html,
                "<g class=\"pt\" tabindex=\"0\" role=\"img\"><title>%s: %s of the values are "
                "at most %s</title><rect class=\"hit\" x=\"%.1f\" y=\"%.1f\" width=\"20\" "
                "height=\"20\"/>",
                curve->name, share_text(arena, chart->levels[i]),
                chart->value_text(arena, chart->of, curve->values[i]), x - 10, y - 10);
            chart_point(drawing->html, curve->style, x, y, 4);
            html_format(drawing->html, "</g>\n");
        }
}

/* The tail beyond 99.5 % would leave the rest at the edge. */
static struct chart_scale values_of(const struct share_chart *chart, enum chart_form form)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < chart->curve_count; i++)
        for (size_t level = 0; level < chart->level_count; level++)
            if (chart->levels[level] <= 0.995) {
                low = fmin(low, chart->curves[i].values[level]);
                high = fmax(high, chart->curves[i].values[level]);
            }
    if (low >= 0 && low < high / 2)
        low = 0;
    if (!(high > low))
        high = low + 1;
    return (struct chart_scale){low, high, LEFT, chart_width(form) - 16};
}

void share_chart(const struct html *html, const struct share_chart *chart)
{
    for (int form = 0; form < CHART_FORMS; form++) {
        struct drawing drawing = {html,
                                  chart,
                                  (enum chart_form)form,
                                  values_of(chart, (enum chart_form)form),
                                  {0, 1, TOP + PLOT, TOP}};
        chart_begin(html, drawing.form, TOP + PLOT + BOTTOM, chart->name);
        put_axes(&drawing);
        for (uint32_t i = chart->curve_count; i-- > 0;)
            put_curve(&drawing, &chart->curves[i]);
        for (uint32_t i = chart->curve_count; i-- > 0;)
            put_marks(&drawing, &chart->curves[i]);
        chart_end(html);
    }
}

/* ------------------------------------------------------------------------------------ counts -- */

#define COUNT_ROW 30

static void put_count(const struct html *html, const struct count_bar *bar,
                      const struct chart_scale *scale, enum chart_form form, double top)
{
    double y = top + (form == CHART_WIDE ? 6 : 22);
    double to = chart_place(scale, bar->value);
    const char *class =
        bar->style < CHART_STYLES ? arena_format(html->arena, "f%u", bar->style) : "bar";
    html_format(html, "<text class=\"%s\" x=\"0\" y=\"%.1f\">%s</text>",
                bar->style < CHART_STYLES ? "b" : "", top + 17,
                chart_text_within(html->arena, bar->text,
                                  form == CHART_WIDE ? scale->from - 8
                                                     : chart_width(form) -
                                                           chart_text_width(bar->value_text) - 12));
    html_format(html, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"16\"/>",
                class, scale->from, y, fmax(to - scale->from, 1));
    if (isfinite(bar->expected))
        html_format(html,
                    "<line class=\"decide\" data-expected=\"\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
                    "y2=\"%.1f\"/>",
                    chart_place(scale, bar->expected), chart_place(scale, bar->expected), y - 4,
                    y + 20);
    if (form == CHART_WIDE)
        html_format(html, "<text class=\"t\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                    fmax(to, isfinite(bar->expected) ? chart_place(scale, bar->expected) : 0) + 9,
                    top + 19, bar->value_text);
    else
        html_format(html, "<text class=\"t\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                    chart_width(form), top + 17, bar->value_text);
}

void count_chart(const struct html *html, const char *name, const struct count_bar *bars,
                 uint32_t count)
{
    double most = 1, words = 0, values = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = fmax(most, fmax(bars[i].value, isfinite(bars[i].expected) ? bars[i].expected : 0));
        words = fmax(words, chart_text_width(bars[i].text));
        values = fmax(values, chart_text_width(bars[i].value_text));
    }
    for (int form = 0; form < CHART_FORMS; form++) {
        bool wide = form == CHART_WIDE;
        double width = chart_width((enum chart_form)form), row = wide ? COUNT_ROW : COUNT_ROW + 18;
        struct chart_scale scale = {0, most, wide ? fmin(words + 16, width * 0.4) : 0,
                                    wide ? width - values - 18 : width - 6};
        chart_begin(html, (enum chart_form)form, count * row + 4, name);
        for (uint32_t i = 0; i < count; i++)
            put_count(html, &bars[i], &scale, (enum chart_form)form, i * row);
        chart_end(html);
    }
}
