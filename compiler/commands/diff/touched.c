/* touched.c - runs two versions of a flag's program for all units at once; see touched.h. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/model/condition.h"
#include "compiler/model/flag.h"
#include "compiler/commands/in_words.h"
#include "runtime/ramp.h"
#include "touched_parts.h"

#define MOST_REGIONS 4096
#define MOST_STEPS   20000000 /* instructions, for one flag */
#define MOST_BUCKETS 64       /* salts and keys of a flag and those it asks */

void comparison_init(struct comparison *comparison, const struct listing *old,
                     const struct listing *new)
{
    const struct listing *listings[] = {[VERSION_OLD] = old, [VERSION_NEW] = new};
    *comparison = (struct comparison){.atoms = NULL};
    for (int i = 0; i < 2; i++) {
        if (!listings[i])
            continue;
        comparison->sides[i] = ARENA_NEW(&comparison->arena, struct program_side);
        side_init(comparison->sides[i], listings[i], &comparison->arena);
    }
}

/* Operations that this program does not know. */
static bool is_foreign(const struct program_side *side, uint32_t flag)
{
    return flag != NO_FLAG && side->listing->flags[flag].features & ~FFS_FEATURES;
}

void comparison_prepare(struct comparison *comparison, enum version version)
{
    struct program_side *side = comparison->sides[version];
    for (uint32_t i = 0; side && i < side->listing->flag_count; i++)
        if (!is_foreign(side, i))
            (void)program_suffixes(side, i);
}

void comparison_release(struct comparison *comparison)
{
    side_release(comparison->sides[VERSION_OLD]);
    side_release(comparison->sides[VERSION_NEW]);
    prover_release(&comparison->prover);
    arena_release(&comparison->arena);
}

uint32_t comparison_find(const struct comparison *comparison, enum version version,
                         const char *name)
{
    const struct program_side *side = comparison->sides[version];
    uintptr_t place = side ? (uintptr_t)table_get(&side->names, name) : 0;
    return place ? (uint32_t)(place - 1) : NO_FLAG;
}

bool comparison_same(struct comparison *comparison, uint32_t old, uint32_t new)
{
    struct program_side *before = comparison->sides[VERSION_OLD];
    struct program_side *after = comparison->sides[VERSION_NEW];
    if (old == NO_FLAG || new == NO_FLAG || is_foreign(before, old) || is_foreign(after, new))
        return false;
    return before->listing->flags[old].type == after->listing->flags[new].type &&
           program_suffixes(before, old)[0] == program_suffixes(after, new)[0];
}

/* ----------------------------------------------------------------------------------- running -- */

/* The buckets that are still possible: [from, last]. */
struct bucket {
    const char *key;
    uint64_t salt;
    uint64_t from, last;
};

struct frame {
    const struct ffs_flag *flag;
    const struct ffs_instruction *test;
    const struct ffs_instruction *passes_until;
};

/* Where a version's program stands. */
struct cursor {
    struct program_side *side;
    uint32_t index; /* of the flag that is compared; NO_FLAG: it does not exist */
    const struct ffs_flag *flag;
    const struct ffs_instruction *at, *end;
    /* Tests of attributes before this hold: a block's, as a whole, do. NULL: each is asked for. */
    const struct ffs_instruction *passes_until;
    unsigned depth;
    bool decided;
    uint16_t variant;
    struct frame frames[FFS_MAX_DEPTH];
};

enum explored { EXPLORED, NEEDS_ATOM, TOO_MUCH };

struct exploration {
    struct comparison *comparison;
    struct arena *arena;
    int64_t now;
    bool keyless;
    bool fraction;        /* keyless, for keys that are numbers are there, and no integers */
    const char *previous; /* the variant that units had; NULL: none */
    const char *pinned;   /* the only unit that is looked at, one of a list; NULL: all are */
    const char *pinned_key;
    struct unit_keys keys; /* that either version hashes */
    struct bucket buckets[MOST_BUCKETS];
    uint32_t bucket_count;
    struct atom *needed;
    uint64_t steps;
    bool reads_clock;
    uint64_t old_default;
    struct atom *units;   /* that are in the leaf, where a list is supposed to have them */
    struct share *shares; /* gathered so far */
    uint32_t share_count;

