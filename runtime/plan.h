/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - the commonest programs, resolved: rules that compare texts and end in a percentage.
 *
 * A plan is a flag's program with everything looked up: where in a context each attribute is, the
 * hash of each text, a table for each short list. Within a rule nothing is branched on, because
 * what a context holds is as good as random, and a misprediction costs more than ten tests.
 *
 * Texts of up to EXACT bytes need no comparison of bytes: for each length, XXH3-64 is a bijection
 * of them, so equal lengths and equal hashes are equal texts. test_plan.c tries that.
 *
 * A plan answers contexts that have all it needs, of the declared types. For any other, and where
 * no plan was made, the interpreter answers, which also notes what is wrong with a context.
 *
 * Plans are made for handles, under the store's lock, once all attributes that a program reads have
 * slots, and published by the release of the handle's word. From then on they never change, because
 * slots do not. They live as long as their snapshot, in its arena.
 */
#ifndef FFLAG_RUNTIME_PLAN_H
#define FFLAG_RUNTIME_PLAN_H

#include "snapshot.h"

#define EXACT 8 /* bytes */

struct short_text {
    uint64_t hash;
    uint32_t length;
    uint32_t reserved;
};

/* A list of short texts, as a perfect hash: an entry is in the place that the bits of hash *
 * multiplier say, or in none. Places that are left over repeat an entry, so that all are compared
 * alike. */
#define SHORT_SET    16 /* texts, at most */
#define SHORT_PLACES 128
struct short_set {
    uint64_t multiplier;
    uint32_t mask;  /* of an entry's offset in `place` */
    uint32_t count; /* of the places, a power of two */
    struct short_text place[];
};

enum plan_op {
    PLAN_EQUAL,  /* a text of up to EXACT bytes */
    PLAN_MEMBER, /* of a short set */
    PLAN_BOTH,   /* PLAN_EQUAL, and the step after it, which is PLAN_MEMBER; neither is negated, and
                    both read the plan's `text` */
    PLAN_RULE,   /* serves, if the tests before it held and the bucket is low enough */
    PLAN_LAST,   /* the same of the last rule: if not, what is served otherwise */
};

struct plan_step {
    union {
        uint64_t hash;               /* PLAN_EQUAL: with the next, as in a struct short_text */
        const struct short_set *set; /* PLAN_MEMBER */
        uint64_t highest;            /* of the buckets; UINT64_MAX: the rule has no percentage */
    };
    union {
        uint32_t length;  /* PLAN_EQUAL */
        uint32_t outcome; /* PLAN_RULE, PLAN_LAST */
    };
    uint16_t slot; /* of tests: its offset in a context */
    uint8_t op;
    bool negate; /* of tests */
};

struct plan {
    uint64_t need; /* slots that must be present, of the first 64 */
    uint64_t salt; /* of the percentages, which have one unit */
    uint32_t otherwise;
    uint32_t flag;    /* its index */
    uint16_t unit;    /* its slot's offset in a context */
    uint8_t key_type; /* that it must have; 0: there is no percentage */
    uint8_t reserved;
    uint16_t text[2]; /* the slots that PLAN_BOTH reads; 0: there is no such step */
    struct plan_step step[];
};

/*
 * What a plan serves: a boolean's value << 31 | place of the decision in the program << 16 |
 * variant. The place of what is served at the end of a program is its number of instructions.
 */
static inline uint32_t plan_outcome(bool value, uint32_t place, uint16_t variant)
{
    return (uint32_t)value << 31 | place << 16 | variant;
}
#define MOST_PLACES 0x7fffu

static inline bool outcome_value(uint32_t outcome)
{
    return outcome >> 31;
}
static inline uint32_t outcome_place(uint32_t outcome)
{
    return outcome >> 16 & MOST_PLACES;
}
static inline uint16_t outcome_variant(uint32_t outcome)
{
    return (uint16_t)outcome;
}

