/*
 * prove_regions.c - which tests of an attribute can hold together.
 *
 * A cut may list a combination that no value has (then less is proved), but must never miss one.
 */
#include "prove_regions.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/percent.h"
#include "prove_clock.h"
#include "prove_lists.h"
#include "prove_remainders.h"
#include "prove_strings.h"
#include "compiler/base/scalar.h"
#include "compiler/base/table.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"

#define MOST_REGIONS 4096
#define MOST_TRIED   16384               /* values, in the places of one cut */
#define MOST_FREE    8                   /* tests for which a cut tries both outcomes */
#define MOST_BYTES   (UINT64_C(1) << 26) /* compared for one cut, about 50 ms */

/* ------------------------------------------------------------------------------------- atoms -- */

static bool same_test(const struct condition *a, const struct condition *b);

static bool same_within(const struct condition *a, const struct condition *b)
{
    if (!a || !b || a->kind != b->kind || a->child_count != b->child_count)
        return a == b;
    for (uint32_t i = 0; i < a->child_count; i++) {
        if (!same_within(a->children[i], b->children[i]))
            return false;
    }
    return a->kind != CONDITION_TEST || (a->negate == b->negate && same_test(a, b));
}

static bool same_clock(const struct clock_test *a, const struct clock_test *b)
{
    if (!clock_is_local(a) || !clock_is_local(b))
        return clock_is_local(a) == clock_is_local(b) && a->time == b->time;
    return a->kind == b->kind && a->zone == b->zone &&
           (a->kind == CLOCK_WEEKDAY ? a->weekdays == b->weekdays
                                     : a->from == b->from && a->until == b->until);
}

static bool same_test(const struct condition *a, const struct condition *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CONDITION_FLAG)
        return variant_set_equal(a->variants, b->variants);
    if (a->kind == CONDITION_CLOCK)
        return same_clock(&a->clock, &b->clock);
    if (a->kind == CONDITION_PERCENT)
        return a->share.from == b->share.from && a->share.percent == b->share.percent;
    if (a->operator_kind != b->operator_kind || a->ignore_case != b->ignore_case ||
        a->divisor != b->divisor || a->other != b->other || a->file != b->file ||
        a->operand_count != b->operand_count || !same_within(a->within, b->within))
        return false;
    for (uint32_t i = 0; i < a->operand_count; i++) {
        if (strcmp(a->operands[i].source.text, b->operands[i].source.text) != 0)
            return false;
    }
    return true;
}

uint32_t subject_atom(struct subject *subject, struct arena *arena, const struct condition *test)
{
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        if (subject->atoms[i] == test || same_test(subject->atoms[i], test))
            return i;
    }
    *ARENA_APPEND(arena, subject->atoms, subject->atom_count) = test;
    return subject->atom_count - 1;
}

/* ----------------------------------------------------------------------------------- regions -- */

bool subject_add_region(struct subject *subject, struct arena *arena, const uint64_t *region)
{
    size_t size = subject->words * sizeof *region;
    for (uint32_t i = 0; i < subject->region_count; i++) {
        if (memcmp(subject->regions + (size_t)i * subject->words, region, size) == 0)
            return true;
    }
    if (subject->region_count == MOST_REGIONS)
        return false;
    for (uint32_t word = 0; word < subject->words; word++) {
        size_t count = (size_t)subject->region_count * subject->words + word;
        *ARENA_APPEND(arena, subject->regions, count) = region[word];
    }
    subject->region_count++;
    return true;
}

/* Neither is a value. */
static bool add_absent_and_null(struct subject *subject, struct arena *arena)
{
    uint64_t *absent = ARENA_ARRAY(arena, uint64_t, subject->words);
    uint64_t *null = ARENA_ARRAY(arena, uint64_t, subject->words);
    for (uint32_t i = 0; i < subject->atom_count; i++)
        if (proof_of(subject->atoms[i]) == PROOF_NULL)
            region_mark(null, i);
    return subject_add_region(subject, arena, absent) && subject_add_region(subject, arena, null);
}

/* --------------------------------------------------------------------- tests tried both ways -- */

/* Tests that may or may not hold, and those that certainly do. */
struct guesses {
    uint32_t free[MOST_FREE];
    uint32_t free_count;
    uint64_t *certain;
    bool too_many;
};