    struct atom **supposed; /* in the order in which they were */
    uint32_t supposed_count;
    bool *chosen;        /* of each: whether it might have been the other way */
    struct atom **named; /* scratch */
    struct touched *touched;
    struct leaf *leaves;
    uint32_t leaf_count;
};

/* Whether what is looked at has no bucket by that key. */
static bool has_no_bucket(const struct exploration *exploration, const char *key)
{
    for (uint32_t i = 0; !exploration->keyless && i < exploration->supposed_count; i++) {
        const struct atom *atom = exploration->supposed[i];
        if (atom->is_no_key && atom->truth == TRUTH_HOLDS && strcmp(atom->key, key) == 0)
            return true;
    }
    return exploration->keyless;
}

static void decide(struct cursor *cursor, uint16_t variant);

/* Goes on where an instruction leads that holds or fails. */
static void go(struct cursor *cursor, bool holds, uint64_t length)
{
    cursor->at += holds != (bool)(cursor->at->flags & FFS_NEGATE) ? length : cursor->at->jump;
    if (cursor->at == cursor->end)
        decide(cursor, cursor->flag->default_variant);
}

/* An answer is the flag's, or what a test of another flag waits for. */
static void decide(struct cursor *cursor, uint16_t variant)
{
    if (cursor->depth == 0) {
        cursor->decided = true;
        cursor->variant = variant;
        return;
    }
    const struct ffs_flag *asked = cursor->flag;
    const struct frame *frame = &cursor->frames[--cursor->depth];
    cursor->flag = frame->flag;
    cursor->at = frame->test;
    cursor->passes_until = frame->passes_until;
    cursor->end = cursor->side->listing->code + frame->flag->first_code + frame->flag->code_count;
    unsigned bit = variant < asked->variant_count ? variant : asked->variant_count;
    bool accepted = cursor->at[1 + bit / 64].operand >> bit % 64 & 1;
    go(cursor, accepted, 1 + ffs_accept_count(asked->variant_count));
}

static void enter(struct cursor *cursor, const struct ffs_flag *flag)
{
    cursor->flag = flag;
    cursor->at = cursor->side->listing->code + flag->first_code;
    cursor->end = cursor->at + flag->code_count;
    if (cursor->at == cursor->end)
        decide(cursor, flag->default_variant);
}

static void ask_flag(struct cursor *cursor)
{
    const struct ffs_flag *other = &cursor->side->listing->flags[cursor->at->operand];
    cursor->frames[cursor->depth++] =
        (struct frame){cursor->flag, cursor->at, cursor->passes_until};
    cursor->passes_until = NULL;
    enter(cursor, other);
}

/* ----------------------------------------------------------------------------------- buckets -- */

/* Of the buckets up to `last`, from where the piece before it ends: what a cursor does. */
struct piece {
    uint64_t last;
    bool holds;
    uint16_t variant; /* of a split */
};

struct pieces {
    struct piece *items;
    uint32_t count;
    bool split;
};

static enum explored explore(struct exploration *exploration, const struct cursor cursors[2],
                             long double mass);

static struct bucket *find_bucket(struct exploration *exploration, const char *key, uint64_t salt)
{
    for (uint32_t i = 0; i < exploration->bucket_count; i++) {
        struct bucket *bucket = &exploration->buckets[i];
        if (bucket->salt == salt && strcmp(bucket->key, key) == 0)
            return bucket;
    }
    if (exploration->bucket_count == MOST_BUCKETS)
        return NULL;
    struct bucket *bucket = &exploration->buckets[exploration->bucket_count++];
    *bucket = (struct bucket){key, salt, 0, UINT64_MAX};
    if (exploration->pinned && strcmp(key, exploration->pinned_key) == 0)
        bucket->from = bucket->last =
            ffs_mix(hash64(exploration->pinned, strlen(exploration->pinned)) ^ salt);
    return bucket;
}

static void take_piece(struct cursor *cursor, const struct piece *piece, bool split)
{
    if (split)
        decide(cursor, piece->variant);
    else
        go(cursor, piece->holds, 1);
}

static long double length_of(uint64_t from, uint64_t last)
{
    return (long double)(last - from) + 1;
}

/* Continues for each piece of the buckets that are still possible, all units of them having one
 * answer. With a single piece, only moves the cursor: *split is false. */
