/* report_html_rollout.c - how the rollout went: its stages, its changes, and what held it back. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"
#include "report_html.h"
#include "tools/ffreplay/evaluate/stage_times.h"
#include "tools/ffreplay/html/chart.h"

struct rollout_drawing {
    const struct report_page *page;
    struct stage_times times;
    struct stage_bar *bars;
    uint32_t bar_count;
    struct stage_mark *marks;
    uint32_t mark_count;
    int64_t from;
};

static bool is_served(const struct stage_time *time)
{
    return time->known && (time->state == CANARY_RUNNING || time->state == CANARY_PAUSED);
}

static const char *percent_of(const struct rollout_drawing *drawing, uint32_t stage)
{
    const struct canary *canary = drawing->page->verdict->analysis->subject.canary;
    return percent_text(drawing->page->html->arena,
                        canary->instant ? PERCENT_ALL : canary->stages[stage].percent);
}

static void add_bar(struct rollout_drawing *drawing, const struct stage_time *time, int64_t to,
                    bool last)
{
    struct arena *arena = drawing->page->html->arena;
    const struct canary *canary = drawing->page->verdict->analysis->subject.canary;
    const char *name = canary->stages[time->stage].name.text;
    const char *state = time->state == CANARY_PAUSED ? ", paused" : "";
    *ARENA_APPEND(arena, drawing->bars, drawing->bar_count) = (struct stage_bar){
        .from = time->from,
        .to = to,
        .kind = last                           ? BAR_NOW
                : time->state == CANARY_PAUSED ? BAR_PAUSED
                                               : BAR_DONE,
        .text = arena_format(arena, "%s %s%s", name, percent_of(drawing, time->stage), state),
        .brief = time->state == CANARY_PAUSED ? "paused" : percent_of(drawing, time->stage),
        .detail =
            arena_format(arena, "%s at %s%s: %s to %s, %s", name, percent_of(drawing, time->stage),
                         state, chart_moment_text(arena, time->from), chart_moment_text(arena, to),
                         duration_text(arena, to - time->from))};
}

/* From the start on, as far as it is known. Where nothing is, the stage that is judged. */
static void find_bars(struct rollout_drawing *drawing)
{
    const struct verdict *verdict = drawing->page->verdict;
    const struct rollout_past *past = drawing->page->past;
    int64_t start = INT64_MIN;
    for (uint32_t i = 0; i < past->count && start == INT64_MIN; i++)
        if (past->items[i].to_state && strcmp(past->items[i].verdict, "start") == 0)
            start = past->items[i].at;
    for (uint32_t i = 0; i < drawing->times.count; i++) {
        const struct stage_time *time = &drawing->times.items[i];
        bool last = i + 1 == drawing->times.count;
        int64_t to = last ? verdict->now : time[1].from;
        if (!is_served(time) || time->from == INT64_MIN || time->from < start ||
            time->from >= verdict->now)
            continue;
        add_bar(drawing, time, to < verdict->now ? to : verdict->now, to >= verdict->now);
    }
    enum canary_state state = verdict->analysis->subject.canary->state;
    if (drawing->bar_count == 0 && (state == CANARY_RUNNING || state == CANARY_PAUSED))
        add_bar(drawing,
                &(struct stage_time){verdict->begin, state, verdict->analysis->subject.stage,
                                     .known = true},
                verdict->now, true);
    drawing->from = drawing->bar_count ? drawing->bars[0].from : verdict->begin;
}

static void add_next(struct rollout_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const struct verdict *verdict = drawing->page->verdict;
    const struct canary *canary = verdict->analysis->subject.canary;
    uint32_t first = canary->state == CANARY_PENDING ? 0 : verdict->analysis->subject.stage + 1;
    bool goes_on = canary->state == CANARY_PENDING || canary->state == CANARY_RUNNING ||
                   canary->state == CANARY_PAUSED;
    for (uint32_t i = first; goes_on && i < canary->stage_count; i++)
        *ARENA_APPEND(arena, drawing->bars, drawing->bar_count) = (struct stage_bar){
            .kind = BAR_NEXT,
            .text =
                arena_format(arena, "%s %s", canary->stages[i].name.text, percent_of(drawing, i)),
            .brief = percent_of(drawing, i),
            .detail = arena_format(arena, "%s at %s: %s", canary->stages[i].name.text,
                                   percent_of(drawing, i),
                                   drawing->page->end ? "not reached" : "to come")};
}

/* "from first to fifth", "rolled_back". */
static const char *change_text(const struct rollout_drawing *drawing,
                               const struct rollout_change *change)
{
    struct arena *arena = drawing->page->html->arena;
    if (change->override)
        return arena_format(arena, "%s %s", change->verdict, change->override);
    if (!change->to_state)
        return change->verdict;
    if (strcmp(change->from, change->to) != 0)
        return arena_format(arena, "%s, from %s to %s", change->verdict, change->from, change->to);
    return arena_format(arena, "%s, in %s", change->verdict, change->to);
}

