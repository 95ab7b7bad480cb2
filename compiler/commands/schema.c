/* schema.c - `ffc schema`: the JSON Schema of the language, for editors, or its tables of keys. */
#include "commands.h"
#include "compiler/base/buffer.h"
#include "compiler/project/schema.h"

static int run(int argc, char **argv)
{
    bool markdown = false;
    const struct option options[] = {
        {"markdown", 0, OPTION_FLAG, &markdown, NULL,
         "print the tables of keys of the language reference instead"},
    };
    int status;
    int operands = options_parse(&schema_command, options, 1, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&schema_command, "unexpected argument '%s'", argv[1]);
    struct buffer text = {0};
    if (markdown)
        write_key_tables(&text);
    else
        write_schema(&text);
    status = write_stdout(&schema_command, &text) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&text);
    return status;
}

const struct command schema_command = {
    .name = "schema",
    .summary = "print the JSON Schema of definitions, for editors",
    .usage = "[--markdown]",
    .examples = "  ffc schema >.ffc-schema.json\n"
                "  # yaml-language-server: $schema=../.ffc-schema.json   (first line of a file)\n",
    .run = run,
};
