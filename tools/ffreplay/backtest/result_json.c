/* result_json.c - see result.h. */
#include <inttypes.h>

#include "compiler/base/json.h"
#include "result.h"
#include "tools/ffreplay/report/report.h"

static void key_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    if (text)
        json_write_string(out, text);
    else
        buffer_append_text(out, "null");
}

static void key_count(struct buffer *out, const char *key, uint64_t count)
{
    json_write_key(out, key);
    buffer_format(out, "%" PRIu64, count);
}

static void key_time(struct buffer *out, const char *key, int64_t time)
{
    json_write_key(out, key);
    report_json_time(time, out);
}

static void key_seconds(struct buffer *out, const char *key, int64_t ms)
{
    json_write_key(out, key);
    json_write_number(out, (double)ms / 1000);
}

static void key_truth(struct buffer *out, const char *key, bool truth)
{
    json_write_key(out, key);
    buffer_append_text(out, truth ? "true" : "false");
}

static void turn(struct buffer *out, const struct turn *turn)
{
    buffer_append_text(out, "{");
    key_time(out, "time", turn->time);
    key_text(out, "verdict", decision_verdict_text(turn->decision.verdict));
    key_text(out, "rule", decision_rule_text(turn->decision.rule));
    key_text(out, "reason", turn->reason);
    key_text(out, "stage", turn->stage->name.text);
    key_text(out, "next", turn->next ? turn->next->name.text : NULL);
    key_seconds(out, "elapsed_seconds", turn->elapsed);
    key_truth(out, "left_to_person", turn->left_to_person);
    buffer_append_text(out, "}");
}

static void turns(struct buffer *out, const struct player *player)
{
    json_write_key(out, "transitions");
    buffer_append_text(out, "[");
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
    key_time(out, "detected", found ? found->time : INT64_MIN);
    if (found)
        key_seconds(out, "detection_seconds", player_detection_time(player));
    else
        key_text(out, "detection_seconds", NULL);
    if (play_knows_harm(player->options))
        key_truth(out, "false_rollback", player_is_false_alarm(player));
    else
        key_text(out, "false_rollback", NULL);
    json_write_key(out, "exposed");
    buffer_append_text(out, "{");
    key_count(out, "requests", player->exposure.requests);
    if (player->exposure.knows_units)
        key_count(out, "units", player->exposure.units.count);
    else
        key_text(out, "units", NULL);
    buffer_append_text(out, "}");
}

static void input(struct buffer *out, const struct player *player)
{
    struct log_counts all = {0};
    for (uint32_t i = 0; i < player->project->log_count; i++)
        log_counts_add(&all, &player->replay.counts[i]);
    json_write_key(out, "input");
    buffer_append_text(out, "{");
    key_count(out, "lines", all.lines);
    json_write_key(out, "bad");
    buffer_append_text(out, "{");
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        key_count(out, bad_cause_text((enum bad_cause)cause), all.bad[cause]);
    buffer_append_text(out, "}");
    key_count(out, "too_late", player->timeline.late);
    key_time(out, "first", player->timeline.first);
    key_time(out, "last", player->timeline.last);
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
    key_text(out, "rule", decision_rule_text(player->last_decision.rule));
    key_text(out, "reason", player->last_reason);
    key_text(out, "would", player->last_would);
    buffer_append_text(out, "}");
}

static void policy(struct buffer *out, const struct player *player, const char *name)
{
    buffer_append_text(out, "{");
    key_text(out, "policy", name);
    key_time(out, "began", player->began);
    key_text(out, "ends", player_end_text(player));
    key_text(out, "stage", player->canary->stages[player->canary->stage].name.text);
    turns(out, player);
    open_end(out, player);
    harm(out, player);
    key_text(out, "groups", player->logged ? "logged" : "evaluated");
    key_count(out, "looks", player->looks);
    input(out, player);
    buffer_append_text(out, "}");
}

void result_json(const struct result *result, struct buffer *out)
{
    const struct play_options *options = result->options;
    buffer_append_text(out, "{");
    key_count(out, "format_version", 1);
    key_text(out, "flag", options->flag);
    key_text(out, "environment", options->environment);
    key_seconds(out, "interval_seconds", options->interval);
    key_time(out, "harm_from", options->harm_from);
    json_write_key(out, "policies");
    buffer_append_text(out, "[");
    for (uint32_t i = 0; i < result->count; i++) {
        if (i > 0)
            buffer_append_text(out, ",");
        policy(out, &result->players[i], result->names[i]);
    }
    buffer_append_text(out, "]}\n");
}
