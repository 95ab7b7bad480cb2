/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c - makes plans; see plan.h. What a file holds has been verified; what it could make slow is
 * bounded: the length of a plan, the search for a set, and that each set is looked at once.
 */
#include "plan.h"

#include <stdlib.h>

#include "sets.h"

/* ------------------------------------------------------------------------------------- arena -- */

struct block {
    struct block *before;
    size_t size, used;
    _Alignas(16) uint8_t bytes[];
};

/* By address, open addressing. */
struct known_sets {
    uint32_t capacity; /* a power of two; at most half of it is used */
    struct known_set {
        const struct ffs_set *set;    /* NULL: the place is empty */
        const struct short_set *made; /* NULL: it cannot be made */
    } place[];
};

/* Of a snapshot, under the store's lock. A fork may come while another thread holds that, so what
 * is replaced is whole at any time. */
struct plans {
    _Atomic(struct block *) last;
    _Atomic(struct known_sets *) sets;
    uint32_t set_count;
};

#define FIRST_BLOCK PLAN_MEMORY
#define MOST_BLOCK  (512 * 1024)

static struct block *new_block(struct plans *plans, struct block *before)
{
    size_t room = before ? before->size * 2 : FIRST_BLOCK;
    room = room < MOST_BLOCK ? room : MOST_BLOCK;
    struct block *block = malloc(sizeof *block + room);
    if (!block)
        return NULL;
    block->before = before;
    block->size = room;
    block->used = 0;
    /* Release: not even a child of this process sees a block that is not filled in. */
    atomic_store_explicit(&plans->last, block, memory_order_release);
    return block;
}

/* A block with room for that much; NULL when out of memory. */
static struct block *roomy_block(struct plans *plans, size_t size)
{
    struct block *block = atomic_load_explicit(&plans->last, memory_order_relaxed);
    return LIKELY(block && size <= block->size - block->used) ? block : new_block(plans, block);
}

static void *take(struct block *block, size_t size)
{
    void *taken = block->bytes + block->used;
    block->used += (size + 15) & ~(size_t)15;
    return taken;
}

/* A copy in the arena; NULL when out of memory. */
static const void *keep(struct plans *plans, const void *bytes, size_t size)
{
    struct block *block = roomy_block(plans, size);
    return block ? memcpy(take(block, size), bytes, size) : NULL;
}

static struct plans *plans_of(struct snapshot *snapshot)
{
    if (!snapshot->plans)
        snapshot->plans = calloc(1, sizeof *snapshot->plans);
    return snapshot->plans;
}

void *runtime_plan_memory(struct snapshot *snapshot, size_t size)
{
    struct plans *plans = plans_of(snapshot);
    struct block *block = plans ? roomy_block(plans, size) : NULL;
    return block ? take(block, size) : NULL;
}

void runtime_free_plans(struct plans *plans)
{
    if (!plans)
        return;
    struct block *block = atomic_load_explicit(&plans->last, memory_order_relaxed);
    for (struct block *before; block; block = before) {
        before = block->before;
        free(block);
    }
    free(atomic_load_explicit(&plans->sets, memory_order_relaxed));
    free(plans);
}

/* -------------------------------------------------------------------------------- short sets -- */

/* Multipliers tried for each number of places. With the most places and texts, one is perfect with
 * a probability of 0.37: the search fails once in two million, and then took two microseconds. */
#define TRIES 32

/* Whether the multiplier sends each text to a place of its own. */
static bool is_perfect(const struct short_set *set, const struct short_text *texts, uint32_t count)
{
    uint64_t taken[SHORT_PLACES / 64] = {0};
    for (uint32_t i = 0; i < count; i++) {
        size_t place = (size_t)(find_short_text(set, texts[i].hash) - set->place);
        if (taken[place / 64] >> place % 64 & 1)
            return false;
        taken[place / 64] |= UINT64_C(1) << place % 64;
    }
    return true;
}

/* Left-over places repeat a text. */
static void fill_places(struct short_set *set, const struct short_text *texts, uint32_t count)
{
    for (uint32_t i = 0; i < set->count; i++)
        set->place[i] = texts[0];
    for (uint32_t i = 0; i < count; i++)
        set->place[find_short_text(set, texts[i].hash) - set->place] = texts[i];
}

bool runtime_place_texts(struct short_set *set, const struct short_text *texts, uint32_t count)
{
    uint64_t seed = 0;
    for (set->count = 4; set->count <= SHORT_PLACES; set->count *= 2) {
        if (set->count < count + count / 2)
            continue;
        set->mask = (uint32_t)((set->count - 1) * sizeof *set->place);
        for (unsigned try = 0; try < TRIES; try++) {
            set->multiplier = ffs_mix(seed += UINT64_C(0x9E3779B97F4A7C15)) | 1;
            if (is_perfect(set, texts, count)) {
                fill_places(set, texts, count);
                return true;
            }
        }
    }
    return false;
}

