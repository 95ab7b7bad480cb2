/*
 * schema.c - `ffc schema`: the JSON Schema of the language, for editors.
 *
 * It is schema.json, where a line stands for the rows of model/operators.def.
 */
#include <assert.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "commands.h"

/* schema.json, a line a string; made by the Makefile. */
static const char schema[] =
#include "schema.inc"
    ;

static const char operators_line[] = "            \"operators.def\": {},\n";

void write_schema(struct buffer *out)
{
    const char *line = strstr(schema, operators_line);
    assert(line);
    buffer_append(out, schema, (size_t)(line - schema));
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        buffer_format(out, "            \"%s\": {%s},\n", operators[i].name,
                      operand_forms[operators[i].form].schema);
    buffer_append_text(out, line + strlen(operators_line));
}

static int run(int argc, char **argv)
{
    int status;
    int operands = options_parse(&schema_command, NULL, 0, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&schema_command, "unexpected argument '%s'", argv[1]);
    struct buffer text = {0};
    write_schema(&text);
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
