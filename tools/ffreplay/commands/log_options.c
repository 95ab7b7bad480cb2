/* log_options.c - see log_options.h. */
#include "log_options.h"

#include <stdlib.h>

#include "compiler/base/parallel.h"
#include "compiler/base/scalar.h"

static bool parse_threads(const char *text, uint32_t *threads)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    *threads = count < MOST_WORKERS ? (uint32_t)count : MOST_WORKERS;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0';
}

bool log_options_apply(const struct log_options *options, const struct command *command,
                       struct replay *replay)
{
    struct replay_times *times = &replay->times;
    replay->takes_partial = options->allow_partial;
    replay->commands = options->commands;
    times->served =
        (struct served_record){.is_asked = options->settle != NULL, .archive = options->archive};
    if (!parse_duration(options->window, &times->window) || times->window < 1000)
        usage_error(command, "--window is a duration of at least 1s, not '%s'", options->window);
    else if (!parse_duration(options->lateness, &times->lateness))
        usage_error(command, "--lateness is a duration like 1m, not '%s'", options->lateness);
    else if (!parse_duration(options->stale, &times->stale))
        usage_error(command, "--stale is a duration like 10m, not '%s'", options->stale);
    else if (options->settle && !parse_duration(options->settle, &times->served.settle))
        usage_error(command, "--settle is a duration like 10s, not '%s'", options->settle);
    else if (!parse_percent(options->max_bad, &times->max_bad))
        usage_error(command, "--max-bad is a percentage like 1%%, not '%s'", options->max_bad);
    else if (options->threads && !parse_threads(options->threads, &replay->threads))
        usage_error(command, "--threads is a number from 1 on, not '%s'", options->threads);
    else
        return true;
    return false;
}
