/* commands.h - the commands of ffreplay; each is a file. */
#ifndef FFREPLAY_COMMANDS_H
#define FFREPLAY_COMMANDS_H

#include "compiler/cli/options.h"

extern const struct command aggregate_command;
extern const struct command analyze_command;
extern const struct command backtest_command;
extern const struct command contexts_command;
extern const struct command decide_command;
extern const struct command health_command;
extern const struct command history_command;
extern const struct command merge_command;
extern const struct command metrics_command;
extern const struct command plan_command;
extern const struct command report_command;
extern const struct command sql_command;
extern const struct command watch_command;

#endif
