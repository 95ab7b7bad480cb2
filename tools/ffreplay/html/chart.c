/* chart.c - what all charts have in common: figures, forms, scales, points. See chart.h. */
#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"

/* ----------------------------------------------------------------------------------- figures -- */

void figure_begin(const struct html *html, const struct figure *figure)
{
    html_format(html, "<figure data-chart=\"%s\"", figure->chart);
    if (figure->of)
        html_format(html, " data-of=\"%s\"", figure->of);
    html_format(html, ">\n<figcaption>\n<div class=\"title\"><h3>%s</h3>", figure->title);
    if (figure->word)
        html_verdict(html, figure->tone, figure->word);
    html_format(html, "</div>\n<p>%s</p>\n", figure->caption);
    if (figure->note)
        html_format(html, "<p class=\"note\">%s</p>\n", figure->note);
    html_format(html, "</figcaption>\n");
}

void figure_end(const struct html *html, enum figure_points points, const struct html_table *table,
                const char *name)
{
    if (points == FIGURE_POINTS)
        html_format(html, "<p class=\"readout\" aria-live=\"polite\"></p>\n");
    if (table)
        html_hidden_table(html, table, name);
    html_format(html, "</figure>\n");
}

/* ------------------------------------------------------------------------------------- forms -- */

double chart_width(enum chart_form form)
{
    return form == CHART_WIDE ? 820 : 340;
}

void chart_begin(const struct html *html, enum chart_form form, double height, const char *name)
{
    html_format(html,
                "<svg class=\"chart %s\" viewBox=\"0 0 %.0f %.0f\" role=\"group\" "
                "aria-label=\"%s\" xmlns=\"http://www.w3.org/2000/svg\">\n",
                form == CHART_WIDE ? "wide" : "narrow", chart_width(form), height, name);
}

void chart_end(const struct html *html)
{
    html_format(html, "</svg>\n");
}

double chart_text_width(const char *text)
{
    /* Of 13 pixels, in a wide face. */
    double width = 8.2 * (double)terminal_width(text);
    for (const char *at = text; *at; at++)
        width += *at == '%' ? 4.2 : *at == '+' ? 2.7 : 0;
    return width;
}

/* Where character `number` of a text begins. */
static const char *place_of_character(const char *text, size_t number)
{
    while (number > 0 && *text) {
        text++;
        number -= ((unsigned char)*text & 0xc0) != 0x80;
    }
    return text;
}

const char *chart_text_within(struct arena *arena, const char *text, double width)
{
    size_t count = 0;
    for (const char *at = text; *at; at = place_of_character(at, 1))
        count++;
    for (size_t left = count; chart_text_width(text) > width && left > 2; left--) {
        size_t head = left / 2, tail = left - 1 - head;
        const char *shorter =
            arena_format(arena, "%.*s…%s", (int)(place_of_character(text, head) - text), text,
                         place_of_character(text, count - tail));
        if (chart_text_width(shorter) <= width)
            return shorter;
    }
    return text;
}