static struct guesses no_guesses(const struct subject *subject, struct arena *arena)
{
    return (struct guesses){.certain = ARENA_ARRAY(arena, uint64_t, subject->words)};
}

static void note(struct guesses *guesses, uint32_t atom, enum certainty certainty)
{
    if (certainty == SURELY_HOLDS)
        region_mark(guesses->certain, atom);
    else if (certainty == UNCERTAIN && guesses->free_count == MOST_FREE)
        guesses->too_many = true;
    else if (certainty == UNCERTAIN)
        guesses->free[guesses->free_count++] = atom;
}

/* For each test, bit sets of the tests that it implies and excludes. */
struct relations {
    uint32_t implied[MOST_FREE];
    uint32_t excluded[MOST_FREE];
};

static struct relations relate(const struct subject *subject, const struct guesses *guesses)
{
    struct relations relations = {{0}, {0}};
    for (uint32_t i = 0; i < guesses->free_count; i++) {
        const struct condition *test = subject->atoms[guesses->free[i]];
        for (uint32_t j = 0; j < guesses->free_count; j++) {
            const struct condition *other = subject->atoms[guesses->free[j]];
            relations.implied[i] |= (uint32_t)strings_imply(test, other) << j;
            relations.excluded[i] |= (uint32_t)strings_exclude(test, other) << j;
        }
    }
    return relations;
}

