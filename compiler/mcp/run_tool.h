/* run_tool.h - a command as a child, with bounded output, time, and a way to take it back. */
#ifndef FFC_MCP_RUN_TOOL_H
#define FFC_MCP_RUN_TOOL_H

#include <jansson.h>
#include <stdbool.h>

#include "compiler/base/buffer.h"
#include "tools.h"

struct rpc;

#define RUN_LONGEST_OUTPUT (512u << 10) /* bytes, of each stream */

struct run {
    struct buffer out, error;    /* NUL-terminated */
    size_t out_left, error_left; /* bytes that had no room */
    int status;
    enum { RUN_ENDED, RUN_CANCELLED, RUN_TOO_LONG, RUN_FAILED } how;
};
/*
 * Runs a command of this program, or of the one beside it, with the arguments (ended by NULL, the
 * command's name first). `id` is the request's, which may be taken back meanwhile; NULL: it cannot.
 */
void run_tool(struct rpc *rpc, const json_t *id, enum tool_program program, char **argv,
              struct run *run);
void run_release(struct run *run);

/* Where the other program is, if it is there: beside this one. The text lives on. */
const char *replay_program(void);

#endif
