/* analyze_text.c - the page for a terminal. See analyze_page.h. */
#include <math.h>
#include <string.h>

#include "analyze_page.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"

/* Columns of a plot on each side of 0. */
#define PLOT_LEAST 4
#define PLOT_MOST  10
/* What lies beyond is drawn as an arrow: ten times the control. */
#define FARTHEST 10

/* The farthest bound that is known, of all effects: what the plot's edge stands for. */
static double reach_of(const struct conclusion *conclusion)
{
    double reach = 0;
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            const struct effect *effect = &conclusion->metrics[i].variants[arm].effect;
            if (arm == conclusion->arms->control || effect->state != EFFECT_FINE)
                continue;
            if (isfinite(effect->relative_interval.lower))
                reach = fmax(reach, fabs(effect->relative_interval.lower));
            if (isfinite(effect->relative_interval.upper))
                reach = fmax(reach, fabs(effect->relative_interval.upper));
        }
    return fmin(reach, FARTHEST);
}

static int place_of(double change, double reach, int half)
{
    double place = round(change / reach * half);
    return (int)fmax(-half, fmin(half, place)) + half;
}

/* "   ├──●──┤   ", with the control's 0 in the middle; an end beyond the edge is an arrow. */
static const char *plot_of(const struct effect *effect, double reach, int half, struct arena *arena)
{
    const struct interval *interval = &effect->relative_interval;
    if (half == 0 || !(reach > 0) || !isfinite(effect->relative.value) ||
        (isinf(interval->lower) && isinf(interval->upper)))
        return NULL;
    const char *cells[2 * PLOT_MOST + 1];
    int from = place_of(interval->lower, reach, half), to = place_of(interval->upper, reach, half);
    for (int i = 0; i <= 2 * half; i++)
        cells[i] = i >= from && i <= to ? "─" : i == half ? "│" : " ";
    if (from <= half && to >= half)
        cells[half] = "┼";
    cells[from] = interval->lower < -reach * 1.0001 ? "◂" : "├";
    cells[to] = interval->upper > reach * 1.0001 ? "▸" : "┤";
    cells[place_of(effect->relative.value, reach, half)] = "●";
    const char *plot = "";
    for (int i = 0; i <= 2 * half; i++)
        plot = arena_format(arena, "%s%s", plot, cells[i]);
    return plot;
}

static const char *color_of(const struct judged_effect *judged)
{
    switch (judged->verdict) {
    case VERDICT_BETTER:
    case VERDICT_NON_INFERIOR:
        return PAGE_GREEN;
    case VERDICT_WORSE:
        return PAGE_RED;
    case VERDICT_INSUFFICIENT:
        return PAGE_YELLOW;
    case VERDICT_UNDECIDED:
        break;
    }
    return NULL;
}

/* What the plot's edges stand for. */
static const char *edges_of(double reach, int half, struct arena *arena)
{
    const char *edge = arena_format(arena, "%.3g%%", reach * 100);
    int room = 2 * half + 1 - 2 * ((int)strlen(edge) + 1);
    return half == 0 || room < 1 ? "" : arena_format(arena, "-%s%*s+%s", edge, room, "", edge);
}

enum { CELL_NAME, CELL_VALUE, CELL_CHANGE, CELL_INTERVAL, CELL_P, CELL_PLOT, CELL_VERDICT };

/* "bought, primary", "latency, max_increase 10%" */
static const char *heading_of(const struct analyze_page *analysis,
                              const struct judged_metric *metric, struct arena *arena)
{
    const char *name = metric->measure->metric->name.text;
    switch (metric->role) {
    case ROLE_PRIMARY:
        return arena_format(arena, "%s, %s%s", name, metric_role_words[metric->role],
                            analysis->settled->start.primary_changed ? " (changed)" : "");
    case ROLE_GUARD:
        return arena_format(arena, "%s, %s %s", name, criterion_form_words[metric->guard->form],
                            metric->guard->written.text);
    case ROLE_SECONDARY:
        break;
    }
    return name;
}

