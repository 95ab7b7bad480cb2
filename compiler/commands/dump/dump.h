/*
 * dump.h - what `ffc dump` prints.
 */
#ifndef FFC_COMMANDS_DUMP_H
#define FFC_COMMANDS_DUMP_H

#include <stdbool.h>

#include "compiler/commands/snapshot.h"

struct buffer;

/* Appends all of a snapshot, for people or as a JSON object. */
void dump_snapshot(const struct snapshot *snapshot, bool json, struct buffer *out);

#endif
