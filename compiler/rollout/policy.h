/*
 * policy.h - whether a stage is still what it was when it began.
 *
 * A stage's looks belong together only as long as its audience and its criteria stay the same. So
 * the ledger has a digest of both for each stage that began.
 */
#ifndef FFC_POLICY_H
#define FFC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/flag.h"

struct metric;
struct project;

#define POLICY_DIGEST 65 /* hexadecimal, with its NUL */

/*
 * Covers the flag's salt and bucketing, the canary's variant and criteria, and the stage except its
 * name and times. Not comments or layout, nor the definitions of segments and metrics.
 */
void policy_digest(const struct targeting *targeting, const char *stage, char hex[POLICY_DIGEST]);

/*
 * Of an experiment: all that its result depends on, the definitions of its metrics included. Not
 * its state and winner, nor what is for people or for sizing it.
 */
void experiment_digest(const struct targeting *targeting, char hex[POLICY_DIGEST]);
/* Of a metric's definition, except what is for people. */
void metric_digest(const struct metric *metric, char hex[POLICY_DIGEST]);

/*
 * Whether the project's ledger has another digest for the stage that the flag's canary is in now. A
 * ledger that is missing, or has no entry for this stage, has none. If environments share a canary
 * block, an entry for any of them counts.
 */
bool policy_changed(const struct project *project, const struct flag *flag, uint32_t environment);

#endif