static inline const struct short_text *find_short_text(const struct short_set *set, uint64_t hash)
{
    /* The upper seven bits of the product, by the size of an entry. */
    uint64_t offset = hash * set->multiplier >> 53 & set->mask;
    return (const struct short_text *)(const void *)((const char *)set->place + offset);
}

static inline const struct short_text *text_of(const struct plan_step *equal)
{
    return (const struct short_text *)(const void *)equal;
}

static inline uint64_t differs(const struct fflag_slot *slot, const struct short_text *text)
{
    return (slot->bits ^ text->hash) | (slot->length ^ text->length);
}

static inline const struct fflag_slot *slot_at(const fflag_context *context, uint16_t offset)
{
    return (const struct fflag_slot *)(const void *)((const char *)context + offset);
}

static inline bool is_text_at(const fflag_context *context, uint16_t offset)
{
    return slot_at(context, offset)->type == FFLAG_ATTRIBUTE_STRING;
}

/* Sets *outcome to what is served; false: the interpreter must answer. */
static inline __attribute__((always_inline)) bool
run_plan(const struct plan *plan, const fflag_context *context, uint32_t *outcome)
{
    if (UNLIKELY((context->present[0] & plan->need) != plan->need))
        return false;
    uint64_t bucket = 0;
    if (plan->key_type) {
        const struct fflag_slot *unit = slot_at(context, plan->unit);
        if (UNLIKELY(unit->key_type != plan->key_type))
            return false;
        bucket = ffs_mix(unit->bits ^ plan->salt);
    }
    if (plan->text[0] &&
        UNLIKELY(!is_text_at(context, plan->text[0]) || !is_text_at(context, plan->text[1])))
        return false;
    for (const struct plan_step *step = plan->step;; step++) {
        uint64_t misses = 0;
        if (LIKELY(step->op == PLAN_BOTH)) {
            const struct fflag_slot *first = slot_at(context, step->slot);
            const struct fflag_slot *second = slot_at(context, step[1].slot);
            misses = differs(first, text_of(step)) |
                     differs(second, find_short_text(step[1].set, second->bits));
            step += 2;
        }
        for (; step->op < PLAN_BOTH; step++) {
            const struct fflag_slot *slot = slot_at(context, step->slot);
            if (UNLIKELY(slot->type != FFLAG_ATTRIBUTE_STRING))
                return false;
            uint64_t differ =
                differs(slot, step->op == PLAN_EQUAL ? text_of(step)
                                                     : find_short_text(step->set, slot->bits));
            if (UNLIKELY(step->negate))
                differ = !differ;
            misses |= differ;
        }
        misses |= bucket > step->highest;
        if (step->op == PLAN_LAST) {
            uint32_t mask = 0 - (uint32_t)!misses;
            *outcome = (step->outcome & mask) | (plan->otherwise & ~mask);
            return true;
        }
        if (!misses) {
            *outcome = step->outcome;
            return true;
        }
    }
}

_Static_assert(offsetof(struct plan_step, length) == offsetof(struct short_text, length),
               "an equal text is compared like one of a set");
_Static_assert(sizeof(struct short_text) == 16, "find_short_text() shifts by it");

struct plans;

/*
 * Makes a plan of the flag's program. NULL where that is not possible, or not yet, or when out of
 * memory. Takes a bounded time for each instruction; under the store's lock.
 */
const struct plan *runtime_make_plan(struct snapshot *snapshot, const struct ffs_flag *flag);
void runtime_free_plans(struct plans *plans);

/* Memory in the arena of a snapshot's plans, of at most PLAN_MEMORY bytes; NULL when out of it. */
#define PLAN_MEMORY 4096
void *runtime_plan_memory(struct snapshot *snapshot, size_t size);
/* The perfect hash of a set; flags that name one set share it. NULL: there is none. */
const struct short_set *runtime_short_set(struct snapshot *snapshot, const struct ffs_set *set);

/* Makes a perfect hash of these texts, of which no two are equal, in memory for SHORT_PLACES; false
 * where a bounded search finds none. */
bool runtime_place_texts(struct short_set *set, const struct short_text *texts, uint32_t count);

#endif