/* With `related`, leaves out combinations that no string can have. */
static bool add_guesses(struct subject *subject, struct arena *arena, const struct guesses *guesses,
                        bool related)
{
    if (guesses->too_many)
        return false;
    struct relations relations = {{0}, {0}};
    if (related)
        relations = relate(subject, guesses);
    for (uint32_t bits = 0; bits < 1u << guesses->free_count; bits++) {
        bool possible = true;
        uint64_t *region = ARENA_ARRAY(arena, uint64_t, subject->words);
        memcpy(region, guesses->certain, subject->words * sizeof *region);
        for (uint32_t i = 0; i < guesses->free_count; i++) {
            if (!(bits >> i & 1))
                continue;
            region_mark(region, guesses->free[i]);
            possible &= !(relations.implied[i] & ~bits) && !(relations.excluded[i] & bits);
        }
        if (possible && !subject_add_region(subject, arena, region))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------- ordered values -- */

static int compare_operands(enum fflag_attribute_type type, const struct operand *a,
                            const struct operand *b)
{
    switch (type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        return (a->number > b->number) - (a->number < b->number);
    case FFLAG_ATTRIBUTE_TIME:
        return (a->time > b->time) - (a->time < b->time);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return a->boolean - b->boolean;
    case FFLAG_ATTRIBUTE_VERSION:
        return compare_versions(a->text, b->text);
    case FFLAG_ATTRIBUTE_STRING:
        return strcmp(a->text, b->text);
    case FFLAG_ATTRIBUTE_STRINGS:
    case FFLAG_ATTRIBUTE_IP:
        break;
    }
    assert(!"a type that is cut otherwise");
    return 0;
}

static bool is_of_age(const struct condition *test)
{
    return proof_of(test) == PROOF_AGE;
}

struct points {
    enum fflag_attribute_type type;
    const struct operand **items; /* sorted, distinct */
    uint32_t count;
};

/* The first point that is not lower. */
static uint32_t find_point(const struct points *points, const struct operand *operand)
{
    uint32_t low = 0, high = points->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_operands(points->type, points->items[middle], operand) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_point(struct points *points, struct arena *arena, const struct operand *operand)
{
    uint32_t at = find_point(points, operand);
    if (at < points->count && compare_operands(points->type, points->items[at], operand) == 0)
        return;
    (void)ARENA_APPEND(arena, points->items, points->count);
    memmove(points->items + at + 1, points->items + at,
            (points->count - at - 1) * sizeof *points->items);
    points->items[at] = operand;
}

/* False if there are too many. */
static bool add_points(struct points *points, struct arena *arena, const struct condition *test)
{
    bool values = !is_of_age(test) && proof_of(test) != PROOF_REMAINDER;
    uint32_t count = values ? test->operand_count : 0;
    for (uint32_t i = 0; i < count && points->count <= MOST_REGIONS / 2; i++)
        add_point(points, arena, &test->operands[i]);
    return points->count <= MOST_REGIONS / 2;
}

/* The points that a test names: all of them as bits, the lowest and the highest. */
struct named {
    uint64_t *bits;
    uint32_t lowest, highest;
};

static struct named named_points(const struct points *points, struct arena *arena,
                                 const struct condition *test)
{
    struct named named = {.bits = ARENA_ARRAY(arena, uint64_t, points->count / 64 + 1),
                          .lowest = UINT32_MAX};
    for (uint32_t i = 0; i < test->operand_count && !is_of_age(test); i++) {
        uint32_t point = find_point(points, &test->operands[i]);
        region_mark(named.bits, point);
        named.lowest = point < named.lowest ? point : named.lowest;
        named.highest = point > named.highest ? point : named.highest;
    }
    return named;
}

/* Points have odd places, and the gaps between them even ones. */
static bool any_in_order(const struct named *named, const struct condition *test, uint32_t place)
{
    uint32_t point = place / 2;
    bool lower = place<2 * named->highest + 1, higher = place> 2 * named->lowest + 1;
    bool equal = place % 2 && named->bits[point / 64] >> point % 64 & 1;
    unsigned orders =
        (lower ? ORDER_LOWER : 0u) | (higher ? ORDER_HIGHER : 0u) | (equal ? ORDER_EQUAL : 0u);
    return test->operand_count && operator_kinds[test->operator_kind].order & orders;
}

/* Whether it holds for a time so long before the evaluation; below zero: for one to come. */
static bool holds_at_age(const struct condition *test, int64_t age)
{
    for (uint32_t i = 0; i < test->operand_count && age >= 0; i++) {
        unsigned found = age > test->operands[i].duration ? ORDER_HIGHER : ORDER_LOWER;
        if (operator_kinds[test->operator_kind].order & found)
            return true;
    }
    return false;
}

/* An age on either side of whatever one is compared with; a single one where none is. */
static int64_t *ages_of(const struct subject *subject, struct arena *arena, uint32_t *count)
{
    int64_t *ages = NULL;
    *count = 0;
    *ARENA_APPEND(arena, ages, *count) = -1;
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        for (uint32_t j = 0; is_of_age(test) && j < test->operand_count; j++) {
            int64_t age = test->operands[j].duration;
            *ARENA_APPEND(arena, ages, *count) = age;
            *ARENA_APPEND(arena, ages, *count) = age < INT64_MAX ? age + 1 : age;
        }
    }
    return ages;
}

static enum certainty certainty_at(const struct named *named, const struct condition *test,
                                   uint32_t place, struct integral number, int64_t age)
{
    switch (proof_of(test)) {
    case PROOF_EQUAL:
    case PROOF_ORDER:
        return any_in_order(named, test, place) ? SURELY_HOLDS : SURELY_FAILS;
    case PROOF_AGE:
        return holds_at_age(test, age) ? SURELY_HOLDS : SURELY_FAILS;
    case PROOF_PRESENCE:
        return SURELY_HOLDS;
    case PROOF_NULL:
        return SURELY_FAILS;
    case PROOF_REMAINDER:
        if (number.kind == ANY_NUMBER)
            return UNCERTAIN;
        return leaves_remainder(test, number) ? SURELY_HOLDS : SURELY_FAILS;
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_LISTED:
    case PROOF_ENTRIES:
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
    case PROOF_OPAQUE:
        break;
    }
    return UNCERTAIN;
}

/* What stands for all values in a place. */
static struct integrals integrals_at(const struct subject *subject, struct arena *arena,
                                     const struct points *points, uint32_t place)
{
    struct integrals numbers = {0};
    uint32_t point = place / 2;
    if (points->type == FFLAG_ATTRIBUTE_NUMBER && place % 2 == 0)
        return integrals_between(subject, arena,
                                 point > 0 ? points->items[point - 1]->number : -HUGE_VAL,
                                 point < points->count ? points->items[point]->number : HUGE_VAL);
    *ARENA_APPEND(arena, numbers.items, numbers.count) =
        points->type == FFLAG_ATTRIBUTE_NUMBER ? integral_of(points->items[point]->number)
                                               : (struct integral){ANY_NUMBER, 0};
    return numbers;
}

static bool cut_at_place(struct subject *subject, struct arena *arena, const struct named *named,
                         uint32_t place, struct integral number, int64_t age)
{
    struct guesses guesses = no_guesses(subject, arena);
    for (uint32_t i = 0; i < subject->atom_count; i++)
        note(&guesses, i, certainty_at(&named[i], subject->atoms[i], place, number, age));
    return add_guesses(subject, arena, &guesses, false);
}

static bool cut_ordered(struct subject *subject, struct arena *arena)
{
    uint64_t tried = 0;
    struct points points = {.type = subject->attribute->type};
    static const struct operand no = {.boolean = false}, yes = {.boolean = true};
    bool boolean = points.type == FFLAG_ATTRIBUTE_BOOLEAN;
    if (boolean) {
        add_point(&points, arena, &no);
        add_point(&points, arena, &yes);
    }
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        if (!add_points(&points, arena, subject->atoms[i]))
            return false;
    }
    struct named *named = ARENA_ARRAY(arena, struct named, subject->atom_count);
    for (uint32_t i = 0; i < subject->atom_count; i++)
        named[i] = named_points(&points, arena, subject->atoms[i]);
    /* Every time has every age, at some evaluation or other. */
    uint32_t age_count;
    const int64_t *ages = ages_of(subject, arena, &age_count);
    for (uint32_t place = boolean; place <= 2 * points.count; place += boolean ? 2 : 1) {
        struct integrals numbers = integrals_at(subject, arena, &points, place);
        tried += (uint64_t)numbers.count * age_count;
        if (tried > MOST_TRIED)
            return false;
        for (uint32_t i = 0; i < numbers.count * age_count; i++) {
            if (!cut_at_place(subject, arena, named, place, numbers.items[i / age_count],
                              ages[i % age_count]))
                return false;
        }
    }
    return true;
}

/* ----------------------------------------------------------------------------------- strings -- */

/* Whether the cut has a separate region for each text that passes the test. */
static bool names_its_texts(const struct condition *test)
{
    return proof_of(test) == PROOF_EQUAL;
}

struct string_cut {
    struct subject *subject;
    struct arena *arena;
    struct table *names; /* of each test of a text as it is: its operands */
    uint64_t left;       /* bytes that may be compared; then tests are UNCERTAIN */
};

static bool is_looked_up(const struct condition *test)
{
    return names_its_texts(test) && !test->ignore_case;
}

static void index_names(struct string_cut *cut)
{
    const struct subject *subject = cut->subject;
    cut->names = ARENA_ARRAY(cut->arena, struct table, subject->atom_count);
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        for (uint32_t j = 0; is_looked_up(test) && j < test->operand_count; j++)
            (void)table_add(&cut->names[i], cut->arena, test->operands[j].text, &test->operands[j]);
    }
}

