/* result.c - what a simulated rollout is judged by. See result.h. */
#include "result.h"

const char *simulation_end_text(const struct simulation *simulation)
{
    return canary_state_words[simulation->canary->state];
}

bool play_knows_harm(const struct play_options *options)
{
    return options->no_harm || options->harm_from != INT64_MIN;
}

const struct turn *simulation_detection(const struct simulation *simulation)
{
    for (uint32_t i = 0; i < simulation->turn_count && !simulation->options->no_harm; i++) {
        const struct turn *turn = &simulation->turns[i];
        enum decision_verdict verdict = turn->decision.verdict;
        if ((verdict == VERDICT_PAUSE || verdict == VERDICT_ROLLBACK) &&
            turn->time >= simulation->options->harm_from)
            return turn;
    }
    return NULL;
}

int64_t simulation_detection_time(const struct simulation *simulation)
{
    const struct turn *turn = simulation_detection(simulation);
    if (simulation->options->harm_from == INT64_MIN)
        return turn->elapsed;
    return turn->time - simulation->options->harm_from;
}

bool simulation_is_false_alarm(const struct simulation *simulation)
{
    const struct play_options *options = simulation->options;
    for (uint32_t i = 0; i < simulation->turn_count && play_knows_harm(options); i++) {
        const struct turn *turn = &simulation->turns[i];
        if (turn->decision.verdict == VERDICT_ROLLBACK &&
            (options->no_harm || turn->time < options->harm_from))
            return true;
    }
    return false;
}
