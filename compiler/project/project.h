/*
 * project.h - the compiler as a library: definitions in, model out, snapshot out.
 *
 * This and the headers it includes are what `ffc`'s commands and `ffreplay` use; nothing of it is
 * installed. A project is read and checked once, for all environments, and compiled for one.
 */
#ifndef FFC_PROJECT_H
#define FFC_PROJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/emit/label.h"
#include "compiler/read/policy_file.h"

struct buffer;
struct project;

/*
 * Reads every definition file below `directory` (NULL: `flags`, or `.` where it holds definitions)
 * and checks everything. Always returns a project, to be freed; it can be compiled when
 * project->diagnostics.errors is 0. `now` (milliseconds) is what expiry is judged by.
 */
struct project *project_load(const char *directory, int64_t now);
/*
 * The same with a file's canary block in place of a flag's in one environment. The file holds
 * definitions with this flag, or has `canary` at its top; its `metrics` replace those of the same
 * name. `path` and `text` must live as long as the project.
 */
struct project *project_load_policy(const char *directory, int64_t now, struct policy_file *policy);
/* The same for one definition file in memory, as a project of its own. */
struct project *project_load_text(const char *name, const char *text, size_t length, int64_t now);
/* As project_load(), but without proofs about conditions and a search for what is unused, which
 * only warn: for projects that somebody else has checked. */
struct project *project_load_unproved(const char *directory, int64_t now);
void project_free(struct project *project);

/*
 * Compiles for one environment and appends the snapshot's bytes to `out`. False when the
 * environment is unknown or a limit of the format is exceeded, after reporting. The same
 * project, labels and environment give the same bytes, everywhere.
 */
bool project_compile(struct project *project, const char *environment, const struct label *labels,
                     size_t label_count, struct buffer *out);

/* The same without what is for people and tools: not to be published, but to be evaluated. */
bool project_compile_programs(struct project *project, const char *environment, struct buffer *out);

/*
 * Whether every environment of a project without errors can be compiled, which is when limits of
 * the format show. Reports only the first environment at fault.
 */
bool project_check_limits(struct project *project);

#endif