static const struct short_set *make_set(const struct snapshot *snapshot, struct plans *plans,
                                        const struct ffs_set *set)
{
    struct short_text texts[SHORT_SET];
    uint32_t count = 0;
    if (set->count == 0 || set->count > SHORT_SET || set->longest > EXACT)
        return NULL;
    for (uint32_t place = 0; place < set->capacity && count < set->count; place++) {
        const struct ffs_set_slot *slot = ffs_set_slot_at(set, place);
        if (slot->length != FFS_NONE)
            texts[count++] =
                (struct short_text){.hash = hash_bytes(set_text(snapshot, set, slot), slot->length),
                                    .length = slot->length};
    }
    union {
        struct short_set set;
        uint8_t bytes[sizeof(struct short_set) + SHORT_PLACES * sizeof(struct short_text)];
    } made;
    return runtime_place_texts(&made.set, texts, count)
               ? keep(plans, &made, sizeof made.set + made.set.count * sizeof *made.set.place)
               : NULL;
}

static struct known_set *find_known(struct known_sets *sets, const struct ffs_set *set)
{
    uint32_t mask = sets->capacity - 1;
    uint32_t at = (uint32_t)ffs_mix((uintptr_t)set) & mask;
    while (sets->place[at].set && sets->place[at].set != set)
        at = (at + 1) & mask;
    return &sets->place[at];
}

/* With room for one more; NULL when out of memory. */
static struct known_sets *roomy_sets(struct plans *plans)
{
    struct known_sets *old = atomic_load_explicit(&plans->sets, memory_order_relaxed);
    if (old && old->capacity > 2 * plans->set_count)
        return old;
    uint32_t capacity = old ? old->capacity * 2 : 16;
    struct known_sets *sets = calloc(1, sizeof *sets + capacity * sizeof *sets->place);
    if (!sets)
        return NULL;
    sets->capacity = capacity;
    for (uint32_t i = 0; old && i < old->capacity; i++)
        if (old->place[i].set)
            *find_known(sets, old->place[i].set) = old->place[i];
    /* Release: as for a block. */
    atomic_store_explicit(&plans->sets, sets, memory_order_release);
    free(old);
    return sets;
}

/* Flags that name one list share its table, and what cannot be made is not tried again. */
static const struct short_set *short_set_of(const struct snapshot *snapshot, struct plans *plans,
                                            const struct ffs_set *set)
{
    struct known_sets *sets = set->count <= SHORT_SET ? roomy_sets(plans) : NULL;
    if (!sets)
        return NULL;
    struct known_set *known = find_known(sets, set);
    if (!known->set) {
        known->made = make_set(snapshot, plans, set);
        known->set = set;
        plans->set_count++;
    }
    return known->made;
}

const struct short_set *runtime_short_set(struct snapshot *snapshot, const struct ffs_set *set)
{
    struct plans *plans = plans_of(snapshot);
    return plans ? short_set_of(snapshot, plans, set) : NULL;
}

/* ------------------------------------------------------------------------------------- plans -- */

#define MOST_STEPS 128 /* longer programs are interpreted */
_Static_assert(sizeof(struct plan) + MOST_STEPS * sizeof(struct plan_step) <= FIRST_BLOCK &&
                   sizeof(struct short_set) + SHORT_PLACES * sizeof(struct short_text) <=
                       FIRST_BLOCK,
               "a block has room for any plan and any set");

struct making {
    const struct snapshot *snapshot;
    const struct ffs_flag *flag;
    const struct ffs_instruction *code;
    struct plans *plans;
    bool boolean;
    uint32_t steps;
    struct plan_step step[MOST_STEPS];
    struct plan plan; /* but for the steps */
};

/* Notes that the plan reads an attribute, and finds its slot's offset. */
static bool need(struct making *making, uint16_t attribute, uint16_t *offset, uint8_t *declared)
{
    if (attribute >= FFS_FIRST_KEY)
        return false;
    unsigned input =
        atomic_load_explicit(&making->snapshot->inputs[attribute], memory_order_relaxed);
    unsigned slot = input & 0xff;
    if (slot >= 64)
        return false; /* or INPUT_NO_SLOT */
    making->plan.need |= UINT64_C(1) << slot;
    *offset = (uint16_t)(offsetof(fflag_context, slot) + slot * sizeof(struct fflag_slot));
    *declared = (uint8_t)(input >> 8);
    return true;
}

static bool add_test(struct making *making, const struct ffs_instruction *test)
{
    struct plan_step *step = &making->step[making->steps++];
    uint8_t declared;
    *step = (struct plan_step){.negate = (test->flags & FFS_NEGATE) != 0};
    if ((test->flags & ~FFS_NEGATE) || !need(making, test->attribute, &step->slot, &declared) ||
        declared != FFLAG_ATTRIBUTE_STRING)
        return false;
    if (test->op == FFS_STRING_IN) {
        step->op = PLAN_MEMBER;
        step->set = short_set_of(making->snapshot, making->plans,
                                 (const struct ffs_set *)(making->snapshot->sets + test->operand));
        return step->set != NULL;
    }
    ffs_string string = (ffs_string)test->operand;
    step->op = PLAN_EQUAL;
    step->length = string_length(making->snapshot, string);
    if (step->length > EXACT)
        return false;
    step->hash = hash_bytes(string_bytes(making->snapshot, string), step->length);
    return true;
}

