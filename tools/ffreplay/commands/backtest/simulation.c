/* simulation.c - see simulation.h. */
#include "simulation.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "tools/ffreplay/commands/choose_canaries.h"
#include "tools/ffreplay/commands/choose_logs.h"
#include "compiler/base/calendar.h"
#include "compiler/cli/messages.h"
#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

/* More empty looks than this mean that a clock was wrong. */
#define MOST_EMPTY_LOOKS 1000000

/* --------------------------------------------------------------------------------- preparing -- */

/* A log that names the variant has fixed groups, whatever the stage's percentage. */
static bool take_groups_as_logged(struct simulation *simulation, struct analysis *analysis)
{
    const struct project *project = simulation->project;
    bool logged = false;
    for (uint32_t i = 0; i < project->log_count; i++)
        logged |=
            analysis->assigners[i].layout && simulation->replay.layouts[i].variant != NO_PLACE;
    simulation->logged |= logged;
    if (!logged)
        return true;
    analysis->subject.shares_known = false;
    for (uint32_t i = 0; i < analysis->judgement_count; i++) {
        const struct criterion *criterion = analysis->judgements[i].criterion;
        const struct metric_traits *traits = metric_traits(criterion->metric);
        if (traits->over != OVER_TIME || !criterion_compares(criterion) || criterion->versus_before)
            continue;
        print_error_at(
            &project->sources, criterion->span,
            "%s cannot be compared with control on a log that says who was in the canary",
            traits->noun);
        print_help("it does not show how many that was at this stage; give the log a 'context' "
                   "and no 'variant', or compare a proportion");
        return false;
    }
    return true;
}

/* All stages are prepared before the logs are read, because their fields must be known by then. */
static bool prepare_stages(struct simulation *simulation, const struct subject *subject)
{
    struct replay *replay = &simulation->replay;
    struct canary *canary = simulation->canary;
    simulation->analyses = (struct analyses){
        .items = ARENA_ARRAY(&simulation->project->arena, struct analysis, canary->stage_count)};
    for (uint32_t i = 0; i < canary->stage_count; i++) {
        struct analysis *analysis = &simulation->analyses.items[simulation->analyses.count++];
        analysis->subject.flag = subject->flag;
        analysis->subject.environment = subject->environment;
        canary->stage = i;
        if (!analysis_prepare(analysis, simulation->project, replay->layouts, &replay->times) ||
            !take_groups_as_logged(simulation, analysis))
            return false;
        analysis->since = INT64_MAX;
        replay_add_stage(replay, &(struct replay_stage){.name = analysis->stage->name.text,
                                                        .flag = subject->flag->name.text,
                                                        .since = &analysis->since});
    }
    choose_logs(replay, subject->flag, subject->environment);
    canary->stage = canary->instant ? canary->stage_count - 1 : 0;
    return true;
}

bool simulation_prepare(struct simulation *simulation, const struct command *command,
                        struct project *project, const struct play_options *options, int *status)
{
    *simulation = (struct simulation){
        .options = options, .project = project, .began = INT64_MIN, .last_look = INT64_MIN};
    struct replay *replay = &simulation->replay;
    *status = EXIT_JOB;
    if (!past_overrides_put_back(project))
        return false;
    replay->takes_partial = options->takes_partial;
    replay_init(replay, project);
    replay->texts = &simulation->texts;
    replay->now_given = true;
    replay->times = (struct replay_times){.now = INT64_MAX,
                                          .window = options->window,
                                          .lateness = options->lateness,
                                          .stale = options->stale,
                                          .max_bad = options->max_bad};
    *status = EXIT_JOB;
    struct analyses chosen;
    if (!choose_canaries(project, command, options->flag, options->environment, &chosen))
        return false;
    const struct subject subject = chosen.items[0].subject;
    simulation->canary = subject.flag->environments[subject.environment].canary;
    simulation->canary->state = CANARY_RUNNING;
    simulation->canary->since = INT64_MIN;
    simulation->canary->approved = NULL;
    for (uint32_t i = 0; options->approves && i < simulation->canary->stage_count; i++)
        simulation->canary->stages[i].approval = false;
    *status = EXIT_INPUT;
    return prepare_stages(simulation, &subject);
}

void simulation_release(struct simulation *simulation)
{
    timeline_close(&simulation->timeline);
    unit_set_release(&simulation->exposure.units);
    analyses_release(&simulation->analyses);
    replay_release(&simulation->replay);
    arena_release(&simulation->texts);
    project_free(simulation->project);
    simulation->project = NULL;
}

/* ----------------------------------------------------------------------------------- records -- */

static struct analysis *current(struct simulation *simulation)
{
    return &simulation->analyses.items[simulation->canary->stage];
}

static bool is_open(const struct simulation *simulation)
{
    return simulation->canary->state == CANARY_RUNNING ||
           simulation->canary->state == CANARY_PAUSED;
}

