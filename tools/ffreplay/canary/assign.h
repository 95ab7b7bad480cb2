/*
 * assign.h - which group a log line belongs to, for one canary.
 *
 * From the log, if it names the flag and its variant. Otherwise by evaluating the flag again, on
 * the snapshot that was in force, with the line's context at the line's time; where that is not
 * known, on one compiled from the definitions.
 *
 * To tell the control group (in the stage's audience, not enrolled) from everybody else, there is a
 * second one, in memory, with this one stage at 100 %: whoever the canary enrols there, and does
 * not in the first, is control. So the code that services run also decides what
 * precedes the canary, and the audience itself; there is no second evaluator. A unit without a key
 * is in neither group: it would be enrolled at 100 %, but never below.
 */
#ifndef FFREPLAY_ASSIGN_H
#define FFREPLAY_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ffreplay/evaluate/in_force.h"
#include "tools/ffreplay/evaluate/line_context.h"
#include "tools/ffreplay/evaluate/line_key.h"
#include "tools/ffreplay/evaluate/past_overrides.h"
#include "tools/ffreplay/evaluate/served_variants.h"

#define ASSIGNMENT_GROUPS(X)                                             \
    X(ASSIGNED_CANARY, "canary")                                         \
    X(ASSIGNED_CONTROL, "control")                                       \
    /* Audience members before the stage began, for `versus: before`. */ \
    X(ASSIGNED_BEFORE, "before")
/* Why a line is left out. */
#define ASSIGNMENT_CAUSES(X)                                                           \
    X(LEFT_OUT_BEFORE, "before_stage") /* the stage began */                           \
    X(LEFT_OUT_AFTER, "after_now")                                                     \
    X(LEFT_OUT_DUPLICATE, "duplicate")                                                 \
    X(LEFT_OUT_INCOMPLETE, "incomplete")                                               \
    X(LEFT_OUT_OTHER_FLAG, "other_flag") /* the line is about */                       \
    X(LEFT_OUT_NO_VARIANT, "no_variant") /* in the line, and no context to evaluate */ \
    X(LEFT_OUT_OTHER_VARIANT, "other_variant")                                         \
    X(LEFT_OUT_NO_KEY, "no_key")                                                       \
    X(LEFT_OUT_NOT_IN_AUDIENCE, "not_in_audience")                                     \
    X(LEFT_OUT_OVERRIDE, "override")                                                   \
    X(LEFT_OUT_TRANSITION, "transition") /* from one publication to the next */        \
    X(LEFT_OUT_NO_FLAG, "no_flag")       /* what was served had no such flag */        \
    X(LEFT_OUT_DISABLED, "disabled")                                                   \
    X(LEFT_OUT_PREREQUISITE, "prerequisite")                                           \
    X(LEFT_OUT_USERS, "users")                                                         \
    X(LEFT_OUT_HOLDOUT, "holdout")                                                     \
    X(LEFT_OUT_LAYER, "layer")                                                         \
    X(LEFT_OUT_RULES, "rules")                                                         \
    X(LEFT_OUT_ERROR, "error")                                                         \
    X(LEFT_OUT_UNREADABLE, "unreadable") /* a number that the flag is evaluated with */
#define ASSIGNMENTS(X) ASSIGNMENT_GROUPS(X) ASSIGNMENT_CAUSES(X)
enum assignment { ASSIGNMENTS(WORDS_MEMBER) };
#define ASSIGNED_GROUPS  WORDS_COUNT(ASSIGNMENT_GROUPS)
#define ASSIGNMENT_COUNT WORDS_COUNT(ASSIGNMENTS)
extern const char *const assignment_words[];

/* The canary of a flag in an environment, and its snapshots. */
struct subject {
    const struct flag *flag;
    uint32_t environment;
    const struct targeting *targeting;
    struct canary *canary;
    uint32_t stage; /* the one decided on; of an instant canary, the last */
    fflag_store *store, *everybody;
    const fflag_view *view, *everybody_view;
    fflag_id id, everybody_id;
    bool takes_everybody;   /* the stage stands at 100 %: there is no control */
    struct spelling *names; /* the flag's: its own, and those that it had */
    uint32_t name_count;
    struct spelling *variant_names;   /* and none's */
    struct variant_set variants_seen; /* in the log */
    struct unknown_variants unknown;
    struct held_times held; /* when overrides held it back */
    struct in_force *force;
    uint64_t threshold; /* of the stage; see struct definition */
    bool keeps;         /* it requires a sticky flag: only lines that name the variant tell */
    bool shares_known;  /* the stage's percentage says how many units each group has */
    char build[33];
};

/* How a log's lines are assigned to a subject. */
struct assigner {
    struct subject *subject;
    const struct layout *layout;
    struct line_context line;
    struct line_key key;            /* what is hashed */
    bool clusters;                  /* the log's units are not the keys, which chance assigned */
    struct in_force_cursor *cursor; /* NULL until it is asked */
    struct origins origins;         /* of the lines that were evaluated again */
    bool other_share; /* the last line is of a time at which the stage had another percentage */
};

/* Compiles and opens both snapshots. False after reporting. */
bool subject_open(struct subject *subject, struct project *project,
                  const struct served_record *record);
void subject_close(struct subject *subject);

/* Adds what another one of the same flag has seen in the log. */
void subject_join(struct subject *subject, const struct subject *other);

/* The share of the audience that the stage enrols, 0 to 1. */
double subject_share(const struct subject *subject);

/* Registers the fields. False, after reporting, if neither the log nor a context can tell. */
bool assigner_prepare(struct assigner *assigner, struct subject *subject, struct layout *layout);

/* By what was served then; or, for lines from before the stage, by what it is now. */
enum past { PAST_AS_SERVED, PAST_AS_DEFINED };
enum assignment assign(struct assigner *assigner, const struct event *event, enum past past);

#endif
