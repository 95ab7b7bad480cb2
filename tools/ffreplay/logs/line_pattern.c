/* line_pattern.c - see line_pattern.h. */
#include "line_pattern.h"

#include <string.h>

#include "scan.h"

/* The first character that is not plain text in a string: usually the closing quote. */
static inline const char *string_end(const char *text)
{
    uint32_t found;
    while (!(found = scan_string(text)))
        text += SCAN_BYTES;
    return text + __builtin_ctz(found);
}

/* After digits, signs and points; anything else, such as an exponent, is not looked for. */
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

/* No branch on which word it is: one line does not predict the next. */
static inline const char *take_word(const char *text, struct value *value)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
    bool is_true = memcmp(&word, "true", sizeof word) == 0;
    bool is_null = memcmp(&word, "null", sizeof word) == 0;
    bool is_false = (memcmp(&word, "fals", sizeof word) == 0) & (text[sizeof word] == 'e');
    if (!(is_true | is_null | is_false))
        return NULL;
    set(value, is_null ? VALUE_NULL : VALUE_BOOLEAN, text, text + sizeof word + is_false);
    value->boolean = is_true;
    return text + sizeof word + is_false;
}

static inline const char *take_string(const char *text, struct value *value)
{
    const char *behind = string_end(text);
    set(value, VALUE_STRING, text, behind);
    return *behind == '"' ? behind + 1 : NULL;
}

static inline bool begins_number(const char *text)
{
    return (unsigned char)(*text - '0') < 10 || *text == '-';
}

static inline const char *take_number(const char *text, struct value *value)
{
    const char *behind = number_end(text);
    set(value, VALUE_NUMBER, text, behind);
    return behind;
}

/* Where the value that begins here ends; NULL if it is not a plain one. */
static const char *take(const char *text, struct value *value)
{
    if (*text == '"')
        return take_string(text + 1, value);
    return begins_number(text) ? take_number(text, value) : take_word(text, value);
}

/* -------------------------------------------------------------------------------- learning -- */

static void set_lead(struct pattern_step *step, const char *lead, size_t length)
{
    memset(step->lead, 0, sizeof step->lead);
    memcpy(step->lead, lead, length);
    step->length = (uint32_t)length;
    step->mask = length < SCAN_BYTES ? (1u << length) - 1 : UINT32_MAX;
}

static enum pattern_value kind_of(const char *text)
{
    return *text == '"' ? PATTERN_STRING : begins_number(text) ? PATTERN_NUMBER : PATTERN_WORD;
}

bool line_pattern_learn(struct line_pattern *pattern, const char *line, size_t length,
                        line_pattern_field_of *field_of, const void *user)
{
    const char *end = line + length, *at = line;
    pattern->count = 0;
    for (uint32_t count = 0; count < PATTERN_STEPS; count++) {
        const char *lead = at;
        if (end - at < 2 || *at != (count == 0 ? '{' : ',') || at[1] != '"')
            return false;
        const char *key = at + 2, *key_end = string_end(key);
        if (*key_end != '"' || end - key_end < 3 || key_end[1] != ':' ||
            key_end + 3 - lead > PATTERN_LEAD)
            return false;
        struct pattern_step *step = &pattern->steps[count];
        step->kind = kind_of(key_end + 2);
        set_lead(step, lead, (size_t)(key_end + 2 - lead) + (step->kind == PATTERN_STRING));
        step->field = field_of(user, key, (size_t)(key_end - key));
        struct value value;
        at = take(key_end + 2, &value);
        if (!at || at >= end)
            return false;
        if (end - at == 1 && *at == '}') {
            pattern->count = count + 1;
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------------------- reading -- */

static inline bool has_lead(const char *text, const struct pattern_step *step)
{
    if (scan_difference(text, step->lead) & step->mask)
        return false;
    return step->length <= SCAN_BYTES ||
           memcmp(text + SCAN_BYTES, step->lead + SCAN_BYTES, step->length - SCAN_BYTES) == 0;
}

/* The value has another kind than when the pattern was learnt. */
static const char *take_other(const char *text, const struct pattern_step *step,
                              struct value *value)
{
    size_t length = step->length - (step->kind == PATTERN_STRING); /* without the quote */
    return memcmp(text, step->lead, length) == 0 ? take(text + length, value) : NULL;
}

static inline const char *take_step(const char *text, const struct pattern_step *step,
                                    struct value *value)
{
    const char *begin = text + step->length;
    if (!has_lead(text, step))
        return take_other(text, step, value);
    if (step->kind == PATTERN_STRING)
        return take_string(begin, value);
    if (step->kind == PATTERN_NUMBER && begins_number(begin))
        return take_number(begin, value);
    const char *behind = step->kind == PATTERN_WORD ? take_word(begin, value) : NULL;
    return behind ? behind : take(begin, value);
}

/* Read in place of a line that does not match the pattern, so that no further step matches
 * either. */
static const char nothing[PATTERN_LEAD + SCAN_BYTES];

static inline const char *read_step(const char *at, const struct pattern_step *step,
                                    struct value *values)
{
    struct value skipped;
    at = take_step(at, step, step->field == PATTERN_SKIPS ? &skipped : &values[step->field]);
    return at ? at : nothing;
}

static inline size_t length_read(const struct line_pattern *pattern, const char *line,
                                 const char *at)
{
    bool ends = pattern->count > 0 && at[0] == '}' && (unsigned char)at[1] < ' ';
    return ends ? (size_t)(at + 1 - line) : 0;
}

size_t line_pattern_read(const struct line_pattern *pattern, const char *line, struct value *values)
{
    const char *at = line;
    for (uint32_t i = 0; i < pattern->count; i++)
        at = read_step(at, &pattern->steps[i], values);
    return length_read(pattern, line, at);
}

void line_pattern_read_abreast(const struct line_pattern *pattern,
                               const char *const lines[LINES_ABREAST],
                               struct value *const values[LINES_ABREAST],
                               size_t lengths[LINES_ABREAST])
{
    const char *at[LINES_ABREAST];
    memcpy(at, lines, sizeof at);
    for (uint32_t i = 0; i < pattern->count; i++)
#pragma GCC unroll 4
        for (int j = 0; j < LINES_ABREAST; j++)
            at[j] = read_step(at[j], &pattern->steps[i], values[j]);
    for (int j = 0; j < LINES_ABREAST; j++)
        lengths[j] = length_read(pattern, lines[j], at[j]);
}