static enum explored cut(struct exploration *exploration, struct cursor cursors[2], int moved,
                         uint64_t salt, const struct pieces *pieces, long double mass, bool *split)
{
    struct cursor *cursor = &cursors[moved];
    const char *key = key_words(cursor->side, exploration->arena, cursor->at->attribute);
    *split = false;
    if (has_no_bucket(exploration, key)) {
        if (pieces->split) {
            cursor->at += cursor->at->jump;
            if (cursor->at == cursor->end)
                decide(cursor, cursor->flag->default_variant);
        } else {
            go(cursor, false, 1);
        }
        return EXPLORED;
    }
    struct bucket *bucket = find_bucket(exploration, key, salt);
    if (!bucket)
        return TOO_MUCH;
    const struct bucket before = *bucket;
    uint32_t first = 0;
    while (pieces->items[first].last < before.from)
        first++;
    if (pieces->items[first].last >= before.last) {
        take_piece(cursor, &pieces->items[first], pieces->split);
        return EXPLORED;
    }
    *split = true;
    enum explored result = EXPLORED;
    uint64_t from = before.from;
    for (uint32_t i = first; result == EXPLORED; i++) {
        const struct piece *piece = &pieces->items[i];
        uint64_t last = piece->last < before.last ? piece->last : before.last;
        struct cursor copies[2] = {cursors[0], cursors[1]};
        bucket->from = from;
        bucket->last = last;
        take_piece(&copies[moved], piece, pieces->split);
        result = explore(exploration, copies,
                         mass * length_of(from, last) / length_of(before.from, before.last));
        if (last == before.last)
            break;
        from = last + 1;
    }
    *bucket = before;
    return result;
}

/* [from, to) holds; `to` 0 is the end. Empty ranges hold for nobody. */
static enum explored cut_range(struct exploration *exploration, struct cursor cursors[2], int moved,
                               uint64_t salt, uint64_t from, uint64_t to, long double mass,
                               bool *split)
{
    struct piece items[3];
    struct pieces pieces = {items, 0, false};
    if (from > 0)
        items[pieces.count++] = (struct piece){.last = from - 1, .holds = false};
    if (to == 0 || to > from)
        items[pieces.count++] = (struct piece){.last = to - 1, .holds = true};
    if (to != 0)
        items[pieces.count++] = (struct piece){.last = UINT64_MAX, .holds = false};
    return cut(exploration, cursors, moved, salt, &pieces, mass, split);
}

static enum explored cut_split(struct exploration *exploration, struct cursor cursors[2], int moved,
                               long double mass, bool *split)
{
    const struct cursor *cursor = &cursors[moved];
    const uint64_t *words = cursor->side->splits + (uint32_t)cursor->at->operand, *arm = words + 1;
    uint64_t salt = words[0] & FFS_SPLIT_SALTED ? *arm++ : cursor->flag->split_salt;
    uint32_t count = (uint32_t)words[0];
    struct pieces pieces = {xcalloc(count, sizeof(struct piece)), 0, true};
    for (uint32_t i = 0; i < count; i++) {
        uint64_t upper = arm[2 * i];
        bool last = i + 1 == count;
        /* An arm of nobody. */
        if (!last &&
            (upper == 0 || (pieces.count && upper - 1 <= pieces.items[pieces.count - 1].last)))
            continue;
        pieces.items[pieces.count++] = (struct piece){.last = last ? UINT64_MAX : upper - 1,
                                                      .variant = (uint16_t)arm[2 * i + 1]};
    }
    enum explored result = cut(exploration, cursors, moved, salt, &pieces, mass, split);
    free(pieces.items);
    return result;
}

static enum explored cut_ramp(struct exploration *exploration, struct cursor cursors[2], int moved,
                              long double mass, bool *split)
{
    struct cursor *cursor = &cursors[moved];
    const struct ffs_ramp *ramp = &cursor->side->ramps[cursor->at->operand];
    uint64_t salt = ramp->flags & FFS_RAMP_SALTED ? ramp->salt : cursor->flag->exposure_salt;
    uint64_t threshold;
    exploration->reads_clock = true;
    *split = false;
    if (ramp_threshold(ramp, exploration->now, &threshold)) {
        go(cursor, true, 1);
        return EXPLORED;
    }
    if (threshold == 0) {
        go(cursor, false, 1);
        return EXPLORED;
    }
    return cut_range(exploration, cursors, moved, salt, 0, threshold, mass, split);
}

