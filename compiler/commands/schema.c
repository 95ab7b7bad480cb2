/* schema.c - `ffc schema`: the JSON Schema of the language, for editors. */
#include <string.h>

#include "commands.h"

/* schema.json, a line a string; made by the Makefile. */
static const char schema[] =
#include "schema.inc"
    ;

static int run(int argc, char **argv)
{
    int status;
    int operands = options_parse(&schema_command, NULL, 0, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&schema_command, "unexpected argument '%s'", argv[1]);
    struct buffer text = {0};
    buffer_append(&text, schema, sizeof schema - 1);
    status = write_stdout(&schema_command, &text) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&text);
    return status;
}

const struct command schema_command = {
    .name = "schema",
    .summary = "print the JSON Schema of definitions, for editors",
    .usage = "",
    .examples = "  ffc schema >.ffc-schema.json\n"
                "  # yaml-language-server: $schema=../.ffc-schema.json   (first line of a file)\n",
    .run = run,
};
