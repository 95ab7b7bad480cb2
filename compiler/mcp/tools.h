/*
 * tools.h - what `ffc mcp` offers: commands of both programs, and which of their options.
 *
 * What an option is called, takes and means is in the tables that command lines are parsed by. Here
 * stands only what is offered: nothing that writes a file, runs a program or never ends.
 */
#ifndef FFC_MCP_TOOLS_H
#define FFC_MCP_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

enum tool_program {
    TOOL_FFC,
    TOOL_FFREPLAY /* beside this program */
};

struct tool_operand {
    const char *name; /* of the parameter; NULL: there is no more */
    const char *help;
    enum { OPERAND_ONE, OPERAND_OPTIONAL, OPERAND_SOME, OPERAND_ANY } takes;
    bool is_path;
};

#define MOST_TOOL_OPERANDS 2
#define MOST_TOOL_OPTIONS  16

struct tool {
    const char *name;
    const char *help; /* NULL: the command's own line */
    enum tool_program program;
    const char *command;
    struct tool_operand operands[MOST_TOOL_OPERANDS + 1];
    const char *options[MOST_TOOL_OPTIONS]; /* by their names; ended by NULL */
    const char *needed[4];                  /* of them; ended by NULL */
    const char *fixed[4];                   /* arguments that are always given; ended by NULL */
    bool edits;                             /* it changes definitions: a dry run first */
};

extern const struct tool tools[];
extern const size_t tool_count;
/* NULL: there is none. */
const struct tool *tool_find(const char *name);

#endif