/* ------------------------------------------------------------------------------------- tests -- */

/* Whether a test that is no atom of its own is known by what a unit is: it has a key, or none. */
static enum truth truth_of(const struct exploration *exploration, const struct atom *atom,
                           const struct ffs_instruction *test)
{
    if (atom->truth != TRUTH_OPEN || !has_key(&exploration->keys, atom->key))
        return atom->truth;
    bool fraction = exploration->fraction && has_number_key(&exploration->keys, atom->key);
    if (test->op == FFS_IS_NULL) /* a key that is null is none */
        return exploration->keyless && !fraction ? TRUTH_OPEN : TRUTH_FAILS;
    if (fraction ? atom->members != NULL : exploration->keyless) /* or it names an integer */
        return TRUTH_FAILS;
    return test->op == FFS_PRESENT ? TRUTH_HOLDS : TRUTH_OPEN;
}

static enum explored ask_atom(struct exploration *exploration, struct cursor *cursor)
{
    bool body = ffs_operand_of(cursor->at->op) == FFS_OPERAND_BODY;
    uint64_t length = 1 + (body ? cursor->at->operand : 0);
    if (cursor->passes_until && cursor->at < cursor->passes_until) {
        cursor->at += length;
        return EXPLORED;
    }
    struct atom *atom = atom_of(exploration->comparison, cursor->side, cursor->flag, cursor->at);
    enum truth truth = truth_of(exploration, atom, cursor->at);
    if (truth == TRUTH_OPEN) {
        exploration->needed = atom;
        return NEEDS_ATOM;
    }
    go(cursor, truth == TRUTH_HOLDS, length);
    return EXPLORED;
}

/* Whether a key is among what a block asks for: that a unit has one is known of each test alone. */
static bool asks_for_keys(const struct exploration *exploration, const struct block *block)
{
    for (uint32_t i = 0; i < block->atom_count; i++)
        if (has_key(&exploration->keys, block->atoms[i]->key))
            return true;
    return false;
}

/* At the beginning of a block, whether its tests of attributes hold. */
static enum explored ask_block(struct exploration *exploration, struct cursor *cursor)
{
    const struct block *block =
        block_at(exploration->comparison, cursor->side, cursor->flag, cursor->at);
    if (!block)
        return EXPLORED;
    cursor->passes_until = NULL;
    if (!block->whole || asks_for_keys(exploration, block))
        return EXPLORED;
    if (block->whole->truth == TRUTH_OPEN) {
        exploration->needed = block->whole;
        return NEEDS_ATOM;
    }
    if (block->whole->truth == TRUTH_HOLDS) {
        cursor->passes_until = block->decision;
        return EXPLORED;
    }
    cursor->at = block->decision + 1;
    if (cursor->at == cursor->end)
        decide(cursor, cursor->flag->default_variant);
    return EXPLORED;
}

/* What units had of flags that are asked for is not supposed. */
static void serve_previous(const struct exploration *exploration, struct cursor *cursor)
{
    uint16_t variant = exploration->previous && cursor->depth == 0
                           ? variant_named(cursor->side, cursor->flag, exploration->previous)
                           : FFS_NO_VARIANT;
    if (variant != FFS_NO_VARIANT) {
        decide(cursor, variant);
        return;
    }
    cursor->at += cursor->at->jump;
    if (cursor->at == cursor->end)
        decide(cursor, cursor->flag->default_variant);
}

