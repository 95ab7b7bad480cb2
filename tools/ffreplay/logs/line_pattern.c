/* line_pattern.c - see line_pattern.h. */
#include "line_pattern.h"

#include <assert.h>
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

/* More of what precedes the next value. A piece of SCAN_BYTES is read from wherever it begins. */
static bool add_text(struct line_pattern *pattern, const char *text, size_t length)
{
    if (length + SCAN_BYTES > sizeof pattern->text - pattern->length)
        return false;
    memcpy(pattern->text + pattern->length, text, length);
    pattern->length += (uint32_t)length;
    return true;
}

/* Where the lead begins that is not yet a step's. */
static uint32_t open_lead(const struct line_pattern *pattern)
{
    const struct pattern_step *next = &pattern->steps[pattern->count];
    return pattern->count > 0 ? next[-1].lead + next[-1].length : 0;
}

/* That is all of it. */
static void add_lead(struct line_pattern *pattern, enum pattern_value kind, uint32_t field)
{
    uint32_t lead = open_lead(pattern), length = pattern->length - lead;
    struct pattern_step *step = &pattern->steps[pattern->count++];
    *step = (struct pattern_step){
        .kind = kind,
        .lead = lead,
        .length = length,
        .mask = mask_of(length),
        .field = field,
        .first_constant = pattern->count > 1 ? step[-1].end_constant : 0,
        .end_constant = pattern->constant_count,
    };
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
    uint32_t field = field_here(walk);
    enum pattern_value kind = kind_of(walk->at);
    size_t length = (size_t)(walk->at - lead) + (kind == PATTERN_STRING);
    if (pattern->count == PATTERN_STEPS || comes_again(pattern, walk, field) ||
        !add_text(pattern, lead, length))
        return false;
    add_lead(pattern, kind, field);
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
    if (pattern->count == 0 || !add_text(pattern, lead, (size_t)(walk->at - lead)))
        return false;
    add_lead(pattern, PATTERN_END, PATTERN_SKIPS);
    return true;
}

static void forget(struct line_pattern *pattern)
{
    pattern->count = pattern->constant_count = pattern->length = 0;
}

bool line_pattern_learn(struct line_pattern *pattern, const char *line, size_t length,
                        line_pattern_field_of *field_of, const void *user)
{
    struct walk walk = {.at = line, .field_of = field_of, .user = user};
    forget(pattern);
    if (learn_keys(pattern, &walk) && walk.at == line + length)
        return true;
    forget(pattern);
    return false;
}

/* --------------------------------------------------------------------------------- reading -- */

/*
 * What is longer than a piece of SCAN_BYTES, behind the first of them. No piece is read unless the
 * one before is the same, so none begins behind the line's end: a lead does not have that.
 */
static inline bool has_rest(const char *text, const char *lead, size_t length)
{
    for (size_t i = SCAN_BYTES; i + SCAN_BYTES < length; i += SCAN_BYTES)
        if (scan_difference(text + i, lead + i))
            return false;
    return !scan_difference(text + length - SCAN_BYTES, lead + length - SCAN_BYTES);
}

static inline bool is_text(const char *text, const char *lead, size_t length, uint32_t mask)
{
    return !(scan_difference(text, lead) & mask) &&
           (length <= SCAN_BYTES || has_rest(text, lead, length));
}

static inline bool has_lead(const struct line_pattern *pattern, const struct pattern_step *step,
                            const char *text)
{
    return is_text(text, pattern->text + step->lead, step->length, step->mask);
}

/* The value has another kind than when the pattern was learnt. */
static const char *take_other(const struct line_pattern *pattern, const struct pattern_step *step,
                              const char *text, struct value *value)
{
    size_t length = step->length - (step->kind == PATTERN_STRING); /* without the quote */
    bool is_led = is_text(text, pattern->text + step->lead, length, mask_of(length));
    return is_led ? take(text + length, value) : NULL;
}

/* In the lead that is to be there; a line that does not have it is not read. */
static inline void set_constants(const struct line_pattern *pattern,
                                 const struct pattern_step *step, int count, const char *const *at,
                                 struct value *const *values)
{
    for (uint32_t i = step->first_constant; i < step->end_constant; i++) {
        const struct pattern_constant *constant = &pattern->constants[i];
#pragma GCC unroll 4
        for (int j = 0; j < count; j++) {
            struct value *value = &values[j][constant->field];
            memcpy(value, &constant->value, sizeof *value);
            value->text = at[j] + constant->offset;
        }
    }
}

/* Read in place of a line that does not match the pattern, so that no further step matches
 * either. */
static const char nothing[PATTERN_TEXT];

/* `kind`: the step's, so that each has code of its own. */
static inline __attribute__((always_inline)) const char *
read_value(const struct line_pattern *pattern, const struct pattern_step *step,
           enum pattern_value kind, const char *text, struct value *values)
{
    struct value skipped, *value = step->field == PATTERN_SKIPS ? &skipped : &values[step->field];
    const char *begin = text + step->length, *behind = NULL;
    if (has_lead(pattern, step, text)) {
        if (kind == PATTERN_STRING)
            behind = take_string(begin, value);
        if (kind == PATTERN_NUMBER && begins_number(begin))
            return take_number(begin, value);
        if (kind == PATTERN_WORD)
            behind = take_word(begin, value);
    }
    if (!behind)
        behind = take_other(pattern, step, text, value);
    return behind ? behind : nothing;
}