static enum certainty certainty_of_string(struct string_cut *cut, uint32_t atom, const char *value)
{
    const struct condition *test = cut->subject->atoms[atom];
    if (is_looked_up(test))
        return table_get(&cut->names[atom], value) ? SURELY_HOLDS : SURELY_FAILS;
    uint64_t cost = string_cost(test, value);
    if (cost > cut->left)
        return UNCERTAIN;
    cut->left -= cost;
    return string_certainty(test, value);
}

static bool cut_at_string(struct string_cut *cut, const char *value)
{
    struct guesses guesses = no_guesses(cut->subject, cut->arena);
    for (uint32_t i = 0; i < cut->subject->atom_count; i++)
        note(&guesses, i, certainty_of_string(cut, i, value));
    return add_guesses(cut->subject, cut->arena, &guesses, false);
}

/* Tests that hold for a stretch of the texts in order: from a bound on, or those with a prefix. */
static bool is_by_order(const struct condition *test)
{
    return proof_of(test) == PROOF_ORDER && !test->ignore_case;
}

static bool is_by_prefix(const struct condition *test)
{
    const struct operator_kind_info *kind = &operator_kinds[test->operator_kind];
    return kind->proof == PROOF_PART && kind->place == PART_AT_BEGIN && !test->ignore_case;
}

/* The first text after all those with that prefix. Of UTF-8, no byte is the highest. */
static struct operand *after_prefix(struct arena *arena, const char *prefix)
{
    struct operand *after = ARENA_NEW(arena, struct operand);
    size_t length = strlen(prefix);
    char *text = arena_copy(arena, prefix, length);
    text[length - 1] = (char)(text[length - 1] + 1);
    after->text = text;
    return after;
}

