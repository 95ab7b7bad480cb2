/* analyze_text.c - the page for a terminal. See analyze_page.h. */
#include <inttypes.h>
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

static const char *color_of(enum effect_verdict verdict)
{
    switch (verdict) {
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
                                  color_of(judged->verdict),
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

enum { GROUP_NAME, GROUP_UNITS, GROUP_CHANGE, GROUP_INTERVAL, GROUP_P, GROUP_VERDICT };

#define GROUP_NAME_MOST 20

/* A value of the log, as far as it fits. */
static const char *group_name(const char *text, struct arena *arena)
{
    const char *end = text + strlen(text);
    size_t columns = 0;
    if (terminal_width(text) <= GROUP_NAME_MOST)
        return text;
    const char *at = text;
    for (struct character next; at < end; at += next.bytes, columns += next.width) {
        next = character_at(at, end);
        if (columns + next.width >= GROUP_NAME_MOST)
            break;
    }
    return arena_format(arena, "%s…", arena_copy(arena, text, (size_t)(at - text)));
}

/* A row for each metric in each variant, and below it one for each group. */
static size_t fill_groups(const struct analyze_page *analysis, const struct breakdown *breakdown,
                          struct page_row *rows, struct arena *arena)
{
    const struct conclusion *conclusion = analysis->conclusion;
    const struct field_groups *groups = breakdown->groups;
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    size_t count = 0;
    rows[count++] = (struct page_row){{[GROUP_NAME] = "",
                                       [GROUP_UNITS] = "units",
                                       [GROUP_CHANGE] = "change",
                                       [GROUP_INTERVAL] = "interval",
                                       [GROUP_P] = bayesian ? "better" : "p",
                                       [GROUP_VERDICT] = ""},
                                      NULL,
                                      NULL};
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            if (arm == conclusion->arms->control)
                continue;
            rows[count++] = (struct page_row){
                {[GROUP_NAME] = tested_name(conclusion, i, arm, arena)}, NULL, NULL};
            for (uint32_t group = 0; group < groups->count; group++) {
                struct effect_words words =
                    group_words_of(analysis, breakdown, i, group, arm, arena);
                size_t place = breakdown_place(conclusion, breakdown, i, group, arm);
                rows[count++] = (struct page_row){
                    {[GROUP_NAME] = arena_format(arena, "  %s", group_name(words.variant, arena)),
                     [GROUP_UNITS] = arena_format(arena, "%" PRIu64, groups->items[group].units),
                     [GROUP_CHANGE] = words.change,
                     [GROUP_INTERVAL] = words.interval,
                     [GROUP_P] = words.p,
                     [GROUP_VERDICT] = words.verdict},
                    color_of(breakdown->effects[place].verdict),
                    NULL};
            }
        }
    return count;
}

static void put_breakdown(const struct analyze_page *analysis, const struct breakdown *breakdown,
                          const struct page *page)
{
    const struct conclusion *conclusion = analysis->conclusion;
    struct arena *arena = page->arena;
    uint32_t arms = conclusion->arms->count;
    size_t most = (size_t)conclusion->metric_count * arms * (breakdown->groups->count + 1) + 1;
    buffer_append_text(page->out, "\n");
    page_fact(page, "by", breakdown_text(conclusion, breakdown, arena));
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            if (arm != conclusion->arms->control && !breakdown->of_days)
                page_fact(page, "",
                          arena_format(arena, "%s: %s", tested_name(conclusion, i, arm, arena),
                                       interaction_text(conclusion, breakdown, i, arm, arena)));
    page_fact(page, "", interactions_hold_text(analysis->breakdowns, breakdown));
    buffer_append_text(page->out, "\n");
    struct page_row *rows = ARENA_ARRAY(arena, struct page_row, most + 1);
    struct page_table table = {rows, fill_groups(analysis, breakdown, rows, arena), "lrrrrc"};
    page_write_table(page, &table);
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
    for (uint32_t i = 0; i < analysis->breakdowns->count; i++)
        put_breakdown(analysis, &analysis->breakdowns->items[i], page);
}