/* The same step of `count` lines. */
static inline __attribute__((always_inline)) void read_step(const struct line_pattern *pattern,
                                                            const struct pattern_step *step,
                                                            int count, const char **at,
                                                            struct value *const *values)
{
    set_constants(pattern, step, count, at, values);
    switch (step->kind) {
    case PATTERN_STRING:
#pragma GCC unroll 4
        for (int j = 0; j < count; j++)
            at[j] = read_value(pattern, step, PATTERN_STRING, at[j], values[j]);
        break;
    case PATTERN_NUMBER:
#pragma GCC unroll 4
        for (int j = 0; j < count; j++)
            at[j] = read_value(pattern, step, PATTERN_NUMBER, at[j], values[j]);
        break;
    case PATTERN_WORD:
#pragma GCC unroll 4
        for (int j = 0; j < count; j++)
            at[j] = read_value(pattern, step, PATTERN_WORD, at[j], values[j]);
        break;
    case PATTERN_END:
        break;
    }
}

/* The line's length, if what follows its last value does so here; or 0. */
static inline size_t end_line(const struct line_pattern *pattern, const struct pattern_step *last,
                              const char *line, const char *at, struct value *values)
{
    if (!has_lead(pattern, last, at) || (unsigned char)at[last->length] >= ' ')
        return 0;
    set_constants(pattern, last, 1, &at, &values);
    return (size_t)(at + last->length - line);
}

size_t line_pattern_read(const struct line_pattern *pattern, const char *line, struct value *values)
{
    if (pattern->count == 0)
        return 0;
    const struct pattern_step *step = pattern->steps, *last = step + pattern->count - 1;
    const char *at = line;
    for (; step < last && at != nothing; step++)
        read_step(pattern, step, 1, &at, &values);
    return end_line(pattern, last, line, at, values);
}

void line_pattern_read_abreast(const struct line_pattern *pattern,
                               const char *const lines[LINES_ABREAST],
                               struct value *const values[LINES_ABREAST],
                               size_t lengths[LINES_ABREAST])
{
    const char *at[LINES_ABREAST];
    memcpy(at, lines, sizeof at);
    memset(lengths, 0, LINES_ABREAST * sizeof *lengths);
    if (pattern->count == 0)
        return;
    const struct pattern_step *step = pattern->steps, *last = step + pattern->count - 1;
    for (; step < last; step++)
        read_step(pattern, step, LINES_ABREAST, at, values);
    for (int j = 0; j < LINES_ABREAST; j++)
        lengths[j] = end_line(pattern, last, lines[j], at[j], values[j]);
}

/* ------------------------------------------------------------------------------- constants -- */

static_assert(PATTERN_STEPS <= 64, "a watch has a bit for each");

/* One that has no room is no constant. */
static void note_first(struct pattern_watch *watch, uint32_t i, const char *text, size_t length)
{
    watch->values[i].at = watch->length;
    watch->values[i].length = (uint32_t)length;
    if (length + SCAN_BYTES > sizeof watch->text - watch->length)
        return;
    memcpy(watch->text + watch->length, text, length);
    watch->text[watch->length + length] = '\0';
    watch->length += (uint32_t)length + 1;
    watch->same |= (uint64_t)1 << i;
}

static void note_next(struct pattern_watch *watch, uint32_t i, const char *text, size_t length)
{
    bool is_same = length == watch->values[i].length &&
                   memcmp(text, watch->text + watch->values[i].at, length) == 0;
    watch->same &= ~((uint64_t)!is_same << i);
}

void line_pattern_watch(const struct line_pattern *pattern, const char *line,
                        struct pattern_watch *watch)
{
    const char *at = line;
    struct value skipped;
    for (uint32_t i = 0; i + 1 < pattern->count; i++) {
        const struct pattern_step *step = &pattern->steps[i];
        const char *text = at + step->length - (step->kind == PATTERN_STRING);
        at = take(text, &skipped);
        if (watch->lines == 0)
            note_first(watch, i, text, (size_t)(at - text));
        else if (watch->same >> i & 1)
            note_next(watch, i, text, (size_t)(at - text));
    }
    watch->lines++;
}

/* What stands in `watch` as the step's value becomes part of the next lead. */
static bool add_constant(struct line_pattern *firm, const struct pattern_watch *watch, uint32_t i,
                         uint32_t field)
{
    const char *text = watch->text + watch->values[i].at;
    struct value value = {0};
    (void)take(text, &value);
    if (field != PATTERN_SKIPS)
        firm->constants[firm->constant_count++] = (struct pattern_constant){
            .field = field,
            .offset = firm->length - open_lead(firm) + (uint32_t)(value.text - text),
            .value = value,
        };
    return add_text(firm, text, watch->values[i].length);
}

static bool make_step_firm(struct line_pattern *firm, const struct line_pattern *pattern,
                           const struct pattern_watch *watch, uint32_t i)
{
    const struct pattern_step *step = &pattern->steps[i];
    bool is_constant = step->kind != PATTERN_END && watch->same >> i & 1;
    uint32_t quote = is_constant && step->kind == PATTERN_STRING;
    if (!add_text(firm, pattern->text + step->lead, step->length - quote))
        return false;
    if (is_constant)
        return add_constant(firm, watch, i, step->field);
    add_lead(firm, step->kind, step->field);
    return true;
}

bool line_pattern_make_firm(struct line_pattern *firm, const struct line_pattern *pattern,
                            const struct pattern_watch *watch)
{
    forget(firm);
    bool is_firm = watch->same != 0;
    for (uint32_t i = 0; is_firm && i < pattern->count; i++)
        is_firm = make_step_firm(firm, pattern, watch, i);
    if (!is_firm)
        forget(firm);
    return is_firm;
}
