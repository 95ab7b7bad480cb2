/* analyze_html_effects.c - what variants changed: now, over time, and in groups of units. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyze_html.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/html/chart.h"
#include "tools/ffreplay/metrics/metric_text.h"

#define OPEN_MOST    4 /* arms; of more, charts over time are folded but for the primary metric's */
#define CAPTION_MOST 3 /* variants that a caption tells of */
#define LEAST_REACH  0.05 /* what a forest's scale shows at least, to each side */
#define MOST_REACH   2.0

static bool is_known(const struct interval *interval)
{
    return isfinite(interval->lower) || isfinite(interval->upper);
}

/* ------------------------------------------------------------------------------------ forest -- */

static void widen(struct forest_chart *chart, double value)
{
    if (!isfinite(value))
        return;
    double reach = fmin(fmax(fabs(value) * 1.1, LEAST_REACH), MOST_REACH);
    chart->low = fmin(chart->low, -reach);
    chart->high = fmax(chart->high, reach);
}

static void widen_row(struct forest_chart *chart, const struct forest_row *row)
{
    widen(chart, row->value);
    widen(chart, row->low);
    widen(chart, row->high);
    widen(chart, row->margin);
}

static void set_interval(struct forest_row *row, const struct effect *effect)
{
    bool known = is_known(&effect->relative_interval) && effect->state != EFFECT_NOT_A_LOOK;
    row->value = isfinite(effect->relative.value) ? effect->relative.value : NAN;
    row->low = known ? effect->relative_interval.lower : NAN;
    row->high = known ? effect->relative_interval.upper : NAN;
}

static const char *point_text(const struct effect_words *words, struct arena *arena)
{
    if (strcmp(words->change, EFFECT_UNKNOWN) == 0)
        return arena_format(arena, "%s in %s: %s", words->metric, words->variant, words->verdict);
    return arena_format(arena, "%s in %s: %s, control %s; %s (%s), p = %s: %s", words->metric,
                        words->variant, words->value, words->control_value, words->change,
                        words->interval, words->p, words->verdict);
}

/* "primary", "guard: max_increase 10%" */
static const char *role_text(struct arena *arena, const struct judged_metric *metric)
{
    if (metric->role == ROLE_GUARD)
        return arena_format(arena, "guard: %s %s", criterion_form_words[metric->guard->form],
                            metric->guard->written.text);
    return metric_role_words[metric->role];
}

static struct forest_row row_of(const struct analyze_page *page, uint32_t metric, uint32_t arm,
                                struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct judged_metric *judged = &conclusion->metrics[metric];
    const struct judged_effect *variant = &judged->variants[arm];
    const struct effect_words words = effect_words_of(page, metric, arm, arena);
    double mde = conclusion->terms.mde;
    bool lower = judged->measure->metric->lower_is_better;
    bool aims = judged->role == ROLE_PRIMARY && mde > 0;
    struct forest_row row = {.text = tested_name(conclusion, metric, arm, arena),
                             .detail = role_text(arena, judged),
                             .style = analyze_style(conclusion, arm),
                             .margin = aims ? (lower ? -mde : mde) : analyze_margin(judged),
                             .is_wanted = aims,
                             .tone = analyze_tone(variant),
                             .word = words.verdict,
                             .point = point_text(&words, arena)};
    set_interval(&row, &variant->effect);
    return row;
}

static struct html_table effects_table(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    const char *const headings[] = {"metric",  "role",   "variant",  "control",
                                    "value",   "change", "interval", bayesian ? "better" : "p",
                                    "verdict", "method"};
    struct html_table table = {.alignment = "lllrrrrrll"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            if (arm == conclusion->arms->control)
                continue;
            const struct effect_words words = effect_words_of(page, i, arm, html->arena);
            html_cell(html, &table, words.metric);
            html_cell(html, &table, role_text(html->arena, &conclusion->metrics[i]));
            html_cell(html, &table, words.variant);
            html_cell(html, &table, words.control_value);
            html_cell(html, &table, words.value);
            html_cell(html, &table, words.change);
            html_cell(html, &table, words.interval);
            html_cell(html, &table, words.p);
            html_cell(html, &table, words.verdict);
            html_cell(html, &table, conclusion->metrics[i].variants[arm].effect.method);
        }
    return table;
}

