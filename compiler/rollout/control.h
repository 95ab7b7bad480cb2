/*
 * control.h - what a person may do to a rollout, from where it stands.
 *
 *     pending --start--> running <--resume-- paused      rolled_back: final until a start
 *                        running --pause---> paused
 *     running --advance--> the next stage, --complete--> complete
 *     running, paused, complete --rollback--> rolled_back;  complete --start--> running
 *
 * An advance leaves one stage. Two people who both mean the stage they see must not go on twice: so
 * it names that stage, and without a name it is refused where the last advance was moments ago.
 *
 * A stage in `approval` is entered only where `approved` names it, by a person as by ffreplay.
 */
#ifndef FFC_CONTROL_H
#define FFC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"

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
 * Where the rollout stands afterwards. False: `error` says where it stands and why this cannot be,
 * and `help` what can.
 */
bool control_plan(const struct request *request, struct rollout *to, struct buffer *error,
                  struct buffer *help);

/* "start", "advance or complete": what can be done from here, for people. */
const char *control_choices(const struct canary *canary);

/* The stage that is entered next: the first of a rollout that has not begun or is over, NULL
 * behind the last. */
const struct stage *control_next_stage(const struct canary *canary);

#endif
