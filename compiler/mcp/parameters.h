/* parameters.h - a tool's options as a JSON schema, and a call's arguments as a command line. */
#ifndef FFC_MCP_PARAMETERS_H
#define FFC_MCP_PARAMETERS_H

#include <jansson.h>
#include <stdbool.h>

#include "compiler/base/arena.h"
#include "tools.h"

struct buffer;

/* An option that a tool offers, as the command's own table or help has it. */
struct parameter {
    const char *option; /* "max-bad" */
    char name[32];      /* of the parameter: "max_bad" */
    const char *value;  /* what it takes: "PERCENT"; NULL: nothing */
    const char *help;
    const char *const *words; /* one of these; ended by NULL, or none */
    bool repeats;
    bool counts;
};
struct parameters {
    struct parameter items[MOST_TOOL_OPTIONS];
    size_t count;
    const char *summary; /* of the command */
};

/* False: the program beside this one is not there, or does not know such an option. The arena's. */
bool parameters_of(const struct tool *tool, struct arena *arena, struct parameters *parameters);
/* Appends the object's schema. */
void write_parameters(const struct tool *tool, const struct parameters *parameters,
                      struct buffer *out);

/*
 * The command line of a call, in the arena and ended by NULL: the command's name first, then the
 * project's directory (or NULL). NULL: something about the arguments is wrong, as `why` then says.
 */
char **command_line(const struct tool *tool, const struct parameters *parameters,
                    const char *directory, const json_t *arguments, struct arena *arena,
                    struct buffer *why);

#endif
