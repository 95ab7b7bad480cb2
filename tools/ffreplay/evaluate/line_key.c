/* line_key.c - see line_key.h. */
#include "line_key.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "tools/ffreplay/logs/layout.h"

#define LARGEST_NUMBER 9007199254740992.0 /* 2^53 */
#define MOST_GATHERED  256

static uint32_t field_of(const struct line_key *key, const struct layout *layout)
{
    bool several = key->key && key->key->count > 1;
    if (key->whole)
        return !several && key->key->parts[0]->type == FFLAG_ATTRIBUTE_STRING ? key->places[0]
                                                                              : NO_PLACE;
    return several && log_units(layout->log, key->key) != UNITS_ARE_BUCKETED ? NO_PLACE
                                                                             : layout->unit;
}

struct line_key line_key_of(const struct line_context *line, const struct layout *layout,
                            const struct unit_key *key)
{
    struct line_key found = {.key = key, .whole = key != NULL};
    for (uint32_t i = 0; key && i < key->count; i++) {
        found.places[i] = line_context_place(line, key->parts[i]);
        found.whole &= found.places[i] != NO_PLACE;
    }
    found.field = field_of(&found, layout);
    return found;
}

struct part {
    const char *text;
    size_t length;
    char digits[24];
};

static bool read_number(const struct number *number, struct part *part)
{
    if (number->state != NUMBER_GIVEN || floor(number->number) != number->number ||
        fabs(number->number) > LARGEST_NUMBER)
        return false;
    part->text = part->digits;
    part->length =
        (size_t)snprintf(part->digits, sizeof part->digits, "%" PRId64, (int64_t)number->number);
    return true;
}

/* What line_context_fill() sets, as the library makes a key of it. */
static bool read_part(const struct line_key *key, uint32_t index, const struct event *event,
                      struct part *part)
{
    uint32_t place = key->places[index];
    if (place == NO_PLACE)
        return false;
    const struct value *value = &event->values[place];
    *part = (struct part){.text = value->text, .length = value->length};
    switch (key->key->parts[index]->type) {
    case FFLAG_ATTRIBUTE_STRING:
        return value_identifies(value) || value->kind == VALUE_BOOLEAN;
    case FFLAG_ATTRIBUTE_NUMBER:
        return read_number(&event->numbers[place], part);
    case FFLAG_ATTRIBUTE_BOOLEAN:
        return value_spells(value, "true") || value_spells(value, "false");
    case FFLAG_ATTRIBUTE_VERSION:
    case FFLAG_ATTRIBUTE_TIME:
    case FFLAG_ATTRIBUTE_STRINGS:
    case FFLAG_ATTRIBUTE_IP:
        break; /* nothing is bucketed by these */
    }
    return false;
}

bool line_key_is_given(const struct line_key *key, const struct event *event)
{
    struct part part;
    uint32_t given = 0;
    for (uint32_t i = 0; key->key && i < key->key->count; i++)
        given += read_part(key, i, event, &part);
    return key->key && (key->key->joined ? given == key->key->count : given > 0);
}

uint32_t line_key_fault(const struct line_key *key, const struct event *event)
{
    struct part part;
    for (uint32_t i = 0; key->key && i < key->key->count; i++)
        if (key->places[i] != NO_PLACE && !value_is_absent(&event->values[key->places[i]]) &&
            !read_part(key, i, event, &part))
            return key->places[i];
    return NO_PLACE;
}

static bool first_part(const struct line_key *key, const struct event *event,
                       struct unit_hash *unit)
{
    struct part part;
    for (uint32_t i = 0; i < key->key->count; i++)
        if (read_part(key, i, event, &part)) {
            *unit = unit_hash_of(part.text, part.length);
            return true;
        }
    return false;
}

static struct unit_hash hash_long(const struct part *parts, uint32_t count, const char *with)
{
    struct buffer text = {0};
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(&text, i ? with : "");
        buffer_append(&text, parts[i].text, parts[i].length);
    }
    struct unit_hash unit = unit_hash_of(text.bytes, text.length);
    buffer_release(&text);
    return unit;
}

static struct unit_hash hash_joined(const struct part *parts, uint32_t count, const char *with)
{
    char gathered[MOST_GATHERED];
    size_t between = strlen(with), length = between * (count - 1);
    for (uint32_t i = 0; i < count; i++)
        length += parts[i].length;
    if (length > sizeof gathered)
        return hash_long(parts, count, with);
    char *at = gathered;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(at, with, i ? between : 0);
        at += i ? between : 0;
        memcpy(at, parts[i].text, parts[i].length);
        at += parts[i].length;
    }
    return unit_hash_of(gathered, length);
}

bool line_key_unit(const struct line_key *key, const struct event *event, struct unit_hash *unit)
{
    struct part parts[MOST_KEY_PARTS];
    if (!key->key->joined)
        return first_part(key, event, unit);
    for (uint32_t i = 0; i < key->key->count; i++) {
        if (!read_part(key, i, event, &parts[i]))
            return false;
    }
    *unit = hash_joined(parts, key->key->count, key->key->with);
    return true;
}

bool line_unit(const struct line_key *key, const struct layout *layout, const struct event *event,
               struct unit_hash *unit)
{
    uint32_t field = key->field;
    if (layout->hashes_units && field != NO_PLACE && field == layout->unit) {
        *unit = event->unit;
        return event->has_unit;
    }
    if (key->whole)
        return line_key_unit(key, event, unit);
    if (field == NO_PLACE)
        return false;
    const struct value *value = &event->values[field];
    if (!value_identifies(value))
        return false;
    *unit = unit_hash_of(value->text, value->length);
    return true;
}

bool line_unit_is_fraction(const struct line_key *key, const struct event *event)
{
    uint32_t field = key->field != NO_PLACE ? key->field : key->whole ? key->places[0] : NO_PLACE;
    if (field == NO_PLACE)
        return false;
    const struct value *value = &event->values[field];
    size_t length = value->length;
    if (!value_identifies(value) || length < 3 || memcmp(value->text + length - 2, ".0", 2) != 0)
        return false;
    if (key->whole && key->key->parts[0]->type == FFLAG_ATTRIBUTE_NUMBER)
        return false; /* then they are the same */
    for (size_t i = 0; i < length - 2; i++)
        if (value->text[i] < '0' || value->text[i] > '9')
            return false;
    return true;
}