void chart_point(const struct html *html, uint32_t style, double x, double y, double radius)
{
    double r = radius;
    style %= CHART_STYLES;
    switch (style) {
    case 0: /* a square */
        html_format(html,
                    "<rect class=\"f0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                    x - r * .9, y - r * .9, r * 1.8, r * 1.8);
        break;
    case 2: /* a triangle */
    case 5:
        html_format(html, "<path class=\"f%u\" d=\"M%.1f,%.1f l%.1f,%.1f h%.1f z\"/>", style, x,
                    y - r * 1.2, r * 1.2, r * 2.1, -r * 2.4);
        break;
    case 3: /* a diamond */
        html_format(html,
                    "<path class=\"f3\" d=\"M%.1f,%.1f l%.1f,%.1f l%.1f,%.1f l%.1f,%.1f z\"/>", x,
                    y - r * 1.3, r * 1.3, r * 1.3, -r * 1.3, r * 1.3, -r * 1.3, -r * 1.3);
        break;
    default:
        html_format(html, "<circle class=\"f%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", style, x, y,
                    r);
        break;
    }
}

void chart_key(const struct html *html, const char *const *names, uint32_t count, const char *band)
{
    html_format(html, "<ul class=\"key\">");
    for (uint32_t i = 0; i < count; i++) {
        /* What is best known comes first; control last. */
        uint32_t style = i + 1 < count ? i + 1 : 0;
        html_format(html,
                    "<li><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 30 12\" "
                    "aria-hidden=\"true\"><path class=\"v v%u\" "
                    "d=\"M0,6 H30\"/>",
                    style % CHART_STYLES);
        chart_point(html, style, 15, 6, 3.4);
        html_format(html, "</svg>%s</li>", names[style]);
    }
    if (band)
        html_format(html,
                    "<li><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 30 12\" "
                    "aria-hidden=\"true\"><rect class=\"band\" x=\"0\" "
                    "y=\"0\" width=\"30\" height=\"12\"/></svg>%s</li>",
                    band);
    html_format(html, "</ul>\n");
}

/* ------------------------------------------------------------------------------------ scales -- */

double chart_place(const struct chart_scale *scale, double value)
{
    double range = scale->high - scale->low;
    double part = range > 0 ? (value - scale->low) / range : 0.5;
    return scale->from + part * (scale->to - scale->from);
}

struct chart_ticks chart_ticks(double low, double high, uint32_t about)
{
    double rough = (high - low) / (about ? about : 1);
    if (!(rough > 0) || !isfinite(rough))
        return (struct chart_ticks){.first = low, .step = 1, .count = 1};
    double power = pow(10, floor(log10(rough)));
    static const double steps[] = {1, 2, 2.5, 5, 10};
    double step = 10 * power;
    for (size_t i = sizeof steps / sizeof *steps; i-- > 0;)
        if (steps[i] * power >= rough * (1 - 1e-9))
            step = steps[i] * power;
    double first = ceil(low / step - 1e-9) * step;
    return (struct chart_ticks){first, step, (uint32_t)floor((high - first) / step + 1e-9) + 1};
}

#define MINUTE 60000.0
#define DAY    (1440 * MINUTE)

struct chart_ticks chart_time_ticks(int64_t from, int64_t to, uint32_t about)
{
    static const double steps[] = {
        MINUTE / 6,  MINUTE / 2,  MINUTE,      2 * MINUTE,   5 * MINUTE,   10 * MINUTE,
        15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE, 180 * MINUTE, 360 * MINUTE,
        DAY / 2,     DAY,         2 * DAY,     3 * DAY,      7 * DAY,      14 * DAY,
        28 * DAY,    56 * DAY,    84 * DAY,    182 * DAY,    364 * DAY};
    size_t last = sizeof steps / sizeof *steps - 1, place = 0;
    double rough = (double)(to - from) / (about ? about : 1);
    while (place < last && steps[place] < rough)
        place++;
    double step = steps[place];
    while (place == last && step < rough)
        step *= 2;
    double first = ceil((double)from / step) * step;
    return (struct chart_ticks){
        first, step, (double)to < first ? 0 : (uint32_t)floor(((double)to - first) / step) + 1};
}

/* In parts, of the form that format_time() has: "2026-11-20T10:00:00Z". */
struct moment {
    char text[32];
    const char *month;
    int day;
};

static struct moment moment_of(int64_t time)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct moment moment = {.month = NULL};
    format_time(time, moment.text, sizeof moment.text);
    if (!time_can_be_written(time))
        return moment;
    long month = strtol(moment.text + 5, NULL, 10);
    moment.month = months[(month - 1) % 12];
    moment.day = (int)strtol(moment.text + 8, NULL, 10);
    return moment;
}

const char *chart_time_text(struct arena *arena, int64_t time, double step)
{
    struct moment moment = moment_of(time);
    if (!moment.month)
        return arena_format(arena, "%s", moment.text);
    if (step >= DAY || strncmp(moment.text + 11, "00:00:00", 8) == 0)
        return arena_format(arena, "%d %s", moment.day, moment.month);
    return arena_format(arena, "%.*s", step < MINUTE ? 8 : 5, moment.text + 11);
}

const char *chart_moment_text(struct arena *arena, int64_t time)
{
    struct moment moment = moment_of(time);
    if (!moment.month)
        return arena_format(arena, "%s", moment.text);
    bool whole = strncmp(moment.text + 17, "00", 2) == 0;
    return arena_format(arena, "%d %s %.*s", moment.day, moment.month, whole ? 5 : 8,
                        moment.text + 11);
}

const char *chart_date_text(struct arena *arena, int64_t time)
{
    struct moment moment = moment_of(time);
    if (!moment.month)
        return arena_format(arena, "%s", moment.text);
    return arena_format(arena, "%d %s %.4s", moment.day, moment.month, moment.text);
}

const char *chart_stamp_text(struct arena *arena, int64_t time)
{
    struct moment moment = moment_of(time);
    if (!moment.month)
        return arena_format(arena, "%s", moment.text);
    return arena_format(arena, "%d %s %.4s, %.5s UTC", moment.day, moment.month, moment.text,
                        moment.text + 11);
}
