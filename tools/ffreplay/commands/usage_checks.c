/* usage_checks.c - see usage_checks.h. */
#include "usage_checks.h"

#include "compiler/base/scalar.h"
#include "compiler/cli/messages.h"

bool require_flag(const struct command *command, bool given, const bool *all)
{
    if (given || (all && *all))
        return true;
    usage_error(command, "expected a flag%s", all ? ", or --all" : "");
    return false;
}

bool require_environment(const struct command *command, const char *environment)
{
    if (!environment)
        usage_error(command, "expected an environment: -e ENV");
    return environment;
}

bool take_method(const struct command *command, const struct option_word *option, int *method)
{
    *method = option->text ? words_find(option->words, option->text) : -1;
    if (!option->text || *method >= 0)
        return true;
    usage_error(command, "--method is " METHODS ", not '%s'", option->text);
    return false;
}

#define INTERVAL_LEAST 1000 /* ms: logs are looked at no more often than that */

bool take_interval(const struct command *command, const char *text, int64_t *interval)
{
    if (parse_duration(text, interval) && *interval >= INTERVAL_LEAST)
        return true;
    usage_error(command, "--interval is a duration of at least 1s, not '%s'", text);
    return false;
}

bool require_stages(const struct command *command, const struct flag *flag, bool has_canary,
                    const struct grouping *groupings, uint32_t count)
{
    for (uint32_t i = 0; i < count && !has_canary; i++)
        if (grouping_has(&groupings[i], BY_STAGE)) {
            job_error(command, "flag '%s' has no canary, hence no stages", flag->name.text);
            return false;
        }
    return true;
}

void report_private(const struct command *command, const char *list, const char *field,
                    const struct log *log)
{
    job_error(command, "--by %s would show values of a private attribute: '%s' of log '%s'", list,
              field, log->name.text);
    print_help("--show-private shows them");
}
