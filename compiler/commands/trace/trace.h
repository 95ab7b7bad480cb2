/*
 * trace.h - `ffc trace`: an answer explained, step by step.
 *
 * The steps follow docs/evaluation.md over the definitions as written, without the compiler's
 * folding. The runtime decides whether a single test holds, so operators are implemented once; and
 * the last step must agree with the compiled flag's answer.
 */
#ifndef FFC_COMMANDS_TRACE_H
#define FFC_COMMANDS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/model/flag.h"
#include "compiler/commands/answer.h"
#include "compiler/commands/context.h"

struct buffer;

enum step_mark {
    STEP_NO,     /* what the title says does not hold */
    STEP_YES,    /* it holds */
    STEP_DECIDES /* the answer falls here */
};

struct step {
    enum step_mark mark;
    const char *kind;  /* "rule", "test", "bucket", …: for programs */
    const char *title; /* a statement */
    const char *value; /* what it was found to be; or NULL */
    struct span span;  /* NO_SPAN where there is no place */
    struct step **steps;
    uint32_t count;
};

struct answer {
    uint32_t variant;
    enum fflag_reason reason;
    const char *rule; /* or NULL */
    struct span span; /* where it fell */
};

struct tracer {
    struct project *project;
    uint32_t environment;
    const struct targeting *targeting; /* of the flag whose steps are added now */
    json_t *context;
    const struct previous_variants *previous;
    int64_t now;
    bool show_private;
    struct arena arena;
    struct answer **answers; /* by flag, as far as they are known */
};

/* The steps to a flag's answer. The result lives in the arena. */
struct step *trace_flag(struct tracer *tracer, const struct flag *flag, struct answer *answer);

/* --------------------------------------------------------------- parts, for each other's use -- */

struct step *add_step(struct tracer *tracer, struct step *parent, struct span span,
                      const char *kind, bool holds, const char *title);
/* The variants of a flag as a list: "on" or "control, variant_a". */
const char *variants_text(struct tracer *tracer, const struct flag *flag,
                          const struct variant_set *variants);
/* Adds the steps of another flag below `step`, or says that they stand above. */
struct answer trace_other(struct tracer *tracer, struct step *step, const struct flag *flag);

/* trace_condition.c: adds what the condition consists of below `parent`. NULL holds. */
bool trace_condition(struct tracer *tracer, struct step *parent, const struct condition *condition);
/* Whether a list of users has the unit. */
bool trace_users(struct tracer *tracer, const struct unit_key *by, const struct user_list *list);
/* Whether values of the attribute are not to be shown. */
bool is_hidden(const struct tracer *tracer, const struct attribute *attribute);
/* What the context says of an attribute, as JSON, or "absent"; of a private one that it has a
 * value. */
const char *context_text(struct tracer *tracer, const char *attribute);
/* The same of all attributes that make a key. */
const char *key_text(struct tracer *tracer, const struct unit_key *by);

/* trace_bucket.c: shares of units. */
bool trace_exposure(struct tracer *tracer, struct step *parent, struct span span,
                    const struct unit_key *by, const char *salt, uint32_t percent);
bool trace_ramp(struct tracer *tracer, struct step *parent, const struct unit_key *by,
                const char *salt, const struct ramp *ramp);
/* Whether the unit is in one of the ranges. */
bool trace_ranges(struct tracer *tracer, struct step *parent, const struct unit_key *by,
                  const char *salt, const struct unit_ranges *ranges);
/* Whether the unit's bucket under the salt is in [from, to). False without a key: see *keyed. */
bool trace_range(struct tracer *tracer, struct step *step, const struct unit_key *by,
                 const char *salt, uint32_t from, uint32_t to, bool *keyed);
/* The variant of a split; UINT32_MAX for a unit without a key. */
uint32_t trace_split(struct tracer *tracer, struct step *parent, const struct flag *flag,
                     const struct split *split);

/* ------------------------------------------------------------------------------------ output -- */

/* trace_write.c: indented lines with marks and places, or a list of objects. */
void write_steps_text(struct tracer *tracer, const struct step *steps, bool color,
                      struct buffer *out);
void write_steps_json(struct tracer *tracer, const struct step *steps, struct buffer *out);

#endif
