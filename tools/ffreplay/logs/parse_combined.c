/*
 * parse_combined.c - Apache's and nginx's `combined` log format, and `common`, its first part.
 *
 *     ADDRESS IDENT USER [TIME] "METHOD PATH PROTOCOL" STATUS BYTES "REFERER" "USER AGENT"
 *
 * and `main`, the default of nginx's packages, with "X-FORWARDED-FOR" after it. A line is exactly
 * one of the three, or bad: if anything precedes it, its fields would not be what they seem. In
 * quotes, a backslash escapes, as both servers write it. "-" stands for nothing; only for the bytes
 * does it mean 0.
 */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "line_parser.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/model/model.h"

enum combined_field {
    REMOTE_ADDR,
    REMOTE_USER,
    TIME,
    REQUEST,
    METHOD,
    PATH,
    PROTOCOL,
    STATUS,
    BYTES,
    REFERER,
    USER_AGENT,
    FIELD_COUNT
};

/* ORDER of combined_field_names. */
const size_t combined_field_count = FIELD_COUNT;

struct combined {
    struct line_parser parser;
    uint32_t place[FIELD_COUNT]; /* in the caller's values */
    bool wanted[FIELD_COUNT];
    struct buffer unescaped[FIELD_COUNT];
};

#define STATUS_DIGITS 3

/* The rest of the line. */
struct cursor {
    const char *at;
    const char *end;
};

static void put(struct combined *self, struct value *values, enum combined_field field,
                enum value_kind kind, const char *text, size_t length)
{
    if (!self->wanted[field] || (length == 1 && *text == '-' && field != BYTES))
        return;
    struct value *value = &values[self->place[field]];
    value->kind = kind;
    value->text = text;
    value->length = (uint32_t)length;
}

/* The text up to `stop`; moves the cursor past it. */
static bool take_until(struct cursor *cursor, char stop, const char **text, size_t *length)
{
    const char *found = memchr(cursor->at, stop, (size_t)(cursor->end - cursor->at));
    if (!found || found == cursor->at)
        return false;
    *text = cursor->at;
    *length = (size_t)(found - cursor->at);
    cursor->at = found + 1;
    return true;
}

static bool take_char(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void unescape(struct buffer *out, const char *text, size_t length)
{
    static const char from[] = "nrtbv", to[] = "\n\r\t\b\v";
    out->length = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < length) {
            c = text[++i];
            const char *control = memchr(from, c, sizeof from - 1);
            if (control) {
                c = to[control - from];
            } else if (c == 'x' && i + 2 < length && hex_digit(text[i + 1]) >= 0 &&
                       hex_digit(text[i + 2]) >= 0) {
                c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
                i += 2;
            }
        }
        buffer_append(out, &c, 1);
    }
}

/* A quoted text; if it has escapes, it is unescaped into memory owned by the field. FIELD_COUNT: it
 * is not needed. */
static bool take_quoted(struct combined *self, struct cursor *cursor, enum combined_field field,
                        const char **text, size_t *length)
{
    if (!take_char(cursor, '"'))
        return false;
    const char *begin = cursor->at;
    bool escapes = false;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (*cursor->at == '\\') {
            escapes = true;
            cursor->at++;
        }
        cursor->at++;
    }
    if (cursor->at >= cursor->end)
        return false;
    *text = begin;
    *length = (size_t)(cursor->at - begin);
    cursor->at++;
    if (escapes && field != FIELD_COUNT && (self->wanted[field] || field == REQUEST)) {
        unescape(&self->unescaped[field], begin, *length);
        *text = self->unescaped[field].bytes;
        *length = self->unescaped[field].length;
    }
    return true;
}

/* "GET /path?query HTTP/1.1"; anything else stays a request without parts. */
static void split_request(struct combined *self, struct value *values, const char *text,
                          size_t length)
{
    put(self, values, REQUEST, VALUE_STRING, text, length);
    const char *end = text + length;
    const char *first = memchr(text, ' ', length);
    const char *last = memrchr(text, ' ', length);
    if (!first || first == last)
        return;
    put(self, values, METHOD, VALUE_STRING, text, (size_t)(first - text));
    put(self, values, PROTOCOL, VALUE_STRING, last + 1, (size_t)(end - last - 1));
    const char *query = memchr(first + 1, '?', (size_t)(last - first - 1));
    put(self, values, PATH, VALUE_STRING, first + 1, (size_t)((query ? query : last) - first - 1));
}

static bool take_number(struct combined *self, struct cursor *cursor, enum combined_field field,
                        struct value *values)
{
    const char *text = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    if (cursor->at > text)
        put(self, values, field, VALUE_NUMBER, text, (size_t)(cursor->at - text));
    else if (!take_char(cursor, '-'))
        return false;
    else if (field == BYTES)
        put(self, values, field, VALUE_NUMBER, "0", 1);
    return cursor->at == cursor->end || *cursor->at == ' ';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* An IPv4 address, or a possible IPv6 address, with any zone: a time of day has two colons, too. */
static bool is_address(const char *text, size_t length)
{
    const char *zone = memchr(text, '%', length);
    size_t own = zone ? (size_t)(zone - text) : length;
    size_t dots = 0, colons = 0, digits = 0, hex = 0;
    for (size_t i = 0; i < own; i++) {
        dots += text[i] == '.';
        colons += text[i] == ':';
        digits += is_digit(text[i]);
        hex += hex_digit(text[i]) >= 0;
    }
    return (colons >= 2 && dots + colons + hex == own) ||
           (dots == 3 && digits > 3 && dots + digits == length);
}

/* A name has no colon, except nginx's "unix:": one with a port is a virtual host's. */
static bool is_host(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i], letter = (char)(c | 0x20);
        if (!is_digit(c) && (letter < 'a' || letter > 'z') && !memchr("._-:%", c, 5))
            return false;
    }
    const char *colon = memchr(text, ':', length);
    return !colon || is_address(text, length) || (length == 5 && memcmp(text, "unix:", 5) == 0);
}

