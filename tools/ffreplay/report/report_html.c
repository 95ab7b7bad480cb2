/* report_html.c - a page on a canary: the verdict, then its parts in their order. */
#include "report_html.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"
#include "told.h"
#include "tools/ffreplay/html/chart.h"

/* ------------------------------------------------------------------------------- small words -- */

static void put_fact(const struct html *html, const char *value, const char *what)
{
    html_format(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", what, value);
}

/* ---------------------------------------------------------------------------------- the lead -- */

static enum html_tone tone_of(enum decision_verdict verdict)
{
    switch (verdict) {
    case VERDICT_ADVANCE:
    case VERDICT_COMPLETE:
        return TONE_GOOD;
    case VERDICT_HOLD:
        return TONE_PLAIN;
    case VERDICT_PAUSE:
        return TONE_OPEN;
    case VERDICT_ROLLBACK:
        break;
    }
    return TONE_BAD;
}

static const char *stage_text(const struct report_page *page)
{
    const struct canary *canary = page->verdict->analysis->subject.canary;
    uint32_t percent = canary->instant ? PERCENT_ALL : page->verdict->stage->percent;
    return arena_format(page->html->arena, "stage %s, at %s", page->verdict->stage->name.text,
                        percent_text(page->html->arena, percent));
}

/* "after 1h 6m" of being served. */
static const char *after_text(const struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    return verdict->elapsed < 0 ? "before it began"
                                : arena_format(page->html->arena, "after %s",
                                               duration_text(page->html->arena, verdict->elapsed));
}

static const char *lead_text(const struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct canary *canary = verdict->analysis->subject.canary;
    struct arena *arena = page->html->arena;
    const char *stage = stage_text(page), *after = after_text(page);
    if (page->end)
        return arena_format(arena, "in %s, %s, on %s by %s", stage, after,
                            chart_moment_text(arena, page->end->at), page->end->actor);
    enum decision_rule rule = verdict->decision.rule;
    if (rule == RULE_NOT_STARTED)
        return "the rollout has not started";
    if (rule == RULE_ROLLED_BACK)
        return arena_format(arena, "it was rolled back; nothing is served by it since %s",
                            chart_moment_text(arena, verdict->begin));
    if (rule == RULE_COMPLETED)
        return arena_format(arena, "it is complete: everybody has it since %s",
                            chart_moment_text(arena, verdict->begin));
    switch (verdict->decision.verdict) {
    case VERDICT_ADVANCE:
        return arena_format(arena, "from %s, %s, to %s at %s", stage, after,
                            verdict->next ? verdict->next->name.text : "?",
                            percent_text(arena, verdict->next ? verdict->next->percent : 0));
    case VERDICT_COMPLETE:
        return arena_format(arena, "%s was the last one, %s", stage, after);
    case VERDICT_HOLD:
        return arena_format(arena, "%s in %s, %s",
                            canary->state == CANARY_PAUSED ? "paused" : "stays", stage, after);
    case VERDICT_PAUSE:
    case VERDICT_ROLLBACK:
        break;
    }
    return arena_format(arena, "in %s, %s", stage, after);
}

struct report_words report_words_of(const struct verdict *verdict, const struct rollout_change *end)
{
    if (end)
        return strcmp(end->to_state, canary_state_words[CANARY_COMPLETE]) == 0
                   ? (struct report_words){"complete", TONE_GOOD}
                   : (struct report_words){"rolled back", TONE_BAD};
    enum decision_rule rule = verdict->decision.rule;
    if (rule == RULE_ROLLED_BACK)
        return (struct report_words){"rolled back", TONE_BAD};
    if (rule == RULE_COMPLETED)
        return (struct report_words){"complete", TONE_GOOD};
    if (rule == RULE_NOT_STARTED)
        return (struct report_words){"not started", TONE_PLAIN};
    return (struct report_words){verdict->decision.verdict == VERDICT_ROLLBACK
                                     ? "roll back"
                                     : decision_verdict_words[verdict->decision.verdict],
                                 tone_of(verdict->decision.verdict)};
}

/* A guard in harm, for who does not know what a bound is. */
static const char *harm_text(struct arena *arena, const struct judgement *judgement)
{
    const struct criterion *criterion = judgement->criterion;
    const struct told told = judgement_told(arena, judgement);
    bool above = criterion_harm_side(criterion) == SIDE_ABOVE;
    const char *of_control =
        told_is_said(told.control) ? arena_format(arena, " (control: %s)", told.control) : "";
    if (criterion_compares(criterion))
        return arena_format(arena,
                            "%s is %s in the canary%s: a change of %s, where %s%s is allowed",
                            told.metric, told.canary, of_control, told.change,
                            above ? "at most +" : "at most -", criterion->written.text);
    return arena_format(arena, "%s is %s in the canary%s; the limit is %s", told.metric,
                        told.canary, of_control, criterion->written.text);
}

static bool decides(const struct verdict *verdict, const struct judgement *judgement)
{
    if (judgement->finding.advances || judgement->finding.verdict != CRITERION_HARM)
        return false;
    return verdict->decision.verdict == VERDICT_PAUSE
               ? judgement->finding.action == ACTION_PAUSE
               : judgement->finding.action == ACTION_ROLLBACK;
}

static bool has_reason(const struct verdict *verdict, const char *reason)
{
    for (uint32_t i = 0; i < verdict->reasons.count; i++)
        if (strcmp(verdict->reasons.items[i], reason) == 0)
            return true;
    return false;
}

static bool is_first_reason(const struct verdict *verdict, uint32_t place)
{
    for (uint32_t i = 0; i < place; i++)
        if (strcmp(verdict->reasons.items[i], verdict->reasons.items[place]) == 0)
            return false;
    return true;
}

static void put_why(const struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct html *html = page->html;
    if (verdict->decision.rule == RULE_GUARD)
        for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
            const struct judgement *judgement = &verdict->analysis->judgements[i];
            if (decides(verdict, judgement))
                html_format(html, "<p class=\"why\">%s</p>\n",
                            report_sentence(html->arena, harm_text(html->arena, judgement)));
        }
    for (uint32_t i = 0; i < verdict->reasons.count; i++)
        if (is_first_reason(verdict, i)) /* two criteria of a metric may have the same one */
            html_format(html, "<p class=\"why\">%s</p>\n",
                        report_sentence(html->arena, verdict->reasons.items[i]));
    if (verdict->would && *verdict->would)
        html_format(html, "<p class=\"dim\" data-would=\"\">%s %s.</p>\n",
                    page->end ? "As of then, it would" : "It would", verdict->would);
    if (page->end && !has_reason(verdict, page->end->reason))
        html_format(html, "<p class=\"dim\" data-ledger=\"\">The ledger has: %s (%s, by %s)</p>\n",
                    page->end->reason, page->end->rule, page->end->actor);
}