/* All percentages of a plan are of one unit, whose bucket is computed once. */
static bool add_percentage(struct making *making, const struct ffs_instruction *test,
                           uint64_t *highest)
{
    struct plan *plan = &making->plan;
    uint16_t unit;
    uint8_t declared;
    if (test->flags || test->operand == 0 || *highest != UINT64_MAX ||
        !need(making, test->attribute, &unit, &declared) || (plan->key_type && plan->unit != unit))
        return false;
    plan->unit = unit;
    plan->key_type = declared;
    *highest = test->operand - 1;
    return true;
}

static inline uint32_t outcome_of(const struct making *making, uint32_t place, uint16_t variant)
{
    const struct ffs_variant *variants = &making->snapshot->variants[making->flag->first_variant];
    return plan_outcome(making->boolean && variants[variant].value, place, variant);
}

static void swap_steps(struct plan_step *a, struct plan_step *b)
{
    struct plan_step step = *a;
    *a = *b;
    *b = step;
}

static struct plan_step *find_step(struct plan_step *from, struct plan_step *end, uint8_t op)
{
    while (from < end && (from->op != op || from->negate))
        from++;
    return from < end ? from : NULL;
}

/* Whether the plan's `text` are these two slots, or one of them, or could be. */
static bool reads_only(struct plan *plan, uint16_t first, uint16_t second)
{
    if (!plan->text[0]) {
        plan->text[0] = first;
        plan->text[1] = second;
    }
    return (first == plan->text[0] || first == plan->text[1]) &&
           (second == plan->text[0] || second == plan->text[1]);
}

/* The order of a rule's tests does not matter: puts the two first that are done as one. */
static void join_tests(struct making *making, struct plan_step *first)
{
    struct plan_step *end = &making->step[making->steps];
    if (end - first < 2)
        return;
    struct plan_step *equal = find_step(first, end, PLAN_EQUAL);
    struct plan_step *member = find_step(first, end, PLAN_MEMBER);
    if (!equal || !member || !reads_only(&making->plan, equal->slot, member->slot))
        return;
    swap_steps(first, equal);
    swap_steps(first + 1, member == first ? equal : member);
    first->op = PLAN_BOTH;
}

/* The tests from `at` on and the decision that they lead to; sets *next to what comes after it. */
static bool add_rule(struct making *making, uint32_t at, uint32_t *next)
{
    const struct ffs_instruction *code = making->code;
    /* Every test jumps behind its rule's decision, or there is no plan. */
    uint32_t end = at + code[at].jump - 1u;
    if (end >= making->flag->code_count || code[end].op != FFS_SERVE)
        return false;
    uint64_t highest = UINT64_MAX;
    struct plan_step *first = &making->step[making->steps];
    for (; at < end; at++) {
        bool added = false;
        if (code[at].jump == end + 1 - at) {
            if (code[at].op == FFS_EXPOSED)
                added = add_percentage(making, &code[at], &highest);
            else if (code[at].op == FFS_STRING_EQ || code[at].op == FFS_STRING_IN)
                added = add_test(making, &code[at]);
        }
        if (!added)
            return false;
    }
    join_tests(making, first);
    making->step[making->steps++] = (struct plan_step){
        .highest = highest, .outcome = outcome_of(making, end, code[end].variant), .op = PLAN_RULE};
    *next = end + 1;
    return true;
}

static bool fill_plan(struct making *making)
{
    uint32_t count = making->flag->code_count, at = 0;
    while (at < count && making->code[at].op != FFS_SERVE)
        if (!add_rule(making, at, &at))
            return false;
    if (making->steps == 0)
        return false;
    making->step[making->steps - 1].op = PLAN_LAST;
    making->plan.otherwise = outcome_of(
        making, at, at < count ? making->code[at].variant : making->flag->default_variant);
    return true;
}

/* What is found out at once; the rest, while the plan is made. */
static bool may_have_plan(const struct ffs_flag *flag)
{
    return runtime_is_supported(flag) && flag->code_count >= 2 && flag->code_count <= MOST_STEPS &&
           !(flag->flags & FFS_FLAG_SERVES_NONE);
}

const struct plan *runtime_make_plan(struct snapshot *snapshot, const struct ffs_flag *flag)
{
    if (!may_have_plan(flag) || !plans_of(snapshot))
        return NULL;
    struct making making;
    making.snapshot = snapshot;
    making.flag = flag;
    making.code = &snapshot->code[flag->first_code];
    making.plans = snapshot->plans;
    making.boolean = flag->type == FFLAG_TYPE_BOOLEAN;
    making.plan =
        (struct plan){.salt = flag->exposure_salt, .flag = (uint32_t)(flag - snapshot->flags)};
    making.steps = 0;
    if (!fill_plan(&making))
        return NULL;
    size_t steps = making.steps * sizeof *making.step;
    struct block *block = roomy_block(snapshot->plans, sizeof(struct plan) + steps);
    if (!block)
        return NULL;
    struct plan *plan = take(block, sizeof *plan + steps);
    *plan = making.plan;
    memcpy(plan->step, making.step, steps);
    return plan;
}
