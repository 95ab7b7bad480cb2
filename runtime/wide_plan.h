/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide_plan.h - plans of the programs that plan.h has none for: with windows of the clock, keys of
 * the first attribute that is there, entries of lists, numbers and booleans.
 *
 * Like a plan, a wide one is a program with everything looked up; it is made, published and kept
 * alike, and answers the same contexts: any other, and one without a time where the program reads
 * the clock, is the interpreter's. Its steps are larger and of more kinds, so it takes longer: that
 * is why there are two.
 */
#ifndef FFLAG_RUNTIME_WIDE_PLAN_H
#define FFLAG_RUNTIME_WIDE_PLAN_H

#include "plan.h"

enum wide_op {
    WIDE_EQUAL,   /* a text of up to EXACT bytes */
    WIDE_MEMBER,  /* of a short set */
    WIDE_BOOLEAN, /* is `bits` */
    WIDE_NUMBER,  /* compared with `number` */
    WIDE_ENTRY, /* whether any entry of a list begins with `text`, which may have a NUL at its end:
                     then that is the entry */
    WIDE_EVERY, /* the same of every entry */
};

/* Where a unit may be: an offset in a context, and the type that its key must have. */
struct wide_part {
    uint64_t present; /* the bit of its slot */
    uint16_t slot;
    uint8_t type;
};

/* The first attribute that is there. */
struct wide_key {
    uint64_t salt;
    uint32_t count;
    struct wide_part part[];
};

struct wide_test {
    union {
        struct {
            uint64_t hash; /* WIDE_EQUAL: as in a struct short_text */
            uint32_t length;
        };
        const struct short_set *set; /* WIDE_MEMBER */
        uint64_t bits;               /* WIDE_BOOLEAN */
        double number;               /* WIDE_NUMBER */
        struct {
            const char *text;
            uint64_t text_length;
        };
    };
    uint16_t slot; /* its offset in a context */
    uint8_t op;
    uint8_t comparison; /* WIDE_NUMBER: enum ffs_comparison */
    bool negate;
};

/* What serves, if all of it holds. Ends are within. */
struct wide_rule {
    int64_t from, to;           /* of the clock; all time, where it has no window */
    const struct wide_key *key; /* or NULL: it has no percentage */
    uint64_t low, high;         /* of the buckets */
    const struct wide_test *test;
    uint16_t test_count;
    bool last;
    uint32_t outcome;
};

struct wide_plan {
    uint64_t need; /* slots that must be present, of the first 64 */
    uint32_t otherwise;
    bool reads_clock;
    struct wide_rule rule[];
};

/* Whether a test of a slot holds. Sets *fits to false where the slot has another type. */
bool runtime_wide_test(const struct wide_test *test, const struct fflag_slot *slot, bool *fits);

/* Finds the unit's hash. 0: no attribute is there; otherwise the offset of the one that is, and
 * the type that its key must have << 16. Which one it is is as good as random, so it is selected
 * without a branch. */
static inline uint32_t find_wide_unit(const struct wide_key *key, const fflag_context *context)
{
    uint32_t found = 0;
    for (uint32_t i = key->count; i-- > 0;) {
        uint32_t part = (uint32_t)key->part[i].type << 16 | key->part[i].slot;
        uint32_t mask = 0 - (uint32_t)((context->present[0] & key->part[i].present) != 0);
        found = (part & mask) | (found & ~mask);
    }
    return found;
}

/* Sets *outcome, see plan_outcome(); false: the interpreter must answer. */
static inline __attribute__((always_inline)) bool
run_wide(const struct wide_plan *plan, const fflag_context *context, uint32_t *outcome)
{
    if (UNLIKELY((context->present[0] & plan->need) != plan->need) ||
        UNLIKELY(plan->reads_clock && context->now == INT64_MIN))
        return false;
    for (const struct wide_rule *rule = plan->rule;; rule++) {
        bool misses = (context->now < rule->from) | (context->now > rule->to);
        if (rule->key) {
            uint32_t unit = find_wide_unit(rule->key, context);
            const struct fflag_slot *slot = slot_at(context, (uint16_t)unit);
            if (UNLIKELY(!unit)) {
                misses = true;
            } else {
                if (UNLIKELY(slot->key_type != unit >> 16))
                    return false;
                uint64_t bucket = ffs_mix(slot->bits ^ rule->key->salt);
                misses |= (bucket < rule->low) | (bucket > rule->high);
            }
        }
        bool fits = true;
        for (uint16_t i = 0; i < rule->test_count; i++) {
            const struct wide_test *test = &rule->test[i];
            misses |= runtime_wide_test(test, slot_at(context, test->slot), &fits) == test->negate;
        }
        if (UNLIKELY(!fits))
            return false;
        if (rule->last) {
            uint32_t mask = 0 - (uint32_t)!misses;
            *outcome = (rule->outcome & mask) | (plan->otherwise & ~mask);
            return true;
        }
        if (!misses) {
            *outcome = rule->outcome;
            return true;
        }
    }
}

/* As runtime_make_plan(). */
const struct wide_plan *runtime_make_wide_plan(struct snapshot *snapshot,
                                               const struct ffs_flag *flag);

#endif
