/*
 * parse_csv.c - comma-, tab-, blank- or otherwise delimited text, quoted as in RFC 4180 or not.
 *
 * All fields are texts; an empty one is absent. Blanks around an unquoted field are not part of it:
 * `1, u1` is about the user "u1", and no service has a user " u1". A line with more or fewer fields
 * than columns is bad: it is unclear which fields it has.
 */
#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/text_lines.h"
#include "line_parser.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/model/model.h"

#define NOT_WANTED   UINT32_MAX
#define MOST_ABREAST 256 /* columns of lines that are read side by side */

struct csv {
    struct line_parser parser;
    struct csv_form form;
    const char *const *paths;
    uint32_t path_count;
    uint32_t *places;  /* by column, in the caller's values */
    uint32_t *columns; /* the same by place; NOT_WANTED: no column has its name */
    size_t column_count, column_capacity;
    char *unquoted; /* for this line, one text after another */
    size_t unquoted_length, unquoted_capacity;
    char message[240];
};

struct cursor {
    const char *at;
    const char *end;
};

/* A field's text as written, without its enclosing quotes. */
struct written {
    const char *text;
    size_t length;
    bool doubled; /* it contains doubled quotes */
};

static bool ends_field(struct csv_form form, char c)
{
    return c == form.delimiter || (c == '\t' && form.kind == CSV_BLANKS);
}

/* NULL, or what is wrong. Leaves the cursor at the delimiter or at the end. */
static const char *take_quoted(struct cursor *cursor, struct csv_form form, struct written *field)
{
    field->text = ++cursor->at;
    for (;;) {
        const char *quote = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
        if (!quote)
            return "a quoted field that does not end";
        cursor->at = quote + 1;
        if (cursor->at == cursor->end || *cursor->at != '"') {
            field->length = (size_t)(quote - field->text);
            break;
        }
        field->doubled = true;
        cursor->at++;
    }
    if (cursor->at < cursor->end && !ends_field(form, *cursor->at))
        return "text after a quoted field";
    return NULL;
}

/* Of a field without quotes. Most end within the first bytes that are looked at; those behind the
 * line are padding. */
static inline const char *field_end(const struct cursor *cursor, struct csv_form form)
{
    char other = form.kind == CSV_BLANKS ? '\t' : form.delimiter;
    for (const char *at = cursor->at; at < cursor->end; at += SCAN_BYTES) {
        uint32_t found = scan_either(at, form.delimiter, other);
        if (found) {
            at += __builtin_ctz(found);
            return at < cursor->end ? at : cursor->end;
        }
    }
    return cursor->end;
}

static const char *take_field(struct cursor *cursor, struct csv_form form, struct written *field)
{
    bool plain = form.kind == CSV_PLAIN;
    while (!plain && cursor->at < cursor->end &&
           (*cursor->at == ' ' || (form.kind == CSV_BLANKS && *cursor->at == '\t')))
        cursor->at++;
    *field = (struct written){.text = cursor->at};
    if (!plain && cursor->at < cursor->end && *cursor->at == '"')
        return take_quoted(cursor, form, field);
    cursor->at = field_end(cursor, form);
    field->length = (size_t)(cursor->at - field->text);
    while (!plain && field->length > 0 && field->text[field->length - 1] == ' ')
        field->length--;
    return NULL;
}

/* Copies the text with its quotes undoubled; returns its length. */
static size_t unquote(char *out, const struct written *field)
{
    size_t length = 0;
    for (size_t i = 0; i < field->length; i++) {
        out[length++] = field->text[i];
        i += field->text[i] == '"';
    }
    return length;
}

static void put(struct csv *self, struct value *value, const struct written *field)
{
    value->text = field->text;
    value->length = (uint32_t)field->length;
    if (field->doubled) {
        value->text = self->unquoted + self->unquoted_length;
        value->length = (uint32_t)unquote(self->unquoted + self->unquoted_length, field);
        self->unquoted_length += value->length;
    }
    value->kind = value->length > 0 ? VALUE_STRING : VALUE_ABSENT;
}

/* The unquoted texts are no longer than the line, so this memory does not move while it is
 * parsed. */
static void make_room(struct csv *self, size_t length)
{
    self->unquoted_length = 0;
    if (length <= self->unquoted_capacity)
        return;
    self->unquoted_capacity = 2 * length;
    self->unquoted = xrealloc(self->unquoted, self->unquoted_capacity);
}

