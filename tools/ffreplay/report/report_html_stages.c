/* report_html_stages.c - a metric in every stage since the canary was started. */
#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "report_html.h"
#include "tools/ffreplay/canary/reasons_bound.h"
#include "tools/ffreplay/html/chart.h"

struct whole_drawing {
    const struct report_page *page;
    const struct metric *metric;
    struct whole_course course;
    struct time_chart chart;
};

static const char *said(const struct whole_drawing *drawing, const struct course_value *value)
{
    return isnan(value->value)
               ? "not measured"
               : estimate_text(drawing->page->html->arena, drawing->metric, value->value);
}

static const char *axis_text(struct arena *arena, const void *of, double value)
{
    return estimate_text(arena, of, value);
}

static const char *stage_text(const struct whole_drawing *drawing, uint32_t stage)
{
    const struct canary *canary = drawing->page->verdict->analysis->subject.canary;
    return arena_format(
        drawing->page->html->arena, "%s %s", canary->stages[stage].name.text,
        percent_text(drawing->page->html->arena,
                     canary->instant ? PERCENT_ALL : canary->stages[stage].percent));
}

/* "first 5%: canary 1.2 %, control 1.1 %; …" */
static const char *caption_of(const struct whole_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const char *text = "At the end of each stage: ";
    for (uint32_t i = 0; i < drawing->course.count; i++) {
        const struct stage_course *stage = &drawing->course.stages[i];
        const struct stage_point *last = stage->count ? &stage->points[stage->count - 1] : NULL;
        bool measured = last && !(isnan(last->canary.value) && isnan(last->control.value));
        text = arena_format(
            arena, "%s%s%s: %s", text, i > 0 ? "; " : "", stage_text(drawing, stage->stage),
            measured ? arena_format(arena, "canary %s, control %s", said(drawing, &last->canary),
                                    said(drawing, &last->control))
                     : "not measured");
    }
    return arena_format(arena, "%s.", text);
}

static const char *note_of(const struct whole_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const struct analysis *analysis = drawing->page->verdict->analysis;
    struct origins origins = {.before_edit = 0};
    for (uint32_t i = 0; i < analysis->past.count; i++) {
        const struct origins of = past_stage_origins(&analysis->past.items[i], analysis->log_count);
        origins_join(&origins, &of);
    }
    const char *assigned = origins_text(&origins, arena);
    const char *older =
        analysis->past.left_out
            ? arena_format(arena, " %u older stages are left out.", analysis->past.left_out)
            : "";
    return arena_format(arena,
                        "A point is everything since its stage began, up to then. Only the last "
                        "stage counts for the verdict.%s%s%s%s",
                        older, assigned ? " Who was served what before was worked out again: " : "",
                        assigned ? assigned : "", assigned ? "." : "");
}

static struct html_table table_of(const struct whole_drawing *drawing)
{
    static const char *const headings[] = {"stage", "until (UTC)", "canary", "n", "control", "n"};
    const struct html *html = drawing->page->html;
    struct arena *arena = html->arena;
    struct html_table table = {.alignment = "llrrrr"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < drawing->course.count; i++) {
        const struct stage_course *stage = &drawing->course.stages[i];
        for (uint32_t j = 0; j < stage->count; j++) {
            const struct stage_point *point = &stage->points[j];
            html_cell(html, &table, stage_text(drawing, stage->stage));
            html_cell(html, &table, chart_moment_text(arena, point->at));
            html_cell(html, &table, said(drawing, &point->canary));
            html_cell(html, &table, arena_format(arena, "%" PRIu64, point->canary.samples));
            html_cell(html, &table, said(drawing, &point->control));
            html_cell(html, &table, arena_format(arena, "%" PRIu64, point->control.samples));
        }
    }
    return table;
}

/* All points after one another. True if any of them was measured. */
static bool gather(struct whole_drawing *drawing, struct chart_line lines[2])
{
    struct arena *arena = drawing->page->html->arena;
    size_t count = 0;
    bool known = false;
    for (uint32_t i = 0; i < drawing->course.count; i++)
        count += drawing->course.stages[i].count;
    double *canary = ARENA_ARRAY(arena, double, count + 1);
    double *control = ARENA_ARRAY(arena, double, count + 1);
    int64_t *times = ARENA_ARRAY(arena, int64_t, count + 1);
    const char **points = ARENA_ARRAY(arena, const char *, count + 1);
    struct chart_part *parts = ARENA_ARRAY(arena, struct chart_part, drawing->course.count);
    count = 0;
    for (uint32_t i = 0; i < drawing->course.count; i++) {
        const struct stage_course *stage = &drawing->course.stages[i];
        const char *name = stage_text(drawing, stage->stage);
        parts[i] = (struct chart_part){
            stage->from, stage->to, name,
            percent_text(
                arena,
                drawing->page->verdict->analysis->subject.canary->stages[stage->stage].percent)};
        for (uint32_t j = 0; j < stage->count; j++, count++) {
            const struct stage_point *point = &stage->points[j];
            times[count] = point->at;
            canary[count] = point->canary.value;
            control[count] = point->control.value;
            known |= !isnan(canary[count]) || !isnan(control[count]);
            points[count] = arena_format(
                arena, "%s, %s: canary %s over %" PRIu64 ", control %s over %" PRIu64,
                chart_moment_text(arena, point->at), name, said(drawing, &point->canary),
                point->canary.samples, said(drawing, &point->control), point->control.samples);
        }
    }
    lines[0] = (struct chart_line){1, canary};
    lines[1] = (struct chart_line){0, control};
    drawing->chart = (struct time_chart){.from = drawing->course.stages[0].from,
                                         .to = drawing->page->verdict->now,
                                         .times = times,
                                         .count = count,
                                         .lines = lines,
                                         .line_count = 2,
                                         .held = drawing->page->held,
                                         .held_count = drawing->page->held_count,
                                         .parts = parts,
                                         .part_count = drawing->course.count,
                                         .settles = true,
                                         .mark = SIZE_MAX,
                                         .value_text = axis_text,
                                         .of = drawing->metric,
                                         .points = points};
    return known;
}

void report_html_stages(const struct report_page *page, uint32_t accumulator)
{
    const struct html *html = page->html;
    const struct analysis *analysis = page->verdict->analysis;
    static const char *const names[] = {"control", "canary"};
    struct whole_drawing drawing = {.page = page,
                                    .metric = analysis->accumulators[accumulator].measure.metric};
    struct chart_line lines[2];
    if (analysis->past.count == 0)
        return;
    drawing.course = whole_course_of(page->verdict, accumulator, html->arena);
    if (!gather(&drawing, lines))
        return;
    const char *name = drawing.metric->name.text;
    drawing.chart.name = arena_format(html->arena, "%s in every stage", name);
    figure_begin(html, &(struct figure){.chart = "stages",
                                        .of = name,
                                        .title = drawing.chart.name,
                                        .caption = caption_of(&drawing),
                                        .note = note_of(&drawing)});
    chart_key(html, names, 2, NULL);
    time_chart(html, &drawing.chart);
    const struct html_table table = table_of(&drawing);
    figure_end(html, FIGURE_POINTS, &table,
               arena_format(html->arena, "%s in every stage, in numbers", name));
}
