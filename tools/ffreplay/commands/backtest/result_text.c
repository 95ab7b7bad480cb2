/* result_text.c - the page: policies side by side, then the course of each. */
#include <inttypes.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "result.h"

#include "tools/ffreplay/page/page.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"

#define TIME_WIDTH 24
#define WAY_INDENT (TIME_WIDTH + 14)

struct report {
    const struct page *page;
    const struct result *result;
    struct arena *arena;
};

static const char *name_of(const struct result *result, uint32_t policy)
{
    return result->names[policy] ? result->names[policy] : "the project's policy";
}

static const char *end_color(const struct simulation *simulation)
{
    switch (simulation->canary->state) {
    case CANARY_COMPLETE:
        return PAGE_BOLD PAGE_GREEN;
    case CANARY_ROLLED_BACK:
        return PAGE_BOLD PAGE_RED;
    case CANARY_PAUSED:
        return PAGE_BOLD PAGE_YELLOW;
    case CANARY_PENDING:
    case CANARY_RUNNING:
        break;
    }
    return PAGE_BOLD;
}

static const char *end_text(const struct report *report, const struct simulation *simulation)
{
    if (simulation->canary->state == CANARY_COMPLETE)
        return "complete";
    return arena_format(report->arena, "%s in %s",
                        simulation->canary->state == CANARY_ROLLED_BACK
                            ? "rolled back"
                            : simulation_end_text(simulation),
                        simulation->canary->stages[simulation->canary->stage].name.text);
}

/* ------------------------------------------------------------------------------ side by side -- */

static const char *after_text(const struct report *report, const struct simulation *simulation)
{
    bool ended = simulation->canary->state == CANARY_COMPLETE ||
                 simulation->canary->state == CANARY_ROLLED_BACK;
    if (!ended)
        return "-";
    return duration_text(report->arena,
                         simulation->turns[simulation->turn_count - 1].time - simulation->began);
}

static struct page_row policy_row(const struct report *report, const struct simulation *simulation,
                                  const char *name)
{
    bool knows = play_knows_harm(simulation->options), found = simulation_detection(simulation);
    struct arena *arena = report->arena;
    return (struct page_row){
        .cells = {name, end_text(report, simulation), after_text(report, simulation),
                  found ? duration_text(arena, simulation_detection_time(simulation)) : "-",
                  arena_format(arena, "%" PRIu64, simulation->exposure.requests),
                  simulation->exposure.knows_units
                      ? arena_format(arena, "%" PRIu64, simulation->exposure.units.count)
                      : "-",
                  !knows                                  ? "-"
                  : simulation_is_false_alarm(simulation) ? "yes"
                                                          : "no"},
        .color = end_color(simulation)};
}

static void comparison(const struct report *report)
{
    const struct result *result = report->result;
    struct page_row *rows = ARENA_ARRAY(report->arena, struct page_row, result->count + 1);
    rows[0] = (struct page_row){.cells = {"policy", "ends", "after", "harm found after", "requests",
                                          "units", "false rollback"}};
    for (uint32_t i = 0; i < result->count; i++)
        rows[i + 1] = policy_row(report, &result->simulations[i], name_of(result, i));
    page_write_table(report->page, &(struct page_table){rows, result->count + 1, "lcllrrl"});
    buffer_append_text(report->page->out, "\n");
}

/* ----------------------------------------------------------------------------------- the way -- */

static void way_row(const struct report *report, int64_t time, const char *color, const char *what)
{
    buffer_append_text(report->page->out, "  ");
    page_put(report->page, NULL, page_time(report->page, time), TIME_WIDTH + 2);
    page_put(report->page, color, what, 10);
}

static const char *stage_text(const struct report *report, const struct simulation *simulation,
                              const struct stage *stage)
{
    uint32_t percent = simulation->canary->instant ? PERCENT_ALL : stage->percent;
    return arena_format(report->arena, "%s, %s", stage->name.text,
                        percent_text(report->arena, percent));
}

