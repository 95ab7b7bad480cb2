/* report_html_metrics.c - what was measured: over time, and how values are distributed. */
#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "report_html.h"
#include "told.h"
#include "tools/ffreplay/canary/reasons_bound.h"
#include "tools/ffreplay/html/chart.h"

static const char *const group_names[] = {"control", "canary"};

/* Criteria that are drawn in one chart: of one metric, over the stage or over windows. */
struct metric_drawing {
    const struct report_page *page;
    const struct course *course; /* of the first of them, whose values are those of all */
    uint32_t accumulator;
    bool windowed;
    double *canary, *control, *low, *high;
    int64_t *times;
    const char **points;
};

static const struct judgement *judgement_at(const struct report_page *page, uint32_t place)
{
    return &page->verdict->analysis->judgements[place];
}

static bool is_of(const struct metric_drawing *drawing, const struct judgement *judgement)
{
    return judgement->accumulator == drawing->accumulator &&
           judgement->windowed == drawing->windowed;
}

static enum html_tone tone_of(const struct told *told)
{
    return told->tone == TOLD_GOOD ? TONE_GOOD : told->tone == TOLD_BAD ? TONE_BAD : TONE_OPEN;
}

/* The worst of a chart's criteria stands beside its title. */
static uint32_t worst_of(const struct metric_drawing *drawing)
{
    static const int ranks[] = {[CRITERION_PASS] = 0,
                                [CRITERION_UNDECIDED] = 1,
                                [CRITERION_INSUFFICIENT] = 2,
                                [CRITERION_NODATA] = 3,
                                [CRITERION_HARM] = 4};
    const struct analysis *analysis = drawing->page->verdict->analysis;
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        if (is_of(drawing, &analysis->judgements[i]) &&
            (worst == UINT32_MAX || ranks[analysis->judgements[i].finding.verdict] >
                                        ranks[analysis->judgements[worst].finding.verdict]))
            worst = i;
    return worst;
}

/* ------------------------------------------------------------------------------ what it says -- */

static const char *value_text(struct arena *arena, const void *of, double value)
{
    return estimate_text(arena, of, value);
}

static const char *axis_change_text(struct arena *arena, const void *of, double value)
{
    const struct judgement *judgement = of;
    return value == 0 ? "0" : change_text(arena, judgement, value);
}

static const char *said(struct arena *arena, const struct metric *metric, double value)
{
    return isnan(value) ? "not measured" : estimate_text(arena, metric, value);
}

static const char *point_text(const struct metric_drawing *drawing,
                              const struct course_point *point)
{
    struct arena *arena = drawing->page->html->arena;
    const struct metric *metric = drawing->course->judgement->criterion->metric;
    return arena_format(arena, "%s: canary %s over %" PRIu64 ", control %s over %" PRIu64,
                        chart_moment_text(arena, point->at),
                        said(arena, metric, point->canary.value), point->canary.samples,
                        said(arena, metric, point->control.value), point->control.samples);
}

static const char *point_interval_text(struct arena *arena, const struct judgement *judgement,
                                       const struct course_point *point)
{
    struct judgement then = *judgement;
    then.comparison.interval = point->interval;
    if (!isfinite(point->interval.lower) && !isfinite(point->interval.upper))
        return "no bound yet";
    return interval_text(arena, &then);
}

/* "a point every 2m" */
static const char *slot_text(const struct metric_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const char *width = duration_text(arena, drawing->course->width);
    const struct criterion *criterion = drawing->course->judgement->criterion;
    if (!drawing->windowed)
        return arena_format(
            arena, "A point every %s: everything since the stage began, up to then.", width);
    return arena_format(
        arena, "A point is what was seen in %s, alone. The criterion judges the last %s.", width,
        criterion->over > 0 ? duration_text(arena, criterion->over)
                            : arena_format(arena, "%u complete windows", criterion->for_windows));
}

/* ------------------------------------------------------------------------------------ values -- */

static void gather(struct metric_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const struct course *course = drawing->course;
    uint32_t count = course->count;
    drawing->canary = ARENA_ARRAY(arena, double, count + 1);
    drawing->control = ARENA_ARRAY(arena, double, count + 1);
    drawing->low = ARENA_ARRAY(arena, double, count + 1);
    drawing->high = ARENA_ARRAY(arena, double, count + 1);
    drawing->times = ARENA_ARRAY(arena, int64_t, count + 1);
    drawing->points = ARENA_ARRAY(arena, const char *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct course_point *point = &course->points[i];
        drawing->times[i] = point->at;
        drawing->canary[i] = point->canary.value;
        drawing->control[i] = point->control.value;
        drawing->points[i] = point_text(drawing, point);
    }
}

