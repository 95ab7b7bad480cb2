/* shape.c - see shape.h. */
#include "shape.h"

#include <string.h>

#include "scan.h"

/* The first character that is not plain text of a string: the quote that ends it, most often. */
static inline const char *string_end(const char *text)
{
    uint32_t found;
    while (!(found = scan_string(text)))
        text += SCAN_BYTES;
    return text + __builtin_ctz(found);
}

/* Behind digits, signs and points; what else is there, an exponent say, is not looked for. */
static inline const char *number_end(const char *text)
{
    uint32_t found;
    while (!(found = scan_number(text)))
        text += SCAN_BYTES;
    return text + __builtin_ctz(found);
}

static inline void set(struct value *value, enum value_kind kind, const char *text,
                       const char *behind)
{
    value->kind = kind;
    value->text = text;
    value->length = (uint32_t)(behind - text);
}

static const char *take_word(const char *text, struct value *value)
{
    static const struct {
        const char *text;
        size_t length;
        enum value_kind kind;
    } words[] = {
        {"true", 4, VALUE_BOOLEAN}, {"false", 5, VALUE_BOOLEAN}, {"null", 4, VALUE_ABSENT}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memcmp(text, words[i].text, words[i].length) == 0) {
            set(value, words[i].kind, text, text + words[i].length);
            value->boolean = i == 0;
            return text + words[i].length;
        }
    return NULL;
}

/* Where the value ends that begins here; NULL: it is not a plain one. */
static inline const char *take(const char *text, struct value *value)
{
    const char *behind;
    if (*text == '"') {
        behind = string_end(text + 1);
        set(value, VALUE_STRING, text + 1, behind);
        return *behind == '"' ? behind + 1 : NULL;
    }
    if (*text != '-' && (*text < '0' || *text > '9'))
        return take_word(text, value);
    behind = number_end(text);
    set(value, VALUE_NUMBER, text, behind);
    return behind;
}

/* -------------------------------------------------------------------------------- learning -- */

static void set_lead(struct shape_step *step, const char *lead, size_t length)
{
    memset(step->lead, 0, sizeof step->lead);
    memcpy(step->lead, lead, length);
    step->length = (uint32_t)length;
    step->mask = length < SCAN_BYTES ? (1u << length) - 1 : UINT32_MAX;
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
        const char *key = at + 2, *key_end = string_end(key);
        if (*key_end != '"' || end - key_end < 3 || key_end[1] != ':' ||
            key_end + 3 - lead > SHAPE_LEAD)
            return false;
        struct shape_step *step = &shape->steps[count];
        step->is_string = key_end[2] == '"';
        set_lead(step, lead, (size_t)(key_end + 2 + step->is_string - lead));
        step->field = field_of(user, key, (size_t)(key_end - key));
        struct value value;
        at = take(key_end + 2, &value);
        if (!at || at >= end)
            return false;
        if (end - at == 1 && *at == '}') {
            shape->count = count + 1;
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------------------- reading -- */

static inline bool has_lead(const char *text, const struct shape_step *step)
{
    if (scan_difference(text, step->lead) & step->mask)
        return false;
    return step->length <= SCAN_BYTES ||
           memcmp(text + SCAN_BYTES, step->lead + SCAN_BYTES, step->length - SCAN_BYTES) == 0;
}

/* The value is of another kind than it was when the shape was learnt. */
static const char *take_other(const char *text, const struct shape_step *step, struct value *value)
{
    size_t length = step->length - 1; /* without the quote */
    return step->is_string && memcmp(text, step->lead, length) == 0 ? take(text + length, value)
                                                                    : NULL;
}

bool shape_read(const struct shape *shape, const char *line, size_t length, struct value *values)
{
    const char *at = line, *last = line + length - 1;
    struct value skipped;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct shape_step *step = &shape->steps[i];
        struct value *value = step->field == SHAPE_SKIPS ? &skipped : &values[step->field];
        if (!has_lead(at, step)) {
            at = take_other(at, step, value);
        } else if (step->is_string) {
            const char *text = at + step->length;
            at = string_end(text);
            set(value, VALUE_STRING, text, at);
            at = *at == '"' ? at + 1 : NULL;
        } else {
            at = take(at + step->length, value);
        }
        if (!at || at > last)
            return false;
    }
    return at == last && *at == '}';
}
