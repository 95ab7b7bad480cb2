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

#define DEEPEST      8
#define LONGEST_PATH 256

/* A line that is learnt, as far as it was gone over. */
struct walk {
    const char *at;
    char path[LONGEST_PATH];              /* of the key before `at` */
    uint32_t lengths[DEEPEST + 1], depth; /* of the path of each object around it, with its dot */
    uint32_t length;
    line_pattern_field_of *field_of;
    const void *user;
};

static uint32_t mask_of(size_t length)
{
    return length < SCAN_BYTES ? (1u << length) - 1 : (1u << SCAN_BYTES) - 1;
}

static void set_lead(struct pattern_step *step, const char *lead, size_t length)
{
    memset(step->lead, 0, sizeof step->lead);
    memcpy(step->lead, lead, length);
    step->length = (uint32_t)length;
    step->mask = mask_of(length);
    step->more = length > SCAN_BYTES ? mask_of(length - SCAN_BYTES) : 0;
}

static enum pattern_value kind_of(const char *text)
{
    return *text == '"' ? PATTERN_STRING : begins_number(text) ? PATTERN_NUMBER : PATTERN_WORD;
}

static bool take_key(struct walk *walk)
{
    if (*walk->at != '"')
        return false;
    const char *key = walk->at + 1, *end = string_end(key);
    size_t length = (size_t)(end - key), before = walk->lengths[walk->depth];
    if (*end != '"' || end[1] != ':' || length >= LONGEST_PATH - before)
        return false;
    memcpy(walk->path + before, key, length);
    walk->length = (uint32_t)(before + length);
    walk->at = end + 2;
    return true;
}

static uint32_t field_here(const struct walk *walk)
{
    return walk->field_of(walk->user, walk->path, walk->length);
}

/* The object that begins there, if nobody wants it as such. */
static bool open_object(struct walk *walk)
{
    if (walk->depth == DEEPEST || walk->length + 1 >= LONGEST_PATH ||
        field_here(walk) != PATTERN_SKIPS)
        return false;
    walk->path[walk->length] = '.';
    walk->lengths[++walk->depth] = walk->length + 1;
    walk->at++;
    return true;
}

/* Whether what is written within objects, or with dots, has been there already: it may be the same
 * as before, which of two counts is the parser's to know. */
static bool comes_again(const struct line_pattern *pattern, const struct walk *walk, uint32_t field)
{
    bool again = false;
    for (uint32_t i = 0; i < pattern->count; i++)
        again |= pattern->steps[i].field == field;
    return again && field != PATTERN_SKIPS && memchr(walk->path, '.', walk->length);
}

static bool add_step(struct line_pattern *pattern, struct walk *walk, const char *lead)
{
    size_t length = (size_t)(walk->at - lead);
    uint32_t field = field_here(walk);
    if (pattern->count == PATTERN_STEPS || length + 1 > PATTERN_LEAD ||
        comes_again(pattern, walk, field))
        return false;
    struct pattern_step *step = &pattern->steps[pattern->count++];
    step->kind = kind_of(walk->at);
    set_lead(step, lead, length + (step->kind == PATTERN_STRING));
    step->field = field;
    struct value value;
    walk->at = take(walk->at, &value);
    return walk->at != NULL;
}

/* Of a key: more than one step, if it is an object. `*lead`: behind the step before. */
static bool add_value(struct line_pattern *pattern, struct walk *walk, const char **lead)
{
    if (walk->at[0] == '{' && walk->at[1] == '}') {
        walk->at += 2;
        return field_here(walk) == PATTERN_SKIPS;
    }
    if (!add_step(pattern, walk, *lead))
        return false;
    *lead = walk->at;
    return true;
}

/* Up to the next key; false: there is none. `*ends`: the line's object ends there. */
static bool go_on(struct walk *walk, bool *ends)
{
    while (!*ends && *walk->at == '}') {
        *ends = walk->depth == 0;
        walk->depth -= !*ends;
        walk->at++;
    }
    return *ends || *walk->at++ == ',';
}

static bool learn_keys(struct line_pattern *pattern, struct walk *walk)
{
    const char *lead = walk->at;
    bool ends = *walk->at++ != '{';
    while (!ends) {
        if (!take_key(walk))
            return false;
        if (walk->at[0] == '{' && walk->at[1] != '}') {
            if (!open_object(walk))
                return false;
        } else if (!add_value(pattern, walk, &lead) || !go_on(walk, &ends)) {
            return false;
        }
    }
    pattern->tail_length = (uint32_t)(walk->at - lead);
    if (pattern->tail_length > PATTERN_LEAD)
        return false;
    memcpy(pattern->tail, lead, pattern->tail_length);
    return pattern->count > 0;
}

bool line_pattern_learn(struct line_pattern *pattern, const char *line, size_t length,
                        line_pattern_field_of *field_of, const void *user)
{
    struct walk walk = {.at = line, .field_of = field_of, .user = user};
    pattern->count = 0;
    if (learn_keys(pattern, &walk) && walk.at == line + length)
        return true;
    pattern->count = 0;
    return false;
}

/* --------------------------------------------------------------------------------- reading -- */

static inline bool has_lead(const char *text, const struct pattern_step *step)
{
    if (scan_difference(text, step->lead) & step->mask)
        return false;
    if (step->length <= SCAN_BYTES)
        return true;
    if (scan_difference(text + SCAN_BYTES, step->lead + SCAN_BYTES) & step->more)
        return false;
    return step->length <= 2 * SCAN_BYTES ||
           memcmp(text + 2 * SCAN_BYTES, step->lead + 2 * SCAN_BYTES,
                  step->length - 2 * SCAN_BYTES) == 0;
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
    bool ends = pattern->count > 0 && memcmp(at, pattern->tail, pattern->tail_length) == 0 &&
                (unsigned char)at[pattern->tail_length] < ' ';
    return ends ? (size_t)(at + pattern->tail_length - line) : 0;
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