static void set_interval(struct metric_drawing *drawing, const struct course *course)
{
    for (uint32_t i = 0; i < course->count; i++) {
        const struct interval *interval = &course->points[i].interval;
        bool none = isinf(interval->lower) && isinf(interval->upper);
        drawing->low[i] = none ? NAN : interval->lower;
        drawing->high[i] = none ? NAN : interval->upper;
    }
}

static bool any_known(const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            return true;
    return false;
}

static const char *limit_text(struct arena *arena, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    return judgement->finding.advances
               ? arena_format(arena, "wanted: %s %s", criterion_form_words[criterion->form],
                              criterion->written.text)
               : arena_format(arena, "%s %s", criterion_form_words[criterion->form],
                              criterion->written.text);
}

/* "HARM since 20 Nov 11:32", "look 630" */
static const char *mark_text(const struct metric_drawing *drawing, const struct course *course)
{
    struct arena *arena = drawing->page->html->arena;
    const struct judgement *judgement = course->judgement;
    if (judgement->finding.verdict == CRITERION_HARM && !judgement->finding.advances)
        return arena_format(arena, "HARM since %s",
                            chart_moment_text(arena, course->points[course->decided].at));
    if (judgement->look > 0)
        return arena_format(arena, "look %" PRIu64, judgement->look);
    return "this verdict";
}

static struct html_table values_table(const struct metric_drawing *drawing)
{
    static const char *const headings[] = {"until (UTC)", "canary", "n", "control", "n"};
    const struct html *html = drawing->page->html;
    struct arena *arena = html->arena;
    const struct metric *metric = drawing->course->judgement->criterion->metric;
    struct html_table table = {.alignment = "lrrrr"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < drawing->course->count; i++) {
        const struct course_point *point = &drawing->course->points[i];
        html_cell(html, &table, chart_moment_text(arena, point->at));
        html_cell(html, &table, said(arena, metric, point->canary.value));
        html_cell(html, &table, arena_format(arena, "%" PRIu64, point->canary.samples));
        html_cell(html, &table, said(arena, metric, point->control.value));
        html_cell(html, &table, arena_format(arena, "%" PRIu64, point->control.samples));
    }
    return table;
}

static struct time_chart chart_of(const struct metric_drawing *drawing, const char *name)
{
    const struct verdict *verdict = drawing->page->verdict;
    const struct course *course = drawing->course;
    int64_t first = course->count ? course->begin : verdict->begin;
    return (struct time_chart){.name = name,
                               .from = first > verdict->begin ? first : verdict->begin,
                               .to = verdict->now,
                               .times = drawing->times,
                               .count = course->count,
                               .held = drawing->page->held,
                               .held_count = drawing->page->held_count,
                               .settles = !drawing->windowed,
                               .mark = SIZE_MAX,
                               .points = drawing->points};
}

static void put_values(struct metric_drawing *drawing)
{
    const struct report_page *page = drawing->page;
    const struct html *html = page->html;
    const struct analysis *analysis = page->verdict->analysis;
    const struct metric *metric = drawing->course->judgement->criterion->metric;
    uint32_t worst = worst_of(drawing), limit_count = 0;
    struct chart_limit *limits = NULL;
    const struct course *banded = NULL;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (!is_of(drawing, judgement) || criterion_compares(judgement->criterion))
            continue;
        *ARENA_APPEND(html->arena, limits, limit_count) =
            (struct chart_limit){judgement->criterion->threshold, judgement->finding.advances,
                                 limit_text(html->arena, judgement)};
        if (judgement->statistical && !banded)
            banded = &page->courses[i];
    }
    const struct told told = judgement_told(html->arena, &analysis->judgements[worst]);
    const char *description = metric->description ? metric->description : "";
    figure_begin(html, &(struct figure){.chart = "metric",
                                        .of = metric->name.text,
                                        .title = metric->name.text,
                                        .word = told.verdict,
                                        .tone = tone_of(&told),
                                        .caption = arena_format(html->arena, "%s%s%s.", description,
                                                                *description ? ": " : "",
                                                                told_measured(html->arena, &told)),
                                        .note = slot_text(drawing)});
    const struct chart_line lines[] = {{1, drawing->canary}, {0, drawing->control}};
    struct time_chart chart =
        chart_of(drawing, arena_format(html->arena, "%s over time", metric->name.text));
    chart.lines = lines;
    chart.line_count = 2;
    chart.limits = limits;
    chart.limit_count = limit_count;
    chart.value_text = value_text;
    chart.of = metric;
    if (banded) {
        set_interval(drawing, banded);
        chart.low = drawing->low;
        chart.high = drawing->high;
    }
    bool known = any_known(drawing->canary, drawing->course->count) ||
                 any_known(drawing->control, drawing->course->count);
    if (known && !criterion_compares(analysis->judgements[worst].criterion)) {
        chart.mark = page->courses[worst].decided;
        chart.mark_text = mark_text(drawing, &page->courses[worst]);
    }
    if (known) {
        chart_key(html, group_names, 2, banded ? "where the canary is, at every look" : NULL);
        time_chart(html, &chart);
    } else {
        html_format(html, "<p data-missing=\"\">Nothing was measured: there is nothing to "
                          "draw.</p>\n");
    }
    const struct html_table table = values_table(drawing);
    figure_end(html, known ? FIGURE_POINTS : FIGURE_PLAIN, known ? &table : NULL,
               arena_format(html->arena, "%s over time, in numbers", metric->name.text));
}

