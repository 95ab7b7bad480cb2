/* analyze_html.c - a page on an experiment: the decision, then its parts in their order. */
#include "analyze_html.h"

#include <inttypes.h>
#include <math.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/html/chart.h"

uint32_t analyze_style(const struct conclusion *conclusion, uint32_t arm)
{
    uint32_t control = conclusion->arms->control;
    if (arm == control)
        return 0;
    /* Control's own is not taken by another. */
    return 1 + (arm < control ? arm : arm - 1) % (CHART_STYLES - 1);
}

enum html_tone analyze_tone(const struct judged_effect *judged)
{
    if (judged->effect.state != EFFECT_FINE)
        return TONE_OPEN;
    switch (judged->verdict) {
    case VERDICT_BETTER:
    case VERDICT_NON_INFERIOR:
        return TONE_GOOD;
    case VERDICT_WORSE:
        return TONE_BAD;
    case VERDICT_UNDECIDED:
    case VERDICT_INSUFFICIENT:
        break;
    }
    return TONE_OPEN;
}

double analyze_margin(const struct judged_metric *metric)
{
    const struct criterion *guard = metric->guard;
    if (!guard || guard->absolute)
        return NAN;
    if (guard->form == CRITERION_MAX_INCREASE)
        return guard->threshold;
    return guard->form == CRITERION_MAX_DECREASE ? -guard->threshold : NAN;
}

struct report_words analyze_words_of(const struct conclusion *conclusion, struct arena *arena)
{
    struct report_words words = {headline_of(conclusion, arena), TONE_PLAIN};
    if (conclusion->status == STATUS_UNHEALTHY || conclusion->decision == DECISION_STOP)
        words.tone = TONE_BAD;
    else if (conclusion->decision == DECISION_SHIP)
        words.tone = TONE_GOOD;
    return words;
}

static void put_fact(const struct html *html, const char *value, const char *what)
{
    html_format(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", what, value);
}

static void put_facts(const struct analyze_page *page, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    struct arena *arena = html->arena;
    html_format(html, "<dl class=\"facts\">\n");
    for (uint32_t arm = 0; arm < conclusion->arms->count; arm++)
        put_fact(html, report_count_text(arena, conclusion->units.by_arm[arm]),
                 arena_format(arena, "units in %s", conclusion->names[arm]));
    put_fact(html,
             isnan(conclusion->ratio.fit.p)
                 ? "not known"
                 : arena_format(arena, "p = %.2g", conclusion->ratio.anytime_p),
             conclusion_ratio_is_off(conclusion) ? "sample ratio: off" : "sample ratio");
    if (conclusion->status == STATUS_RUNNING && isfinite(conclusion->days_left))
        put_fact(html,
                 arena_format(arena, "%.*f days", conclusion->days_left < 10 ? 1 : 0,
                              conclusion->days_left),
                 "left, at this traffic");
    put_fact(html, arena_format(arena, "%.4g%%", 100 * (1 - conclusion->terms.judgement.alpha)),
             arena_format(arena, "confidence, %s",
                          analysis_method_words[conclusion->terms.judgement.method]));
    html_format(html, "</dl>\n");
}

static void put_lead(const struct analyze_page *page, const char *id, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    const struct exposures *exposures = conclusion->exposures;
    const struct flag *flag = page->variants->flag;
    const struct report_words words = analyze_words_of(conclusion, html->arena);
    const struct experiment *experiment = page->variants->targeting->experiment;
    html_format(html,
                "<section class=\"page\" id=\"%s\" data-kind=\"experiment\" data-flag=\"%s\" "
                "data-environment=\"%s\" data-status=\"%s\" data-decision=\"%s\">\n<h1>%s "
                "<small>experiment in %s · units first exposed from %s to %s%s%s</small></h1>\n",
                id, flag->name.text, page->environment, analysis_status_words[conclusion->status],
                analysis_decision_words[conclusion->decision], flag->name.text, page->environment,
                chart_date_text(html->arena, exposures->first),
                chart_stamp_text(html->arena, exposures->last), flag->description ? " · " : "",
                flag->description ? flag->description : "");
    html_format(html,
                "<div class=\"lead\"><span class=\"pill %s\" data-word=\"\"><span "
                "aria-hidden=\"true\">%s</span> %s</span><span>%s</span></div>\n",
                html_tone_class(words.tone), html_tone_shape(words.tone), words.word,
                experiment && experiment->hypothesis
                    ? arena_format(html->arena, "“%s”", experiment->hypothesis)
                    : "");
    for (uint32_t i = 0; i < conclusion->reasons.count; i++)
        html_format(html, "<p class=\"why\">%s</p>\n",
                    report_sentence(html->arena, conclusion->reasons.items[i]));
    const char *left = left_text(conclusion, html->arena);
    if (left)
        html_format(html, "<p class=\"dim\" data-left=\"\">Left until it is decided: %s.</p>\n",
                    left);
    put_facts(page, html);
    report_html_list(html, "Issues", "bad",
                     (struct report_sentences){conclusion->issues.items, conclusion->issues.count});
    report_html_list(html, "Asked for in another way than it is defined", "",
                     (struct report_sentences){page->settled->departures.items,
                                               page->settled->departures.count});
}

static void put_definitions(const struct analyze_page *page, const struct html *html)
{
    struct report_places places = {0};
    *ARENA_APPEND(html->arena, places.items, places.count) = page->variants->flag->name.span;
    for (uint32_t i = 0; i < page->conclusion->metric_count; i++)
        *ARENA_APPEND(html->arena, places.items, places.count) =
            page->conclusion->metrics[i].measure->metric->name.span;
    report_html_definitions(html, page->replay->project, &places);
}

void analyze_html(const struct analyze_page *page, const struct report_origin *origin,
                  const char *id, const struct html *html)
{
    const struct conclusion *conclusion = page->conclusion;
    struct input_digest digest = conclusion->exposures->digest;
    input_digest_join(&digest, &conclusion->outcomes->digest);
    put_lead(page, id, html);
    analyze_html_effects(page, html);
    analyze_html_courses(page, html);
    analyze_html_values(page, html);
    analyze_html_breakdowns(page, html);
    analyze_html_units(page, html);
    report_html_list(html, "To know", "",
                     (struct report_sentences){conclusion->notes.items, conclusion->notes.count});
    put_definitions(page, html);
    report_html_again(html, page->replay, origin, page->build, &digest);
    html_format(html, "</section>\n");
}
