/* mcp.h - `ffc mcp`, which assistants start. */
#ifndef FFC_MCP_H
#define FFC_MCP_H

#include "compiler/cli/options.h"

extern const struct command mcp_command;

#endif
