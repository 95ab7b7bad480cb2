/* regex_set.c - sets of characters, as ranges of code points. */
#include "compiler/base/arena.h"
#include "regex_steps.h"

#include <stdlib.h>
#include <string.h>

void set_add(struct arena *arena, struct character_set *set, uint32_t low, uint32_t high)
{
    *ARENA_APPEND(arena, set->ranges, set->count) = (struct character_range){low, high};
}

void set_add_all(struct arena *arena, struct character_set *set, const struct character_set *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        set_add(arena, set, other->ranges[i].low, other->ranges[i].high);
}

static void add_shifted(struct arena *arena, struct character_set *set,
                        struct character_range range, uint32_t first, uint32_t last, int shift)
{
    uint32_t low = range.low > first ? range.low : first;
    uint32_t high = range.high < last ? range.high : last;
    if (low <= high)
        set_add(arena, set, (uint32_t)((int)low + shift), (uint32_t)((int)high + shift));
}

void set_fold(struct arena *arena, struct character_set *set)
{
    for (uint32_t i = 0, count = set->count; i < count; i++) {
        add_shifted(arena, set, set->ranges[i], 'A', 'Z', 'a' - 'A');
        add_shifted(arena, set, set->ranges[i], 'a', 'z', 'A' - 'a');
    }
}

static int compare_ranges(const void *left, const void *right)
{
    const struct character_range *a = left, *b = right;
    return a->low < b->low ? -1 : a->low > b->low;
}

void set_normalise(struct character_set *set)
{
    if (set->count < 2)
        return;
    qsort(set->ranges, set->count, sizeof *set->ranges, compare_ranges);
    uint32_t merged = 1;
    for (uint32_t i = 1; i < set->count; i++) {
        struct character_range *last = &set->ranges[merged - 1];
        if (set->ranges[i].low > last->high + 1)
            set->ranges[merged++] = set->ranges[i];
        else if (set->ranges[i].high > last->high)
            last->high = set->ranges[i].high;
    }
    set->count = merged;
}

void set_negate(struct arena *arena, struct character_set *set)
{
    struct character_set rest = {0};
    uint32_t from = 0;
    set_normalise(set);
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->ranges[i].low > from)
            set_add(arena, &rest, from, set->ranges[i].low - 1);
        from = set->ranges[i].high + 1;
    }
    if (from <= LAST_CHARACTER)
        set_add(arena, &rest, from, LAST_CHARACTER);
    *set = rest;
}

/* Pairs of first and last characters. */
static const struct named_set {
    const char *name;
    const char *ranges;
} named_sets[] = {
    {"alnum", "09AZaz"}, {"alpha", "AZaz"}, {"blank", "\t\t  "},  {"digit", "09"},
    {"graph", "!~"},     {"lower", "az"},   {"print", " ~"},      {"punct", "!/:@[`{~"},
    {"space", "\t\r  "}, {"upper", "AZ"},   {"word", "09AZ__az"}, {"xdigit", "09AFaf"},
};

static void add_pairs(struct arena *arena, struct character_set *set, const char *pairs)
{
    for (; *pairs; pairs += 2)
        set_add(arena, set, (unsigned char)pairs[0], (unsigned char)pairs[1]);
}

bool set_add_named(struct arena *arena, struct character_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof named_sets / sizeof *named_sets; i++) {
        if (strlen(named_sets[i].name) == length && !memcmp(named_sets[i].name, name, length)) {
            add_pairs(arena, set, named_sets[i].ranges);
            return true;
        }
    }
    if (length == 5 && !memcmp(name, "ascii", 5)) {
        set_add(arena, set, 0, 0x7F);
        return true;
    }
    if (length == 5 && !memcmp(name, "cntrl", 5)) {
        set_add(arena, set, 0, 0x1F);
        set_add(arena, set, 0x7F, 0x7F);
        return true;
    }
    return false;
}

bool set_add_escape(struct arena *arena, struct character_set *set, char letter)
{
    struct character_set own = {0};
    switch (letter | ('a' - 'A')) {
    case 'd':
        add_pairs(arena, &own, "09");
        break;
    case 's': /* without \v, which [[:space:]] includes: as in RE2 */
        add_pairs(arena, &own, "\t\n\f\r  ");
        break;
    case 'w':
        add_pairs(arena, &own, "09AZ__az");
        break;
    default:
        return false;
    }
    if (letter < 'a')
        set_negate(arena, &own);
    set_add_all(arena, set, &own);
    return true;
}

uint32_t encode_character(uint32_t character, uint8_t bytes[4])
{
    if (character < 0x80) {
        bytes[0] = (uint8_t)character;
        return 1;
    }
    uint32_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (uint32_t i = length - 1; i > 0; i--, character >>= 6)
        bytes[i] = (uint8_t)(0x80 | (character & 0x3F));
    bytes[0] = (uint8_t)(0xF00u >> length | character);
    return length;
}
