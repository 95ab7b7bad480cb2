/* report_text.c - the page a person reads: the verdict first, what would change it last. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/options.h"
#include "explain_bound.h"
#include "report.h"

#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

enum column {
    COLUMN_CRITERION,
    COLUMN_WANTED,
    COLUMN_CANARY,
    COLUMN_SAMPLES,
    COLUMN_CONTROL,
    COLUMN_CHANGE,
    COLUMN_INTERVAL,
    COLUMN_VERDICT,
    COLUMN_ACTION,
    COLUMNS
};

struct page {
    struct verdict *verdict;
    struct arena *arena;
    struct buffer *out;
    bool color;
};

/* A table's cells, and their width in characters. */
struct row {
    const char *cells[COLUMNS];
    const char *color; /* of the verdict's cell */
};

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void write_colored(const struct page *page, const char *color, const char *text)
{
    if (page->color && color)
        buffer_format(page->out, "%s%s%s", color, text, PLAIN);
    else
        buffer_append_text(page->out, text);
}

static const char *time_text(const struct page *page, int64_t ms)
{
    char text[32];
    format_time(ms, text, sizeof text);
    return arena_copy(page->arena, text, strlen(text));
}

static const char *verdict_color(enum decision_verdict verdict)
{
    static const char *const colors[] = {BOLD GREEN, BOLD GREEN, BOLD, BOLD YELLOW, BOLD RED};
    return colors[verdict];
}

static void headline(const struct page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *canary = subject->canary;
    write_colored(page, verdict_color(verdict->decision.verdict),
                  decision_verdict_text(verdict->decision.verdict));
    buffer_format(page->out, "  %s in %s\n\n", subject->flag->name.text, verdict->environment);

    uint32_t percent = canary->instant ? PERCENT_ALL : verdict->stage->percent;
    buffer_format(page->out, "  stage     %s, %s, ", verdict->stage->name.text,
                  percent_text(page->arena, percent));
    if (canary->instant)
        buffer_append_text(page->out, "instant");
    else
        buffer_format(page->out, "%u of %u", subject->stage + 1, canary->stage_count);
    buffer_format(page->out, ", %s", canary_state_text(canary->state));
    if (verdict->analysis->since != INT64_MIN)
        buffer_format(page->out, " since %s", time_text(page, verdict->analysis->since));
    buffer_append_text(page->out, "\n");
    if (verdict->next)
        buffer_format(page->out, "  next      %s, %s%s\n", verdict->next->name.text,
                      percent_text(page->arena, verdict->next->percent),
                      verdict_awaits_approval(verdict) ? ", needs approval"
                      : verdict->next->approval        ? ", approved"
                                                       : "");
    buffer_format(page->out, "  now       %s", time_text(page, verdict->now));
    if (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED) {
        buffer_format(page->out, ", %s into the stage",
                      duration_text(page->arena, verdict->elapsed));
        if (verdict->hold > 0)
            buffer_format(page->out, " (hold: %s)", duration_text(page->arena, verdict->hold));
    }
    buffer_append_text(page->out, "\n");
}

static const char *wanted_text(const struct page *page, const struct criterion *criterion)
{
    const char *form = criterion_form_text(criterion->form);
    const char *over = criterion->over > 0 ? duration_text(page->arena, criterion->over) : NULL;
    const char *base =
        arena_format(page->arena, "%s %s%s", form, threshold_text(page->arena, criterion),
                     criterion_compares(criterion) && criterion->versus_before ? " vs before" : "");
    if (criterion->confidence > 0)
        base = arena_format(page->arena, "%s at %g%%", base, criterion->confidence * 100);
    if (over)
        base = arena_format(page->arena, "%s over %s", base, over);
    if (criterion->for_windows > 1)
        base = arena_format(page->arena, "%s for %u", base, criterion->for_windows);
    return base;
}

static struct row criterion_row(const struct page *page, const struct judgement *judgement)
{
    const struct metric *metric = judgement->criterion->metric;
    enum criterion_verdict verdict = judgement->finding.verdict;
    const char *verdict_text = criterion_verdict_text(verdict);
    if (judgement->finding.advances && verdict == CRITERION_HARM)
        verdict_text = "NOT YET";
    const char *control = "-";
    if (judgement->control_measured)
        control = estimate_text(page->arena, metric, judgement->control_estimate);
    const struct comparison *comparison = &judgement->comparison;
    const char *change = NULL, *interval = NULL;
    if (criterion_compares(judgement->criterion))
        change = comparison->method && isfinite(comparison->change)
                     ? change_text(page->arena, judgement, comparison->change)
                     : "-";
    if (judgement->statistical)
        interval = interval_text(page->arena, judgement);
    return (struct row){
        {metric->name.text, wanted_text(page, judgement->criterion),
         judgement->measured ? estimate_text(page->arena, metric, judgement->estimate) : "-",
         arena_format(page->arena, "%" PRIu64, judgement->samples), control, change, interval,
         verdict_text, finding_action_text(&judgement->finding)},
        verdict == CRITERION_HARM   ? (judgement->finding.advances ? YELLOW : RED)
        : verdict == CRITERION_PASS ? GREEN
                                    : YELLOW};
}

