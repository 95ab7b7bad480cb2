/*
 * answer.h - evaluates an environment compiled in memory, for `eval`, `test` and `trace`.
 */
#ifndef FFC_COMMANDS_ANSWER_H
#define FFC_COMMANDS_ANSWER_H

#include <stdint.h>

#include "commands.h"
#include "snapshot.h"

struct arena;
struct buffer;
struct flag;
struct project;
struct targeting;

/*
 * Compiles a project that has no errors and opens the snapshot. Returns an exit_status; when it is
 * not EXIT_FINE, it has been said why. Whatever the result, snapshot_close() may follow.
 */
int compile_snapshot(const struct command *command, struct project *project, uint32_t environment,
                     const struct project_choice *choice, struct snapshot *snapshot);

/* The same without what in a snapshot is for people. */
int compile_programs(const struct command *command, struct project *project, uint32_t environment,
                     const struct project_choice *choice, struct snapshot *snapshot);

/* The value as JSON; null for an error, and for no variant. */
void write_answer_value(const fflag_result *result, struct buffer *out);

/* `"value":…,"variant":…,"reason":…,"rule":…,"error":…`, after what stands in `out`. */
void write_answer_keys(const fflag_result *result, struct buffer *out);
/* `,"metadata":…` where the flag says something of itself. */
void write_answer_metadata(const fflag_result *result, struct buffer *out);

/* The index that the model has for it; for no variant, the one after the last. */
uint32_t served_variant(const struct targeting *targeting, const fflag_result *result);

/* Where the definitions say what decided: the rule, stage, list or block, else the flag. */
struct span deciding_place(const struct project *project, const struct flag *flag,
                           uint32_t environment, const fflag_result *result);

/* "flags/shop.yaml:12"; the line alone in *line, where that is not NULL. Borrowed from the arena.
 */
const char *place_text(struct project *project, struct arena *arena, struct span span,
                       uint32_t *line);

#endif
