/* shape.c - see shape.h. */
#include "shape.h"

#include <string.h>

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH_BITS       EACH_BYTE(0x80)

static uint64_t load(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* The high bit of each byte that is zero; behind the first one, of others, too. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & HIGH_BITS;
}

/* The quote that ends a string of plain ASCII, `text` being behind the one that begins it; NULL
 * when something else than such text comes first. Eight bytes at a time; memory is little-endian.
 */
static const char *string_end(const char *text, const char *end)
{
    for (; text < end; text += 8) {
        uint64_t word = load(text);
        uint64_t control = (word - EACH_BYTE(0x20)) & ~word & HIGH_BITS;
        uint64_t found = zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\')) |
                         control | (word & HIGH_BITS);
        if (!found)
            continue;
        text += __builtin_ctzll(found) / 8;
        return text < end && *text == '"' ? text : NULL;
    }
    return NULL;
}

/* Behind digits, signs and points; what else is there, an exponent say, is not looked for. */
static const char *number_end(const char *text, const char *end)
{
    for (; text < end; text += 8) {
        uint64_t word = load(text);
        uint64_t below = (word - EACH_BYTE('+')) & ~word & HIGH_BITS;
        uint64_t above = ((word & ~HIGH_BITS) + EACH_BYTE(0x7f - '9')) | word;
        uint64_t found = below | (above & HIGH_BITS) | zero_bytes(word ^ EACH_BYTE(','));
        if (!found)
            continue;
        text += __builtin_ctzll(found) / 8;
        return text < end ? text : end;
    }
    return end;
}

static const char *word_end(const char *text, const char *end, const char *word, size_t length)
{
    return (size_t)(end - text) >= length && memcmp(text, word, length) == 0 ? text + length : NULL;
}

/* Where the value ends that begins here; NULL: it is not a plain one. */
static const char *take(const char *text, const char *end, struct value *value)
{
    if (text >= end)
        return NULL;
    const char *behind;
    switch (*text) {
    case '"':
        behind = string_end(text + 1, end);
        if (!behind)
            return NULL;
        value->kind = VALUE_STRING;
        value->text = text + 1;
        value->length = (uint32_t)(behind - value->text);
        return behind + 1;
    case 't':
    case 'f':
        value->boolean = *text == 't';
        behind = value->boolean ? word_end(text, end, "true", 4) : word_end(text, end, "false", 5);
        value->kind = VALUE_BOOLEAN;
        break;
    case 'n':
        behind = word_end(text, end, "null", 4);
        value->kind = VALUE_ABSENT;
        break;
    default:
        if (*text != '-' && (*text < '0' || *text > '9'))
            return NULL;
        behind = number_end(text, end);
        value->kind = VALUE_NUMBER;
    }
    if (!behind)
        return NULL;
    value->text = text;
    value->length = (uint32_t)(behind - text);
    return behind;
}

/* -------------------------------------------------------------------------------- learning -- */

static void set_lead(struct shape_step *step, const char *lead, size_t length)
{
    memset(step->lead, 0, sizeof step->lead);
    memcpy(step->lead, lead, length);
    step->length = (uint32_t)length;
    size_t rest = length % 8;
    step->last_mask = rest == 0 ? UINT64_MAX : (UINT64_C(1) << (8 * rest)) - 1;
}

bool shape_learn(struct shape *shape, const char *line, size_t length, shape_field_of *field_of,
                 const void *user)
{
    const char *end = line + length, *at = line;
    shape->count = 0;
    for (uint32_t count = 0; count < SHAPE_STEPS; count++) {
        const char *lead = at;
        if (end - at < 2 || *at != (count == 0 ? '{' : ',') || at[1] != '"')
            return false;
        const char *key = at + 2, *key_end = string_end(key, end);
        if (!key_end || end - key_end < 2 || key_end[1] != ':' || key_end + 2 - lead > SHAPE_LEAD)
            return false;
        struct shape_step *step = &shape->steps[count];
        set_lead(step, lead, (size_t)(key_end + 2 - lead));
        step->field = field_of(user, key, (size_t)(key_end - key));
        struct value value;
        at = take(key_end + 2, end, &value);
        if (!at)
            return false;
        if (end - at == 1 && *at == '}') {
            shape->count = count + 1;
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------------------- reading -- */

static bool has_lead(const char *text, const struct shape_step *step)
{
    const uint64_t *lead = step->lead;
    uint32_t length = step->length;
    for (; length > 8; length -= 8, text += 8, lead++)
        if (load(text) != *lead)
            return false;
    return (load(text) & step->last_mask) == *lead;
}

bool shape_read(const struct shape *shape, const char *line, size_t length, struct value *values)
{
    const char *at = line, *end = line + length;
    struct value skipped;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct shape_step *step = &shape->steps[i];
        if (at >= end || !has_lead(at, step))
            return false;
        at = take(at + step->length, end,
                  step->field == SHAPE_SKIPS ? &skipped : &values[step->field]);
        if (!at)
            return false;
    }
    return end - at == 1 && *at == '}';
}
