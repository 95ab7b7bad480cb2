/* report_text.c - the page for people: the verdict first, what would change it last. */
#include <inttypes.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "report.h"
#include "told.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/model/model.h"

struct report {
    const struct page *page;
    struct verdict *verdict;
    struct arena *arena;
};

static const char *verdict_color(enum decision_verdict verdict)
{
    static const char *const colors[] = {PAGE_BOLD PAGE_GREEN, PAGE_BOLD PAGE_GREEN, PAGE_BOLD,
                                         PAGE_BOLD PAGE_YELLOW, PAGE_BOLD PAGE_RED};
    return colors[verdict];
}

static void headline(const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    page_put(report->page, verdict_color(verdict->decision.verdict),
             decision_verdict_words[verdict->decision.verdict], 0);
    terminal_format(report->page->out, "  %s in %s  (%s)\n\n",
                    verdict->analysis->subject.flag->name.text, verdict->environment,
                    decision_rule_words[verdict->decision.rule]);
}

static const char *stage_text(const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *canary = subject->canary;
    struct arena *arena = report->arena;
    const char *place =
        canary->instant ? "instant"
                        : arena_format(arena, "%u of %u", subject->stage + 1, canary->stage_count);
    const char *since = "";
    if (verdict->analysis->since != INT64_MIN)
        since = arena_format(arena, " since %s", page_time(report->page, verdict->analysis->since));
    return arena_format(
        arena, "%s, %s, %s, %s%s", verdict->stage->name.text,
        percent_text(arena, canary->instant ? PERCENT_ALL : verdict->stage->percent), place,
        canary_state_words[canary->state], since);
}

static const char *now_text(const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    enum canary_state state = verdict->analysis->subject.canary->state;
    const char *now = page_time(report->page, verdict->now);
    if (state != CANARY_RUNNING && state != CANARY_PAUSED)
        return now;
    struct arena *arena = report->arena;
    uint64_t look = verdict_look(verdict);
    const char *hold = "", *held = "";
    if (verdict->hold > 0)
        hold = arena_format(arena, " (hold: %s)", duration_text(arena, verdict->hold));
    if (verdict->held > 0)
        held = arena_format(arena, ", besides %s under overrides",
                            duration_text(arena, verdict->held));
    return arena_format(arena, "%s, %s into the stage%s%s%s", now,
                        duration_text(arena, verdict->elapsed), hold, held,
                        look > 0 ? arena_format(arena, ", look %" PRIu64, look) : "");
}

static void place(const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    page_fact(report->page, "stage", stage_text(report));
    if (verdict->next)
        page_fact(report->page, "next",
                  arena_format(report->arena, "%s, %s%s", verdict->next->name.text,
                               percent_text(report->arena, verdict->next->percent),
                               verdict_awaits_approval(verdict) ? ", needs approval"
                               : verdict->next->approval        ? ", approved"
                                                                : ""));
    page_fact(report->page, "now", now_text(report));
}

/* ---------------------------------------------------------------------------------- criteria -- */

static const char *told_color(const struct told *told)
{
    return told->tone == TOLD_GOOD ? PAGE_GREEN : told->tone == TOLD_BAD ? PAGE_RED : PAGE_YELLOW;
}

static void criteria_in_two_lines(const struct report *report, const struct told *all,
                                  uint32_t count)
{
    struct page_row *rows = ARENA_ARRAY(report->arena, struct page_row, count + 1);
    rows[0] = (struct page_row){.cells = {"criterion", "wanted", "verdict", "action"}};
    for (uint32_t i = 0; i < count; i++)
        rows[i + 1] =
            (struct page_row){{all[i].metric, all[i].wanted, all[i].verdict, all[i].action},
                              told_color(&all[i]),
                              told_measured(report->arena, &all[i])};
    page_write_table(report->page, &(struct page_table){rows, count + 1, "llcl"});
}

static void criteria(const struct report *report)
{
    const struct analysis *analysis = report->verdict->analysis;
    uint32_t count = analysis->judgement_count;
    if (count == 0)
        return;
    struct told *all = ARENA_ARRAY(report->arena, struct told, count);
    struct page_row *rows = ARENA_ARRAY(report->arena, struct page_row, count + 1);
    rows[0] = (struct page_row){.cells = {"criterion", "wanted", "canary", "n", "control", "change",
                                          "interval", "verdict", "action"}};
    for (uint32_t i = 0; i < count; i++) {
        const struct told *told = &all[i];
        all[i] = judgement_told(report->arena, &analysis->judgements[i]);
        rows[i + 1] = (struct page_row){.cells = {told->metric, told->wanted, told->canary,
                                                  told->samples, told->control, told->change,
                                                  told->interval, told->verdict, told->action},
                                        .color = told_color(told)};
    }
    const struct page_table table = {rows, count + 1, "llrrrrrcl"};
    buffer_append_text(report->page->out, "\n");
    if (page_table_width(&table) <= report->page->width)
        page_write_table(report->page, &table);
    else
        criteria_in_two_lines(report, all, count);
}

