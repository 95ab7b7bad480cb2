/* grouping.c - see grouping.h. */
#include "grouping.h"

#include <string.h>

#include "compiler/base/arena.h"

static enum dimension_kind kind_of(const char *name)
{
    return strcmp(name, "variant") == 0  ? BY_VARIANT
           : strcmp(name, "stage") == 0  ? BY_STAGE
           : strcmp(name, "window") == 0 ? BY_WINDOW
                                         : BY_FIELD;
}

static const struct dimension *named(const struct grouping *grouping, const char *name)
{
    for (uint32_t i = 0; i < grouping->count; i++)
        if (strcmp(grouping->dimensions[i].name, name) == 0)
            return &grouping->dimensions[i];
    return NULL;
}

bool grouping_parse(struct grouping *grouping, const char *text, struct arena *arena,
                    const char **why)
{
    *grouping = (struct grouping){.text = text};
    for (const char *rest = text;; rest++) {
        size_t length = strcspn(rest, ",");
        const char *name = arena_copy(arena, rest, length);
        if (length == 0)
            *why = "it names nothing";
        else if (named(grouping, name))
            *why = arena_format(arena, "it names '%s' twice", name);
        else if (grouping->count == MOST_DIMENSIONS)
            *why = arena_format(arena, "it names more than %d things", MOST_DIMENSIONS);
        else
            *why = NULL;
        if (*why)
            return false;
        grouping->dimensions[grouping->count++] =
            (struct dimension){.kind = kind_of(name), .name = name};
        rest += length;
        if (*rest == '\0')
            return true;
    }
}

bool grouping_has(const struct grouping *grouping, enum dimension_kind kind)
{
    for (uint32_t i = 0; i < grouping->count; i++)
        if (grouping->dimensions[i].kind == kind)
            return true;
    return false;
}

void grouping_prepare(struct grouping *grouping, struct layout *layouts, uint32_t log,
                      uint32_t log_count)
{
    for (uint32_t i = 0; i < grouping->count; i++) {
        struct dimension *dimension = &grouping->dimensions[i];
        if (dimension->kind != BY_FIELD)
            continue;
        if (!dimension->places) {
            dimension->places = ARENA_ARRAY(layouts[log].arena, uint32_t, log_count);
            for (uint32_t j = 0; j < log_count; j++)
                dimension->places[j] = NO_PLACE;
        }
        dimension->places[log] = layout_field(&layouts[log], dimension->name).place;
    }
}

/* -------------------------------------------------------------------------------------- keys -- */

/* Big-endian, so that keys sort like numbers. */
static unsigned char *put_number(unsigned char *key, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *key++ = (unsigned char)(number >> (8 * i));
    return key;
}

static uint64_t take_number(const unsigned char **key, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++)
        number = number << 8 | *(*key)++;
    return number;
}

static unsigned char *put_text(unsigned char *key, const struct value *value)
{
    if (!value || !value_is_text(value)) {
        *key++ = PART_OF_NONE;
        return key;
    }
    size_t length = value_text_within(value, LONGEST_VALUE);
    *key++ = PART_OF_TEXT;
    memcpy(key, value->text, length);
    key[length] = 0;
    return key + length + 1;
}

size_t grouping_key(const struct grouping *grouping, const struct line_facts *facts,
                    unsigned char *key)
{
    unsigned char *end = key;
    for (uint32_t i = 0; i < grouping->count; i++) {
        const struct dimension *dimension = &grouping->dimensions[i];
        switch (dimension->kind) {
        case BY_VARIANT:
            end = put_number(end, facts->variant, 4);
            break;
        case BY_STAGE:
            end = put_number(end, facts->stage, 4);
            break;
        case BY_WINDOW:
            end = put_number(end, (uint64_t)facts->window ^ UINT64_C(1) << 63, 8);
            break;
        case BY_FIELD: {
            uint32_t place = dimension->places[facts->log];
            end = put_text(end, place == NO_PLACE ? NULL : &facts->event->values[place]);
        }
        }
    }
    return (size_t)(end - key);
}

struct part grouping_part(enum dimension_kind kind, const unsigned char **key)
{
    struct part part = {.known = true};
    switch (kind) {
    case BY_VARIANT:
    case BY_STAGE:
        part.place = (uint32_t)take_number(key, 4);
        part.known = part.place != NO_PLACE;
        break;
    case BY_WINDOW:
        part.window = (int64_t)(take_number(key, 8) ^ UINT64_C(1) << 63);
        break;
    case BY_FIELD:
        switch (*(*key)++) {
        case PART_OF_NONE:
            part.known = false;
            return part;
        case PART_OF_REST:
            part.rest = true;
            return part;
        default:
            break;
        }
        part.text = (const char *)*key;
        part.length = strlen(part.text);
        *key += part.length + 1;
    }
    return part;
}

/* The length of a part that is sound; 0: it is not. */
static size_t sound_part(enum dimension_kind kind, struct key_limits limits,
                         const unsigned char *key, size_t left)
{
    uint32_t most = kind == BY_VARIANT ? limits.variants : limits.stages, place;
    const unsigned char *at = key, *end;
    switch (kind) {
    case BY_VARIANT:
    case BY_STAGE:
        place = left < 4 ? most : (uint32_t)take_number(&at, 4);
        return left >= 4 && (place < most || place == NO_PLACE) ? 4 : 0;
    case BY_WINDOW:
        return left >= 8 ? 8 : 0;
    case BY_FIELD:
        break;
    }
    if (left == 0 || *key > PART_OF_REST)
        return 0;
    if (*key != PART_OF_TEXT)
        return 1;
    end = memchr(key, 0, left);
    end = end && end > key ? end : NULL;
    return end && end - key <= LONGEST_VALUE + 1 ? (size_t)(end - key) + 1 : 0;
}

bool grouping_key_is_sound(const struct grouping *grouping, struct key_limits limits,
                           const unsigned char *key, size_t length)
{
    for (uint32_t i = 0; i < grouping->count; i++) {
        size_t part = sound_part(grouping->dimensions[i].kind, limits, key, length);
        if (part == 0)
            return false;
        key += part;
        length -= part;
    }
    return length == 0;
}

size_t grouping_put_rest(unsigned char *key)
{
    *key = PART_OF_REST;
    return 1;
}