static void write_row(const struct page *page, const struct row *row, const size_t *widths)
{
    buffer_append_text(page->out, "  ");
    for (int i = 0; i < COLUMNS; i++) {
        if (widths[i] == 0)
            continue;
        const char *cell = row->cells[i] ? row->cells[i] : "";
        int padding = (int)(widths[i] - width_of(cell));
        /* Words begin, and numbers end, where their column does. */
        bool number = i >= COLUMN_CANARY && i < COLUMN_VERDICT;
        if (number)
            buffer_format(page->out, "%*s", padding, "");
        write_colored(page, i == COLUMN_VERDICT ? row->color : NULL, cell);
        if (i < COLUMNS - 1)
            buffer_format(page->out, "%*s  ", number ? 0 : padding, "");
    }
    buffer_append_text(page->out, "\n");
}

static void criteria_table(const struct page *page)
{
    const struct analysis *analysis = page->verdict->analysis;
    if (analysis->judgement_count == 0)
        return;
    uint32_t count = analysis->judgement_count + 1;
    struct row *rows = ARENA_ARRAY(page->arena, struct row, count);
    rows[0] = (struct row){{"criterion", "wanted", "canary", "n", "control", "change", "interval",
                            "verdict", "action"},
                           NULL};
    size_t widths[COLUMNS] = {0};
    for (uint32_t i = 1; i < count; i++)
        rows[i] = criterion_row(page, &analysis->judgements[i - 1]);
    /* A column that no criterion has anything in is left out, its heading too. */
    for (uint32_t i = count; i-- > 0;)
        for (int j = 0; j < COLUMNS; j++)
            if (rows[i].cells[j] && (i > 0 || widths[j] > 0) &&
                width_of(rows[i].cells[j]) > widths[j])
                widths[j] = width_of(rows[i].cells[j]);
    buffer_append_text(page->out, "\n");
    for (uint32_t i = 0; i < count; i++)
        write_row(page, &rows[i], widths);
}

static void traffic(const struct page *page)
{
    const struct verdict *verdict = page->verdict;
    const struct analysis *analysis = verdict->analysis;
    const struct replay *replay = verdict->replay;
    uint64_t lines = 0, bad = 0;
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        lines += replay->counts[i].lines;
        for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
            bad += replay->counts[i].bad[cause];
    }
    uint64_t left_out = 0, before = analysis->assigned[ASSIGNED_BEFORE];
    for (int why = LEFT_OUT_BEFORE; why < ASSIGNMENT_COUNT; why++)
        left_out += analysis->assigned[why];
    buffer_format(page->out,
                  "\n  input     %" PRIu64 " lines: %" PRIu64 " canary, %" PRIu64
                  " control, %s%" PRIu64 " left out, %" PRIu64 " bad\n",
                  lines, analysis->assigned[ASSIGNED_CANARY], analysis->assigned[ASSIGNED_CONTROL],
                  before > 0 ? arena_format(page->arena, "%" PRIu64 " before, ", before) : "",
                  left_out, bad);
    if (left_out > 0) {
        const char *separator = "  left out  ";
        for (int why = LEFT_OUT_BEFORE; why < ASSIGNMENT_COUNT; why++) {
            if (analysis->assigned[why] == 0)
                continue;
            buffer_format(page->out, "%s%" PRIu64 " %s", separator, analysis->assigned[why],
                          assignment_text((enum assignment)why));
            separator = ", ";
        }
        buffer_append_text(page->out, "\n");
    }
    if (analysis->last != INT64_MIN)
        buffer_format(page->out, "  span      %s to %s\n", time_text(page, analysis->first),
                      time_text(page, analysis->last));
}

#define PAGE_WIDTH 100
#define INDENT     12

/* Broken between words. What goes on is indented further, so that the next sentence is told from
 * it. */
static void sentence(const struct page *page, const char *heading, const char *text)
{
    buffer_format(page->out, "  %-8s  ", heading);
    size_t column = INDENT;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        const char *end = word + length;
        size_t width = width_of(arena_copy(page->arena, word, length));
        if (word > text && column + 1 + width > PAGE_WIDTH) {
            buffer_format(page->out, "\n%*s", INDENT + 2, "");
            column = INDENT + 2;
        } else if (word > text) {
            buffer_append_text(page->out, " ");
            column++;
        }
        buffer_append(page->out, word, length);
        column += width;
        word = end + strspn(end, " ");
    }
    buffer_append_text(page->out, "\n");
}

static void list(const struct page *page, const char *heading, const struct sentences *sentences)
{
    for (uint32_t i = 0; i < sentences->count; i++)
        sentence(page, i == 0 ? heading : "", sentences->items[i]);
}

static const char *ratio_text(const struct page *page)
{
    const struct ratio_check *ratio = &page->verdict->ratio;
    if (!ratio->known)
        return "";
    return arena_format(page->arena,
                        "; %.0f canary and %.0f control units are as %s gives (p = %.2g)",
                        ratio->observed[0], ratio->observed[1],
                        percent_text(page->arena, page->verdict->stage->percent), ratio->anytime_p);
}

void report_text(struct verdict *verdict, bool color, struct buffer *out)
{
    struct page page = {verdict, verdict->replay->texts, out, color};
    char digest[33];
    input_digest(verdict->analysis, digest);
    headline(&page);
    criteria_table(&page);
    traffic(&page);
    if (verdict->issues.count > 0)
        list(&page, "health", &verdict->issues);
    else
        buffer_format(out, "  health    no issue found%s\n", ratio_text(&page));
    buffer_format(out, "  digests   input %.12s…, build %.12s…\n\n", digest,
                  verdict->analysis->subject.build);
    list(&page, "why", &verdict->reasons);
    sentence(&page, "would", verdict->would);
}
