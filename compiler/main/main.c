/* main.c - `ffc`: dispatches to its commands. */
#include "compiler/commands/commands.h"
#include "compiler/choose/completion.h"
#include "compiler/lsp/lsp.h"
#include "compiler/mcp/mcp.h"

int main(int argc, char **argv)
{
    /* In the order of `ffc --help`: write, ask, publish and roll out; look into, connect. */
    const struct command commands[] = {
        init_command,   check_command,      fmt_command,      test_command,    set_command,
        new_command,    remove_command,     rename_command,   promote_command, revert_command,
        eval_command,   trace_command,      list_command,     show_command,    diff_command,
        log_command,    stale_command,      build_command,    sign_command,    verify_command,
        canary_command, experiment_command, rollback_command, freeze_command,  explain_command,
        bucket_command, dump_command,       schema_command,   gen_command,     completion_command,
        lsp_command,    mcp_command,
    };
    return command_main(
        "ffc",
        "ffc compiles feature flags, canaries and experiments from YAML to a "
        "snapshot.\n\n"
        "  ffc check                            read flags/ and report every problem\n"
        "  ffc build -e production -o flags.ffs compile it for an environment",
        commands, sizeof commands / sizeof *commands, argc, argv);
}