/* Of the first metric: "bought: 15.67% in green, 10.31% in control; +52.0% (+18.3% … +85.8%)". */
static const char *caption_of(const struct analyze_page *page, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const char *text = NULL;
    uint32_t told = 0;
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
        if (arm == conclusion->arms->control || ++told > CAPTION_MOST)
            continue;
        const struct effect_words words = effect_words_of(page, 0, arm, arena);
        if (strcmp(words.change, EFFECT_UNKNOWN) == 0) {
            text = arena_format(arena, "%s%s%s cannot be compared in %s: %s", text ? text : "",
                                text ? "; " : "", words.metric, words.variant, words.verdict);
            continue;
        }
        text = arena_format(arena, "%s%s%s is %s in %s and %s in %s: %s (%s), %s", text ? text : "",
                            text ? "; " : "", words.metric, words.value, words.variant,
                            words.control_value, conclusion->names[conclusion->arms->control],
                            words.change, words.interval, words.verdict);
    }
    if (!text)
        return "No variant is compared.";
    return told <= CAPTION_MOST
               ? arena_format(arena, "%s.", text)
               : arena_format(arena, "%s; %u more below.", text, told - CAPTION_MOST);
}

void analyze_html_key(const struct conclusion *conclusion, const struct html *html)
{
    const char *names[ARMS_MOST];
    uint32_t count = conclusion->arms->count;
    if (count > CHART_STYLES)
        return;
    for (uint32_t arm = 0; arm < count; arm++)
        names[analyze_style(conclusion, arm)] = conclusion->names[arm];
    chart_key(html, names, count, NULL);
}

void analyze_html_effects(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    struct arena *arena = html->arena;
    uint32_t arms = conclusion->arms->count, count = 0;
    struct forest_row *rows =
        ARENA_ARRAY(arena, struct forest_row, (size_t)conclusion->metric_count * arms + 1);
    struct forest_chart chart = {.name = "Relative change of each metric against control",
                                 .rows = rows,
                                 .low = -LEAST_REACH,
                                 .high = LEAST_REACH,
                                 .zero = "no change",
                                 .percent = true};
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            if (arm != conclusion->arms->control) {
                rows[count] = row_of(page, i, arm, arena);
                widen_row(&chart, &rows[count++]);
            }
    chart.row_count = count;
    html_format(html,
                "<h2>What it changed</h2>\n<p class=\"note hint\">Point at a chart, or reach it "
                "with Tab and move with the arrow keys, and its numbers stand below "
                "it.</p>\n");
    if (count == 0) {
        html_format(html, "<p data-missing=\"\">No metric was asked for.</p>\n");
        return;
    }
    figure_begin(html,
                 &(struct figure){
                     .chart = "effects",
                     .title = "Effects",
                     .caption = caption_of(page, arena),
                     .note = arena_format(arena,
                                          "Relative to %s. Dotted: a guard's margin, in green the "
                                          "effect the experiment is to find. Method: %s.",
                                          conclusion->names[conclusion->arms->control],
                                          method_text(conclusion, arena))});
    analyze_html_key(conclusion, html);
    forest_chart(html, &chart);
    const struct html_table table = effects_table(page, html);
    figure_end(html, FIGURE_POINTS, &table, "Effects in numbers");
}

/* --------------------------------------------------------------------------------- over time -- */

static const char *percent_of(struct arena *arena, double share)
{
    double size = fabs(share * 100);
    return arena_format(arena, "%+.*f%%", size >= 99.5 ? 0 : size >= 9.95 ? 1 : 2, share * 100);
}

/* A metric in an arm: as a relative change, or where that is not known in its own unit. */
struct effect_drawing {
    const struct metric *metric;
    bool relative;
    double *values, *low, *high;
    const char **points;
};

static const char *axis_text(struct arena *arena, const void *of, double value)
{
    const struct effect_drawing *drawing = of;
    if (value == 0)
        return "0";
    return drawing->relative
               ? arena_format(arena, fabs(value) < 10 ? "%+.4g%%" : "%+.0f%%", value * 100)
               : difference_text(arena, drawing->metric, value);
}

static const char *change_text(struct arena *arena, const struct effect_drawing *drawing,
                               double value)
{
    if (isnan(value))
        return "not known";
    if (isinf(value))
        return value > 0 ? "∞" : "-∞";
    return drawing->relative ? percent_of(arena, value)
                             : difference_text(arena, drawing->metric, value);
}