/* Where stretches begin and end; none if no test asks for an order. False if there are too many. */
static bool find_bounds(const struct subject *subject, struct arena *arena, struct points *bounds)
{
    bool ordered = false;
    for (uint32_t i = 0; i < subject->atom_count; i++)
        ordered |= is_by_order(subject->atoms[i]);
    for (uint32_t i = 0; ordered && i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        bool prefix = is_by_prefix(test);
        if (!prefix && !is_by_order(test))
            continue;
        if (!add_points(bounds, arena, test))
            return false;
        for (uint32_t j = 0; prefix && j < test->operand_count; j++) {
            if (bounds->count > MOST_REGIONS / 2)
                return false;
            if (*test->operands[j].text)
                add_point(bounds, arena, after_prefix(arena, test->operands[j].text));
        }
    }
    return true;
}

/* Whether texts between bounds, in the gap before bounds->items[gap], begin with an operand. */
static bool gap_has_prefix(const struct points *bounds, const struct condition *test, uint32_t gap)
{
    for (uint32_t i = 0; gap > 0 && i < test->operand_count; i++) {
        const char *prefix = test->operands[i].text;
        if (strncmp(bounds->items[gap - 1]->text, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static bool gap_is_in_order(const struct points *bounds, const struct condition *test, uint32_t gap)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        bool lower = gap <= find_point(bounds, &test->operands[i]);
        if (operator_kinds[test->operator_kind].order & (lower ? ORDER_LOWER : ORDER_HIGHER))
            return true;
    }
    return false;
}

/* What texts that no test names, in a gap between bounds, are to a test. */
static enum certainty certainty_in_gap(const struct points *bounds, const struct condition *test,
                                       uint32_t gap)
{
    if (proof_of(test) == PROOF_PRESENCE)
        return SURELY_HOLDS;
    if (proof_of(test) == PROOF_NULL || (names_its_texts(test) && !test->ignore_case))
        return SURELY_FAILS;
    if (is_by_order(test))
        return gap_is_in_order(bounds, test, gap) ? SURELY_HOLDS : SURELY_FAILS;
    if (is_by_prefix(test) && bounds->count)
        return gap_has_prefix(bounds, test, gap) ? SURELY_HOLDS : SURELY_FAILS;
    return UNCERTAIN;
}

/* What follows from the prefix that all texts of a gap have. */
static enum certainty certainty_by_prefix(const struct subject *subject,
                                          const struct points *bounds, const struct condition *test,
                                          uint32_t gap)
{
    for (uint32_t i = 0; bounds->count && i < subject->atom_count; i++) {
        const struct condition *prefix = subject->atoms[i];
        if (!is_by_prefix(prefix) || !gap_has_prefix(bounds, prefix, gap))
            continue;
        if (strings_imply(prefix, test))
            return SURELY_HOLDS;
        if (strings_exclude(prefix, test))
            return SURELY_FAILS;
    }
    return UNCERTAIN;
}

/* All strings that no test names, in the gap before a bound or after the last. */
static bool cut_other_strings(struct subject *subject, struct arena *arena,
                              const struct points *bounds, uint32_t gap)
{
    struct guesses guesses = no_guesses(subject, arena);
    if (gap < bounds->count && !*bounds->items[gap]->text)
        return true; /* nothing is before the empty text */
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        enum certainty certainty = certainty_in_gap(bounds, test, gap);
        if (certainty == UNCERTAIN)
            certainty = certainty_by_prefix(subject, bounds, test, gap);
        note(&guesses, i, certainty);
    }
    return add_guesses(subject, arena, &guesses, true);
}

static uint64_t count_named(const struct subject *subject)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < subject->atom_count; i++)
        count += names_its_texts(subject->atoms[i]) ? subject->atoms[i]->operand_count : 0;
    return count;
}

bool subject_cut_texts(struct subject *subject, struct arena *arena)
{
    const struct texts *choices = &subject->attribute->choices;
    if (count_named(subject) > MOST_REGIONS)
        return false;
    struct string_cut cut = {.subject = subject, .arena = arena, .left = MOST_BYTES};
    index_names(&cut);
    for (uint32_t i = 0; i < choices->count; i++) {
        if (!cut_at_string(&cut, choices->items[i].text))
            return false;
    }
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        for (uint32_t j = 0; names_its_texts(test) && j < test->operand_count; j++) {
            if (!cut_at_string(&cut, test->operands[j].text))
                return false;
        }
    }
    if (choices->count > 0)
        return true;
    struct points bounds = {.type = FFLAG_ATTRIBUTE_STRING};
    if (!find_bounds(subject, arena, &bounds))
        return false;
    for (uint32_t i = 0; i <= bounds.count; i++) {
        if ((i > 0 && !cut_at_string(&cut, bounds.items[i - 1]->text)) ||
            !cut_other_strings(subject, arena, &bounds, i))
            return false;
    }
    return true;
}

