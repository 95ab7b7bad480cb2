/*
 * control.h - what a person may do to a rollout, by its state.
 *
 *     pending --start--> running <--resume-- paused      rolled_back: final until a start
 *                        running --pause---> paused
 *     running --advance--> the next stage, --complete--> complete
 *     running, paused, complete --rollback--> rolled_back;  complete --start--> running
 *
 * An advance leaves one stage. Two people who both mean the stage they see must not advance twice,
 * so an advance names that stage; without a name it is refused if the last one was moments ago.
 *
 * A stage in `approval` is entered only if `approved` names it, whether by a person or by ffreplay.
 */
#ifndef FFC_CONTROL_H
#define FFC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/ledger/entry.h"

struct buffer;

#define CONTROLS(X)                 \
    X(CONTROL_START, "start")       \
    X(CONTROL_ADVANCE, "advance")   \
    X(CONTROL_PAUSE, "pause")       \
    X(CONTROL_RESUME, "resume")     \
    X(CONTROL_ROLLBACK, "rollback") \
    X(CONTROL_COMPLETE, "complete") \
    X(CONTROL_APPROVE, "approve")
enum control { CONTROLS(WORDS_MEMBER) };
#define CONTROL_COUNT WORDS_COUNT(CONTROLS)
extern const char *const control_words[];

struct request {
    const char *flag; /* for messages */
    const struct canary *canary;
    enum control control;
    const char *stage;  /* the one to enter or approve; NULL: the next */
    const char *leaves; /* of advance: the one it is in; NULL: whichever */
    int64_t at;
};

/*
 * The rollout's new state. False: `error` says its state and why this is impossible, `help` what is
 * possible.
 */
bool control_plan(const struct request *request, struct rollout *to, struct buffer *error,
                  struct buffer *help);

/* "start", "advance or complete": what can be done from here, for people. */
const char *control_choices(const struct canary *canary);

/* The stage that is entered next: the first if the rollout has not begun or is over, NULL after the
 * last. */
const struct stage *control_next_stage(const struct canary *canary);

#endif