static void gather(struct effect_drawing *drawing, const struct analyze_page *page, uint32_t metric,
                   uint32_t arm, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct effect_courses *courses = page->courses;
    const struct effect_point *points = effect_points(courses, conclusion, metric, arm);
    const struct effect_point *control =
        effect_points(courses, conclusion, metric, conclusion->arms->control);
    drawing->values = ARENA_ARRAY(arena, double, courses->count + 1);
    drawing->low = ARENA_ARRAY(arena, double, courses->count + 1);
    drawing->high = ARENA_ARRAY(arena, double, courses->count + 1);
    drawing->points = ARENA_ARRAY(arena, const char *, courses->count + 1);
    for (uint32_t i = 0; i < courses->count; i++) {
        const struct effect *effect = &points[i].effect;
        double value = drawing->relative ? effect->relative.value : effect->absolute.value;
        struct interval interval =
            drawing->relative ? effect->relative_interval : effect->absolute_interval;
        bool known = is_known(&interval) && effect->state != EFFECT_NOT_A_LOOK;
        bool measured = isfinite(points[i].value) && isfinite(control[i].value);
        drawing->values[i] = measured && isfinite(value) ? value : NAN;
        drawing->low[i] = known ? interval.lower : NAN;
        drawing->high[i] = known ? interval.upper : NAN;
        drawing->points[i] = arena_format(
            arena, "%s: %s, %s%s%s%s; %" PRIu64 " units, control %" PRIu64,
            chart_moment_text(arena, courses->times[i]),
            change_text(arena, drawing, drawing->values[i]),
            known ? change_text(arena, drawing, drawing->low[i]) : effect_state_word(effect->state),
            known ? " to " : "", known ? change_text(arena, drawing, drawing->high[i]) : "", "",
            points[i].exposed, control[i].exposed);
    }
}

static struct html_table course_table(const struct analyze_page *page,
                                      const struct effect_drawing *drawing, uint32_t metric,
                                      uint32_t arm, const struct html *html)
{
    static const char *const headings[] = {"until (UTC)", "units", "control",
                                           "change",      "from",  "to"};
    const struct conclusion *conclusion = page->conclusion;
    const struct effect_point *points = effect_points(page->courses, conclusion, metric, arm);
    const struct effect_point *control =
        effect_points(page->courses, conclusion, metric, conclusion->arms->control);
    struct arena *arena = html->arena;
    struct html_table table = {.alignment = "lrrrrr"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < page->courses->count; i++) {
        html_cell(html, &table, chart_moment_text(arena, page->courses->times[i]));
        html_cell(html, &table, arena_format(arena, "%" PRIu64, points[i].exposed));
        html_cell(html, &table, arena_format(arena, "%" PRIu64, control[i].exposed));
        html_cell(html, &table, change_text(arena, drawing, drawing->values[i]));
        html_cell(html, &table, change_text(arena, drawing, drawing->low[i]));
        html_cell(html, &table, change_text(arena, drawing, drawing->high[i]));
    }
    return table;
}

static bool any_known(const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            return true;
    return false;
}

static const char *course_note(const struct analyze_page *page, struct arena *arena)
{
    const struct effect_courses *courses = page->courses;
    const char *holds =
        courses->holds_once ? "the interval holds at a planned look, and at no other time"
        : page->conclusion->terms.judgement.method == ANALYSIS_BAYESIAN
            ? "the interval holds if the prior does, and is no proof against stopping early"
            : "the interval holds at every look";
    return arena_format(arena, "A point every %s: all units exposed up to then; %s.",
                        duration_text(arena, courses->width), holds);
}

static const char *course_caption(const struct effect_words *words, struct arena *arena)
{
    if (strcmp(words->change, EFFECT_UNKNOWN) == 0)
        return arena_format(arena, "No change of %s in %s is known.", words->metric,
                            words->variant);
    return arena_format(arena, "%s in %s: %s against control (%s).", words->metric, words->variant,
                        words->change, words->interval);
}