/* --------------------------------------------------------------------------------- addresses -- */

struct address {
    uint8_t bytes[16];
};

static bool in_networks(const struct condition *test, const struct address *address)
{
    for (uint32_t i = 0; i < test->operand_count; i++) {
        const struct network *network = &test->operands[i].network;
        if (memcmp(network->first, address->bytes, 16) <= 0 &&
            memcmp(address->bytes, network->last, 16) <= 0)
            return true;
    }
    return false;
}

static enum certainty certainty_of_address(const struct condition *test,
                                           const struct address *address)
{
    switch (proof_of(test)) {
    case PROOF_EQUAL:
        return in_networks(test, address) ? SURELY_HOLDS : SURELY_FAILS;
    case PROOF_PRESENCE:
        return SURELY_HOLDS;
    case PROOF_NULL:
        return SURELY_FAILS;
    case PROOF_ORDER:
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_LISTED:
    case PROOF_REMAINDER:
    case PROOF_ENTRIES:
    case PROOF_AGE:
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
    case PROOF_OPAQUE:
        break;
    }
    return UNCERTAIN;
}

static bool cut_at_address(struct subject *subject, struct arena *arena,
                           const struct address *address)
{
    struct guesses guesses = no_guesses(subject, arena);
    for (uint32_t i = 0; i < subject->atom_count; i++)
        note(&guesses, i, certainty_of_address(subject->atoms[i], address));
    return add_guesses(subject, arena, &guesses, false);
}

/* A piece begins where a network begins or the previous one ended, and at the first address. */
static bool cut_addresses(struct subject *subject, struct arena *arena)
{
    struct address first = {{0}};
    bool fits = cut_at_address(subject, arena, &first);
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct condition *test = subject->atoms[i];
        if (test->operand_count > MOST_REGIONS)
            return false;
        for (uint32_t j = 0; fits && j < test->operand_count; j++) {
            struct address begin, behind;
            memcpy(begin.bytes, test->operands[j].network.first, 16);
            memcpy(behind.bytes, test->operands[j].network.last, 16);
            int byte = 15;
            while (byte >= 0 && ++behind.bytes[byte] == 0)
                byte--;
            fits = cut_at_address(subject, arena, &begin) &&
                   (byte < 0 || cut_at_address(subject, arena, &behind));
        }
    }
    return fits;
}

/* ------------------------------------------------------------------------------------- flags -- */