/* A row for each metric, with the control's value, and below it one for each variant. */
static size_t fill_rows(const struct analyze_page *analysis, struct page_row *rows, int half,
                        struct arena *arena)
{
    const struct conclusion *conclusion = analysis->conclusion;
    double reach = reach_of(conclusion);
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    size_t count = 0;
    rows[count++] = (struct page_row){{[CELL_NAME] = "",
                                       [CELL_VALUE] = "value",
                                       [CELL_CHANGE] = "change",
                                       [CELL_INTERVAL] = "interval",
                                       [CELL_P] = bayesian ? "better" : "p",
                                       [CELL_PLOT] = edges_of(reach, half, arena),
                                       [CELL_VERDICT] = ""},
                                      NULL,
                                      NULL};
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        struct page_row *head = &rows[count++];
        *head = (struct page_row){0};
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            if (arm == conclusion->arms->control)
                continue;
            const struct judged_metric *metric = &conclusion->metrics[i];
            const struct judged_effect *judged = &metric->variants[arm];
            struct effect_words words = effect_words_of(analysis, i, arm, arena);
            head->cells[CELL_NAME] = heading_of(analysis, metric, arena);
            head->cells[CELL_VALUE] = words.control_value;
            rows[count++] =
                (struct page_row){{[CELL_NAME] = arena_format(arena, "  %s", words.variant),
                                   [CELL_VALUE] = words.value,
                                   [CELL_CHANGE] = words.change,
                                   [CELL_INTERVAL] = words.interval,
                                   [CELL_P] = words.p,
                                   [CELL_PLOT] = plot_of(&judged->effect, reach, half, arena),
                                   [CELL_VERDICT] = words.verdict},
                                  color_of(judged),
                                  NULL};
        }
    }
    return count;
}

static void put_table(const struct analyze_page *analysis, const struct page *page)
{
    const struct conclusion *conclusion = analysis->conclusion;
    size_t most = (size_t)conclusion->metric_count * conclusion->arms->count + 1;
    struct page_row *rows = ARENA_ARRAY(page->arena, struct page_row, most + 1);
    struct page_table table = {rows, fill_rows(analysis, rows, 0, page->arena), "lrrrrlc"};
    size_t narrow = page_table_width(&table) + 2;
    int half = page->width > narrow ? (int)(page->width - narrow - 1) / 2 : 0;
    half = half > PLOT_MOST ? PLOT_MOST : half < PLOT_LEAST ? 0 : half;
    fill_rows(analysis, rows, half, page->arena);
    page_write_table(page, &table);
}

static void put_sentences(const struct page *page, const char *heading,
                          const struct sentence_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        page_fact(page, i == 0 ? heading : "", list->items[i]);
}

void analyze_text(const struct analyze_page *analysis, const struct page *page)
{
    const struct conclusion *conclusion = analysis->conclusion;
    const struct exposures *exposures = conclusion->exposures;
    bool good = conclusion->decision == DECISION_SHIP;
    bool bad = conclusion->decision == DECISION_STOP || conclusion->status == STATUS_UNHEALTHY;
    page_put(page,
             good  ? PAGE_BOLD PAGE_GREEN
             : bad ? PAGE_BOLD PAGE_RED
                   : PAGE_BOLD,
             headline_of(conclusion, page->arena), 0);
    terminal_format(page->out, "  %s in %s\n\n", analysis->variants->flag->name.text,
                    analysis->environment);
    put_sentences(page, "because", &conclusion->reasons);
    put_sentences(page, "issues", &conclusion->issues);
    const char *left = left_text(conclusion, page->arena);
    if (left)
        page_fact(page, "left", left);
    page_fact(page, "units", units_text(conclusion, page->arena));
    if (exposures->lines > 0)
        page_fact(page, "exposed",
                  arena_format(page->arena, "%s to %s", page_time(page, exposures->first),
                               page_time(page, exposures->last)));
    if (origins_text(&exposures->origins, page->arena))
        page_fact(page, "assigned", origins_text(&exposures->origins, page->arena));
    page_fact(page, "method", method_text(conclusion, page->arena));
    put_sentences(page, "notes", &conclusion->notes);
    buffer_append_text(page->out, "\n");
    put_table(analysis, page);
}