static void put_course(const struct analyze_page *page, uint32_t metric, uint32_t arm,
                       const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct effect_courses *courses = page->courses;
    const struct judged_metric *judged = &conclusion->metrics[metric];
    struct arena *arena = html->arena;
    const struct effect_words words = effect_words_of(page, metric, arm, arena);
    struct effect_drawing drawing = {.metric = judged->measure->metric,
                                     .relative =
                                         isfinite(judged->variants[arm].effect.relative.value)};
    gather(&drawing, page, metric, arm, arena);
    const char *name = tested_name(conclusion, metric, arm, arena);
    figure_begin(html, &(struct figure){.chart = "effect",
                                        .of = judged->measure->metric->name.text,
                                        .title = name,
                                        .word = words.verdict,
                                        .tone = analyze_tone(&judged->variants[arm]),
                                        .caption = course_caption(&words, arena),
                                        .note = course_note(page, arena)});
    const struct chart_line line = {analyze_style(conclusion, arm), drawing.values};
    double margin = drawing.relative ? analyze_margin(judged) : NAN;
    const struct chart_limit limit = {margin, false, role_text(arena, judged)};
    bool known = any_known(drawing.values, courses->count);
    if (known)
        time_chart(html,
                   &(struct time_chart){.name = arena_format(arena, "Effect on %s over time", name),
                                        .from = courses->times[0] - courses->width,
                                        .to = courses->times[courses->count - 1],
                                        .times = courses->times,
                                        .count = courses->count,
                                        .lines = &line,
                                        .line_count = 1,
                                        .low = drawing.low,
                                        .high = drawing.high,
                                        .limits = &limit,
                                        .limit_count = isnan(margin) ? 0u : 1u,
                                        .has_zero = true,
                                        .settles = true,
                                        .mark = courses->count - 1,
                                        .mark_text = "this analysis",
                                        .value_text = axis_text,
                                        .of = &drawing,
                                        .points = drawing.points});
    else
        html_format(html, "<p data-missing=\"\">No change was measured: there is nothing to "
                          "draw.</p>\n");
    const struct html_table table = course_table(page, &drawing, metric, arm, html);
    figure_end(html, known ? FIGURE_POINTS : FIGURE_PLAIN, known ? &table : NULL,
               arena_format(arena, "Effect on %s over time, in numbers", name));
}

void analyze_html_courses(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    if (page->courses->count == 0 || conclusion->metric_count == 0)
        return;
    html_format(html, "<h2>Effects over time</h2>\n");
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        bool folded = conclusion->arms->count > OPEN_MOST && i > 0;
        if (folded)
            html_format(html, "<details data-folded=\"\"><summary>%s, in %u variants</summary>\n",
                        conclusion->metrics[i].measure->metric->name.text,
                        conclusion->arms->count - 1);
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            if (arm != conclusion->arms->control)
                put_course(page, i, arm, html);
        if (folded)
            html_format(html, "</details>\n");
    }
}

const char *analyze_spark(const struct analyze_page *page, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct effect_courses *courses = page->courses;
    uint32_t arm = conclusion->arms->control == 0 ? 1u : 0u;
    if (courses->count < 2 || conclusion->metric_count == 0 || conclusion->arms->count < 2)
        return NULL;
    const struct judged_metric *judged = &conclusion->metrics[0];
    struct effect_drawing drawing = {.metric = judged->measure->metric,
                                     .relative =
                                         isfinite(judged->variants[arm].effect.relative.value)};
    gather(&drawing, page, 0, arm, arena);
    if (!any_known(drawing.values, courses->count))
        return NULL;
    const struct effect_words words = effect_words_of(page, 0, arm, arena);
    const struct chart_line line = {1, drawing.values};
    struct buffer out = {0};
    const struct html html = {arena, &out, 0};
    spark_chart(&html,
                &(struct time_chart){.name = arena_format(arena, "Effect on %s over time, now %s",
                                                          words.metric, words.change),
                                     .from = courses->times[0],
                                     .to = courses->times[courses->count - 1],
                                     .times = courses->times,
                                     .count = courses->count,
                                     .lines = &line,
                                     .line_count = 1,
                                     .has_zero = true,
                                     .mark = SIZE_MAX});
    const char *kept = arena_format(arena, "%s", out.bytes);
    buffer_release(&out);
    return kept;
}

/* -------------------------------------------------------------------------------- breakdowns -- */