/* Runs the instruction that a cursor is at; *split: all that follows it is explored, too. */
static enum explored step(struct exploration *exploration, struct cursor cursors[2], int moved,
                          long double mass, bool *split)
{
    struct cursor *cursor = &cursors[moved];
    const struct ffs_instruction *at = cursor->at;
    const struct ffs_range *range;
    *split = false;
    enum explored asked = ask_block(exploration, cursor);
    if (asked != EXPLORED || cursor->decided || cursor->at != at)
        return asked;
    switch (ffs_operand_of(at->op)) {
    case FFS_OPERAND_RULE:
        if (at->op == FFS_PREVIOUS)
            serve_previous(exploration, cursor);
        else
            decide(cursor, at->variant);
        return EXPLORED;
    case FFS_OPERAND_SPLIT:
        return cut_split(exploration, cursors, moved, mass, split);
    case FFS_OPERAND_THRESHOLD:
        if (at->operand == 0) {
            go(cursor, false, 1);
            return EXPLORED;
        }
        return cut_range(exploration, cursors, moved, cursor->flag->exposure_salt, 0, at->operand,
                         mass, split);
    case FFS_OPERAND_RANGE:
        range = &cursor->side->ranges[at->operand];
        return cut_range(exploration, cursors, moved, range->salt, range->from, range->to, mass,
                         split);
    case FFS_OPERAND_RAMP:
        return cut_ramp(exploration, cursors, moved, mass, split);
    case FFS_OPERAND_FLAG:
        ask_flag(cursor);
        return EXPLORED;
    case FFS_OPERAND_WEEKLY:
        exploration->reads_clock = true;
        go(cursor, is_in_week(cursor->side, at->operand, exploration->now), 1);
        return EXPLORED;
    case FFS_OPERAND_TIME:
        if (at->op != FFS_CLOCK_GE)
            return ask_atom(exploration, cursor);
        exploration->reads_clock = true;
        go(cursor, exploration->now >= (int64_t)at->operand, 1);
        return EXPLORED;
    case FFS_OPERAND_DURATION:
        exploration->reads_clock = true;
        return ask_atom(exploration, cursor);
    case FFS_OPERAND_NONE:
    case FFS_OPERAND_STRING:
    case FFS_OPERAND_TAGGED_STRING:
    case FFS_OPERAND_GLOB:
    case FFS_OPERAND_VERSION:
    case FFS_OPERAND_LOOSE_VERSION:
    case FFS_OPERAND_SET:
    case FFS_OPERAND_DIGESTS:
    case FFS_OPERAND_NUMBER:
    case FFS_OPERAND_BOOLEAN:
    case FFS_OPERAND_NETWORKS:
    case FFS_OPERAND_AUTOMATON:
    case FFS_OPERAND_REMAINDERS:
    case FFS_OPERAND_ATTRIBUTE:
    case FFS_OPERAND_BODY:
    case FFS_OPERAND_VARIANT_BITS:
        break;
    }
    return ask_atom(exploration, cursor);
}

/* --------------------------------------------------------------------------------- exploring -- */

/* What is left of the compared flag's own program. */
static size_t left_of(const struct cursor *cursor)
{
    if (cursor->decided)
        return 0;
    const struct ffs_instruction *at = cursor->depth ? cursor->frames[0].test : cursor->at;
    const struct ffs_flag *flag = &cursor->side->listing->flags[cursor->index];
    return (size_t)(cursor->side->listing->code + flag->first_code + flag->code_count - at);
}

/* Whether it passes over tests because the block as a whole holds. */
static bool is_within_block(const struct cursor *cursor)
{
    return cursor->passes_until && cursor->at < cursor->passes_until;
}

/* Whether both do the same from here on. */
static bool is_rest_same(const struct cursor cursors[2])
{
    size_t left = left_of(&cursors[VERSION_OLD]);
    if (is_within_block(&cursors[VERSION_OLD]) || is_within_block(&cursors[VERSION_NEW]))
        return false;
    if (left == 0 || cursors[VERSION_OLD].depth || cursors[VERSION_NEW].depth ||
        left != left_of(&cursors[VERSION_NEW]))
        return false;
    const struct cursor *old = &cursors[VERSION_OLD], *new = &cursors[VERSION_NEW];
    uint32_t place = old->side->listing->flags[old->index].code_count - (uint32_t)left;
    uint32_t other = new->side->listing->flags[new->index].code_count - (uint32_t)left;
    return program_suffixes(old->side, old->index)[place] ==
           program_suffixes(new->side, new->index)[other];
}

/* The one that has more to do, so that what both have left can be compared whenever it can be the
 * same; of two that have as much, one that is asking another flag. */
static int next_to_move(const struct cursor cursors[2])
{
    size_t old = left_of(&cursors[VERSION_OLD]), new = left_of(&cursors[VERSION_NEW]);
    if (old != new)
        return old > new ? VERSION_OLD : VERSION_NEW;
    return cursors[VERSION_NEW].depth || !cursors[VERSION_OLD].depth ? VERSION_NEW : VERSION_OLD;
}

