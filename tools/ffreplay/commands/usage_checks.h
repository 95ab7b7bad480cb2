/*
 * usage_checks.h - what several commands ask of their options and operands.
 *
 * Each check reports what is wrong on stderr, as the command, and is false then.
 */
#ifndef FFREPLAY_USAGE_CHECKS_H
#define FFREPLAY_USAGE_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/cli/options.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/metrics/grouping.h"

/* `all`: whether --all is given, which stands for a flag; NULL: the command has no such option. */
bool require_flag(const struct command *command, bool given, const bool *all);
bool require_environment(const struct command *command, const char *environment);

#define METHODS "sequential, fixed, group_sequential or bayesian"
#define METHOD_OPTION(target, usual)                                          \
    {                                                                         \
        "method", 0, OPTION_WORD, &(target), "METHOD", METHODS " [" usual "]" \
    }
/* *method: an enum analysis_method, or -1 where the option is not given. */
bool take_method(const struct command *command, const struct option_word *option, int *method);
/* The time between two looks, in milliseconds, of an --interval. */
bool take_interval(const struct command *command, const char *text, int64_t *interval);

/* Whether none of the groupings is by stage, or the flag has a canary, whose stages they are. */
bool require_stages(const struct command *command, const struct flag *flag, bool has_canary,
                    const struct grouping *groupings, uint32_t count);

/* Reports that `list`, of --by, would show values of a private attribute. */
void report_private(const struct command *command, const char *list, const char *field,
                    const struct log *log);

#endif
