/* report_html_units.c - who was compared, and what was left out. */
#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "report_html.h"
#include "told.h"
#include "tools/ffreplay/html/chart.h"

static const char *count_text(struct arena *arena, double count)
{
    return arena_format(arena, "%.0f", count);
}

/* ------------------------------------------------------------------------------------- ratio -- */

static void put_ratio(const struct report_page *page)
{
    const struct html *html = page->html;
    struct arena *arena = html->arena;
    const struct verdict *verdict = page->verdict;
    const struct unit_ratio *ratio = &verdict->ratio;
    bool off = unit_ratio_is_off(ratio);
    figure_begin(
        html,
        &(struct figure){
            .chart = "ratio",
            .title = "Sample ratio",
            .word = !ratio->known ? "not known"
                    : off         ? "off"
                                  : "as it should be",
            .tone = !ratio->known ? TONE_OPEN
                    : off         ? TONE_BAD
                                  : TONE_GOOD,
            .caption =
                ratio->known
                    ? arena_format(arena,
                                   "%.0f units of the canary where %.0f are expected, %.0f of "
                                   "control where %.0f are: p = %.2g, at any number of looks.",
                                   ratio->observed[0], ratio->expected[0], ratio->observed[1],
                                   ratio->expected[1], ratio->anytime_p)
                    : "Units were not compared with the percentage: there are too few, the log "
                      "does not name them, or nothing says how many there should be.",
            .note = ratio->known ? "The upright line is what the stage's percentage says." : NULL});
    if (!ratio->known) {
        figure_end(html, FIGURE_PLAIN, NULL, NULL);
        return;
    }
    struct html_table table = {.alignment = "lrr"};
    struct count_bar bars[2];
    html_cell(html, &table, "group");
    html_cell(html, &table, "units");
    html_cell(html, &table, "expected");
    for (uint32_t i = 0; i < 2; i++) {
        bars[i] =
            (struct count_bar){i == 0 ? "canary" : "control", count_text(arena, ratio->observed[i]),
                               i == 0 ? 1 : 0, ratio->observed[i], ratio->expected[i]};
        html_cell(html, &table, bars[i].text);
        html_cell(html, &table, bars[i].value_text);
        html_cell(html, &table, arena_format(arena, "%.1f", ratio->expected[i]));
    }
    count_chart(html, "Units of each group", bars, 2);
    figure_end(html, FIGURE_PLAIN, &table, "Sample ratio in numbers");
}

/* ---------------------------------------------------------------------------------- left out -- */

static const char *cause_text(struct arena *arena, const char *word)
{
    char *text = arena_format(arena, "%s", word);
    for (char *at = text; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    return text;
}

static void put_left_out(const struct report_page *page)
{
    const struct html *html = page->html;
    struct arena *arena = html->arena;
    const struct analysis *analysis = page->verdict->analysis;
    const struct log_counts counts = replay_counts(page->verdict->replay);
    struct count_bar *bars = ARENA_ARRAY(arena, struct count_bar, ASSIGNMENT_COUNT + 1);
    struct html_table table = {.alignment = "lr"};
    uint64_t left_out = 0, bad = 0;
    uint32_t count = 0;
    html_cell(html, &table, "lines");
    html_cell(html, &table, "number");
    for (uint32_t i = 0; i < ASSIGNMENT_COUNT; i++) {
        if (analysis->assigned[i] == 0)
            continue;
        left_out += i >= LEFT_OUT_BEFORE ? analysis->assigned[i] : 0;
        bars[count++] = (struct count_bar){cause_text(arena, assignment_words[i]),
                                           arena_format(arena, "%" PRIu64, analysis->assigned[i]),
                                           i == ASSIGNED_CANARY    ? 1
                                           : i == ASSIGNED_CONTROL ? 0
                                                                   : CHART_STYLES,
                                           (double)analysis->assigned[i], NAN};
    }
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        bad += counts.bad[cause];
    if (bad > 0)
        bars[count++] = (struct count_bar){"cannot be read", arena_format(arena, "%" PRIu64, bad),
                                           CHART_STYLES, (double)bad, NAN};
    for (uint32_t i = 0; i < count; i++) {
        html_cell(html, &table, bars[i].text);
        html_cell(html, &table, bars[i].value_text);
    }
    figure_begin(
        html, &(struct figure){
                  .chart = "left-out",
                  .title = "Lines",
                  .caption = arena_format(arena,
                                          "Of %" PRIu64 " lines, %" PRIu64
                                          " are of the canary and %" PRIu64 " of control; %" PRIu64
                                          " were left out, and %" PRIu64 " could not be read.",
                                          counts.lines, analysis->assigned[ASSIGNED_CANARY],
                                          analysis->assigned[ASSIGNED_CONTROL], left_out, bad)});
    if (count > 0)
        count_chart(html, "Lines by what became of them", bars, count);
    figure_end(html, FIGURE_PLAIN, count > 0 ? &table : NULL, "Lines in numbers");
}

/* ------------------------------------------------------------------------------------- notes -- */

static void put_notes(const struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct analysis *analysis = verdict->analysis;
    const struct html *html = page->html;
    struct report_sentences unread = {0};
    const char **items = NULL;
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const char *text = told_unreadable(html->arena, verdict, &analysis->accumulators[i]);
        if (text)
            *ARENA_APPEND(html->arena, items, unread.count) = text;
    }
    unread.items = items;
    report_html_list(html, "Issues", "bad",
                     (struct report_sentences){verdict->issues.items, verdict->issues.count});
    report_html_list(html, "Could not be read", "", unread);
    report_html_list(html, "To know", "",
                     (struct report_sentences){verdict->notes.items, verdict->notes.count});
    const struct origins origins = analysis_origins(analysis);
    const char *assigned = origins_text(&origins, html->arena);
    if (assigned)
        html_format(html, "<p class=\"note\">Who was served what was worked out again: %s.</p>\n",
                    assigned);
}

void report_html_units(const struct report_page *page)
{
    html_format(page->html, "<h2>Who was compared</h2>\n");
    put_ratio(page);
    put_left_out(page);
    put_notes(page);
}