static uint64_t identity_of(const struct cursor *cursor)
{
    if (cursor->index == NO_FLAG)
        return 0;
    return variant_identity(cursor->side, &cursor->side->listing->flags[cursor->index],
                            cursor->variant);
}

static const char *label_of(struct arena *arena, const struct cursor *cursor)
{
    if (cursor->index == NO_FLAG)
        return NULL;
    return variant_label(cursor->side, arena, &cursor->side->listing->flags[cursor->index],
                         cursor->variant);
}

static void record(struct exploration *exploration, const struct cursor cursors[2],
                   long double mass)
{
    uint64_t from = identity_of(&cursors[VERSION_OLD]), to = identity_of(&cursors[VERSION_NEW]);
    if (from == to)
        return;
    for (uint32_t i = 0; i < exploration->share_count; i++) {
        struct share *share = &exploration->shares[i];
        if (share->from_id == from && share->to_id == to) {
            share->share = (double)(share->share + mass);
            return;
        }
    }
    *ARENA_APPEND(exploration->arena, exploration->shares, exploration->share_count) =
        (struct share){.from = label_of(exploration->arena, &cursors[VERSION_OLD]),
                       .to = label_of(exploration->arena, &cursors[VERSION_NEW]),
                       .from_id = from,
                       .to_id = to,
                       .share = (double)mass,
                       .loses = from != exploration->old_default && from != 0};
}

/* Recurses as deep as tests of buckets follow one another. */
static enum explored explore(struct exploration *exploration, const struct cursor cursors[2],
                             long double mass)
{
    struct cursor moving[2] = {cursors[0], cursors[1]};
    while (!moving[VERSION_OLD].decided || !moving[VERSION_NEW].decided) {
        if (is_rest_same(moving))
            return EXPLORED;
        if (++exploration->steps > MOST_STEPS)
            return TOO_MUCH;
        bool split;
        enum explored result = step(exploration, moving, next_to_move(moving), mass, &split);
        if (result != EXPLORED || split)
            return result;
    }
    record(exploration, moving, mass);
    return EXPLORED;
}

/* ----------------------------------------------------------------------------------- regions -- */

/* A list of units, which is not a share of all that there may be. */
static bool is_list(const struct exploration *exploration, const struct atom *atom)
{
    return atom->members && has_key(&exploration->keys, atom->key);
}

static void add_leaf(struct exploration *exploration, bool listed)
{
    /* Nothing changes for units that are on a list, which are no share of all: the others are
     * told of as all. */
    if (listed && exploration->share_count == 0)
        return;
    for (uint32_t i = 0; i < exploration->supposed_count; i++) {
        const struct atom *atom = exploration->supposed[i];
        bool hides = atom->is_hidden && atom->truth == TRUTH_HOLDS;
        for (uint32_t j = 0;
             hides && has_key(&exploration->keys, atom->key) && j < exploration->share_count; j++)
            exploration->shares[j].unknown |= exploration->shares[j].share < 1 - 1e-12;
    }
    struct arena *arena = exploration->arena;
    struct leaf *leaf = ARENA_APPEND(arena, exploration->leaves, exploration->leaf_count);
    leaf->shares = exploration->shares;
    leaf->share_count = exploration->share_count;
    if (listed)
        *ARENA_APPEND(arena, leaf->named, leaf->named_count) = exploration->units;
    for (uint32_t i = 0; i < exploration->supposed_count; i++) {
        struct atom *atom = exploration->supposed[i];
        if (exploration->chosen[i] && atom->truth == TRUTH_HOLDS &&
            !(listed && is_list(exploration, atom) && !strcmp(atom->key, exploration->units->key)))
            *ARENA_APPEND(arena, leaf->named, leaf->named_count) = atom;
    }
}

/* ------------------------------------------------------------------------------------- lists -- */

static void start(struct cursor cursors[2])
{
    for (int i = 0; i < 2; i++) {
        struct cursor *cursor = &cursors[i];
        if (cursor->index == NO_FLAG)
            cursor->decided = true;
        else
            enter(cursor, &cursor->side->listing->flags[cursor->index]);
    }
}