/* No variant is a piece only of a flag that serves it. An override that does so comes and goes. */
static bool cut_variants(struct subject *subject, struct arena *arena)
{
    uint32_t pieces = subject->flag->environments[0].variant_count + subject->flag->serves_none;
    for (uint32_t variant = 0; variant < pieces; variant++) {
        uint64_t *region = ARENA_ARRAY(arena, uint64_t, subject->words);
        for (uint32_t i = 0; i < subject->atom_count; i++) {
            if (variant_set_has(subject->atoms[i]->variants, variant))
                region_mark(region, i);
        }
        if (!subject_add_region(subject, arena, region))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------ shares -- */

static bool is_in_share(const struct share_test *share, uint32_t place)
{
    return share->from <= place && place < share->percent;
}

/* Adds the units in a place, of all. */
static bool add_place(struct subject *subject, struct arena *arena, uint32_t place)
{
    if (place >= PERCENT_ALL)
        return true;
    uint64_t *region = ARENA_ARRAY(arena, uint64_t, subject->words);
    for (uint32_t i = 0; i < subject->atom_count; i++)
        if (is_in_share(&subject->atoms[i]->share, place))
            region_mark(region, i);
    return subject_add_region(subject, arena, region);
}

/* A share begins and ends in a place. Those without a key are in none but that of all; where the
 * key is known, prove.c asks for it. */
static bool cut_shares(struct subject *subject, struct arena *arena)
{
    bool fits = add_place(subject, arena, 0);
    for (uint32_t i = 0; fits && i < subject->atom_count; i++) {
        const struct share_test *share = &subject->atoms[i]->share;
        fits = add_place(subject, arena, share->from) && add_place(subject, arena, share->percent);
    }
    if (!fits || subject->share->share.by)
        return fits;
    uint64_t *none = ARENA_ARRAY(arena, uint64_t, subject->words);
    for (uint32_t i = 0; i < subject->atom_count; i++) {
        const struct share_test *share = &subject->atoms[i]->share;
        if (share->from == 0 && share->percent >= PERCENT_ALL)
            region_mark(none, i);
    }
    return subject_add_region(subject, arena, none);
}

/* ------------------------------------------------------------------------------------- pairs -- */

static bool compares_as(const struct subject *pair, const struct condition *test, unsigned found)
{
    unsigned order = operator_kinds[test->operator_kind].order;
    return found & (test->attribute == pair->attribute ? order : order_mirrored(order));
}

/* How two values compare, and how they do without case: equal ones are equal both ways. */
static bool cut_pair(struct subject *subject, struct arena *arena)
{
    static const unsigned orders[] = {ORDER_LOWER, ORDER_EQUAL, ORDER_HIGHER};
    for (unsigned i = 0; i < 9; i++) {
        unsigned exact = orders[i / 3], folded = orders[i % 3];
        if (exact == ORDER_EQUAL && folded != ORDER_EQUAL)
            continue;
        uint64_t *region = ARENA_ARRAY(arena, uint64_t, subject->words);
        for (uint32_t j = 0; j < subject->atom_count; j++) {
            const struct condition *test = subject->atoms[j];
            if (compares_as(subject, test, test->ignore_case ? folded : exact))
                region_mark(region, j);
        }
        if (!subject_add_region(subject, arena, region))
            return false;
    }
    return true;
}

bool subject_cut(struct subject *subject, struct arena *arena)
{
    subject->words = (subject->atom_count + 63) / 64;
    if (subject->other)
        return cut_pair(subject, arena);
    if (subject->flag)
        return cut_variants(subject, arena);
    if (subject->share)
        return cut_shares(subject, arena);
    if (!subject->attribute)
        return clock_cut(subject, arena);
    if (!add_absent_and_null(subject, arena))
        return false;
    switch (subject->attribute->type) {
    case FFLAG_ATTRIBUTE_STRING:
        return subject_cut_texts(subject, arena);
    case FFLAG_ATTRIBUTE_STRINGS:
        return lists_cut(subject, arena);
    case FFLAG_ATTRIBUTE_IP:
        return cut_addresses(subject, arena);
    case FFLAG_ATTRIBUTE_NUMBER:
    case FFLAG_ATTRIBUTE_BOOLEAN:
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_TIME:
        break;
    }
    return cut_ordered(subject, arena);
}

static bool is_exact(const struct condition *test);

static bool is_exact_within(const struct condition *test)
{
    bool exact = true;
    for (uint32_t i = 0; exact && i < count_within(test); i++)
        exact = is_exact(test_within(test, i));
    return exact;
}

/* Whether every combination listed for the test is that of some text, or other value. */
static bool is_exact(const struct condition *test)
{
    switch (proof_of(test)) {
    case PROOF_PRESENCE:
    case PROOF_NULL:
        return true;
    case PROOF_EQUAL:
    case PROOF_ENTRIES:
        /* "1" has no other case, and the test may name all of "a" and "A". */
    case PROOF_ORDER:
        return !test->ignore_case;
    case PROOF_SOME:
    case PROOF_EVERY:
    case PROOF_NO:
    case PROOF_SIZE:
        return is_exact_within(test);
    case PROOF_PART:
    case PROOF_GLOB:
    case PROOF_PATTERN:
    case PROOF_LISTED:
    case PROOF_AGE:
    case PROOF_REMAINDER:
    case PROOF_OPAQUE:
        break;
    }
    return false;
}

bool subject_is_exact(const struct subject *subject)
{
    if (!subject->flag && !subject->share && !subject->attribute)
        return clock_is_exact(subject);
    bool exact = !subject->flag && !subject->share && !subject->other;
    for (uint32_t i = 0; exact && i < subject->atom_count; i++)
        exact = is_exact(subject->atoms[i]);
    return exact;
}
