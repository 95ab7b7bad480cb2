/* analyze_html_values.c - how the values behind an experiment's metrics are distributed. */
#include <inttypes.h>
#include <math.h>

#include "analyze_html.h"
#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/analysis/unit_spread.h"
#include "tools/ffreplay/html/chart.h"
#include "tools/ffreplay/metrics/metric_text.h"

/* Arms that are drawn; of more, only the numbers are told. */
#define DRAWN_MOST CHART_STYLES

struct values_drawing {
    const struct conclusion *conclusion;
    const struct judged_metric *judged;
    struct unit_spread spreads[ARMS_MOST];
    double values[ARMS_MOST][SHARE_LEVELS];
    uint32_t order[ARMS_MOST], count; /* arms that have values: variants, then control */
};

static const char *axis_text(struct arena *arena, const void *of, double value)
{
    return estimate_text(arena, of, value);
}

static void gather(struct values_drawing *drawing, uint32_t metric)
{
    const struct conclusion *conclusion = drawing->conclusion;
    uint32_t control = conclusion->arms->control;
    for (uint32_t i = 0; i < conclusion->arms->count; i++) {
        uint32_t arm = i + 1 == conclusion->arms->count ? control : i < control ? i : i + 1;
        drawing->spreads[arm] =
            unit_spread_of(conclusion->outcomes, &conclusion->units, metric, arm, share_levels,
                           drawing->values[arm], SHARE_LEVELS);
        if (drawing->spreads[arm].count > drawing->spreads[arm].idle)
            drawing->order[drawing->count++] = arm;
    }
}

static const char *level_text(const struct values_drawing *drawing, struct arena *arena,
                              size_t level)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < drawing->count; i++) {
        uint32_t arm = drawing->order[i];
        text = arena_format(
            arena, "%s%s%s in %s", text ? text : "", text ? ", " : "",
            estimate_text(arena, drawing->judged->measure->metric, drawing->values[arm][level]),
            drawing->conclusion->names[arm]);
    }
    return text;
}

static const char *caption_of(const struct values_drawing *drawing, struct arena *arena)
{
    const char *text = NULL, *idle = NULL;
    for (size_t level = 0; level < SHARE_LEVELS; level++)
        if (share_levels[level] == 0.5 || share_levels[level] == 0.95)
            text = arena_format(arena, "%s%g %% are at most %s",
                                text ? arena_format(arena, "%s; ", text) : "",
                                share_levels[level] * 100, level_text(drawing, arena, level));
    for (uint32_t i = 0; i < drawing->count; i++) {
        const struct unit_spread *spread = &drawing->spreads[drawing->order[i]];
        if (spread->idle > 0)
            idle = arena_format(arena, "%s%s%.3g %% in %s", idle ? idle : "", idle ? ", " : "",
                                100 * (double)spread->idle / (double)spread->count,
                                drawing->conclusion->names[drawing->order[i]]);
    }
    return arena_format(arena, "%s.%s%s%s", text, idle ? " Nothing measured, and so 0: " : "",
                        idle ? idle : "", idle ? "." : "");
}

static const char *note_of(const struct values_drawing *drawing, struct arena *arena)
{
    const struct judged_metric *judged = drawing->judged;
    const struct metric *metric = judged->measure->metric;
    double cap = metric->cap > 0 ? metric->cap : judged->winsorized.cap;
    const char *capped = isnan(cap) ? ""
                                    : arena_format(arena, " More than %s counts as that.",
                                                   estimate_text(arena, metric, cap));
    return arena_format(arena,
                        "The share of %s whose value is at most so large; points at 50, 90, 95 and "
                        "99 %%. The last 0.5 %% are in the numbers only.%s",
                        drawing->spreads[drawing->order[0]].of_units ? "units" : "lines", capped);
}

static struct html_table table_of(const struct values_drawing *drawing, const struct html *html)
{
    struct arena *arena = html->arena;
    const struct metric *metric = drawing->judged->measure->metric;
    char *alignment = arena_text(arena, drawing->count + 1);
    struct html_table table = {.alignment = alignment};
    html_cell(html, &table, "share");
    alignment[0] = 'l';
    for (uint32_t i = 0; i < drawing->count; i++) {
        alignment[i + 1] = 'r';
        html_cell(
            html, &table,
            arena_format(arena, "at most, in %s", drawing->conclusion->names[drawing->order[i]]));
    }
    html_cell(html, &table, "all");
    for (uint32_t i = 0; i < drawing->count; i++)
        html_cell(html, &table,
                  arena_format(arena, "%" PRIu64 " %s", drawing->spreads[drawing->order[i]].count,
                               drawing->spreads[drawing->order[i]].of_units ? "units" : "lines"));
    for (size_t level = 0; level < SHARE_LEVELS; level++) {
        html_cell(html, &table, arena_format(arena, "%g %%", share_levels[level] * 100));
        for (uint32_t i = 0; i < drawing->count; i++)
            html_cell(html, &table,
                      estimate_text(arena, metric, drawing->values[drawing->order[i]][level]));
    }
    return table;
}

static void put_values(const struct values_drawing *drawing, const struct html *html)
{
    const struct conclusion *conclusion = drawing->conclusion;
    const struct metric *metric = drawing->judged->measure->metric;
    const char *name = metric->name.text;
    struct arena *arena = html->arena;
    struct share_curve curves[DRAWN_MOST];
    bool drawn = conclusion->arms->count <= DRAWN_MOST;
    figure_begin(html, &(struct figure){.chart = "distribution",
                                        .of = name,
                                        .title = arena_format(arena, "Values of %s", name),
                                        .caption = caption_of(drawing, arena),
                                        .note = note_of(drawing, arena)});
    for (uint32_t i = 0; i < drawing->count && drawn; i++) {
        uint32_t arm = drawing->order[i];
        curves[i] = (struct share_curve){analyze_style(conclusion, arm), conclusion->names[arm],
                                         drawing->values[arm]};
    }
    if (drawn) {
        analyze_html_key(conclusion, html);
        share_chart(html,
                    &(struct share_chart){.name = arena_format(arena, "Distribution of %s", name),
                                          .levels = share_levels,
                                          .level_count = SHARE_LEVELS,
                                          .curves = curves,
                                          .curve_count = drawing->count,
                                          .marked = share_marks,
                                          .marked_count = SHARE_MARKS,
                                          .value_text = axis_text,
                                          .of = metric});
    } else {
        html_format(html, "<p class=\"note\">More variants than can be told apart: see the "
                          "numbers.</p>\n");
    }
    const struct html_table table = table_of(drawing, html);
    figure_end(html, drawn ? FIGURE_POINTS : FIGURE_PLAIN, &table,
               arena_format(arena, "Quantiles of %s", name));
}

void analyze_html_values(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    bool begun = false;
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        struct values_drawing drawing = {.conclusion = conclusion,
                                         .judged = &conclusion->metrics[i]};
        if (!metric_has_values(drawing.judged->measure->metric))
            continue;
        gather(&drawing, i);
        if (drawing.count == 0)
            continue;
        if (!begun)
            html_format(html, "<h2>How values are distributed</h2>\n");
        begun = true;
        put_values(&drawing, html);
    }
}