static bool has_member(const struct atom *atom, const char *unit)
{
    uint32_t low = 0, high = atom->member_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(atom->members[middle], unit);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The first list that is supposed to have the units; NULL: none is. */
static const struct atom *supposed_list(const struct exploration *exploration)
{
    for (uint32_t i = 0; i < exploration->supposed_count; i++) {
        const struct atom *atom = exploration->supposed[i];
        if (atom->truth == TRUTH_HOLDS && is_list(exploration, atom))
            return atom;
    }
    return NULL;
}

/* Whether what is supposed of lists of the same key is true of a unit. */
static bool is_as_supposed(const struct exploration *exploration, const char *key, const char *unit)
{
    for (uint32_t i = 0; i < exploration->supposed_count; i++) {
        const struct atom *atom = exploration->supposed[i];
        if (is_list(exploration, atom) && strcmp(atom->key, key) == 0 &&
            has_member(atom, unit) != (atom->truth == TRUTH_HOLDS))
            return false;
    }
    return true;
}

/* The units of a list are known, and so are their buckets: each is looked at. */
static enum explored explore_list(struct exploration *exploration, const struct cursor begun[2],
                                  const struct atom *list)
{
    uint32_t count = 0;
    enum explored result = EXPLORED;
    struct atom *units = ARENA_NEW(exploration->arena, struct atom);
    exploration->shares = NULL;
    exploration->share_count = 0;
    exploration->pinned_key = list->key;
    for (uint32_t i = 0; i < list->member_count && result == EXPLORED; i++) {
        if (!is_as_supposed(exploration, list->key, list->members[i]) ||
            unit_is_impossible(exploration->comparison, exploration->supposed,
                               exploration->supposed_count, list->key, list->members[i]))
            continue;
        count++;
        *ARENA_APPEND(exploration->arena, units->members, units->member_count) = list->members[i];
        struct cursor cursors[2] = {begun[0], begun[1]};
        start(cursors);
        exploration->pinned = list->members[i];
        exploration->bucket_count = 0;
        exploration->steps = 0;
        result = explore(exploration, cursors, 1);
    }
    exploration->pinned = NULL;
    for (uint32_t i = 0; i < exploration->share_count; i++)
        exploration->shares[i].share /= count;
    name_members(exploration->comparison, list, units);
    exploration->units = units;
    return result;
}

/* ---------------------------------------------------------------------------------- dividing -- */

/* Tries the atoms that the programs ask for. Recurses as deep as there are. */
static bool divide(struct exploration *exploration, const struct cursor begun[2])
{
    struct cursor cursors[2] = {begun[0], begun[1]};
    exploration->shares = NULL;
    exploration->share_count = 0;
    exploration->bucket_count = 0;
    start(cursors);
    enum explored result = explore(exploration, cursors, 1);
    const struct atom *list = supposed_list(exploration);
    if (result == EXPLORED && list && !exploration->keyless)
        result = explore_list(exploration, begun, list);
    if (result == EXPLORED) {
        add_leaf(exploration, list != NULL);
        return true;
    }
    if (result == TOO_MUCH)
        return false;
    if (exploration->leaf_count >= MOST_REGIONS) {
        exploration->touched->incomplete = true;
        return true;
    }
    struct atom *atom = exploration->needed;
    struct comparison *comparison = exploration->comparison;
    uint32_t place = exploration->supposed_count;
    bool possible[] = {!atom_is_impossible(comparison, exploration->supposed, place, atom, true),
                       !atom_is_impossible(comparison, exploration->supposed, place, atom, false)};
    uint32_t chosen_count = place;
    *ARENA_APPEND(exploration->arena, exploration->supposed, exploration->supposed_count) = atom;
    *ARENA_APPEND(exploration->arena, exploration->chosen, chosen_count) =
        possible[0] && possible[1];
    bool fine = true;
    for (int i = 0; i < 2 && fine; i++) {
        if (!possible[i])
            continue;
        atom->truth = i == 0 ? TRUTH_HOLDS : TRUTH_FAILS;
        fine = divide(exploration, begun);
    }
    atom->truth = TRUTH_OPEN;
    exploration->supposed_count = place;
    return fine;
}

static struct exploration anew(const struct exploration *exploration)
{
    struct exploration other = *exploration;
    other.leaves = NULL;
    other.leaf_count = 0;
    other.supposed = NULL;
    other.chosen = NULL;
    other.supposed_count = 0;
    return other;
}

struct moves {
    struct share *items;
    uint32_t count;
};

/* Each move once, whatever its share. */
static void add_moves(const struct exploration *exploration, struct moves *moves)
{
    for (uint32_t i = 0; i < exploration->leaf_count; i++)
        for (uint32_t j = 0; j < exploration->leaves[i].share_count; j++) {
            const struct share *share = &exploration->leaves[i].shares[j];
            bool known = false;
            for (uint32_t k = 0; k < moves->count && !known; k++)
                known = moves->items[k].from_id == share->from_id &&
                        moves->items[k].to_id == share->to_id;
            if (!known)
                *ARENA_APPEND(exploration->arena, moves->items, moves->count) = *share;
        }
}

/* What becomes of contexts without a key: only whether something does, and what. */
static void explore_keyless(const struct exploration *exploration, const struct cursor begun[2])
{
    struct touched *touched = exploration->touched;
    struct exploration keyless = anew(exploration);
    struct moves moves = {.items = NULL};
    keyless.keyless = true;
    if (exploration->keys.count == 0 || !divide(&keyless, begun))
        return;
    touched->key = exploration->keys.names[0];
    add_moves(&keyless, &moves);
    touched->key_is_number = exploration->keys.is_number[0];
    struct exploration fraction = anew(exploration);
    fraction.keyless = fraction.fraction = true;
    if (has_number_key(&exploration->keys, NULL) && divide(&fraction, begun))
        add_moves(&fraction, &moves);
    touched->keyless = moves.items;
    touched->keyless_count = moves.count;
}

/* Likewise of units that the old version served a variant, one after another. False if that cannot
 * be told. */
static bool explore_kept(const struct exploration *exploration, const struct cursor begun[2])
{
    const struct cursor *old = &begun[VERSION_OLD];
    const struct listing *listing = old->side->listing;
    const struct ffs_flag *flag = &listing->flags[old->index];
    struct moves moves = {.items = NULL};
    for (uint16_t i = 0; i < flag->variant_count; i++) {
        const char *name =
            snapshot_string(listing->snapshot, listing->variants[flag->first_variant + i].name);
        if (!name || variant_named(old->side, flag, name) != i) /* another value of one before */
            continue;
        struct exploration kept = anew(exploration);
        kept.previous = name;
        kept.steps = 0;
        if (!divide(&kept, begun))
            return false;
        add_moves(&kept, &moves);
    }
    exploration->touched->kept = moves.items;
    exploration->touched->kept_count = moves.count;
    return true;
}

struct touched *comparison_touched(struct comparison *comparison, uint32_t old, uint32_t new,
                                   int64_t now)
{
    const uint32_t flags[] = {[VERSION_OLD] = old, [VERSION_NEW] = new};
    struct arena *arena = &comparison->arena;
    struct touched *touched = ARENA_NEW(arena, struct touched);
    struct exploration *exploration = ARENA_NEW(arena, struct exploration);
    *exploration = (struct exploration){
        .comparison = comparison, .arena = arena, .now = now, .touched = touched};
    struct cursor cursors[2] = {{.index = old}, {.index = new}};
    for (int i = 0; i < 2; i++) {
        struct program_side *side = comparison->sides[i];
        cursors[i].side = side;
        if (flags[i] == NO_FLAG)
            continue;
        if (is_foreign(side, flags[i])) {
            touched->unknown = "it uses operations that this version of ffc does not know";
            return touched;
        }
        find_keys(&exploration->keys, side, arena, flags[i]);
        if (program_has_boolean_key(side, flags[i])) {
            touched->unknown =
                "its key is a boolean: there are two buckets, and no shares of units";
            return touched;
        }
        const struct ffs_flag *flag = &side->listing->flags[flags[i]];
        if (i == VERSION_OLD)
            exploration->old_default = variant_identity(side, flag, flag->default_variant);
    }
    if (!divide(exploration, cursors)) {
        touched->unknown = "it has too many combinations of conditions and percentages";
        return touched;
    }
    add_regions(comparison, exploration->leaves, exploration->leaf_count, touched);
    explore_keyless(exploration, cursors);
    touched->keeps = old != NO_FLAG &&
                     new != NO_FLAG &&comparison_keeps(comparison, VERSION_OLD, old) &&
                     comparison_keeps(comparison, VERSION_NEW, new);
    if (touched->keeps && !explore_kept(exploration, cursors))
        touched->unknown = "it has too many combinations of conditions and variants";
    touched->reads_clock = exploration->reads_clock;
    return touched;
}
