/* report_index.c - the first page of a report on several flags: a line a flag. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "report_run.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/evaluate/record.h"
#include "tools/ffreplay/html/chart.h"
#include "tools/ffreplay/report/report_html.h"
#include "tools/ffreplay/report/told.h"

/* ----------------------------------------------------------------------------- how it stands -- */

static const char *variant_name(const struct targeting *targeting, uint32_t variant)
{
    return variant < targeting->variant_count && targeting->variants[variant].name.text
               ? targeting->variants[variant].name.text
               : "none";
}

/* "on to 20%, else off" */
static const char *canary_served(struct arena *arena, const struct targeting *targeting)
{
    const struct canary *canary = targeting->canary;
    const char *off = variant_name(targeting, targeting->default_variant);
    const char *on = variant_name(targeting, canary->serve);
    uint32_t percent = canary->instant ? PERCENT_ALL : canary->stages[canary->stage].percent;
    switch (canary->state) {
    case CANARY_PENDING:
    case CANARY_ROLLED_BACK:
        return off;
    case CANARY_COMPLETE:
        return on;
    case CANARY_RUNNING:
    case CANARY_PAUSED:
        break;
    }
    return percent == PERCENT_ALL
               ? on
               : arena_format(arena, "%s to %s, else %s", on, percent_text(arena, percent), off);
}

static const char *split_text(struct arena *arena, const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    const char *text = NULL;
    if (experiment->state == EXPERIMENT_CONCLUDED)
        return experiment->has_winner ? variant_name(targeting, experiment->winner)
                                      : variant_name(targeting, targeting->default_variant);
    if (experiment->state != EXPERIMENT_RUNNING)
        return variant_name(targeting, targeting->default_variant);
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        text = arena_format(arena, "%s%s%s %s", text ? text : "", text ? ", " : "",
                            percent_text(arena, experiment->arms[i].percent),
                            variant_name(targeting, experiment->arms[i].variant));
    return text ? text : variant_name(targeting, targeting->default_variant);
}

/* "on to 25%" where a percentage of everybody is all that there is to a rule; else NULL. */
static const char *rule_text(struct arena *arena, const struct targeting *targeting,
                             const struct rule *rule)
{
    if (rule->condition || rule->split || !rule->has_percent || rule->percent.gradual)
        return NULL;
    return arena_format(arena, "%s to %s", variant_name(targeting, rule->serve),
                        percent_text(arena, rule->percent.from));
}

static const char *served_text(struct arena *arena, const struct targeting *targeting)
{
    const char *otherwise = variant_name(targeting, targeting->default_variant);
    const char *rules = "";
    if (targeting->default_variant < targeting->variant_count &&
        !targeting->variants[targeting->default_variant].name.text)
        otherwise = "its value";
    if (!targeting->enabled)
        return arena_format(arena, "disabled: %s", otherwise);
    const char *only =
        targeting->rule_count == 1 ? rule_text(arena, targeting, targeting->rules) : NULL;
    if (only)
        rules = arena_format(arena, "%s, else ", only);
    else if (targeting->rule_count > 0)
        rules = arena_format(arena, "%u rule%s, else ", targeting->rule_count,
                             targeting->rule_count == 1 ? "" : "s");
    if (targeting->canary)
        return arena_format(arena, "%s%s", rules, canary_served(arena, targeting));
    if (targeting->experiment)
        return arena_format(arena, "%s%s", rules, split_text(arena, targeting));
    return arena_format(arena, "%s%s", rules, otherwise);
}

static const char *stage_text(struct arena *arena, const struct targeting *targeting)
{
    if (targeting->canary) {
        const struct canary *canary = targeting->canary;
        bool stands = canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED;
        const char *state =
            canary->state == CANARY_ROLLED_BACK ? "rolled back" : canary_state_words[canary->state];
        return stands
                   ? arena_format(arena, "%s, %s", canary->stages[canary->stage].name.text, state)
                   : state;
    }
    if (targeting->experiment)
        return arena_format(arena, "experiment, %s",
                            experiment_state_words[targeting->experiment->state]);
    return "no rollout";
}

/* The newest entry about it, whatever it is of. */
static bool find_change(const struct report_run *run, const struct project *project,
                        const struct flag *flag, uint32_t environment, struct arena *arena,
                        struct index_row *row)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    if (!entries)
        job_error(&report_command, "%s", error.bytes);
    buffer_release(&error);
    struct names_then names = {.count = 0};
    if (entries)
        names_then_find(&names, entries, flag, arena);
    for (uint32_t i = entries ? entries->count : 0; i-- > 0 && !row->changed;) {
        struct recorded record;
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        int64_t now = run->options->now;
        if (json && record_parse(&record, json) && !record.step && !record.publication &&
            (now == INT64_MIN || record.time <= now) &&
            record_is_about(&record, called, project->environments.items[environment].text))
            row->changed =
                arena_format(arena, "%s by %s: %s", chart_moment_text(arena, record.time),
                             record.actor, record.edit ? record.edit : record.verdict);
        json_decref(json);
    }
    return entries != NULL;
}