static void put_facts(const struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct analysis *analysis = verdict->analysis;
    const struct html *html = page->html;
    struct arena *arena = html->arena;
    const struct canary *canary = analysis->subject.canary;
    uint32_t percent = canary->instant ? PERCENT_ALL : verdict->stage->percent;
    html_format(html, "<dl class=\"facts\">\n");
    put_fact(html, percent_text(arena, percent), "of the audience in this stage");
    put_fact(html, report_count_text(arena, analysis->assigned[ASSIGNED_CANARY]),
             "lines of the canary");
    put_fact(html, report_count_text(arena, analysis->assigned[ASSIGNED_CONTROL]),
             "lines of control");
    if (verdict->ratio.known)
        put_fact(html, arena_format(arena, "p = %.2g", verdict->ratio.anytime_p),
                 verdict->issues.count ? "sample ratio" : "sample ratio: as it should be");
    put_fact(html,
             verdict->issues.count == 0 && analysis_used(analysis) == 0 ? "none"
             : verdict->issues.count == 0                               ? "healthy"
                                          : arena_format(arena, "%u issue%s", verdict->issues.count,
                                                         verdict->issues.count == 1 ? "" : "s"),
             "data");
    uint64_t look = verdict_look(verdict);
    if (look > 0)
        put_fact(html, report_count_text(arena, look), "looks that the bounds are good for");
    html_format(html, "</dl>\n");
}

