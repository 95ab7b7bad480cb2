/*
 * parse_logfmt.c - logfmt: `key=value key="a text" key`, a record a line.
 *
 * A key without a value is true, as the format has it; a line in which no key has a value is
 * something else. In quotes, a backslash escapes as in JSON; in single ones, nothing does. Of a key
 * that stands there twice the last one counts, as in JSON. Everything must be a pair: other text
 * makes a line bad.
 */
#include "line_parser.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "unescape.h"

struct logfmt {
    struct line_parser parser;
    const char *const *paths;
    size_t *lengths; /* of the paths */
    uint32_t count;
    struct buffer *texts; /* by place: what had escapes */
};

struct cursor {
    const char *at, *end;
    bool has_no_ends; /* of texts in single quotes: what follows was looked through */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What services call fields; "a|b?c" is text. */
static bool is_key(char c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || (unsigned char)c > 0x7f ||
           (c && strchr("_.-/:@[]()#$*+", c));
}

static uint32_t place_of(const struct logfmt *self, const char *key, size_t length)
{
    for (uint32_t place = 0; place < self->count; place++)
        if (self->lengths[place] == length && memcmp(self->paths[place], key, length) == 0)
            return place;
    return self->count;
}

static void set(struct value *value, enum value_kind kind, const char *text, size_t length)
{
    value->kind = kind;
    value->text = text;
    value->length = (uint32_t)length;
}

/* Behind the opening quote. NULL, or what is wrong. */
static const char *take_quoted(struct logfmt *self, struct cursor *cursor, uint32_t place,
                               struct value *value)
{
    const char *begin = cursor->at;
    bool escapes = false;
    for (; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
        if (*cursor->at == '\0')
            return "a NUL in a text";
        escapes |= *cursor->at == '\\';
        cursor->at += *cursor->at == '\\';
    }
    if (cursor->at >= cursor->end)
        return "a quote that does not end";
    if (place < self->count && escapes) {
        struct buffer *text = &self->texts[place];
        unescape_json(text, begin, cursor->at);
        set(value, VALUE_STRING, text->length ? text->bytes : "", text->length);
    } else if (place < self->count) {
        set(value, VALUE_STRING, begin, (size_t)(cursor->at - begin));
    }
    cursor->at++;
    return cursor->at == cursor->end || is_blank(*cursor->at) ? NULL : "text after a quoted value";
}

/* Whether a quote there could be the last one of a text: a pair follows it, or nothing. */
static bool may_end_text(const char *quote, const char *end)
{
    const char *at = quote + 1;
    while (at < end && is_blank(*at))
        at++;
    if (at == end)
        return true;
    if (at == quote + 1)
        return false;
    const char *key = at;
    while (at < end && *at != '=' && is_key(*at))
        at++;
    return at < end && *at == '=' && at > key;
}

/*
 * A word, or, as lograge writes an exception's message, a text with blanks, which may have such
 * quotes itself: it ends in exactly one place, or the line is bad. False: the quote is a character.
 */
static bool take_single_quoted(struct cursor *cursor, struct value *value, const char **problem)
{
    const char *begin = cursor->at + 1, *last = begin;
    uint32_t ends = 0;
    while (last < cursor->end && !is_blank(*last))
        last++;
    bool is_word = last > begin && last[-1] == '\'';
    last -= is_word;
    for (const char *at = begin; at < cursor->end && !is_word && !cursor->has_no_ends; at++)
        if (*at == '\'' && may_end_text(at, cursor->end)) {
            last = at;
            ends++;
        }
    cursor->has_no_ends |= !is_word;
    if (!is_word && ends == 0)
        return false;
    *problem = ends > 1 ? "a text in single quotes that could end in several places" : NULL;
    if (value)
        set(value, VALUE_STRING, begin, (size_t)(last - begin));
    cursor->at = last + 1;
    return true;
}

static const char *take_value(struct logfmt *self, struct cursor *cursor, uint32_t place,
                              struct value *value)
{
    if (cursor->at < cursor->end && *cursor->at == '"') {
        cursor->at++;
        return take_quoted(self, cursor, place, value);
    }
    const char *begin = cursor->at, *problem;
    if (begin < cursor->end && *begin == '\'' &&
        take_single_quoted(cursor, place < self->count ? value : NULL, &problem))
        return problem;
    for (; cursor->at < cursor->end && !is_blank(*cursor->at); cursor->at++)
        if (*cursor->at == '"' || (unsigned char)*cursor->at < ' ')
            return "a quote or a control character in a value without quotes";
    if (place < self->count)
        set(value, cursor->at > begin ? VALUE_STRING : VALUE_ABSENT, begin,
            (size_t)(cursor->at - begin));
    return NULL;
}

static const char *take_pair(struct logfmt *self, struct cursor *cursor, struct value *values,
                             bool *has_value)
{
    const char *key = cursor->at;
    for (; cursor->at < cursor->end && *cursor->at != '=' && !is_blank(*cursor->at); cursor->at++)
        if (!is_key(*cursor->at))
            return "expected KEY=VALUE";
    size_t length = (size_t)(cursor->at - key);
    if (length == 0)
        return "a value without its key";
    uint32_t place = place_of(self, key, length);
    struct value *value = place < self->count ? &values[place] : NULL;
    if (cursor->at < cursor->end && *cursor->at == '=') {
        cursor->at++;
        *has_value = true;
        return take_value(self, cursor, place, value);
    }
    if (value) {
        set(value, VALUE_BOOLEAN, "true", 4);
        value->boolean = true;
    }
    return NULL;
}

static bool logfmt_parse(struct line_parser *parser, const char *line, size_t length,
                         struct value *values, struct line_problem *problem)
{
    struct logfmt *self = (struct logfmt *)parser;
    struct cursor cursor = {.at = line, .end = line + length};
    bool has_value = false;
    problem->text = NULL;
    for (uint32_t place = 0; place < self->count; place++)
        values[place].kind = VALUE_ABSENT;
    while (!problem->text) {
        while (cursor.at < cursor.end && is_blank(*cursor.at))
            cursor.at++;
        if (cursor.at == cursor.end)
            break;
        problem->text = take_pair(self, &cursor, values, &has_value);
    }
    problem->column = (size_t)(cursor.at - line) + 1;
    if (!problem->text && !has_value) {
        problem->text = "expected KEY=VALUE";
        problem->column = 1;
    }
    return !problem->text;
}

static void logfmt_close(struct line_parser *parser)
{
    struct logfmt *self = (struct logfmt *)parser;
    for (uint32_t place = 0; place < self->count; place++)
        buffer_release(&self->texts[place]);
    free(self->texts);
    free(self->lengths);
    free(self);
}

struct line_parser *logfmt_parser(const char *const *paths, uint32_t count)
{
    struct logfmt *self = xcalloc(1, sizeof *self);
    self->parser.parse = logfmt_parse;
    self->parser.close = logfmt_close;
    self->paths = paths;
    self->count = count;
    self->lengths = xcalloc(count, sizeof *self->lengths);
    self->texts = xcalloc(count, sizeof *self->texts);
    for (uint32_t place = 0; place < count; place++)
        self->lengths[place] = strlen(paths[place]);
    return &self->parser;
}