/* ----------------------------------------------------------------------------------- changes -- */

static struct html_table changes_table(const struct metric_drawing *drawing,
                                       const struct course *course)
{
    static const char *const headings[] = {"until (UTC)", "change", "interval", "verdict"};
    const struct html *html = drawing->page->html;
    struct arena *arena = html->arena;
    struct html_table table = {.alignment = "lrrl"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < course->count; i++) {
        const struct course_point *point = &course->points[i];
        html_cell(html, &table, chart_moment_text(arena, point->at));
        html_cell(html, &table,
                  isnan(point->change) ? "not known"
                                       : change_text(arena, course->judgement, point->change));
        html_cell(html, &table, point_interval_text(arena, course->judgement, point));
        html_cell(html, &table, criterion_verdict_words[point->verdict]);
    }
    return table;
}

static void put_change(struct metric_drawing *drawing, const struct course *course)
{
    const struct html *html = drawing->page->html;
    struct arena *arena = html->arena;
    const struct judgement *judgement = course->judgement;
    const struct criterion *criterion = judgement->criterion;
    const struct told told = judgement_told(arena, judgement);
    double *changes = ARENA_ARRAY(arena, double, course->count + 1);
    for (uint32_t i = 0; i < course->count; i++) {
        const struct course_point *point = &course->points[i];
        changes[i] = point->change;
        drawing->points[i] = arena_format(
            arena, "%s: %s, %s; %s", chart_moment_text(arena, point->at),
            isnan(point->change) ? "change not known"
                                 : change_text(arena, judgement, point->change),
            point_interval_text(arena, judgement, point), criterion_verdict_words[point->verdict]);
    }
    set_interval(drawing, course);
    const char *base = criterion->versus_before ? "the time before" : "control";
    const char *interval = told_is_said(told.interval)
                               ? arena_format(arena, ", with %g %% confidence at every look %s",
                                              judgement->confidence * 100, told.interval)
                               : "; no bound is known yet";
    figure_begin(
        html,
        &(struct figure){
            .chart = "change",
            .of = criterion->metric->name.text,
            .title = arena_format(arena, "%s against %s", criterion->metric->name.text, base),
            .word = told.verdict,
            .tone = tone_of(&told),
            .caption = arena_format(arena, "%s%s, against a %s of %s (%s).",
                                    told_is_said(told.change) ? told.change : "No change known",
                                    interval, criterion_form_words[criterion->form],
                                    criterion->written.text, told.action)});
    const struct chart_line line = {1, changes};
    const struct chart_limit limit = {criterion_margin(criterion), judgement->finding.advances,
                                      limit_text(arena, judgement)};
    struct time_chart chart = chart_of(
        drawing, arena_format(arena, "Change of %s over time", criterion->metric->name.text));
    chart.lines = &line;
    chart.line_count = 1;
    chart.low = drawing->low;
    chart.high = drawing->high;
    chart.limits = &limit;
    chart.limit_count = 1;
    chart.has_zero = true;
    chart.value_text = axis_change_text;
    chart.of = judgement;
    bool known = any_known(changes, course->count) || any_known(drawing->low, course->count);
    if (known) {
        chart.mark = course->decided;
        chart.mark_text = mark_text(drawing, course);
        html_format(html, "<ul class=\"key\"><li><svg xmlns=\"http://www.w3.org/2000/svg\" "
                          "viewBox=\"0 0 30 12\" aria-hidden=\"true\">"
                          "<path class=\"v v1\" d=\"M0,6 H30\"/></svg>change</li><li><svg "
                          "xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
                          "30 12\" aria-hidden=\"true\"><rect class=\"band\" width=\"30\" "
                          "height=\"12\"/></svg>always-valid interval</li></ul>\n");
        time_chart(html, &chart);
    } else {
        html_format(html, "<p data-missing=\"\">There is nothing to draw: %s.</p>\n",
                    judgement->has_no_control ? "there is no control to compare with"
                    : judgement->impossible   ? judgement->impossible
                                              : "too little was measured");
    }
    const struct html_table table = changes_table(drawing, course);
    figure_end(html, known ? FIGURE_POINTS : FIGURE_PLAIN, known ? &table : NULL,
               arena_format(arena, "Change of %s, in numbers", criterion->metric->name.text));
}