/* Names may contain blanks, if no IDENT is given as well. A word that is "-" or an address is a
 * separate field: something else precedes the line. */
static bool is_user(const char *text, size_t length, bool has_ident)
{
    const char *end = text + length, *blank = memchr(text, ' ', length);
    if (!blank)
        return true;
    for (const char *word = text; word < end && !has_ident; word = blank + 1) {
        blank = memchr(word, ' ', (size_t)(end - word));
        blank = blank ? blank : end;
        size_t own = (size_t)(blank - word);
        if ((own == 1 && *word == '-') || is_address(word, own))
            return false;
    }
    return !has_ident;
}

static const char *parse_client(struct combined *self, struct cursor *cursor, struct value *values)
{
    const char *text, *begin = cursor->at;
    size_t length;
    if (!take_until(cursor, ' ', &text, &length))
        return "expected an address";
    if (!is_host(text, length)) {
        cursor->at = begin;
        return "expected one address or host name";
    }
    put(self, values, REMOTE_ADDR, VALUE_STRING, text, length);
    begin = cursor->at;
    bool has_ident = cursor->end - begin < 2 || memcmp(begin, "- ", 2) != 0;
    if (!take_until(cursor, ' ', &text, &length) || is_address(text, length) ||
        !take_until(cursor, '[', &text, &length) || text[length - 1] != ' ' ||
        !is_user(text, length - 1, has_ident)) {
        cursor->at = begin;
        return "expected 'IDENT USER [TIME]' after the address";
    }
    put(self, values, REMOTE_USER, VALUE_STRING, text, length - 1);
    return NULL;
}

/* Not needed; the line ends with it. */
static bool take_forwarded(struct combined *self, struct cursor *cursor)
{
    const char *text;
    size_t length;
    return take_char(cursor, ' ') && take_quoted(self, cursor, FIELD_COUNT, &text, &length) &&
           cursor->at == cursor->end;
}

static const char *parse_line(struct combined *self, struct cursor *cursor, struct value *values)
{
    const char *text, *begin, *wrong = parse_client(self, cursor, values);
    size_t length;
    if (wrong)
        return wrong;
    if (!take_until(cursor, ']', &text, &length) || !take_char(cursor, ' '))
        return "expected ']' after the time";
    put(self, values, TIME, VALUE_STRING, text, length);
    if (!take_quoted(self, cursor, REQUEST, &text, &length) || !take_char(cursor, ' '))
        return "expected the request in quotes";
    split_request(self, values, text, length);
    const char *status = cursor->at;
    if (!take_number(self, cursor, STATUS, values) || !take_char(cursor, ' ') ||
        (*status != '-' && cursor->at - status != STATUS_DIGITS + 1)) {
        cursor->at = status;
        return "expected a status of three digits";
    }
    if (!take_number(self, cursor, BYTES, values))
        return "expected a number of bytes";
    for (enum combined_field field = REFERER; field <= USER_AGENT; field++) {
        if (cursor->at == cursor->end && field == REFERER)
            return NULL;
        if (!take_char(cursor, ' ') || !take_quoted(self, cursor, field, &text, &length))
            return field == REFERER ? "expected the referer in quotes"
                                    : "expected the user agent in quotes";
        put(self, values, field, VALUE_STRING, text, length);
    }
    begin = cursor->at;
    if (cursor->at == cursor->end || take_forwarded(self, cursor))
        return NULL;
    cursor->at = begin;
    return "expected the line to end after the user agent";
}

static bool combined_parse(struct line_parser *parser, const char *line, size_t length,
                           struct value *values, struct line_problem *problem)
{
    struct combined *self = (struct combined *)parser;
    for (int field = 0; field < FIELD_COUNT; field++)
        if (self->wanted[field])
            values[self->place[field]].kind = VALUE_ABSENT;
    struct cursor cursor = {line, line + length};
    problem->text = parse_line(self, &cursor, values);
    problem->column = (size_t)(cursor.at - line) + 1;
    return !problem->text;
}

static void combined_close(struct line_parser *parser)
{
    struct combined *self = (struct combined *)parser;
    for (int field = 0; field < FIELD_COUNT; field++)
        buffer_release(&self->unescaped[field]);
    free(self);
}

struct line_parser *combined_parser(const char *const *paths, uint32_t count)
{
    struct combined *self = xcalloc(1, sizeof *self);
    self->parser.parse = combined_parse;
    self->parser.close = combined_close;
    for (uint32_t i = 0; i < count; i++) {
        int field = 0;
        while (field < FIELD_COUNT && strcmp(paths[i], combined_field_names[field]) != 0)
            field++;
        if (field == FIELD_COUNT) {
            combined_close(&self->parser);
            return NULL;
        }
        self->place[field] = i;
        self->wanted[field] = true;
    }
    return &self->parser;
}
