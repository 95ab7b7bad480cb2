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
    field_text(out, "verdict", decision_verdict_text(turn->decision.verdict));
    field_text(out, "rule", decision_rule_text(turn->decision.rule));
    field_text(out, "reason", turn->reason);
    field_text(out, "stage", turn->stage->name.text);
    field_text(out, "next", turn->next ? turn->next->name.text : NULL);
    key_seconds(out, "elapsed_seconds", turn->elapsed);
    field_truth(out, "left_to_person", turn->left_to_person);
    buffer_append_text(out, "}");
}

static void turns(struct buffer *out, const struct player *player)
{
    field_array(out, "transitions");
    for (uint32_t i = 0; i < player->turn_count; i++) {
        if (i > 0)
            buffer_append_text(out, ",");
        turn(out, &player->turns[i]);
    }
    buffer_append_text(out, "]");
}

static void harm(struct buffer *out, const struct player *player)
{
    const struct turn *found = player_detection(player);
    field_time(out, "detected", found ? found->time : INT64_MIN);
    if (found)
        key_seconds(out, "detection_seconds", player_detection_time(player));
    else
        field_text(out, "detection_seconds", NULL);
    if (play_knows_harm(player->options))
        field_truth(out, "false_rollback", player_is_false_alarm(player));
    else
        field_text(out, "false_rollback", NULL);
    field_object(out, "exposed");
    field_count(out, "requests", player->exposure.requests);
    if (player->exposure.knows_units)
        field_count(out, "units", player->exposure.units.count);
    else
        field_text(out, "units", NULL);
    buffer_append_text(out, "}");
}

static void input(struct buffer *out, const struct player *player)
{
    struct log_counts counts = replay_counts(&player->replay);
    field_object(out, "input");
    field_count(out, "lines", counts.lines);
    field_bad(out, &counts);
    field_count(out, "too_late", player->timeline.late);
    field_time(out, "first", player->timeline.first);
    field_time(out, "last", player->timeline.last);
    buffer_append_text(out, "}");
}

static void open_end(struct buffer *out, const struct player *player)
{
    json_write_key(out, "open");
    if (!player->last_reason) {
        buffer_append_text(out, "null");
        return;
    }
    buffer_append_text(out, "{");
    field_text(out, "rule", decision_rule_text(player->last_decision.rule));
    field_text(out, "reason", player->last_reason);
    field_text(out, "would", player->last_would);
    buffer_append_text(out, "}");
}

static void policy(struct buffer *out, const struct player *player, const char *name)
{
    buffer_append_text(out, "{");
    field_text(out, "policy", name);
    field_time(out, "began", player->began);
    field_text(out, "ends", player_end_text(player));
    field_text(out, "stage", player->canary->stages[player->canary->stage].name.text);
    turns(out, player);
    open_end(out, player);
    harm(out, player);
    field_text(out, "groups", player->logged ? "logged" : "evaluated");
    field_count(out, "looks", player->looks);
    input(out, player);
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
        policy(out, &result->players[i], result->names[i]);
    }
    buffer_append_text(out, "]}\n");
}
