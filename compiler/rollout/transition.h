/*
 * transition.h - moves a canary from one state or stage to another: edits its block, and writes the
 * ledger entry.
 *
 * Beginning a stage or ending the rollout clears the approval, so that each rollout asks again; a
 * pause keeps it.
 */
#ifndef FFC_TRANSITION_H
#define FFC_TRANSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/ledger/entry.h"
#include "compiler/ledger/ledger.h"

struct buffer;

/*
 * Writes `state`, `stage`, `since` and `approved` where they change, and no other byte, with
 * `entry` put aside before. `project` has to be as the files are. The caller then publishes, and
 * ends with ledger_commit(), so that recovery finds what a crash leaves in between. False: a
 * sentence in `error`; nothing was changed.
 */
bool transition_make(struct ledger *ledger, const struct project *project,
                     const struct canary *canary, const struct rollout *to,
                     const struct buffer *entry, struct buffer *error);

/*
 * The parts of it, for whoever publishes between them: what the next run does with the entry is
 * `aside`; ledger_edited() is for the caller, too.
 */
bool transition_prepare(struct ledger *ledger, const struct project *project,
                        const struct canary *canary, const struct rollout *to,
                        const struct buffer *entry, enum aside aside, struct buffer *error);
enum replaced transition_edit(const struct project *project, const struct canary *canary,
                              const struct rollout *to, struct buffer *error);

/* Says on stderr which other environments share this block, and so change with it. */
void transition_note_shared(const struct project *project, const struct flag *flag,
                            uint32_t environment);

#endif