static bool is_shown(const struct rollout_drawing *drawing, const struct rollout_change *change)
{
    return change->at <= drawing->page->verdict->now || change == drawing->page->end ||
           (drawing->page->end && change->at <= drawing->page->end->at);
}

static void find_marks(struct rollout_drawing *drawing)
{
    struct arena *arena = drawing->page->html->arena;
    const struct rollout_past *past = drawing->page->past;
    for (uint32_t i = 0; i < past->count; i++) {
        const struct rollout_change *change = &past->items[i];
        if (!is_shown(drawing, change))
            continue;
        struct stage_mark *mark = ARENA_APPEND(arena, drawing->marks, drawing->mark_count);
        *mark =
            (struct stage_mark){change->at, arena_format(arena, "%u", drawing->mark_count), NULL};
        mark->detail =
            arena_format(arena, "%s: %s, by %s: %s", chart_moment_text(arena, change->at),
                         change_text(drawing, change), change->actor, change->reason);
    }
}

static void put_log(const struct rollout_drawing *drawing)
{
    const struct html *html = drawing->page->html;
    const struct rollout_past *past = drawing->page->past;
    uint32_t number = 0;
    if (drawing->mark_count == 0) {
        html_format(html, "<p class=\"note\">The ledger has no change of this rollout.</p>\n");
        return;
    }
    html_format(html, "<ol class=\"log\">\n");
    for (uint32_t i = 0; i < past->count; i++) {
        const struct rollout_change *change = &past->items[i];
        if (!is_shown(drawing, change))
            continue;
        html_format(html,
                    "<li data-change=\"%s\"><b class=\"n\">%u</b><b>%s</b> %s, by %s%s%s%s <span "
                    "class=\"dim\">%s</span></li>\n",
                    change->verdict, ++number, chart_moment_text(html->arena, change->at),
                    change_text(drawing, change), change->actor,
                    strcmp(change->rule, "manual") == 0 ? "" : " (",
                    strcmp(change->rule, "manual") == 0 ? "" : change->rule,
                    strcmp(change->rule, "manual") == 0 ? "" : ")", change->reason);
    }
    html_format(html, "</ol>\n");
}

static void put_held(const struct report_page *page)
{
    for (uint32_t i = 0; i < page->held_count; i++)
        html_format(page->html,
                    "<p data-held=\"\"><span class=\"open\" aria-hidden=\"true\">◆</span> %s. Its "
                    "time does not count.</p>\n",
                    page->held[i].text);
}

static const char *caption_of(const struct rollout_drawing *drawing)
{
    const struct verdict *verdict = drawing->page->verdict;
    struct arena *arena = drawing->page->html->arena;
    const struct canary *canary = verdict->analysis->subject.canary;
    if (canary->state == CANARY_PENDING)
        return arena_format(arena, "%u stage%s to come; none has begun.", canary->stage_count,
                            canary->stage_count == 1 ? "" : "s");
    const char *held = verdict->held > 0
                           ? arena_format(arena, "; overrides held it back for %s of that",
                                          duration_text(arena, verdict->held))
                           : "";
    return arena_format(arena, "Stage %u of %u, %s at %s, since %s: %s until %s%s.",
                        verdict->analysis->subject.stage + 1, canary->stage_count,
                        verdict->stage->name.text,
                        percent_of(drawing, verdict->analysis->subject.stage),
                        chart_moment_text(arena, verdict->begin),
                        duration_text(arena, verdict->now - verdict->begin),
                        chart_moment_text(arena, verdict->now), held);
}

void report_html_rollout(const struct report_page *page)
{
    const struct html *html = page->html;
    const struct verdict *verdict = page->verdict;
    const struct subject *subject = &verdict->analysis->subject;
    struct rollout_drawing drawing = {.page = page};
    struct buffer error = {0};
    html_format(html, "<h2>How it went</h2>\n");
    if (!stage_times_read(&drawing.times, verdict->replay->project, subject->flag,
                          subject->environment, &error))
        html_format(html, "<p>The ledger cannot be read: %s.</p>\n", error.bytes);
    buffer_release(&error);
    find_bars(&drawing);
    add_next(&drawing);
    find_marks(&drawing);
    figure_begin(html,
                 &(struct figure){.chart = "timeline",
                                  .title = "Stages",
                                  .caption = caption_of(&drawing),
                                  .note = drawing.mark_count
                                              ? "Numbers are the changes below. Times are UTC."
                                              : "Times are UTC."});
    const struct stage_chart chart = {.name = "Stages of the rollout over time",
                                      .from = drawing.from,
                                      .to = verdict->now > drawing.from ? verdict->now
                                                                        : drawing.from + 1,
                                      .bars = drawing.bars,
                                      .bar_count = drawing.bar_count,
                                      .marks = drawing.marks,
                                      .mark_count = drawing.mark_count,
                                      .held = page->held,
                                      .held_count = page->held_count};
    if (drawing.bar_count > 0)
        stage_chart(html, &chart);
    put_log(&drawing);
    put_held(page);
    figure_end(html, FIGURE_PLAIN, NULL, NULL);
}
