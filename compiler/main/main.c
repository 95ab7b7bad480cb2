/* main.c - `ffc`: dispatches to its commands. */
#include "compiler/commands/commands.h"
#include "compiler/choose/completion.h"
#include "compiler/lsp/lsp.h"
#include "compiler/mcp/mcp.h"

int main(int argc, char **argv)
{
    const struct command commands[] = {
        check_command,  build_command,      eval_command,     test_command,       trace_command,
        dump_command,   verify_command,     bucket_command,   explain_command,    fmt_command,
        schema_command, list_command,       diff_command,     show_command,       init_command,
        sign_command,   canary_command,     rollback_command, completion_command, stale_command,
        gen_command,    experiment_command, log_command,      set_command,        new_command,
        remove_command, rename_command,     promote_command,  revert_command,     freeze_command,
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
