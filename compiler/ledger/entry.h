/*
 * entry.h - a line of the ledger as it is written: JSON, its fields in a fixed order.
 *
 * Begin a line, add fields, and pass it to ledger_prepare(), which ends it. docs/replay.md lists
 * the fields of each kind of line.
 */
#ifndef FFC_ENTRY_H
#define FFC_ENTRY_H

#include <stdint.h>

#include "compiler/base/words.h"
#include "compiler/model/canary.h"

struct buffer;
struct project;

/* Where a rollout stands. */
struct rollout {
    enum canary_state state;
    const char *stage;
    int64_t since;        /* INT64_MIN: not known */
    const char *approved; /* the stage that a person has let through; or NULL */
};
struct rollout rollout_of(const struct canary *canary);
/* "running in 'first', 'second' approved", on a screen. */
void rollout_show(struct buffer *out, const struct rollout *rollout);

/* What every line begins with. */
struct entry_head {
    int64_t time;
    const char *actor;
    const char *flag, *environment; /* NULL: not of one */
};

/* Of an entry about what somebody was told, and the key of what it was. */
#define NOTICE_VERDICT "notice"
#define NOTICE_STATES(X)                                                  \
    X(NOTICE_BEGUN, "begun")                                              \
    X(NOTICE_UNTOLD, "untold") /* it has begun, and the program failed */ \
    X(NOTICE_OVER, "over")
enum notice_state { NOTICE_STATES(WORDS_MEMBER) };

void entry_begin(struct buffer *out, const struct entry_head *head);
/* `"also":` other environments that the change is of, as bits; nothing where there are none. */
void entry_also(struct buffer *out, const struct project *project, uint64_t environments);
void entry_rollout(struct buffer *out, const char *key, const struct rollout *rollout);
/* `verdict`, `rule` and `reason`, and no evidence: what a person did. */
void entry_manual(struct buffer *out, const char *action, const char *reason);
/* `"definitions":` with the digest of every definition file in path order: its name, NUL, its
 * bytes, NUL. */
void entry_definitions(struct buffer *out, const struct project *project);

#endif
