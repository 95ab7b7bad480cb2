/* result_json.c - see result.h. */
#include "compiler/base/buffer.h"
#include "result.h"

#include "compiler/base/json.h"
#include "tools/ffreplay/report/json_input.h"
#include "tools/ffreplay/report/report.h"

static void key_seconds(struct buffer *out, const char *key, int64_t ms)
{
    json_write_key(out, key);
    json_write_number(out, (double)ms / 1000);
}

static void turn(struct buffer *out, const struct turn *turn)
{
    buffer_append_text(out, "{");
    field_time(out, "time", turn->time);
    field_text(out, "verdict", decision_verdict_words[turn->decision.verdict]);
    field_text(out, "rule", decision_rule_words[turn->decision.rule]);
    field_text(out, "reason", turn->reason);
    field_text(out, "stage", turn->stage->name.text);
    field_text(out, "next", turn->next ? turn->next->name.text : NULL);
    key_seconds(out, "elapsed_seconds", turn->elapsed);
    field_truth(out, "left_to_person", turn->left_to_person);
    buffer_append_text(out, "}");
}

static void turns(struct buffer *out, const struct simulation *simulation)
{
    field_array(out, "transitions");
    for (uint32_t i = 0; i < simulation->turn_count; i++) {
        if (i > 0)
            buffer_append_text(out, ",");
        turn(out, &simulation->turns[i]);
    }
    buffer_append_text(out, "]");
}

static void harm(struct buffer *out, const struct simulation *simulation)
{
    const struct turn *found = simulation_detection(simulation);
    field_time(out, "detected", found ? found->time : INT64_MIN);
    if (found)
        key_seconds(out, "detection_seconds", simulation_detection_time(simulation));
    else
        field_text(out, "detection_seconds", NULL);
    if (play_knows_harm(simulation->options))
        field_truth(out, "false_rollback", simulation_is_false_alarm(simulation));
    else
        field_text(out, "false_rollback", NULL);
    field_object(out, "exposed");
    field_count(out, "requests", simulation->exposure.requests);
    if (simulation->exposure.knows_units)
        field_count(out, "units", simulation->exposure.units.count);
    else
        field_text(out, "units", NULL);
    buffer_append_text(out, "}");
}

static void input(struct buffer *out, const struct simulation *simulation)
{
    struct log_counts counts = replay_counts(&simulation->replay);
    field_object(out, "input");
    field_count(out, "lines", counts.lines);
    field_bad(out, &counts);
    field_count(out, "too_late", simulation->timeline.late);
    field_time(out, "first", simulation->timeline.first);
    field_time(out, "last", simulation->timeline.last);
    buffer_append_text(out, "}");
}

static void open_end(struct buffer *out, const struct simulation *simulation)
{
    json_write_key(out, "open");
    if (!simulation->last_reason) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_text(out, "{");
    field_text(out, "rule", decision_rule_words[simulation->last_decision.rule]);
    field_text(out, "reason", simulation->last_reason);
    field_text(out, "would", simulation->last_would);
    buffer_append_text(out, "}");
}

static void policy(struct buffer *out, const struct simulation *simulation, const char *name)
{
    buffer_append_text(out, "{");
    field_text(out, "policy", name);
    field_time(out, "began", simulation->began);
    field_text(out, "ends", simulation_end_text(simulation));
    field_text(out, "stage", simulation->canary->stages[simulation->canary->stage].name.text);
    turns(out, simulation);
    open_end(out, simulation);
    harm(out, simulation);
    field_text(out, "groups", simulation->logged ? "logged" : "evaluated");
    field_count(out, "looks", simulation->looks);
    input(out, simulation);
    buffer_append_text(out, "}");
}

void result_json(const struct result *result, struct buffer *out)
{
    const struct play_options *options = result->options;
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", options->flag);
    field_text(out, "environment", options->environment);
    key_seconds(out, "interval_seconds", options->interval);
    field_time(out, "harm_from", options->harm_from);
    field_array(out, "policies");
    for (uint32_t i = 0; i < result->count; i++) {
        if (i > 0)
            buffer_append_text(out, ",");
        policy(out, &result->simulations[i], result->names[i]);
    }
    buffer_append_text(out, "]}\n");
}