static void put_lead(const struct report_page *page, const char *id)
{
    const struct html *html = page->html;
    const struct verdict *verdict = page->verdict;
    const struct flag *flag = verdict->analysis->subject.flag;
    html_format(
        html,
        "<section class=\"page\" id=\"%s\" data-kind=\"canary\" data-flag=\"%s\" "
        "data-environment=\"%s\" data-verdict=\"%s\" data-rule=\"%s\">\n<h1>%s <small>canary "
        "in %s · as of %s%s%s</small></h1>\n",
        id, flag->name.text, verdict->environment,
        decision_verdict_words[verdict->decision.verdict],
        decision_rule_words[verdict->decision.rule], flag->name.text, verdict->environment,
        chart_stamp_text(html->arena, verdict->now), flag->description ? " · " : "",
        flag->description ? flag->description : "");
    const struct report_words words = report_words_of(verdict, page->end);
    html_format(html,
                "<div class=\"lead\"><span class=\"pill %s\" data-word=\"\"><span "
                "aria-hidden=\"true\">%s</span> %s</span><span>%s</span></div>\n",
                html_tone_class(words.tone), html_tone_shape(words.tone), words.word,
                lead_text(page));
    if (!verdict_holds(verdict))
        html_format(html, "<p class=\"why bad\">Too many lines could not be read: there is no "
                          "verdict, and what follows is of the others.</p>\n");
    put_why(page);
    put_facts(page);
}

/* --------------------------------------------------------------------------------- the whole -- */

/* From the beginning of the stage until now; an override holds from before, or goes on. */
static void find_held(struct report_page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct held_times *held = &verdict->analysis->subject.held;
    struct arena *arena = page->html->arena;
    for (uint32_t i = 0; i < held->count; i++) {
        const struct held_time *item = &held->items[i];
        int64_t until = item->until < verdict->now ? item->until : verdict->now;
        if (item->from >= until)
            continue;
        struct chart_held *shown = ARENA_APPEND(arena, page->held, page->held_count);
        *shown = (struct chart_held){item->from, until, NULL};
        shown->text =
            arena_format(arena, "%s, %s to %s%s%s", item->override->name,
                         item->from == INT64_MIN ? "always" : chart_moment_text(arena, item->from),
                         until == verdict->now ? "now" : chart_moment_text(arena, until),
                         item->override->reason ? ": " : "",
                         item->override->reason ? item->override->reason : "");
    }
}

static void add_place(struct report_places *places, struct arena *arena, struct span span)
{
    if (span.file != NO_FILE)
        *ARENA_APPEND(arena, places->items, places->count) = span;
}

static void put_definitions(const struct report_page *page)
{
    const struct analysis *analysis = page->verdict->analysis;
    struct report_places places = {0};
    struct arena *arena = page->html->arena;
    add_place(&places, arena, analysis->subject.flag->name.span);
    for (uint32_t i = 0; i < analysis->subject.canary->stage_count; i++)
        add_place(&places, arena, analysis->subject.canary->stages[i].span);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        add_place(&places, arena, analysis->judgements[i].criterion->span);
    for (uint32_t i = 0; i < analysis->judgement_count; i++)
        add_place(&places, arena, analysis->judgements[i].criterion->metric->name.span);
    report_html_definitions(page->html, page->verdict->replay->project, &places);
}

bool report_html(struct verdict *verdict, const struct rollout_change *end,
                 const struct course *courses, const struct report_origin *origin, const char *id,
                 const struct html *html, struct buffer *error)
{
    const struct subject *subject = &verdict->analysis->subject;
    struct rollout_past past;
    if (!rollout_past_read(&past, verdict->replay->project, subject->flag, subject->environment,
                           html->arena, error))
        return false;
    struct report_page page = {
        .html = html, .verdict = verdict, .past = &past, .end = end, .courses = courses};
    find_held(&page);
    put_lead(&page, id);
    report_html_rollout(&page);
    report_html_criteria(&page);
    report_html_metrics(&page);
    report_html_units(&page);
    put_definitions(&page);
    report_html_again(html, verdict->replay, origin, subject->build, &verdict->analysis->digest);
    html_format(html, "</section>\n");
    return true;
}
