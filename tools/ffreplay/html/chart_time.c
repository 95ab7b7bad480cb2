/* chart_time.c - metrics over time, and the little form of them that fits into a table's row. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"

#define TOP    24
#define BOTTOM 24
#define RIGHT  14
#define PLOT   168

struct plot {
    const struct html *html;
    const struct time_chart *chart;
    enum chart_form form;
    struct chart_scale x, y;
    struct chart_ticks ticks;
};

/* ------------------------------------------------------------------------------------- range -- */

struct range {
    double low, high;
};

static void include(struct range *range, double value)
{
    if (!isfinite(value))
        return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static void include_cut(struct range *range, double value, double least, double most)
{
    if (!isnan(value))
        include(range, fmin(fmax(value, least), most));
}

static const struct chart_part *part_of(const struct time_chart *chart, size_t at)
{
    uint32_t part = chart->part_count;
    while (part > 0 && chart->parts[part - 1].from >= chart->times[at])
        part--;
    return part > 0 ? &chart->parts[part - 1] : NULL;
}

/* Whether a point is of the first quarter of its part, or of the chart. */
static bool is_early(const struct time_chart *chart, size_t at)
{
    const struct chart_part *part = part_of(chart, at);
    size_t begin = at, end = at + 1;
    while (begin > 0 && part_of(chart, begin - 1) == part)
        begin--;
    while (end < chart->count && part_of(chart, end) == part)
        end++;
    return at - begin < (end - begin) / 4;
}

/*
 * Lines and limits are always seen, but for early points of what settles. Those, and a band, are
 * cut where they are three times as far away as the rest: at first, when little is known, they are
 * further than anything.
 */
static struct range range_of(const struct time_chart *chart)
{
    struct range range = {INFINITY, -INFINITY};
    for (size_t at = 0; at < chart->count; at++)
        for (uint32_t i = 0; i < chart->line_count && !(chart->settles && is_early(chart, at)); i++)
            include(&range, chart->lines[i].values[at]);
    for (uint32_t i = 0; i < chart->limit_count; i++)
        include(&range, chart->limits[i].value);
    if (chart->has_zero)
        include(&range, 0);
    if (range.low > range.high)
        return (struct range){0, 1};
    struct range seen = range;
    double most = fmax(range.high - range.low, fmax(fabs(range.high), fabs(range.low)) * 0.05);
    for (size_t at = 0; at < chart->count; at++) {
        for (uint32_t i = 0; i < chart->line_count; i++)
            include_cut(&range, chart->lines[i].values[at], seen.low - most, seen.high + most);
        if (!chart->low)
            continue;
        include_cut(&range, chart->low[at], seen.low - most, seen.high + most);
        include_cut(&range, chart->high[at], seen.low - most, seen.high + most);
    }
    if (range.low >= 0 && range.low < range.high * 0.6)
        range.low = 0;
    double room = (range.high - range.low) * 0.06;
    if (!(room > 0))
        room = fmax(fabs(range.high) * 0.1, 1e-9);
    range.high += room;
    if (range.low != 0)
        range.low -= room;
    return range;
}

/* -------------------------------------------------------------------------------------- axes -- */

static double place_x(const struct plot *plot, int64_t time)
{
    return chart_place(&plot->x, (double)time);
}

static void put_text(const struct plot *plot, const char *class, double x, double y,
                     const char *anchor, const char *text)
{
    html_format(plot->html,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", class, x,
                y, anchor, text);
}

static void put_axes(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    struct arena *arena = plot->html->arena;
    for (uint32_t i = 0; i < plot->ticks.count; i++) {
        double value = plot->ticks.first + i * plot->ticks.step;
        double y = chart_place(&plot->y, value);
        bool zero = fabs(value) < plot->ticks.step * 1e-6;
        html_format(plot->html,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    plot->x.from, plot->x.to, y, y);
        put_text(plot, "t", plot->x.from - 7, y + 4.5, "end",
                 chart->value_text(arena, chart->of, zero ? 0 : value));
    }
    struct chart_ticks times =
        chart_time_ticks(chart->from, chart->to, plot->form == CHART_WIDE ? 7 : 3);
    double last = -INFINITY;
    for (uint32_t i = 0; i < times.count; i++) {
        int64_t time = (int64_t)(times.first + i * times.step);
        const char *text = chart_time_text(arena, time, times.step);
        double x = place_x(plot, time), half = chart_text_width(text) / 2;
        if (x - half < last + 8 || x + half > plot->x.to + RIGHT)
            continue;
        last = x + half;
        html_format(plot->html,
                    "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
                    plot->y.from, plot->y.from + 4);
        put_text(plot, "t", x, plot->y.from + 19, "middle", text);
    }
}

/* -------------------------------------------------------------------------------------- data -- */

static double inside(const struct plot *plot, double value)
{
    return fmin(fmax(value, plot->y.low), plot->y.high);
}

static bool in_band(const struct time_chart *chart, size_t at)
{
    return !isnan(chart->low[at]) && !isnan(chart->high[at]) &&
           (isfinite(chart->low[at]) || isfinite(chart->high[at]));
}

/* A run of points of which it is known: there along the upper bound, back along the lower one. */
static void put_band(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    for (size_t begin = 0; chart->low && begin < chart->count; begin++) {
        if (!in_band(chart, begin))
            continue;
        size_t end = begin;
        while (end < chart->count && in_band(chart, end))
            end++;
        html_format(plot->html, "<path class=\"band\" d=\"M");
        for (size_t i = begin; i < end; i++)
            html_format(plot->html, "%.1f,%.1f ", place_x(plot, chart->times[i]),
                        chart_place(&plot->y, inside(plot, chart->high[i])));
        for (size_t i = end; i-- > begin;)
            html_format(plot->html, "%.1f,%.1f ", place_x(plot, chart->times[i]),
                        chart_place(&plot->y, inside(plot, chart->low[i])));
        html_format(plot->html, "Z\"/>\n");
        begin = end;
    }
}

/* Whether the line goes on from a point to the next one. */
static bool is_joined(const struct time_chart *chart, const double *values, size_t at)
{
    return at + 1 < chart->count && isfinite(values[at]) && isfinite(values[at + 1]) &&
           part_of(chart, at) == part_of(chart, at + 1);
}

static bool is_inside(const struct plot *plot, double value)
{
    return value >= plot->y.low && value <= plot->y.high;
}

/* Where, between two points, a line goes through the edge that is beside one of them. */
static void put_crossing(const struct plot *plot, const double *values, size_t at, double beyond,
                         char verb)
{
    double edge = beyond > plot->y.high ? plot->y.high : plot->y.low;
    double from = values[at - 1], to = values[at];
    double x = place_x(plot, plot->chart->times[at - 1]);
    double width = place_x(plot, plot->chart->times[at]) - x;
    html_format(plot->html, "%c%.1f,%.1f ", verb, x + width * (edge - from) / (to - from),
                chart_place(&plot->y, edge));
}

/* From the point before to this one, as far as it is inside. */
static void put_segment(const struct plot *plot, const double *values, size_t at)
{
    double from = values[at - 1], to = values[at];
    bool from_inside = is_inside(plot, from), to_inside = is_inside(plot, to);
    bool crosses =
        (from > plot->y.high && to < plot->y.low) || (from < plot->y.low && to > plot->y.high);
    if (!from_inside && (to_inside || crosses))
        put_crossing(plot, values, at, from, 'M');
    if (to_inside)
        html_format(plot->html, "L%.1f,%.1f ", place_x(plot, plot->chart->times[at]),
                    chart_place(&plot->y, to));
    else if (from_inside || crosses)
        put_crossing(plot, values, at, to, 'L');
}

static void put_path(const struct plot *plot, const double *values)
{
    const struct time_chart *chart = plot->chart;
    for (size_t i = 0; i < chart->count; i++) {
        if (i > 0 && is_joined(chart, values, i - 1))
            put_segment(plot, values, i);
        else if (is_inside(plot, values[i]))
            html_format(plot->html, "M%.1f,%.1f ", place_x(plot, chart->times[i]),
                        chart_place(&plot->y, values[i]));
    }
    html_format(plot->html, "\"/>\n");
}

/* A band's colour is too faint to say alone where it ends. */
static void put_bounds(const struct plot *plot)
{
    html_format(plot->html, "<path class=\"bound\" d=\"");
    put_path(plot, plot->chart->low);
    html_format(plot->html, "<path class=\"bound\" d=\"");
    put_path(plot, plot->chart->high);
}

static void put_line(const struct plot *plot, const struct chart_line *line)
{
    const struct time_chart *chart = plot->chart;
    html_format(plot->html, "<path class=\"v v%u\" d=\"", line->style % CHART_STYLES);
    put_path(plot, line->values);
    /* A point between two gaps is no line, and would not be seen. */
    for (size_t i = 0; i < chart->count; i++) {
        bool before = i > 0 && is_joined(chart, line->values, i - 1);
        if (is_inside(plot, line->values[i]) && !before && !is_joined(chart, line->values, i))
            chart_point(plot->html, line->style, place_x(plot, chart->times[i]),
                        chart_place(&plot->y, line->values[i]), 3);
    }
    if (chart->count > 0 && is_inside(plot, line->values[chart->count - 1]))
        chart_point(plot->html, line->style, place_x(plot, chart->times[chart->count - 1]),
                    chart_place(&plot->y, line->values[chart->count - 1]), 3.4);
}

/* Whether words there would stand on the end of a line. */
static bool is_near_end(const struct plot *plot, double y)
{
    const struct time_chart *chart = plot->chart;
    for (uint32_t i = 0; i < chart->line_count && chart->count > 0; i++) {
        double value = chart->lines[i].values[chart->count - 1];
        if (isfinite(value) && fabs(chart_place(&plot->y, value) - (y - 5)) < 14)
            return true;
    }
    return false;
}

static void put_limit(const struct plot *plot, const struct chart_limit *limit, uint32_t place)
{
    double y = chart_place(&plot->y, limit->value);
    html_format(plot->html,
                "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                limit->is_wanted ? "wanted" : "limit", plot->x.from, plot->x.to, y, y);
    double above = y < TOP + 12 ? y + 15 : y - 6;
    bool left = place % 2 == 1 || is_near_end(plot, above);
    for (uint32_t i = 0; i < place; i++) {
        double other = chart_place(&plot->y, plot->chart->limits[i].value);
        if (fabs(other - y) < 16 && i % 2 == place % 2)
            above = y + 15;
    }
    put_text(plot, limit->is_wanted ? "good b" : "bad b", left ? plot->x.from + 6 : plot->x.to,
             above, left ? "start" : "end", limit->text);
}

static void put_held(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    for (uint32_t i = 0; i < chart->held_count; i++) {
        if (chart->held[i].from >= chart->to || chart->held[i].to <= chart->from)
            continue;
        double from = fmax(place_x(plot, chart->held[i].from), plot->x.from);
        double to = fmin(place_x(plot, chart->held[i].to), plot->x.to);
        html_format(plot->html,
                    "<rect class=\"held\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"%.1f\"><title>%s</title></rect>\n",
                    from, plot->y.to, fmax(to - from, 2), plot->y.from - plot->y.to,
                    chart->held[i].text);
    }
}

static void put_mark(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    if (chart->mark >= chart->count || chart->line_count == 0)
        return;
    double x = place_x(plot, chart->times[chart->mark]);
    double value = chart->lines[0].values[chart->mark];
    html_format(
        plot->html,
        "<g data-mark=\"decided\"><line class=\"decide\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
        "y2=\"%.1f\"/>",
        x, x, plot->y.to - 6, plot->y.from);
    if (is_inside(plot, value))
        html_format(plot->html, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x,
                    chart_place(&plot->y, value));
    double half = chart_text_width(chart->mark_text) / 2;
    bool right = x + half > plot->x.to + RIGHT;
    put_text(plot, "b", right ? plot->x.to + RIGHT : fmax(x, plot->x.from + half), TOP - 11,
             right ? "end" : "middle", chart->mark_text);
    html_format(plot->html, "</g>\n");
}

/* Where each begins, and above it what it is, as far as there is room. */
static void put_parts(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    for (uint32_t i = 0; i < chart->part_count; i++) {
        const struct chart_part *part = &chart->parts[i];
        double from = place_x(plot, part->from), to = place_x(plot, part->to), room = to - from - 8;
        const char *text = chart_text_width(part->text) <= room    ? part->text
                           : chart_text_width(part->brief) <= room ? part->brief
                                                                   : NULL;
        html_format(plot->html,
                    "<g data-part=\"%s\"><line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" "
                    "y1=\"%.1f\" y2=\"%.1f\"/>",
                    part->text, from, from, plot->y.to - 8, plot->y.from);
        if (text)
            put_text(plot, "t", from + 4, TOP - 10, "start", text);
        html_format(plot->html, "</g>\n");
    }
}

/* Above all else, so that they can be pointed at: a slot a point. */
static void put_points(const struct plot *plot)
{
    const struct time_chart *chart = plot->chart;
    double left = plot->x.from;
    for (size_t i = 0; i < chart->count; i++) {
        double x = place_x(plot, chart->times[i]);
        double right =
            i + 1 < chart->count ? (x + place_x(plot, chart->times[i + 1])) / 2 : plot->x.to;
        html_format(plot->html,
                    "<g class=\"pt\" tabindex=\"0\" role=\"img\"><title>%s</title><rect "
                    "class=\"hit\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                    chart->points[i], left, plot->y.to, fmax(right - left, 0.1),
                    plot->y.from - plot->y.to);
        for (uint32_t line = 0; line < chart->line_count; line++) {
            double value = chart->lines[line].values[i];
            if (is_inside(plot, value))
                html_format(
                    plot->html, "<circle class=\"dot c s%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
                    chart->lines[line].style % CHART_STYLES, x, chart_place(&plot->y, value));
        }
        html_format(plot->html, "</g>\n");
        left = right;
    }
}

static void put_form(const struct html *html, const struct time_chart *chart, enum chart_form form)
{
    struct plot plot = {.html = html, .chart = chart, .form = form};
    struct range range = range_of(chart);
    plot.ticks = chart_ticks(range.low, range.high, 5);
    double left = 0;
    for (uint32_t i = 0; i < plot.ticks.count; i++) {
        double value = plot.ticks.first + i * plot.ticks.step;
        left = fmax(left, chart_text_width(chart->value_text(html->arena, chart->of, value)));
    }
    plot.x = (struct chart_scale){(double)chart->from, (double)chart->to, left + 10,
                                  chart_width(form) - RIGHT};
    plot.y = (struct chart_scale){range.low, range.high, TOP + PLOT, TOP};
    chart_begin(html, form, TOP + PLOT + BOTTOM, chart->name);
    put_axes(&plot);
    put_band(&plot);
    if (chart->low)
        put_bounds(&plot);
    put_held(&plot);
    if (chart->has_zero) {
        double y = chart_place(&plot.y, 0);
        html_format(html,
                    "<line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                    plot.x.from, plot.x.to, y, y);
    }
    for (uint32_t i = chart->line_count; i-- > 0;)
        put_line(&plot, &chart->lines[i]);
    for (uint32_t i = 0; i < chart->limit_count; i++)
        put_limit(&plot, &chart->limits[i], i);
    put_parts(&plot);
    put_mark(&plot);
    put_points(&plot);
    chart_end(html);
}

void time_chart(const struct html *html, const struct time_chart *chart)
{
    for (int form = 0; form < CHART_FORMS; form++)
        put_form(html, chart, (enum chart_form)form);
}

void spark_chart(const struct html *html, const struct time_chart *chart)
{
    struct plot plot = {.html = html, .chart = chart, .form = CHART_NARROW};
    struct range range = range_of(chart);
    plot.x = (struct chart_scale){(double)chart->from, (double)chart->to, 3, 107};
    plot.y = (struct chart_scale){range.low, range.high, 25, 3};
    html_format(html,
                "<svg class=\"spark\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 110 28\" "
                "role=\"img\" aria-label=\"%s\">",
                chart->name);
    if (chart->has_zero)
        html_format(html, "<line class=\"axis\" x1=\"3\" x2=\"107\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    chart_place(&plot.y, 0), chart_place(&plot.y, 0));
    for (uint32_t i = 0; i < chart->limit_count; i++) {
        double y = chart_place(&plot.y, chart->limits[i].value);
        html_format(html, "<line class=\"%s\" x1=\"3\" x2=\"107\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    chart->limits[i].is_wanted ? "wanted" : "limit", y, y);
    }
    for (uint32_t i = chart->line_count; i-- > 0;)
        put_line(&plot, &chart->lines[i]);
    html_format(html, "</svg>");
}
