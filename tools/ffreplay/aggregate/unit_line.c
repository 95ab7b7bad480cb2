/* unit_line.c - see unit_line.h. What is taken here, row_check() takes, too. */
#include "unit_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "row.h"

#define MOST_DIGITS 18 /* of an integer that fits into 64 bits whatever they are */
#define MOST_NUMBER 32 /* bytes of a decimal, as row_check() has it */

bool line_text_is(struct line_text text, const char *name)
{
    return strncmp(text.at, name, text.length) == 0 && name[text.length] == '\0';
}

/* Names are in the order of their bytes. */
static bool comes_before(struct line_text a, struct line_text b)
{
    size_t least = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.at, b.at, least);
    return order ? order < 0 : a.length < b.length;
}

/* ------------------------------------------------------------------------------------- parts -- */

struct cursor {
    const char *at, *end;
};

#define TAKE(cursor, text) take((cursor), (text), sizeof(text) - 1)
static inline bool take(struct cursor *cursor, const char *text, size_t length)
{
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* Of printable ASCII, without an escape; behind its opening quote. */
static bool take_text(struct cursor *cursor, struct line_text *text)
{
    const char *at = cursor->at;
    while (at < cursor->end && *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
        at++;
    if (at == cursor->end || *at != '"')
        return false;
    *text = (struct line_text){cursor->at, (size_t)(at - cursor->at)};
    cursor->at = at + 1;
    return true;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool take_digits(struct cursor *cursor)
{
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && is_digit(*cursor->at))
        cursor->at++;
    return cursor->at > begin;
}

/* As it is written: without zeros before it, and no "-0". */
static bool take_integer(struct cursor *cursor, int64_t *number)
{
    bool negative = TAKE(cursor, "-");
    const char *digits = cursor->at;
    int64_t value = 0;
    if (!take_digits(cursor) || cursor->at - digits > MOST_DIGITS ||
        (*digits == '0' && (cursor->at - digits > 1 || negative)))
        return false;
    for (const char *at = digits; at < cursor->at; at++)
        value = value * 10 + (*at - '0');
    *number = negative ? -value : value;
    return true;
}

static bool take_time(struct cursor *cursor, int64_t *time)
{
    return take_integer(cursor, time) && *time >= -TIME_MOST && *time <= TIME_MOST;
}

/* A decimal that is finite: of two digits of an exponent, every one is. */
static bool take_number(struct cursor *cursor, struct line_text *text)
{
    const char *begin = cursor->at;
    (void)TAKE(cursor, "-");
    if (!take_digits(cursor) || (TAKE(cursor, ".") && !take_digits(cursor)))
        return false;
    if (TAKE(cursor, "e")) {
        (void)(TAKE(cursor, "-") || TAKE(cursor, "+"));
        const char *exponent = cursor->at;
        if (!take_digits(cursor) || cursor->at - exponent > 2)
            return false;
    }
    *text = (struct line_text){begin, (size_t)(cursor->at - begin)};
    return text->length <= MOST_NUMBER && TAKE(cursor, "\"");
}

double line_text_number(struct line_text text)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    char copy[MOST_NUMBER + 1];
    bool negative = *text.at == '-';
    uint64_t digits = 0;
    size_t places = 0;
    bool in_places = false, is_short = text.length <= 15;
    for (size_t i = negative; i < text.length && is_short; i++) {
        if (text.at[i] == '.')
            in_places = true;
        else if (is_digit(text.at[i]))
            digits = digits * 10 + (uint64_t)(text.at[i] - '0'), places += in_places;
        else
            is_short = false;
    }
    /* Both are exact as doubles, so that the quotient is the nearest one (Clinger 1990). */
    if (is_short)
        return (negative ? -(double)digits : (double)digits) / tens[places];
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return strtod(copy, NULL);
}

/* Each digit's value and 16; of what is no digit, 0. */
static const uint8_t hex_values[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31};

static bool half_from_digits(const char *digits, uint64_t *half)
{
    uint8_t all = 16;
    *half = 0;
    for (int i = 0; i < 16; i++) {
        uint8_t value = hex_values[(unsigned char)digits[i]];
        all &= value;
        *half = *half << 4 | (value & 15);
    }
    return all & 16;
}

bool unit_from_digits(const char *digits, struct unit_hash *unit)
{
    return half_from_digits(digits, &unit->high) && half_from_digits(digits + 16, &unit->low);
}

/* ------------------------------------------------------------------------------------- pairs -- */

static void *another(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 8;
    return xrealloc(items, *room * size);
}

static struct unit_pair *add_pair(struct unit_line *unit)
{
    unit->pairs = another(unit->pairs, unit->pair_count, &unit->pair_room, sizeof *unit->pairs);
    unit->pairs[unit->pair_count] = (struct unit_pair){.kind = SAID_TRUTH};
    return &unit->pairs[unit->pair_count++];
}

static bool take_said(struct cursor *cursor, struct unit_pair *pair)
{
    const char *at = cursor->at;
    pair->kind = SAID_NUMBER;
    if (TAKE(cursor, "0") || TAKE(cursor, "1")) {
        pair->kind = SAID_TRUTH;
        pair->text = (struct line_text){at, 1};
        return true;
    }
    if (TAKE(cursor, "\""))
        return take_number(cursor, &pair->text);
    if (TAKE(cursor, "null")) {
        pair->kind = SAID_NOTHING;
        return true;
    }
    pair->kind = SAID_TWO;
    return TAKE(cursor, "[\"") && take_number(cursor, &pair->text) && TAKE(cursor, ",\"") &&
           take_number(cursor, &pair->second) && TAKE(cursor, "]");
}

static bool take_value(struct cursor *cursor, struct unit_pair *pair)
{
    return TAKE(cursor, "\"") && take_text(cursor, &pair->text);
}

/* Of an object, behind its brace; there may be none. */
static bool take_pairs(struct cursor *cursor, struct unit_line *unit,
                       bool (*take_one)(struct cursor *cursor, struct unit_pair *pair))
{
    struct line_text last = {NULL, 0};
    if (TAKE(cursor, "}"))
        return true;
    do {
        struct unit_pair *pair = add_pair(unit);
        if (!TAKE(cursor, "\"") || !take_text(cursor, &pair->name) || !TAKE(cursor, ":") ||
            (last.at && !comes_before(last, pair->name)) || !take_one(cursor, pair))
            return false;
        last = pair->name;
    } while (TAKE(cursor, ","));
    return TAKE(cursor, "}");
}

/* -------------------------------------------------------------------------------------- rows -- */

/* {"arm":…,"first":…,"values":{…}}, in this order. */
static bool take_exposed(struct cursor *cursor, struct unit_line *unit)
{
    unit->exposed =
        another(unit->exposed, unit->exposed_count, &unit->exposed_room, sizeof *unit->exposed);
    struct unit_exposed *exposed = &unit->exposed[unit->exposed_count++];
    *exposed = (struct unit_exposed){.pairs = unit->pair_count};
    if (!TAKE(cursor, "\"") || !take_text(cursor, &exposed->log) || !TAKE(cursor, ":{"))
        return false;
    if (TAKE(cursor, "\"arm\":\"") && (!take_text(cursor, &exposed->arm) || !TAKE(cursor, ",")))
        return false;
    exposed->crossover = TAKE(cursor, "\"crossover\":1,");
    if (!TAKE(cursor, "\"first\":") || !take_time(cursor, &exposed->first))
        return false;
    exposed->forced = TAKE(cursor, ",\"forced\":1");
    if (TAKE(cursor, ",\"values\":{") &&
        (!take_pairs(cursor, unit, take_value) || unit->pair_count == exposed->pairs))
        return false;
    exposed->pair_count = unit->pair_count - exposed->pairs;
    return TAKE(cursor, "}") &&
           (exposed->arm.at != NULL) + exposed->crossover + exposed->forced == 1;
}

static bool take_exposures(struct cursor *cursor, struct unit_line *unit)
{
    do {
        if (!take_exposed(cursor, unit))
            return false;
        const struct unit_exposed *last = &unit->exposed[unit->exposed_count - 1];
        if (unit->exposed_count > 1 && !comes_before(last[-1].log, last->log))
            return false;
    } while (TAKE(cursor, ","));
    return TAKE(cursor, "}");
}

/* [time,count,"digest",{…}] */
static bool take_saying(struct cursor *cursor, struct unit_line *unit)
{
    unit->sayings =
        another(unit->sayings, unit->saying_count, &unit->saying_room, sizeof *unit->sayings);
    struct unit_saying *saying = &unit->sayings[unit->saying_count++];
    int64_t count;
    *saying = (struct unit_saying){.pairs = unit->pair_count};
    if (!TAKE(cursor, "[") || !take_time(cursor, &saying->time) || !TAKE(cursor, ",") ||
        !take_integer(cursor, &count) || count <= 0 || count > MOST_COUNTED ||
        !TAKE(cursor, ",\"") || cursor->end - cursor->at < UNIT_TEXT ||
        !unit_from_digits(cursor->at, &saying->digest))
        return false;
    saying->count = (uint64_t)count;
    cursor->at += UNIT_TEXT - 1;
    if (!TAKE(cursor, "\","))
        return false;
    const char *said = cursor->at;
    if (!TAKE(cursor, "{") || !take_pairs(cursor, unit, take_said))
        return false;
    saying->pair_count = unit->pair_count - saying->pairs;
    saying->said = (struct line_text){said, (size_t)(cursor->at - said)};
    return TAKE(cursor, "]");
}

/* By time, and of one time by what was said; none alike. */
static bool take_sayings(struct cursor *cursor, struct unit_line *unit)
{
    do {
        if (!take_saying(cursor, unit))
            return false;
        const struct unit_saying *last = &unit->sayings[unit->saying_count - 1];
        if (unit->saying_count > 1 &&
            (last[-1].time > last->time ||
             (last[-1].time == last->time && !comes_before(last[-1].said, last->said))))
            return false;
    } while (TAKE(cursor, ","));
    return TAKE(cursor, "]");
}

bool unit_line_read(struct unit_line *unit, const char *line, size_t length)
{
    struct cursor cursor = {line, line + length};
    unit->line = (struct line_text){line, length};
    unit->exposed_count = unit->saying_count = unit->pair_count = 0;
    if (!TAKE(&cursor, "{\"key\":\"units/"))
        return false;
    cursor.at -= sizeof "units/" - 1;
    if (!take_text(&cursor, &unit->key))
        return false;
    if (TAKE(&cursor, ",\"exposed\":{"))
        return take_exposures(&cursor, unit) && TAKE(&cursor, "}") && cursor.at == cursor.end;
    return TAKE(&cursor, ",\"said\":[") && take_sayings(&cursor, unit) && TAKE(&cursor, "}") &&
           cursor.at == cursor.end;
}

void unit_line_release(struct unit_line *unit)
{
    free(unit->exposed);
    free(unit->sayings);
    free(unit->pairs);
    *unit = (struct unit_line){.exposed = NULL};
}
