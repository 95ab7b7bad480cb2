/* judge_health.c - what is wrong with a flag. See health_page.h. */
#include <inttypes.h>
#include <stdarg.h>

#include "compiler/base/arena.h"
#include "health_page.h"
#include "tools/ffreplay/evaluate/served_variants.h"
#include "tools/ffreplay/canary/reasons.h"
#include "compiler/base/percent.h"

static void issue(struct health_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void issue(struct health_page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vformat(page->replay->texts, format, arguments);
    va_end(arguments);
    *ARENA_APPEND(page->replay->texts, page->issues.items, page->issues.count) = text;
}

static void note(struct health_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct health_page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vformat(page->replay->texts, format, arguments);
    va_end(arguments);
    *ARENA_APPEND(page->replay->texts, page->notes.items, page->notes.count) = text;
}

/* ------------------------------------------------------------------------------- of any flag -- */

static void judge_variants(struct health_page *page)
{
    const struct served_counts *counted = page->counted;
    const struct flag_variants *variants = counted->variants;
    const struct variant_set served =
        served_variants(page->replay->project, variants->flag, variants->environment);
    for (uint32_t i = 0; i <= variants->targeting->variant_count; i++)
        if (variant_set_has(&counted->seen, i) && !variant_set_has(&served, i))
            issue(page, "variant '%s' is in the log, though nothing in the definitions serves it",
                  variant_text(variants, i));
    const char *unknown = unknown_variants_text(&counted->unknown, page->replay->texts);
    if (unknown)
        issue(page, "%s", unknown);
    if (counted->reasons[FFLAG_REASON_ERROR] > 0)
        issue(page, "evaluating the flag failed for %" PRIu64 " lines",
              counted->reasons[FFLAG_REASON_ERROR]);
    if (page->table->used == 0)
        issue(page, "no line of the logs is about the flag");
}

static const char *counts_text(struct health_page *page, const double *counts)
{
    const char *text = "";
    for (uint32_t i = 0; i < page->ratio.count; i++)
        text = arena_format(page->replay->texts, "%s%s%.0f %s", text, i > 0 ? ", " : "", counts[i],
                            page->groups[i]);
    return text;
}

static void judge_division(struct health_page *page)
{
    const struct served_counts *counted = page->counted;
    const struct division *division = &counted->division;
    const struct unit_counts *units = page->divided;
    double weights[UNIT_GROUPS];
    for (uint32_t i = 0; i < division->count; i++) {
        weights[i] = division->arms[i].percent / (double)PERCENT_ALL;
        page->groups[i] = variant_text(counted->variants, division->arms[i].variant);
    }
    page->ratio = unit_ratio_of(units, weights, division->count);
    if (unit_ratio_is_off(&page->ratio))
        issue(page, "sample ratio mismatch: %s units, where the definitions give %s (p = %.2g)",
              counts_text(page, page->ratio.observed), counts_text(page, page->ratio.expected),
              page->ratio.anytime_p);
    if (units_change_groups(units))
        issue(page, "%" PRIu64 " of %" PRIu64 " units were seen in more than one variant",
              units->several, units->units);
}

/* ------------------------------------------------------------------------------- of a canary -- */

static void judge_criteria(struct health_page *page)
{
    struct verdict *verdict = page->verdict;
    for (uint32_t i = 0; i < verdict->analysis->judgement_count; i++) {
        const struct judgement *judgement = &verdict->analysis->judgements[i];
        const struct finding *finding = &judgement->finding;
        if (finding->advances)
            continue;
        if (finding->verdict == CRITERION_HARM)
            issue(page, "%s", measured_text(verdict, judgement));
        else if (finding->verdict == CRITERION_NODATA && finding->on_nodata != NODATA_IGNORE)
            issue(page, "%s", unmeasured_text(verdict, judgement));
    }
}

static void take_verdict(struct health_page *page)
{
    const struct verdict *verdict = page->verdict;
    for (uint32_t i = 0; i < verdict->issues.count; i++)
        issue(page, "%s", verdict->issues.items[i]);
    page->notes = verdict->notes;
    page->groups[UNIT_IN_CANARY] = "canary";
    page->groups[UNIT_IN_CONTROL] = "control";
    page->ratio = verdict->ratio;
    judge_criteria(page);
    /* A canary that was rolled back is not expected to be seen. */
    if (verdict->silence.log && verdict->analysis->subject.canary->state != CANARY_ROLLED_BACK)
        issue(page, "%s", silence_text(verdict));
}

/* What the past was that is none now. */
static void note_past(struct health_page *page)
{
    const struct served_counts *counted = page->counted;
    if (counted->in_transition > 0)
        note(page, "%" PRIu64 " %s left out, so close to a publication", counted->in_transition,
             counted->in_transition == 1 ? "line is" : "lines are");
    if (counted->of_gone > 0)
        note(page, "%" PRIu64 " %s a variant that the flag no longer has", counted->of_gone,
             counted->of_gone == 1 ? "line was served" : "lines were served");
    if (counted->divided_otherwise > 0 && counted->division.count > 0)
        note(page,
             "%" PRIu64 " %s of times at which the flag was another: their units do not count "
             "towards the sizes of the groups",
             counted->divided_otherwise, counted->divided_otherwise == 1 ? "line is" : "lines are");
}

void health_page_judge(struct health_page *page)
{
    if (page->verdict) {
        take_verdict(page);
        note_past(page);
        if (page->table->used == 0)
            issue(page, "no line of the logs is about the flag");
        return;
    }
    judge_variants(page);
    judge_division(page);
    note_past(page);
    (void)clocks_judge(page->replay, INT64_MIN, &page->issues, &page->notes);
}
