/* apply_options.c - see apply_options.h. */
#include "apply_options.h"

bool apply_options_check(const struct apply_options *options, const struct command *command)
{
    if (options->build && !options->given)
        usage_error(command, "--build publishes what --apply edits: give both");
    else if (options->run_steps && !options->given)
        usage_error(command, "--run-steps runs what --apply calls for: give both");
    else if (options->commit && !options->given)
        usage_error(command, "--commit commits what --apply edits: give both");
    else if (options->push && !options->commit)
        usage_error(command, "--push pushes what --commit commits: give both");
    else if (options->key && !options->build)
        usage_error(command, "--sign signs what --build publishes: give both");
    else
        return true;
    return false;
}

int worse_exit(int left, int right)
{
    static const int order[] = {EXIT_FINE, EXIT_HOLD, EXIT_PAUSE, EXIT_JOB, EXIT_ROLLBACK};
    int worst = EXIT_FINE;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (order[i] == left || order[i] == right)
            worst = order[i];
    return worst;
}

int verdict_exit(const struct verdict *verdict)
{
    if (!verdict_holds(verdict))
        return EXIT_JOB;
    switch (verdict->decision.verdict) {
    case VERDICT_HOLD:
        return EXIT_HOLD;
    case VERDICT_PAUSE:
        return EXIT_PAUSE;
    case VERDICT_ROLLBACK:
        return EXIT_ROLLBACK;
    case VERDICT_ADVANCE:
    case VERDICT_COMPLETE:
        break;
    }
    return EXIT_FINE;
}
