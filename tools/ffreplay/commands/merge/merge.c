/* merge.c - `ffreplay merge`: several files of aggregates as one. */
#include <stdlib.h>

#include "compiler/base/buffer.h"
#include "compiler/cli/option_rows.h"
#include "tools/ffreplay/aggregate/merge_files.h"
#include "tools/ffreplay/commands/commands.h"

static int run(int argc, char **argv);

const struct command merge_command = {
    .name = "merge",
    .summary = "merge aggregates of parts of logs into one file",
    .usage = "[FILE…] [-o FILE]",
    .examples = "  ffreplay merge part-*.agg -o all.agg\n"
                "  ssh b cat /tmp/b.agg | ffreplay merge a.agg - >all.agg\n"
                "  ffreplay decide checkout -e production --from all.agg\n",
    .run = run,
};

static int run(int argc, char **argv)
{
    const char *output = NULL;
    bool repeated = false;
    static const char *const from_stdin[] = {"-"};
    const struct option table[] = {
        OUTPUT_OPTION(output, "where to write [stdout]"),
        {"allow-repeated", 0, OPTION_FLAG, &repeated, NULL,
         "count lines twice that are in two of the files"},
    };
    int status;
    int operands =
        options_parse(&merge_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    struct buffer error = {0};
    bool any = operands > 0;
    bool merged = merge_files(any ? (const char *const *)(argv + 1) : from_stdin,
                              any ? (uint32_t)operands : 1,
                              repeated ? SAME_INPUT_COUNTED : SAME_INPUT_REFUSED, output, &error);
    status = merged ? EXIT_FINE : job_error(&merge_command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}
