/* result.c - what a rollout that was played is judged by. See result.h. */
#include "result.h"

const char *player_end_text(const struct player *player)
{
    return canary_state_text(player->canary->state);
}

bool play_knows_harm(const struct play_options *options)
{
    return options->no_harm || options->harm_from != INT64_MIN;
}

const struct turn *player_detection(const struct player *player)
{
    for (uint32_t i = 0; i < player->turn_count && !player->options->no_harm; i++) {
        const struct turn *turn = &player->turns[i];
        enum decision_verdict verdict = turn->decision.verdict;
        if ((verdict == VERDICT_PAUSE || verdict == VERDICT_ROLLBACK) &&
            turn->time >= player->options->harm_from)
            return turn;
    }
    return NULL;
}

int64_t player_detection_time(const struct player *player)
{
    const struct turn *turn = player_detection(player);
    if (player->options->harm_from == INT64_MIN)
        return turn->elapsed;
    return turn->time - player->options->harm_from;
}

bool player_is_false_alarm(const struct player *player)
{
    const struct play_options *options = player->options;
    for (uint32_t i = 0; i < player->turn_count && play_knows_harm(options); i++) {
        const struct turn *turn = &player->turns[i];
        if (turn->decision.verdict == VERDICT_ROLLBACK &&
            (options->no_harm || turn->time < options->harm_from))
            return true;
    }
    return false;
}