/* ----------------------------------------------------------------------------- distributions -- */

static bool has_values(const struct accumulator *accumulator, enum assignment group, double *values)
{
    const struct cell *cell = &accumulator->cells[group];
    return cell_samples(cell, &accumulator->measure) > 0 &&
           cell_quantiles(cell, &accumulator->measure, share_levels, values, SHARE_LEVELS);
}

static void put_distribution(const struct report_page *page, const struct accumulator *accumulator)
{
    const struct html *html = page->html;
    struct arena *arena = html->arena;
    const struct metric *metric = accumulator->measure.metric;
    double canary[SHARE_LEVELS], control[SHARE_LEVELS];
    struct share_curve curves[2];
    uint32_t count = 0;
    if (has_values(accumulator, ASSIGNED_CANARY, canary))
        curves[count++] = (struct share_curve){1, "canary", canary};
    if (has_values(accumulator, ASSIGNED_CONTROL, control))
        curves[count++] = (struct share_curve){0, "control", control};
    if (count == 0)
        return;
    struct html_table table = {.alignment = count == 2 ? "lrr" : "lr"};
    html_cell(html, &table, "share of values");
    for (uint32_t i = 0; i < count; i++)
        html_cell(html, &table, arena_format(arena, "at most, in %s", curves[i].name));
    const char *caption = NULL;
    for (size_t level = 0; level < SHARE_LEVELS; level++) {
        html_cell(html, &table, arena_format(arena, "%g %%", share_levels[level] * 100));
        for (uint32_t i = 0; i < count; i++)
            html_cell(html, &table, estimate_text(arena, metric, curves[i].values[level]));
        if (share_levels[level] != 0.5 && share_levels[level] != 0.95)
            continue;
        caption = arena_format(arena, "%s%s of %s", caption ? caption : "",
                               caption ? "; 95 %" : "Half", curves[0].name);
        caption = arena_format(arena, "%s is at most %s", caption,
                               estimate_text(arena, metric, curves[0].values[level]));
        if (count == 2)
            caption = arena_format(arena, "%s, of control %s", caption,
                                   estimate_text(arena, metric, curves[1].values[level]));
    }
    figure_begin(html,
                 &(struct figure){.chart = "distribution",
                                  .of = metric->name.text,
                                  .title = arena_format(arena, "Values of %s", metric->name.text),
                                  .caption = arena_format(arena, "%s.", caption),
                                  .note = "The share of values that are at most so large; "
                                          "points at 50, 90, 95 and 99 %. The last 0.5 % are "
                                          "in the numbers only."});
    chart_key(html, group_names, 2, NULL);
    share_chart(html, &(struct share_chart){
                          .name = arena_format(arena, "Distribution of %s", metric->name.text),
                          .levels = share_levels,
                          .level_count = SHARE_LEVELS,
                          .curves = curves,
                          .curve_count = count,
                          .marked = share_marks,
                          .marked_count = SHARE_MARKS,
                          .value_text = value_text,
                          .of = metric});
    figure_end(html, FIGURE_POINTS, &table,
               arena_format(arena, "Quantiles of %s", metric->name.text));
}

/* ------------------------------------------------------------------------------------- whole -- */

static void put_metric(const struct report_page *page, uint32_t first)
{
    const struct analysis *analysis = page->verdict->analysis;
    struct metric_drawing drawing = {.page = page,
                                     .course = &page->courses[first],
                                     .accumulator = judgement_at(page, first)->accumulator,
                                     .windowed = judgement_at(page, first)->windowed};
    gather(&drawing);
    put_values(&drawing);
    for (uint32_t i = first; i < analysis->judgement_count; i++)
        if (is_of(&drawing, &analysis->judgements[i]) &&
            criterion_compares(analysis->judgements[i].criterion))
            put_change(&drawing, &page->courses[i]);
    for (uint32_t i = 0; i < first; i++)
        if (judgement_at(page, i)->accumulator == drawing.accumulator)
            return;
    report_html_stages(page, drawing.accumulator);
}

static bool is_first(const struct report_page *page, uint32_t place)
{
    const struct judgement *judgement = judgement_at(page, place);
    for (uint32_t i = 0; i < place; i++) {
        const struct judgement *other = judgement_at(page, i);
        if (other->accumulator == judgement->accumulator && other->windowed == judgement->windowed)
            return false;
    }
    return true;
}

void report_html_metrics(const struct report_page *page)
{
    const struct analysis *analysis = page->verdict->analysis;
    if (analysis->judgement_count == 0)
        return;
    html_format(page->html, "<h2>What was measured</h2>\n");
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        if (is_first(page, i))
            put_metric(page, i);
    for (uint32_t i = 0; i < analysis->accumulator_count; i++)
        put_distribution(page, &analysis->accumulators[i]);
}
