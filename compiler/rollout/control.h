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

enum control {
    CONTROL_START,
    CONTROL_ADVANCE,
    CONTROL_PAUSE,
    CONTROL_RESUME,
    CONTROL_ROLLBACK,
    CONTROL_COMPLETE,
    CONTROL_APPROVE
};
#define CONTROL_COUNT 7
extern const char *const control_names[]; /* in the order of the enum, ended by NULL */

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