/* ------------------------------------------------------------------------------------- input -- */

static const char *input_text(const struct report *report, uint64_t left_out)
{
    const struct analysis *analysis = report->verdict->analysis;
    const struct replay *replay = report->verdict->replay;
    const struct log_counts counts = replay_counts(replay);
    uint64_t before = analysis->assigned[ASSIGNED_BEFORE];
    return arena_format(
        report->arena,
        "%" PRIu64 " lines: %" PRIu64 " canary, %" PRIu64 " control, %s%" PRIu64
        " left out, %" PRIu64 " bad%s",
        counts.lines, analysis->assigned[ASSIGNED_CANARY], analysis->assigned[ASSIGNED_CONTROL],
        before > 0 ? arena_format(report->arena, "%" PRIu64 " before, ", before) : "", left_out,
        log_counts_bad(&counts),
        counts.elsewhere > 0
            ? arena_format(report->arena, "; %" PRIu64 " of another stream or program",
                           counts.elsewhere)
            : "");
}

/* A smaller effect would not be noticed: for a quantile, it is within the noise of its estimate. */
#define NOTABLE_EFFECT 1.3

/* Why bounds are wider than the number of samples suggests. */
static void clusters(const struct report *report)
{
    const struct analysis *analysis = report->verdict->analysis;
    const char *heading = "clusters";
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct judgement *judgement = &analysis->judgements[i];
        if (!judgement->measured || judgement->design_effect < NOTABLE_EFFECT)
            continue;
        page_fact(report->page, heading,
                  arena_format(report->arena,
                               "%s: those of a unit are correlated, %" PRIu64
                               " of the canary count as %.0f",
                               judgement->criterion->metric->name.text, judgement->samples,
                               (double)judgement->samples / judgement->design_effect));
        heading = "";
    }
}

/* Shown however few they are, and whatever the verdict. */
static void unreadable(const struct report *report)
{
    const struct analysis *analysis = report->verdict->analysis;
    const char *heading = "not read";
    for (uint32_t i = 0; i < analysis->accumulator_count; i++) {
        const char *text =
            told_unreadable(report->arena, report->verdict, &analysis->accumulators[i]);
        if (!text)
            continue;
        page_fact(report->page, heading, text);
        heading = "";
    }
}

static void input(const struct report *report)
{
    const struct analysis *analysis = report->verdict->analysis;
    struct arena *arena = report->arena;
    uint64_t left_out = 0;
    const char *causes = NULL;
    for (int why = LEFT_OUT_BEFORE; why < ASSIGNMENT_COUNT; why++) {
        if (analysis->assigned[why] == 0)
            continue;
        left_out += analysis->assigned[why];
        causes = arena_format(arena, "%s%s%" PRIu64 " %s", causes ? causes : "", causes ? ", " : "",
                              analysis->assigned[why], assignment_words[why]);
    }
    buffer_append_text(report->page->out, "\n");
    page_fact(report->page, "input", input_text(report, left_out));
    if (causes)
        page_fact(report->page, "left out", causes);
    const struct origins origins = analysis_origins(analysis);
    if (origins_text(&origins, arena))
        page_fact(report->page, "assigned", origins_text(&origins, arena));
    if (analysis->last != INT64_MIN)
        page_fact(report->page, "span",
                  arena_format(arena, "%s to %s", page_time(report->page, analysis->first),
                               page_time(report->page, analysis->last)));
    unreadable(report);
    clusters(report);
}

static void list(const struct report *report, const char *heading,
                 const struct sentences *sentences)
{
    for (uint32_t i = 0; i < sentences->count; i++)
        page_fact(report->page, i == 0 ? heading : "", sentences->items[i]);
}

/* Of guards that are violated. */
static void runbooks(const struct report *report)
{
    const struct analysis *analysis = report->verdict->analysis;
    const char *heading = "runbook";
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct criterion *guard = analysis->judgements[i].criterion;
        if (!guard->runbook || analysis->judgements[i].finding.verdict != CRITERION_HARM)
            continue;
        page_fact(report->page, heading,
                  arena_format(report->arena, "%s: %s", guard->metric->name.text, guard->runbook));
        heading = "";
    }
}

void report_text(struct verdict *verdict, const struct page *page)
{
    struct report report = {page, verdict, verdict->replay->texts};
    char digest[INPUT_DIGEST_TEXT];
    input_digest_text(&verdict->analysis->digest, digest);
    headline(&report);
    place(&report);
    criteria(&report);
    input(&report);
    if (verdict->issues.count > 0)
        list(&report, "health", &verdict->issues);
    else
        page_fact(page, "health", told_health(report.arena, verdict));
    list(&report, "notes", &verdict->notes);
    page_fact(page, "digests",
              arena_format(report.arena, "input %.12s…, build %.12s…", digest,
                           verdict->analysis->subject.build));
    buffer_append_text(page->out, "\n");
    list(&report, "why", &verdict->reasons);
    page_fact(page, "would", verdict->would);
    runbooks(&report);
}
