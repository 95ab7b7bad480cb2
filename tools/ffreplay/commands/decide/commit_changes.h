/*
 * commit_changes.h - `ffreplay decide --apply --commit`: a git commit of what was applied.
 */
#ifndef FFREPLAY_COMMIT_CHANGES_H
#define FFREPLAY_COMMIT_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "compiler/rollout/commit.h"
#include "tools/ffreplay/canary/verdict.h"

struct change_commit {
    struct commit commit;
    bool wanted, push;
    struct buffer error, help; /* why it cannot be made; to be released */
};

/*
 * Before anything is applied: whether all that the verdicts change can be committed by itself.
 * False: a sentence in `error`, and nothing is to be applied. A rollback is applied whatever git
 * says; then it is an error once all is done.
 */
bool change_commit_prepare(struct change_commit *commit, const char *directory,
                           const struct verdict *verdicts, uint32_t count, struct buffer *error);
/*
 * The definitions of those verdicts of which `applied` says so, and the ledger's and overrides'
 * files that no commit has, which may be all there is. Writes how that went to `out`. False: a
 * sentence in `error`.
 */
bool change_commit_make(struct change_commit *commit, const char *actor,
                        const struct verdict *verdicts, const bool *applied, uint32_t count,
                        struct buffer *out, struct buffer *error);
void change_commit_release(struct change_commit *commit);

#endif