static void expose(struct simulation *simulation, const struct assigner *assigner,
                   const struct event *event)
{
    struct exposure *exposure = &simulation->exposure;
    if (event->time < simulation->options->harm_from)
        return;
    exposure->requests++;
    if (!line_unit_is_known(&assigner->key))
        return;
    exposure->knows_units = true;
    struct unit_hash unit;
    if (line_unit(&assigner->key, assigner->layout, event, &unit))
        unit_set_add(&exposure->units, unit);
}

/* Records go to the rollout's current stage, and to later ones that compare with the time
 * before. */
static void take_record(struct simulation *simulation, const struct record *record)
{
    struct analysis *analysis = current(simulation);
    struct assigner *assigner = &analysis->assigners[record->log];
    uint64_t before = analysis->assigned[ASSIGNED_CANARY];
    analysis_take(analysis, record);
    if (analysis->assigned[ASSIGNED_CANARY] != before)
        expose(simulation, assigner, record->event);
}

static void take_before(struct simulation *simulation, const struct look_records *records,
                        uint32_t stage)
{
    for (uint32_t i = stage; i < simulation->canary->stage_count; i++) {
        struct analysis *analysis = &simulation->analyses.items[i];
        bool begins_now = i == simulation->canary->stage;
        if (!analysis->compares_before && !begins_now)
            continue;
        for (size_t j = 0; j < records->records.count; j++)
            analysis_take(analysis, &records->records.items[j]->record);
    }
}

/* A complete rollout serves everybody, and is no longer judged. */
static void expose_complete(struct simulation *simulation, const struct record *record)
{
    struct assigner *assigner = &current(simulation)->assigners[record->log];
    if (!record->duplicate && assigner->layout &&
        assign(assigner, record->event, PAST_AS_DEFINED) == ASSIGNED_CANARY)
        expose(simulation, assigner, record->event);
}

static void find_duplicates(struct simulation *simulation, const struct look_records *records)
{
    for (size_t i = 0; i < records->records.count; i++) {
        struct record *record = &records->records.items[i]->record;
        uint32_t place = simulation->replay.layouts[record->log].id;
        if (place == NO_PLACE)
            continue;
        const struct value *id = &record->event->values[place];
        if (value_identifies(id))
            record->duplicate = !unit_set_add(&simulation->replay.ids[record->log],
                                              unit_hash_of(id->text, id->length));
    }
}

/* ------------------------------------------------------------------------------------- looks -- */

static const char *copied_text(struct simulation *simulation, const char *text)
{
    return arena_copy(&simulation->project->arena, text, strlen(text));
}

static bool was_left_to_person(const struct simulation *simulation)
{
    return simulation->turn_count > 0 &&
           simulation->turns[simulation->turn_count - 1].left_to_person;
}

static void note_turn(struct simulation *simulation, struct verdict *verdict)
{
    verdict_explain(verdict);
    struct turn *turn =
        ARENA_APPEND(&simulation->project->arena, simulation->turns, simulation->turn_count);
    *turn = (struct turn){
        .time = verdict->now,
        .elapsed = verdict->elapsed,
        .decision = verdict->decision,
        .stage = verdict->stage,
        .next = verdict->decision.verdict == VERDICT_ADVANCE ? verdict->next : NULL,
        .reason = copied_text(simulation, verdict->reasons.items[0]),
        .left_to_person = verdict_left_to_person(verdict),
    };
}

static void move(struct simulation *simulation, const struct verdict *verdict)
{
    struct canary *canary = simulation->canary;
    switch (verdict->decision.verdict) {
    case VERDICT_ADVANCE:
        analysis_release(current(simulation));
        canary->stage++;
        canary->since = current(simulation)->since = verdict->now;
        break;
    case VERDICT_COMPLETE:
        canary->state = CANARY_COMPLETE;
        break;
    case VERDICT_PAUSE:
        canary->state = CANARY_PAUSED;
        break;
    case VERDICT_ROLLBACK:
        canary->state = CANARY_ROLLED_BACK;
        break;
    case VERDICT_HOLD:
        break;
    }
}

static void look(struct simulation *simulation, int64_t now)
{
    struct verdict verdict;
    arena_clear(&simulation->texts);
    simulation->replay.times.now = now;
    simulation->last_look = now;
    simulation->looks++;
    verdict_decide(&verdict, &simulation->replay, current(simulation), JUDGE_TO_DECIDE);
    if (verdict.decision.verdict == VERDICT_HOLD)
        return;
    bool left = verdict_left_to_person(&verdict);
    if (!left || !was_left_to_person(simulation))
        note_turn(simulation, &verdict);
    if (!left)
        move(simulation, &verdict);
}

