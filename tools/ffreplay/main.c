/* main.c - ffreplay: replays logs against the definitions, and decides. */
#include "compiler/choose/completion.h"
#include "tools/ffreplay/commands/commands.h"

int main(int argc, char **argv)
{
    const struct command commands[] = {
        decide_command,    watch_command, backtest_command, metrics_command,   health_command,
        analyze_command,   plan_command,  report_command,   contexts_command,  history_command,
        aggregate_command, merge_command, sql_command,      completion_command};
    return command_main(
        "ffreplay",
        "ffreplay reads services' own logs, and decides on canaries and experiments.\n\n"
        "  ffreplay decide checkout access.log -e production   advance, or roll back\n"
        "  ffreplay analyze button access.log -e production    an experiment's effects",
        commands, sizeof commands / sizeof *commands, argc, argv);
}