static void turn(const struct report *report, const struct simulation *simulation,
                 const struct turn *turn)
{
    static const char *const colors[] = {PAGE_GREEN, PAGE_BOLD PAGE_GREEN, NULL, PAGE_YELLOW,
                                         PAGE_BOLD PAGE_RED};
    way_row(report, turn->time, colors[turn->decision.verdict],
            decision_verdict_words[turn->decision.verdict]);
    const char *what = "left to a person";
    if (turn->next)
        what = arena_format(report->arena, "to %s", stage_text(report, simulation, turn->next));
    else if (!turn->left_to_person)
        what = stage_text(report, simulation, turn->stage);
    terminal_format(report->page->out, "%s, after %s in %s (%s)\n", what,
                    duration_text(report->arena, turn->elapsed), turn->stage->name.text,
                    decision_rule_words[turn->decision.rule]);
    terminal_format(report->page->out, "%*s", WAY_INDENT, "");
    page_wrap(report->page, WAY_INDENT, WAY_INDENT, turn->reason);
}

static const struct stage *first_stage(const struct simulation *simulation)
{
    return simulation->turn_count > 0 ? simulation->turns[0].stage
                                      : &simulation->canary->stages[simulation->canary->stage];
}

static const char *exposed_text(const struct report *report, const struct simulation *simulation)
{
    const struct exposure *exposure = &simulation->exposure;
    const char *units = "";
    if (exposure->knows_units)
        units = arena_format(report->arena, " of %" PRIu64 " unit%s", exposure->units.count,
                             exposure->units.count == 1 ? "" : "s");
    return arena_format(report->arena, "%" PRIu64 " request%s%s in the canary%s",
                        exposure->requests, exposure->requests == 1 ? "" : "s", units,
                        simulation->options->harm_from == INT64_MIN ? "" : " since the harm began");
}

static void harm(const struct report *report, const struct simulation *simulation)
{
    const struct play_options *options = simulation->options;
    struct arena *arena = report->arena;
    const char *known =
        options->no_harm ? "there was none"
        : options->harm_from == INT64_MIN
            ? NULL
            : arena_format(arena, "since %s", page_time(report->page, options->harm_from));
    const char *found = NULL;
    if (known && simulation_is_false_alarm(simulation))
        found = "a false rollback";
    else if (simulation_detection(simulation))
        found = arena_format(arena, "found after %s",
                             duration_text(arena, simulation_detection_time(simulation)));
    else if (known && !options->no_harm)
        found = "not found";
    if (known && found)
        page_fact(report->page, "harm", arena_format(arena, "%s: %s", known, found));
    else if (known)
        page_fact(report->page, "harm", known);
    page_fact(report->page, "served", exposed_text(report, simulation));
}

static void facts(const struct report *report, const struct simulation *simulation)
{
    struct arena *arena = report->arena;
    struct log_counts counts = replay_counts(&simulation->replay);
    harm(report, simulation);
    page_fact(report->page, "groups",
              simulation->logged
                  ? "as the log says: a stage's percentage is what the log had, not what the "
                    "policy wants"
                  : "evaluated again, for the stage that the rollout stands at");
    page_fact(report->page, "looks",
              arena_format(arena, "%" PRIu64 ", every %s", simulation->looks,
                           duration_text(arena, simulation->options->interval)));
    page_fact(report->page, "input",
              arena_format(arena, "%" PRIu64 " lines: %" PRIu64 " bad, %" PRIu64 " too late",
                           counts.lines, log_counts_bad(&counts), simulation->timeline.late));
    page_fact(report->page, "span",
              arena_format(arena, "%s to %s", page_time(report->page, simulation->timeline.first),
                           page_time(report->page, simulation->timeline.last)));
    if (!simulation->last_reason)
        return;
    page_fact(report->page, "why", simulation->last_reason);
    page_fact(report->page, "would", simulation->last_would);
}

static void way(const struct report *report, const struct simulation *simulation, const char *name)
{
    page_put(report->page, end_color(simulation), end_text(report, simulation), 0);
    terminal_format(report->page->out, "  %s in %s%s%s\n\n", simulation->options->flag,
                    simulation->options->environment, name ? ", by " : "", name ? name : "");
    way_row(report, simulation->began, NULL, "start");
    terminal_format(report->page->out, "%s\n",
                    stage_text(report, simulation, first_stage(simulation)));
    for (uint32_t i = 0; i < simulation->turn_count; i++)
        turn(report, simulation, &simulation->turns[i]);
    buffer_append_text(report->page->out, "\n");
    facts(report, simulation);
}

void result_text(const struct result *result, const struct page *page)
{
    struct report report = {page, result, page->arena};
    if (result->count > 1)
        comparison(&report);
    for (uint32_t i = 0; i < result->count; i++) {
        if (i > 0)
            buffer_append_text(page->out, "\n");
        way(&report, &result->simulations[i],
            result->count > 1 ? name_of(result, i) : result->names[i]);
    }
}