static struct html_table groups_table(const struct analyze_page *page,
                                      const struct breakdown *breakdown, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    const char *const headings[] = {
        "metric", "variant",  breakdown->groups->name,   "units",  "control", "value",
        "change", "interval", bayesian ? "better" : "p", "verdict"};
    struct html_table table = {.alignment = "lllrrrrrrl"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        html_cell(html, &table, headings[i]);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            for (uint32_t group = 0;
                 arm != conclusion->arms->control && group < breakdown->groups->count; group++) {
                const struct effect_words words =
                    group_words_of(page, breakdown, i, group, arm, html->arena);
                html_cell(html, &table, words.metric);
                html_cell(html, &table, conclusion->names[arm]);
                html_cell(html, &table, words.variant);
                html_cell(
                    html, &table,
                    arena_format(html->arena, "%" PRIu64, breakdown->groups->items[group].units));
                html_cell(html, &table, words.control_value);
                html_cell(html, &table, words.value);
                html_cell(html, &table, words.change);
                html_cell(html, &table, words.interval);
                html_cell(html, &table, words.p);
                html_cell(html, &table, words.verdict);
            }
    return table;
}

static struct forest_row group_row(const struct analyze_page *page,
                                   const struct breakdown *breakdown, uint32_t group, uint32_t arm,
                                   struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct group_effect *seen =
        &breakdown->effects[breakdown_place(conclusion, breakdown, 0, group, arm)];
    const struct effect_words words = group_words_of(page, breakdown, 0, group, arm, arena);
    const struct judged_effect judged = {.effect = seen->effect, .verdict = seen->verdict};
    struct forest_row row = {
        .text = words.variant,
        .detail =
            arena_format(arena, "%" PRIu64 " units%s%s", breakdown->groups->items[group].units,
                         conclusion->arms->count > 2 ? ", " : "",
                         conclusion->arms->count > 2 ? conclusion->names[arm] : ""),
        .style = analyze_style(conclusion, arm),
        .margin = NAN,
        .tone = analyze_tone(&judged),
        .word = words.verdict,
        .point = point_text(&words, arena)};
    set_interval(&row, &seen->effect);
    return row;
}

static void put_breakdown(const struct analyze_page *page, const struct breakdown *breakdown,
                          const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    struct arena *arena = html->arena;
    uint32_t arms = conclusion->arms->count, count = 0;
    struct forest_row *rows =
        ARENA_ARRAY(arena, struct forest_row, (size_t)breakdown->groups->count * arms + 1);
    struct forest_chart chart = {.name =
                                     arena_format(arena, "Effect on %s by %s",
                                                  conclusion->metrics[0].measure->metric->name.text,
                                                  breakdown->groups->name),
                                 .rows = rows,
                                 .low = -LEAST_REACH,
                                 .high = LEAST_REACH,
                                 .zero = "no change",
                                 .percent = true};
    const char *caption = "";
    for (uint32_t arm = 0; arm < arms; arm++) {
        if (arm == conclusion->arms->control)
            continue;
        for (uint32_t group = 0; group < breakdown->groups->count; group++) {
            rows[count] = group_row(page, breakdown, group, arm, arena);
            widen_row(&chart, &rows[count++]);
        }
        if (!breakdown->of_days)
            caption = arena_format(arena, "%s%s%s: %s", caption, *caption ? "; " : "",
                                   tested_name(conclusion, 0, arm, arena),
                                   interaction_text(conclusion, breakdown, 0, arm, arena));
    }
    caption = arena_format(arena, "%s%s%s", caption, *caption ? "; " : "",
                           interactions_hold_text(page->breakdowns, breakdown));
    chart.row_count = count;
    figure_begin(
        html,
        &(struct figure){.chart = "breakdown",
                         .of = breakdown->groups->name,
                         .title = arena_format(arena, "%s by %s",
                                               conclusion->metrics[0].measure->metric->name.text,
                                               breakdown->groups->name),
                         .word = "exploratory",
                         .tone = TONE_OPEN,
                         .caption = arena_format(arena, "%s.", caption),
                         .note = arena_format(arena, "By %s. The other metrics are in the numbers.",
                                              breakdown_text(conclusion, breakdown, arena))});
    forest_chart(html, &chart);
    const struct html_table table = groups_table(page, breakdown, html);
    figure_end(html, FIGURE_POINTS, &table,
               arena_format(arena, "By %s, in numbers", breakdown->groups->name));
}

void analyze_html_breakdowns(const struct analyze_page *page, const struct html *html)
{
    if (page->breakdowns->count == 0 || page->conclusion->metric_count == 0)
        return;
    html_format(html,
                "<h2>Explored</h2>\n<p class=\"note\">Exploratory: what is found here decides "
                "nothing, and is a reason for another experiment.</p>\n");
    for (uint32_t i = 0; i < page->breakdowns->count; i++)
        put_breakdown(page, &page->breakdowns->items[i], html);
}