static const char *parse_fields(struct csv *self, struct cursor *cursor, struct value *values)
{
    for (size_t column = 0;; column++) {
        struct written field;
        const char *wrong = take_field(cursor, self->form, &field);
        if (wrong)
            return wrong;
        if (column == self->column_count)
            return "more fields than columns";
        if (self->places[column] != NOT_WANTED)
            put(self, &values[self->places[column]], &field);
        if (cursor->at == cursor->end) {
            if (column + 1 == self->column_count)
                return NULL;
            snprintf(self->message, sizeof self->message,
                     "%zu fields, not one for each of %zu columns", column + 1, self->column_count);
            return self->message;
        }
        cursor->at++;
    }
}

static bool is_comment(const struct csv *self, const char *line, size_t length)
{
    return self->form.comment && length > 0 && *line == self->form.comment;
}

/* Blanks at the end may be an editor's; a tab may be the delimiter. Where fields have any number of
 * blanks between them, some may follow the last one. */
static struct cursor at_begin(const struct csv *self, const char *line, size_t length)
{
    bool trims = self->form.kind == CSV_BLANKS ||
                 (self->form.kind == CSV_QUOTED && self->form.delimiter != '\t');
    return (struct cursor){line, line + (trims ? text_line_length(line, length) : length)};
}

static bool csv_parse(struct line_parser *parser, const char *line, size_t length,
                      struct value *values, struct line_problem *problem)
{
    struct csv *self = (struct csv *)parser;
    for (uint32_t i = 0; i < self->path_count; i++)
        values[i].kind = VALUE_ABSENT;
    parser->empty = is_comment(self, line, length);
    if (parser->empty)
        return true;
    make_room(self, length);
    struct cursor cursor = at_begin(self, line, length);
    problem->text = parse_fields(self, &cursor, values);
    problem->column = (size_t)(cursor.at - line) + 1;
    return !problem->text;
}

/* ------------------------------------------------------------------------------ side by side -- */

/* Where each field ends in a line that has no quotes, and as many delimiters as it should. Returns
 * its length; 0: it is another line. */
