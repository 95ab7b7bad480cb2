/*
 * lower.h - from the model of a flag to its program, for one environment.
 *
 * Another flag is always evaluated, even if it serves the same to everybody: an emergency changes a
 * snapshot one flag at a time, and flags that depend on it must see that. For the same reason a
 * flag's decisions follow one another, each as its tests and one instruction that decides.
 *
 * A condition becomes an expression: a tree of tests in which constants are folded and the cheap
 * tests stand first. (Tests are pure, so their order changes no answer.) An expression becomes
 * instructions whose jumps only go forward; there are no temporaries. Expressions of segments are
 * made once and shared, so an expression is a graph, and its `size` is what it would be written
 * out.
 */
#ifndef FFC_LOWER_H
#define FFC_LOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/emit/emit.h"
#include "compiler/base/table.h"

enum expression_kind {
    EXPRESSION_NEVER,
    EXPRESSION_ALWAYS,
    EXPRESSION_TEST,
    EXPRESSION_NOT, /* one child */
    EXPRESSION_ALL,
    EXPRESSION_ANY
};

struct expression {
    enum expression_kind kind;
    uint32_t size; /* instructions; stops at EXPRESSION_HUGE */
    uint32_t cost; /* of evaluating it, in no unit; stops there, too */
    struct ffs_instruction test;
    const struct variant_set *variants; /* of FFS_FLAG_IS: of so many and no variant */
    uint32_t variant_count;
    struct expression *body; /* of FFS_OPERAND_BODY */
    struct expression **children;
    uint32_t child_count;
};
#define EXPRESSION_HUGE (1u << 30)

/* What is known of a flag once it is lowered. */
struct lowered_flag {
    uint32_t index; /* in FLAGS */
    uint32_t depth;
    uint64_t cost;
    bool reads_clock;
    bool serves_none; /* by its program */
    uint64_t features;
};

struct lowering {
    const struct project *project;
    const char *project_name; /* that the file will have */
    struct diagnostics *diagnostics;
    uint32_t environment;
    const struct targeting *targeting; /* of the flag that is lowered now; NULL for an override
                                           * alone, whose shares say all themselves */
    struct arena arena;
    struct image image;
    struct lowered_flag *flags;   /* by place in the project */
    struct expression **segments; /* by place in the project; made on first use */
    uint32_t segment_depth;
    bool segments_too_deep;
    struct table files[2]; /* list files by path, exact and folded, to their operands; with a
                            * private attribute's name before it to that's */
};

/* ------------------------------------------------------------------------------- expressions -- */

struct expression *expression_constant(bool holds);
struct expression *expression_test(struct lowering *lowering, struct ffs_instruction test);
/* Adds to a test what its body takes. */
struct expression *expression_with_body(struct expression *test);
struct expression *expression_not(struct lowering *lowering, struct expression *child);
/* Takes the array, which is the arena's. */
struct expression *expression_all(struct lowering *lowering, struct expression **children,
                                  uint32_t count);
struct expression *expression_any(struct lowering *lowering, struct expression **children,
                                  uint32_t count);

/* Always, for NULL. */
struct expression *lower_condition(struct lowering *lowering, const struct condition *condition);
/* Holds when `other` serves one of `variants`. */
struct expression *lower_flag_is(struct lowering *lowering, const struct flag *other,
                                 const struct variant_set *variants);
/* What an instruction reads of a key: an attribute, or one of KEYS. */
uint16_t lower_key(struct image *image, const struct unit_key *key);
/* Holds for the units of a list, by their keys. */
struct expression *lower_users(struct lowering *lowering, const struct unit_key *key,
                               const struct user_list *list);
/* Holds for a share of the units; for all of them, with or without a key, at 100 %. By the flag's
 * salt, unless `salt` has the hash of another. */
struct expression *lower_exposure(struct lowering *lowering, const struct unit_key *key,
                                  const uint64_t *salt, uint32_t percent);
struct expression *lower_ramp(struct lowering *lowering, const struct unit_key *key,
                              const uint64_t *salt, const struct ramp *ramp);
/* Holds for the units with threshold(from) <= bucket < threshold(to); never without a key. */
struct expression *lower_range(struct lowering *lowering, const struct unit_key *key, uint64_t salt,
                               uint32_t from, uint32_t to);
struct expression *lower_clock(struct lowering *lowering, int64_t from, int64_t until);

/* ---------------------------------------------------------------------------------- programs -- */

struct program {
    struct ffs_instruction *code;
    uint32_t *targets; /* of each instruction, a label, or NO_LABEL */
    uint32_t count;
    uint32_t capacity;
    uint32_t *labels; /* places */
    uint32_t label_count;
    uint32_t label_capacity;
    bool ended;    /* what comes next is never reached */
    bool too_long; /* it would be over FFS_MAX_PROGRAM; what was added since is missing */
};
#define NO_LABEL UINT32_MAX

void program_reset(struct program *program);
void program_release(struct program *program);
/* If the expression holds, decides; otherwise the program continues. */
void program_decide(struct program *program, const struct expression *expression,
                    struct ffs_instruction decision);
/* Replaces labels by jumps. */
void program_finish(struct program *program);

/* ------------------------------------------------------------------------------------- flags -- */

/* Lowers the flags into lowering->image, in order. False when a limit was exceeded and reported. */
bool lower_flags(struct lowering *lowering, const uint32_t *order);

#endif
