/*
 * verdict.h - the decision on one canary, with everything that is said about it.
 */
#ifndef FFREPLAY_VERDICT_H
#define FFREPLAY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ffreplay/metrics/metric_text.h"
#include "analysis.h"
#include "unit_ratio.h"

struct arena;

struct sentences {
    const char **items;
    uint32_t count;
};

struct verdict {
    const struct replay *replay;
    struct analysis *analysis;
    const char *environment;
    struct decision decision;
    const struct stage *stage;
    const struct stage *next; /* NULL at the last stage */
    int64_t now;
    int64_t begin;   /* when the stage began; where `since` does not say, the first line's time */
    int64_t elapsed; /* of that, the time that the canary was served */
    int64_t held;    /* and the rest, under overrides */
    const struct override *override; /* that holds the flag back for everybody now; or NULL */
    int64_t hold, max_hold;
    bool lost_time;      /* now is so far from the stage that elapsed says nothing */
    bool too_bad;        /* so many lines of a log could not be read */
    bool policy_changed; /* since the stage began: its looks begin anew */
    struct silence {
        const struct log *log; /* that says nothing of the canary any more; NULL: none */
        int64_t since;
    } silence;
    struct sentences issues; /* health; none: healthy */
    struct sentences notes;  /* what was left out, and decides nothing */
    struct unit_ratio ratio; /* of canary and control; known where the percentage says it */
    struct sentences reasons;
    const char *would;
};

/* On what was read so far; may be done again. Texts live in replay->texts. */
void verdict_reach(struct verdict *verdict, const struct replay *replay, struct analysis *analysis);
/* The decision alone, of a stage that is taken to be what it was when it began. After
 * JUDGE_TO_EXPLAIN, verdict_explain() then gives reasons. */
void verdict_decide(struct verdict *verdict, const struct replay *replay, struct analysis *analysis,
                    enum judging judging);

/* Parts of it, a file each. */
void health_judge(struct verdict *verdict);
struct silence silence_of(const struct verdict *verdict);
void verdict_explain(struct verdict *verdict);

/*
 * Judges, by the lines' times, the clocks that wrote them. `since`: when the stage began;
 * INT64_MIN: not known. Texts are the replay's. False: now is nowhere near the stage.
 */
bool clocks_judge(const struct replay *replay, int64_t since, struct sentences *issues,
                  struct sentences *notes);

/* Appends a sentence, formatted. */
void sentence_add(struct verdict *verdict, struct sentences *sentences, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The number of the look at bounds; 0: no bound was judged. */
uint64_t verdict_look(const struct verdict *verdict);

/*
 * Whether there is a verdict. If too many lines of a log are bad, only harm on the readable ones
 * counts: the missing ones cannot mend it, and nothing can pass without them. A canary whose
 * rollout is over keeps its state.
 */
bool verdict_holds(const struct verdict *verdict);

/* Whether --apply has something to do: `automatic: false` leaves a rollback to a person. */
bool verdict_changes(const struct verdict *verdict);
bool verdict_left_to_person(const struct verdict *verdict);
/* Whether the next stage needs a person's approval, and has none. */
bool verdict_awaits_approval(const struct verdict *verdict);

/* "5%", in memory of the arena. */
const char *percent_text(struct arena *arena, uint32_t thousandths);

#endif
