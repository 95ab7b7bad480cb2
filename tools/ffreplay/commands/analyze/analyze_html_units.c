/* analyze_html_units.c - who is in an experiment, and what was left out. */
#include <inttypes.h>
#include <math.h>

#include "analyze_html.h"
#include "compiler/base/arena.h"
#include "tools/ffreplay/html/chart.h"

static const char *spaced(struct arena *arena, const char *word)
{
    char *text = arena_format(arena, "%s", word);
    for (char *at = text; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    return text;
}

/* ------------------------------------------------------------------------------------- ratio -- */

static double expected_of(const struct conclusion *conclusion, uint32_t arm)
{
    double share = conclusion->arms->shares[arm], all = 0;
    for (uint32_t i = 0; i < conclusion->arms->count; i++)
        all += conclusion->arms->shares[i];
    return all > 0 ? (double)conclusion->units.all * share / all : NAN;
}

static struct html_table days_table(const struct conclusion *conclusion, const struct html *html)
{
    struct arena *arena = html->arena;
    char *alignment = arena_text(arena, conclusion->arms->count + 2);
    alignment[0] = 'l';
    for (uint32_t i = 0; i <= conclusion->arms->count; i++)
        alignment[i + 1] = 'r';
    struct html_table table = {.alignment = alignment};
    html_cell(html, &table, "first exposed");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        html_cell(html, &table, conclusion->names[arm]);
    html_cell(html, &table, "p of the day");
    html_cell(html, &table, "all days");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        html_cell(html, &table,
                  arena_format(arena, "%" PRIu64 "%s", conclusion->units.by_arm[arm],
                               isnan(expected_of(conclusion, arm))
                                   ? ""
                                   : arena_format(arena, " of %.1f expected",
                                                  expected_of(conclusion, arm))));
    html_cell(html, &table,
              isnan(conclusion->ratio.fit.p)
                  ? "not known"
                  : arena_format(arena, "%.2g", conclusion->ratio.anytime_p));
    for (uint32_t i = 0; i < conclusion->day_count; i++) {
        const struct day_ratio *day = &conclusion->days[i];
        html_cell(html, &table, chart_date_text(arena, day->day));
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
            html_cell(html, &table, arena_format(arena, "%" PRIu64, day->by_arm[arm]));
        html_cell(html, &table,
                  isnan(day->p) ? "too few units" : arena_format(arena, "%.2g", day->p));
    }
    return table;
}

static void put_ratio(const struct conclusion *conclusion, const struct html *html)
{
    struct arena *arena = html->arena;
    bool known = !isnan(conclusion->ratio.fit.p), off = conclusion_ratio_is_off(conclusion);
    struct count_bar *bars = ARENA_ARRAY(arena, struct count_bar, conclusion->arms->count + 1);
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        bars[arm] = (struct count_bar){
            conclusion->names[arm], arena_format(arena, "%" PRIu64, conclusion->units.by_arm[arm]),
            analyze_style(conclusion, arm), (double)conclusion->units.by_arm[arm],
            expected_of(conclusion, arm)};
    figure_begin(html,
                 &(struct figure){
                     .chart = "ratio",
                     .title = "Sample ratio",
                     .word = !known ? "not known"
                             : off  ? "off"
                                    : "as it should be",
                     .tone = !known ? TONE_OPEN
                             : off  ? TONE_BAD
                                    : TONE_GOOD,
                     .caption = arena_format(arena, "%s.", units_text(conclusion, arena)),
                     .note = known ? "The upright lines are what the split says; p holds at any "
                                     "number of looks."
                                   : "Nothing says how many units each variant should have, or "
                                     "there are too few to tell."});
    count_chart(html, "Units of each variant", bars, conclusion->arms->count);
    const struct html_table table = days_table(conclusion, html);
    figure_end(html, FIGURE_PLAIN, &table, "Units by the day of their first exposure");
}

/* ---------------------------------------------------------------------------------- left out -- */

static void add(struct count_bar *bars, uint32_t *count, struct arena *arena, const char *what,
                uint64_t number)
{
    if (number > 0)
        bars[(*count)++] = (struct count_bar){what, arena_format(arena, "%" PRIu64, number),
                                              CHART_STYLES, (double)number, NAN};
}

static void put_left_out(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct exposures *exposures = conclusion->exposures;
    const struct outcomes *outcomes = conclusion->outcomes;
    struct arena *arena = html->arena;
    struct count_bar bars[OUTCOME_LEFT_OUT_CAUSES + NOT_EXPOSED_CAUSES + 3];
    uint32_t count = 0;
    uint64_t left_out = 0;
    add(bars, &count, arena, "exposures that count", exposures->lines);
    add(bars, &count, arena, "outcomes that count", outcomes->lines);
    for (uint32_t i = 0; i < NOT_EXPOSED_CAUSES; i++)
        add(bars, &count, arena,
            arena_format(arena, "no exposure: %s", spaced(arena, not_exposed_words[i])),
            exposures->not_exposed[i]);
    for (uint32_t i = 0; i < OUTCOME_LEFT_OUT_CAUSES; i++) {
        left_out += outcomes->left_out[i];
        add(bars, &count, arena,
            arena_format(arena, "no outcome: %s", spaced(arena, outcome_left_out_words[i])),
            outcomes->left_out[i]);
    }
    struct html_table table = {.alignment = "lr"};
    html_cell(html, &table, "lines");
    html_cell(html, &table, "number");
    for (uint32_t i = 0; i < count; i++) {
        html_cell(html, &table, bars[i].text);
        html_cell(html, &table, bars[i].value_text);
    }
    figure_begin(html, &(struct figure){
                           .chart = "left-out",
                           .title = "Lines",
                           .caption = arena_format(
                               arena,
                               "%" PRIu64 " lines exposed a unit and %" PRIu64
                               " outcomes count; %" PRIu64 " outcomes were left out, and of the "
                               "units %" PRIu64 " that were seen in several variants and %" PRIu64
                               " that something else than chance decided for.",
                               exposures->lines, outcomes->lines, left_out,
                               conclusion->units.crossover, conclusion->units.forced)});
    if (count > 0)
        count_chart(html, "Lines by what became of them", bars, count);
    figure_end(html, FIGURE_PLAIN, &table, "Lines in numbers");
}

void analyze_html_units(const struct analyze_page *page, const struct html *html)
{
    html_format(html, "<h2>Who was compared</h2>\n");
    put_ratio(page->conclusion, html);
    put_left_out(page, html);
    const char *assigned = origins_text(&page->conclusion->exposures->origins, html->arena);
    if (assigned)
        html_format(html, "<p class=\"note\">Who was served what was worked out again: %s.</p>\n",
                    assigned);
}