bool report_describe(const struct report_run *run, const struct project *project,
                     const struct flag *flag, uint32_t environment, struct index_row *row)
{
    struct arena *arena = (struct arena *)(uintptr_t)&run->arena;
    const struct targeting *targeting = &flag->environments[environment];
    *row = (struct index_row){
        .flag = arena_format(arena, "%s", flag->name.text),
        .description = flag->description ? arena_format(arena, "%s", flag->description) : NULL,
        .served = arena_format(arena, "%s", served_text(arena, targeting)),
        .stage = arena_format(arena, "%s", stage_text(arena, targeting))};
    return find_change(run, project, flag, environment, arena, row);
}

/* ------------------------------------------------------------------------------------- a row -- */

static bool was_measured(const struct course *course)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < course->count; i++)
        known += isnan(course->points[i].canary.value) ? 0u : 1u;
    return known > 1;
}

/* The first guard that was measured, over time. */
static const char *spark_of(struct report_run *run, const struct verdict *verdict,
                            const struct course *courses)
{
    const struct analysis *analysis = verdict->analysis;
    struct arena *arena = verdict->replay->texts;
    const struct course *course = NULL;
    for (uint32_t i = 0; i < analysis->judgement_count && !course; i++)
        if (was_measured(&courses[i]))
            course = &courses[i];
    if (!course)
        return NULL;
    const struct criterion *criterion = course->judgement->criterion;
    double *canary = ARENA_ARRAY(arena, double, course->count);
    double *control = ARENA_ARRAY(arena, double, course->count);
    int64_t *times = ARENA_ARRAY(arena, int64_t, course->count);
    for (uint32_t i = 0; i < course->count; i++) {
        canary[i] = course->points[i].canary.value;
        control[i] = course->points[i].control.value;
        times[i] = course->points[i].at;
    }
    const struct chart_line lines[] = {{1, canary}, {0, control}};
    const struct chart_limit limit = {criterion->threshold, course->judgement->finding.advances,
                                      ""};
    struct buffer out = {0};
    const struct html html = {arena, &out, 0};
    const struct told told = judgement_told(arena, course->judgement);
    spark_chart(&html,
                &(struct time_chart){.name = arena_format(arena, "%s over time: %s", told.metric,
                                                          told_measured(arena, &told)),
                                     .from = times[0],
                                     .to = times[course->count - 1],
                                     .times = times,
                                     .count = course->count,
                                     .lines = lines,
                                     .line_count = 2,
                                     .limits = &limit,
                                     .limit_count = criterion_compares(criterion) ? 0 : 1,
                                     .mark = SIZE_MAX});
    const char *kept = report_kept(run, out.bytes);
    buffer_release(&out);
    return kept;
}

void report_canary_row(struct report_run *run, const struct verdict *verdict,
                       const struct course *courses, const struct report_words *words,
                       struct index_row *row)
{
    row->verdict = report_kept(run, words->word);
    row->tone = words->tone;
    if (verdict->reasons.count > 0)
        row->why =
            report_kept(run, report_sentence(verdict->replay->texts, verdict->reasons.items[0]));
    row->spark = spark_of(run, verdict, courses);
}

/* --------------------------------------------------------------------------------- the table -- */

static void put_row(const struct html *html, const struct index_row *row)
{
    html_format(html, "<tr data-row=\"%s\"><th scope=\"row\">", row->flag);
    if (row->page)
        html_format(html, "<a href=\"#%s\">%s</a>", row->page, row->flag);
    else
        html_format(html, "%s", row->flag);
    html_format(html,
                "</th><td data-head=\"served now\">%s</td><td data-head=\"stage\">%s</td><td>",
                row->served, row->stage);
    if (row->verdict)
        html_verdict(html, row->tone, row->verdict);
    if (row->why)
        html_format(html, "<div class=\"note\">%s</div>", row->why);
    html_format(html, "</td><td>");
    if (row->spark)
        buffer_append_text(html->out, row->spark);
    html_format(html, "</td><td data-head=\"changed\">%s</td></tr>\n",
                row->changed ? row->changed : "not in the ledger");
}

void report_index(const struct report_run *run, const struct html *html, const char *project,
                  const char *environment)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < run->row_count; i++)
        running += run->rows[i].page != NULL;
    html_format(html,
                "<section class=\"index\" id=\"index\" data-kind=\"project\">\n<h1>%s <small>%u "
                "flag%s in %s</small></h1>\n<p class=\"why\">%u of them ha%s a rollout or an "
                "experiment with data.</p>\n",
                project, run->row_count, run->row_count == 1 ? "" : "s", environment, running,
                running == 1 ? "s" : "ve");
    html_format(
        html, "<p class=\"note\">The little charts are the first metric that was measured: solid "
              "the canary or the first variant, dashed control, dotted its limit.</p>\n"
              "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"flags\">\n<table "
              "class=\"index\">\n<thead><tr><th scope=\"col\">flag</th><th scope=\"col\">served "
              "now</th><th scope=\"col\">stage</th><th scope=\"col\">verdict</th><th "
              "scope=\"col\">first metric</th><th scope=\"col\">changed</th></tr></thead>\n"
              "<tbody>\n");
    for (int with_page = 1; with_page >= 0; with_page--)
        for (uint32_t i = 0; i < run->row_count; i++)
            if ((run->rows[i].page != NULL) == (with_page == 1))
                put_row(html, &run->rows[i]);
    html_format(html, "</tbody>\n</table>\n</div>\n");
    html_format(html,
                "<h2>How to make this page again</h2>\n<pre class=\"wrap\" tabindex=\"0\" "
                "data-command=\"\" aria-label=\"command\"><code>%s</code></pre>\n</section>\n",
                run->command);
}
