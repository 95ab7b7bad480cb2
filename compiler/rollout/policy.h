/*
 * policy.h - whether a stage is still what it was when it began.
 *
 * Its looks belong together only as long as who is in it, and what it is judged by, stay the same.
 * So the ledger has a digest of that for each stage that was begun.
 */
#ifndef FFC_POLICY_H
#define FFC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/model/model.h"

#define POLICY_DIGEST 65 /* hexadecimal, with its NUL */

/*
 * Of the flag's salt and bucketing, the canary's variant and criteria, and the stage but for its
 * name and times. Comments and layout do not count; what segments and metrics are is not in it.
 */
void policy_digest(const struct targeting *targeting, const char *stage, char hex[POLICY_DIGEST]);

/*
 * Whether the project's ledger knows another digest for the stage the flag's canary is in now. A
 * ledger that is not there, or begins this stage in no entry, knows nothing. Where environments
 * have one canary block, an entry of any of them counts.
 */
bool policy_changed(const struct project *project, const struct flag *flag, uint32_t environment);

#endif