static size_t find_ends(const struct csv *self, const char *line, uint32_t *ends)
{
    const char delimiter = self->form.delimiter;
    const char quote = self->form.kind == CSV_PLAIN ? '\n' : '"';
    const size_t column_count = self->column_count;
    size_t count = 0;
    for (uint32_t begin = 0;; begin += SCAN_WIDE) {
        uint64_t stops, found = scan_fields(line + begin, delimiter, quote, &stops);
        found &= stops ^ (stops - 1); /* up to the first stop, or all */
        for (; found; found &= found - 1) {
            if (count == column_count)
                return 0;
            ends[count++] = begin + (uint32_t)__builtin_ctzll(found);
        }
        if (!stops)
            continue;
        uint32_t end = begin + (uint32_t)__builtin_ctzll(stops);
        if (line[end] != '\n' || count + 1 != column_count)
            return 0;
        end -= end > 0 && line[end - 1] == '\r';
        ends[count] = end;
        return end;
    }
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Lines that take more than this: with blanks at their ends, comments, fields separated by more
 * than one blank. */
static bool is_plain(const struct csv *self, const char *line, size_t length, const uint32_t *ends)
{
    if (length == 0 || is_blank(line[length - 1]) || is_comment(self, line, length))
        return false;
    if (self->form.kind != CSV_BLANKS)
        return true;
    bool is_single = !is_blank(line[0]) && !memchr(line, '\t', length);
    for (size_t i = 1; i < self->column_count && is_single; i++)
        is_single = ends[i] > ends[i - 1] + 1;
    return is_single;
}

static inline void put_field(const struct csv *self, struct value *value, const char *begin,
                             const char *end)
{
    if (self->form.kind != CSV_PLAIN && begin < end && (*begin == ' ' || end[-1] == ' ')) {
        while (begin < end && *begin == ' ')
            begin++;
        while (begin < end && end[-1] == ' ')
            end--;
    }
    value->text = begin;
    value->length = (uint32_t)(end - begin);
    value->kind = begin < end ? VALUE_STRING : VALUE_ABSENT;
}

static size_t read_plain(const struct csv *self, const char *line, struct value *values)
{
    uint32_t ends[MOST_ABREAST];
    size_t length = find_ends(self, line, ends);
    if (!is_plain(self, line, length, ends))
        return 0;
    for (uint32_t i = 0; i < self->path_count; i++) {
        uint32_t column = self->columns[i];
        if (column == NOT_WANTED)
            values[i].kind = VALUE_ABSENT;
        else
            put_field(self, &values[i], line + (column == 0 ? 0 : ends[column - 1] + 1),
                      line + ends[column]);
    }
    return length;
}

static void csv_read_abreast(struct line_parser *parser, const char *const texts[LINES_ABREAST],
                             struct value *const values[LINES_ABREAST],
                             size_t lengths[LINES_ABREAST])
{
    const struct csv *self = (const struct csv *)parser;
    bool fits = self->column_count <= MOST_ABREAST;
    for (int i = 0; i < LINES_ABREAST; i++)
        lengths[i] = fits ? read_plain(self, texts[i], values[i]) : 0;
}

/* ----------------------------------------------------------------------------------- columns -- */

static bool add_column(struct csv *self, const char *name, size_t length)
{
    if (self->column_count == self->column_capacity) {
        self->column_capacity = self->column_capacity ? self->column_capacity * 2 : 16;
        self->places = xrealloc(self->places, self->column_capacity * sizeof *self->places);
    }
    uint32_t place = 0;
    while (place < self->path_count &&
           (strlen(self->paths[place]) != length || memcmp(self->paths[place], name, length) != 0))
        place++;
    if (place == self->path_count)
        place = NOT_WANTED;
    /* Only for the few that are wanted: a header may have a hundred thousand columns. */
    bool twice = false;
    for (size_t i = 0; place != NOT_WANTED && i < self->column_count && !twice; i++)
        twice = self->places[i] == place;
    if (place != NOT_WANTED)
        self->columns[place] = (uint32_t)self->column_count;
    self->places[self->column_count++] = place;
    if (twice)
        snprintf(self->message, sizeof self->message, "two columns are called '%.100s'",
                 self->paths[place]);
    return !twice;
}

/* Every path that is needed must be a column. */
static bool has_all_columns(struct csv *self, const char **missing)
{
    for (uint32_t place = 0; place < self->path_count; place++) {
        bool found = false;
        for (size_t i = 0; i < self->column_count && !found; i++)
            found = self->places[i] == place;
        *missing = self->paths[place];
        if (!found)
            return false;
    }
    return true;
}

/* The names in a header. */
struct names {
    const char **items;
    size_t count, capacity;
    char *texts;
};

static const char *read_names(const struct csv *self, struct cursor *cursor, struct names *names)
{
    char *end = names->texts = xcalloc(2, (size_t)(cursor->end - cursor->at) + 1);
    for (;; cursor->at++) {
        struct written field;
        const char *wrong = take_field(cursor, self->form, &field);
        if (wrong)
            return wrong;
        if (names->count == names->capacity) {
            names->capacity = names->capacity ? names->capacity * 2 : 16;
            names->items = xrealloc(names->items, names->capacity * sizeof *names->items);
        }
        names->items[names->count++] = end;
        end += unquote(end, &field) + 1;
        if (cursor->at == cursor->end)
            return NULL;
    }
}

static const char *take_header(struct csv *self, struct cursor *cursor, struct names *names)
{
    self->column_count = 0;
    memset(self->columns, 0xff, self->path_count * sizeof *self->columns);
    const char *wrong = read_names(self, cursor, names), *missing;
    if (wrong)
        return wrong;
    for (size_t i = 0; i < names->count; i++)
        if (!add_column(self, names->items[i], strlen(names->items[i])))
            return self->message;
    if (has_all_columns(self, &missing))
        return NULL;
    const char *near = nearest_name(missing, names->items, names->count);
    snprintf(self->message, sizeof self->message,
             near ? "no column is called '%.80s'; did you mean '%.80s'?"
                  : "no column is called '%.80s'",
             missing, near);
    return self->message;
}

static bool csv_read_header(struct line_parser *parser, const char *line, size_t length,
                            struct line_problem *problem)
{
    struct csv *self = (struct csv *)parser;
    struct cursor cursor = at_begin(self, line, length);
    struct names names = {0};
    parser->empty = is_comment(self, line, length);
    if (parser->empty)
        return true;
    problem->text = take_header(self, &cursor, &names);
    problem->column = 1;
    free(names.items);
    free(names.texts);
    return !problem->text;
}

static void csv_close(struct line_parser *parser)
{
    struct csv *self = (struct csv *)parser;
    free(self->unquoted);
    free(self->places);
    free(self->columns);
    free(self);
}

struct line_parser *csv_parser(const char *const *paths, uint32_t count, struct csv_form form,
                               const char *const *columns, size_t column_count)
{
    struct csv *self = xcalloc(1, sizeof *self);
    self->parser.parse = csv_parse;
    self->parser.read_abreast = csv_read_abreast;
    self->parser.close = csv_close;
    self->parser.read_header = column_count ? NULL : csv_read_header;
    self->form = form;
    self->paths = paths;
    self->path_count = count;
    self->columns = xcalloc(count + 1, sizeof *self->columns);
    memset(self->columns, 0xff, count * sizeof *self->columns);
    for (size_t i = 0; i < column_count; i++)
        (void)add_column(self, columns[i], strlen(columns[i]));
    return &self->parser;
}