/* What still holds the rollout when the logs end. */
static void explain_end(struct simulation *simulation)
{
    struct verdict verdict;
    if (!is_open(simulation) || simulation->last_look == INT64_MIN)
        return;
    verdict_decide(&verdict, &simulation->replay, current(simulation), JUDGE_TO_EXPLAIN);
    verdict_explain(&verdict);
    simulation->last_decision = verdict.decision;
    simulation->last_reason = copied_text(simulation, verdict.reasons.items[0]);
    simulation->last_would = copied_text(simulation, verdict.would);
}

/* -------------------------------------------------------------------------------------- play -- */

static void begin(struct simulation *simulation)
{
    bool given = simulation->options->from != INT64_MIN;
    simulation->began = given ? simulation->options->from : simulation->timeline.first;
    simulation->canary->since = current(simulation)->since = simulation->began;
}

static int64_t next_look(const struct simulation *simulation)
{
    return simulation->last_look == INT64_MIN
               ? look_of(simulation->began, simulation->options->interval)
               : simulation->last_look + simulation->options->interval;
}

/* Makes the looks since the last one that had no records. False: there are too many. */
static bool look_at_nothing(struct simulation *simulation, int64_t until)
{
    int64_t interval = simulation->options->interval;
    if (!is_open(simulation))
        return true;
    if (until > next_look(simulation) &&
        (until - next_look(simulation)) / interval > MOST_EMPTY_LOOKS) {
        char from[32], to[32];
        format_time(next_look(simulation), from, sizeof from);
        format_time(until, to, sizeof to);
        job_error(NULL, "between %s and %s there is no line, but more than %d looks", from, to,
                  MOST_EMPTY_LOOKS);
        print_help("if a clock was wrong, leave later lines out with --until; or look less often, "
                   "with --interval");
        return false;
    }
    for (int64_t now = next_look(simulation); now < until && is_open(simulation); now += interval)
        look(simulation, now);
    return true;
}

static void play_look(struct simulation *simulation, const struct look_records *records)
{
    find_duplicates(simulation, records);
    if (simulation->canary->state == CANARY_COMPLETE && simulation->options->harm_from != INT64_MIN)
        for (size_t i = 0; i < records->records.count; i++)
            expose_complete(simulation, &records->records.items[i]->record);
    if (!is_open(simulation))
        return;
    uint32_t stage = simulation->canary->stage;
    simulation->replay.times.now = records->look;
    for (size_t i = 0; i < records->records.count; i++)
        take_record(simulation, &records->records.items[i]->record);
    if (records->look >= next_look(simulation))
        look(simulation, records->look);
    take_before(simulation, records, stage + 1);
}

static bool is_too_late(const struct simulation *simulation)
{
    const struct timeline *timeline = &simulation->timeline;
    typedef unsigned __int128 wide;
    if ((wide)timeline->late * PERCENT_ALL <=
        (wide)timeline->taken * simulation->replay.times.max_bad)
        return false;
    char newest[32];
    format_time(timeline->last, newest, sizeof newest);
    job_error(NULL,
              "%" PRIu64 " of %" PRIu64 " lines came more than the lateness after others "
              "that are later, up to %s: no result",
              timeline->late, timeline->taken, newest);
    print_help("give a longer --lateness; or, if a clock was wrong, leave later lines out with "
               "--until");
    return true;
}

/* A line from a clock that is ahead stretches the last stage to its time. */
static void note_strays(const struct simulation *simulation)
{
    struct traffic_span span = timeline_span(&simulation->timeline);
    if (span.late.lines == 0 || simulation->options->until != INT64_MAX)
        return;
    char last[32];
    format_time(span.last, last, sizeof last);
    print_note("%" PRIu64 " of %" PRIu64 " lines come long after all others, which end at %s",
               span.late.lines, span.lines, last);
    print_help("if a clock was wrong, leave them out: --until %s", last);
}

static bool play_all(struct simulation *simulation)
{
    enum timeline_step step;
    struct look_records records;
    bool plays = true;
    while (plays && (step = timeline_next(&simulation->timeline, &records)) == TIMELINE_LOOK) {
        if (simulation->began == INT64_MIN)
            begin(simulation);
        plays = look_at_nothing(simulation, records.look);
        if (plays)
            play_look(simulation, &records);
        record_copies_release(&records.records);
    }
    return plays && step == TIMELINE_END;
}

bool simulation_run(struct simulation *simulation, char **logs, size_t count)
{
    const struct play_options *options = simulation->options;
    if (!timeline_open(&simulation->timeline, &simulation->replay, options->interval,
                       options->until, logs, count) ||
        !play_all(simulation) || replay_is_too_bad(&simulation->replay) || is_too_late(simulation))
        return false;
    if (simulation->began == INT64_MIN) {
        if (options->until == INT64_MAX)
            replay_report_no_time(&simulation->replay);
        else
            job_error(NULL, "no line of the logs has a time before --until");
        return false;
    }
    note_strays(simulation);
    explain_end(simulation);
    return true;
}
