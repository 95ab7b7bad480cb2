/*
 * parse_w3c.c - the W3C's extended log file format: IIS, CloudFront, and others.
 *
 * `#Fields:` names the columns, and may come again, with others: where a server was restarted, or
 * its settings were changed. The columns of a part are read as csv's.
 */
#include "line_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/base/utf8.h"
#include "scan.h"

#define FIELDS   "#Fields:"
#define SOFTWARE "#Software:"
#define IIS      "Microsoft Internet Information Serv"
/* A column that only CloudFront's logs have; they have it by default. */
#define CLOUDFRONT "x-edge-location"

struct w3c {
    struct line_parser parser;
    enum w3c_kind kind;
    const char *const *paths;
    uint32_t count;
    struct line_parser *rows; /* NULL: until a line shows how it is separated */
    char **columns;
    size_t column_count, column_capacity;
    struct buffer header;  /* the last `#Fields:` */
    const char *wrong;     /* with what it says, and so with each line below it; or NULL */
    uint32_t date, time;   /* places, where they are needed; otherwise `count` */
    bool *is_header_place; /* by place: of a header of the request, such as cs(User-Agent) */
    enum { PLUS_UNKNOWN, PLUS_IS_BLANK } plus;
    struct buffer *texts; /* by place: what was written with '+' */
    struct ahead {
        bool begun;
        struct buffer software, fields, row; /* the last of each, and the first row below */
    } ahead;                                 /* of one that looks ahead */
    char message[160];
};

static bool begins(const char *text, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* ----------------------------------------------------------------------------------- columns -- */

static void drop_columns(struct w3c *self)
{
    if (self->rows)
        self->rows->close(self->rows);
    self->rows = NULL;
    for (size_t i = 0; i < self->column_count; i++)
        free(self->columns[i]);
    self->column_count = 0;
    self->wrong = NULL;
}

static void add_column(struct w3c *self, const char *name, size_t length)
{
    if (self->column_count == self->column_capacity) {
        self->column_capacity = self->column_capacity ? 2 * self->column_capacity : 32;
        self->columns = xrealloc(self->columns, self->column_capacity * sizeof *self->columns);
    }
    char *copy = xcalloc(1, length + 1);
    memcpy(copy, name, length);
    self->columns[self->column_count++] = copy;
}

static uint32_t times_named(const struct w3c *self, const char *name)
{
    uint32_t times = 0;
    for (size_t i = 0; i < self->column_count; i++)
        times += strcmp(self->columns[i], name) == 0;
    return times;
}

/* What of the columns nobody can go by. */
static void check_columns(struct w3c *self)
{
    bool is_cloudfront = times_named(self, CLOUDFRONT) > 0;
    for (uint32_t place = 0; place < self->count && !self->wrong; place++) {
        if (times_named(self, self->paths[place]) > 1) {
            snprintf(self->message, sizeof self->message, "two columns are called '%.80s'",
                     self->paths[place]);
            self->wrong = self->message;
        }
        if (is_cloudfront && self->kind == W3C_ANY && strcmp(self->paths[place], "time-taken") == 0)
            self->wrong = "its columns are CloudFront's, whose 'time-taken' is in seconds: write "
                          "'format: cloudfront'";
    }
    if (is_cloudfront && self->kind == W3C_IIS)
        self->wrong = "its columns are CloudFront's: write 'format: cloudfront'";
    if (self->column_count == 0)
        self->wrong = "the '#Fields:' above names no column";
}

static void read_fields(struct w3c *self, const char *line, size_t length)
{
    const char *at = line + sizeof FIELDS - 1, *end = line + length;
    if (length == self->header.length && memcmp(line, self->header.bytes, length) == 0)
        return;
    drop_columns(self);
    self->header.length = 0;
    buffer_append(&self->header, line, length);
    while (at < end) {
        const char *name = at;
        while (at < end && *at != ' ' && *at != '\t')
            at++;
        if (at > name)
            add_column(self, name, (size_t)(at - name));
        at++;
    }
    check_columns(self);
}

static void read_directive(struct w3c *self, const char *line, size_t length)
{
    if (begins(line, length, FIELDS))
        read_fields(self, line, length);
    else if (begins(line, length, SOFTWARE) && self->kind == W3C_ANY)
        self->plus = memmem(line, length, IIS, sizeof IIS - 1) ? PLUS_IS_BLANK : PLUS_UNKNOWN;
}

/* Of lines like this one. */
static void open_rows(struct w3c *self, const char *line, size_t length)
{
    struct csv_form form = {.delimiter = ' ', .kind = CSV_PLAIN};
    bool has_tab = memchr(line, '\t', length);
    if (self->kind == W3C_CLOUDFRONT || (self->kind == W3C_ANY && has_tab))
        form.delimiter = '\t';
    if (self->kind == W3C_ANY)
        form.kind = has_tab ? CSV_QUOTED : CSV_BLANKS;
    self->rows = csv_parser(self->paths, self->count, form, (const char *const *)self->columns,
                            self->column_count);
}

/* ------------------------------------------------------------------------------------- lines -- */

/* IIS writes a blank in a header as '+', and a '+', too. */
static void undo_plus(struct w3c *self, uint32_t place, struct value *value)
{
    struct buffer *text = &self->texts[place];
    if (value->kind != VALUE_STRING || !memchr(value->text, '+', value->length))
        return;
    text->length = 0;
    buffer_append(text, value->text, value->length);
    for (char *plus = text->bytes, *end = plus + text->length;
         (plus = memchr(plus, '+', (size_t)(end - plus)));)
        *plus++ = ' ';
    value->text = text->bytes;
}

static void settle_values(struct w3c *self, struct value *values)
{
    for (uint32_t place = 0; place < self->count; place++) {
        struct value *value = &values[place];
        if (value->kind == VALUE_STRING && value->length == 1 && *value->text == '-')
            value->kind = VALUE_ABSENT;
        if (self->plus == PLUS_IS_BLANK && self->is_header_place[place])
            undo_plus(self, place, value);
    }
}

/* Whether a header would have to be written anew. */
static bool has_plus(const struct w3c *self, const struct value *values)
{
    bool has = false;
    for (uint32_t place = 0; place < self->count && self->plus == PLUS_IS_BLANK; place++)
        has |= self->is_header_place[place] && values[place].kind == VALUE_STRING &&
               memchr(values[place].text, '+', values[place].length);
    return has;
}

/* A digit for each 0. */
static bool has_shape(const struct value *value, const char *shape)
{
    const char *at = value->text, *end = at + value->length;
    for (; *shape && at < end; shape++, at++)
        if (*shape == '0' ? *at < '0' || *at > '9' : *at != *shape)
            return false;
    return !*shape;
}

/* What tells the lines of the format from others that happen to have as many fields. */
static const char *check_times(const struct w3c *self, const struct value *values)
{
    const struct value *date = &values[self->date], *time = &values[self->time];
    if (self->date < self->count && date->kind == VALUE_STRING && !has_shape(date, "0000-00-00"))
        return "expected a date such as 2026-11-20 in the column 'date'";
    if (self->time < self->count && time->kind == VALUE_STRING && !has_shape(time, "00:00:00"))
        return "expected a time such as 10:00:00 in the column 'time'";
    return NULL;
}

/* Of lines that are read as csv's are, what is no row, or takes more than they do, is left out. */
static void w3c_read_abreast(struct line_parser *parser, const char *const texts[LINES_ABREAST],
                             struct value *const values[LINES_ABREAST],
                             size_t lengths[LINES_ABREAST])
{
    struct w3c *self = (struct w3c *)parser;
    memset(lengths, 0, LINES_ABREAST * sizeof *lengths);
    if (!self->rows || self->wrong)
        return;
    self->rows->read_abreast(self->rows, texts, values, lengths);
    for (int i = 0; i < LINES_ABREAST; i++) {
        if (lengths[i] == 0)
            continue;
        if (*texts[i] == '#' || has_plus(self, values[i]) || check_times(self, values[i]))
            lengths[i] = 0;
        else
            settle_values(self, values[i]);
    }
}

static bool w3c_parse(struct line_parser *parser, const char *line, size_t length,
                      struct value *values, struct line_problem *problem)
{
    struct w3c *self = (struct w3c *)parser;
    parser->empty = length > 0 && *line == '#';
    if (parser->empty) {
        read_directive(self, line, length);
        return true;
    }
    problem->column = 1;
    problem->text = self->wrong;
    if (self->column_count == 0 && !self->wrong)
        problem->text = "no '#Fields:' before it names the columns; 'columns' can list them";
    if (problem->text)
        return false;
    if (!self->rows)
        open_rows(self, line, length);
    if (!self->rows->parse(self->rows, line, length, values, problem))
        return false;
    settle_values(self, values);
    problem->column = 1;
    problem->text = check_times(self, values);
    return !problem->text;
}

/* ------------------------------------------------------------------------------------- ahead -- */

static void keep_line(struct buffer *kept, const char *line, size_t length)
{
    kept->length = 0;
    buffer_append(kept, line, length);
    buffer_append(kept, "\n", 1);
}

static bool is_same_line(const struct buffer *kept, const char *line, size_t length)
{
    return kept->length == length + 1 && memcmp(kept->bytes, line, length) == 0;
}

/* A line that says something: of the columns, of the software, and, by how it is separated, the
 * first below columns. */
static void look_at_line(struct ahead *ahead, const char *line, size_t length)
{
    length -= length > 0 && line[length - 1] == '\r';
    if (begins(line, length, SOFTWARE)) {
        keep_line(&ahead->software, line, length);
    } else if (begins(line, length, FIELDS)) {
        if (!is_same_line(&ahead->fields, line, length))
            ahead->row.length = 0;
        keep_line(&ahead->fields, line, length);
    } else if (ahead->row.length == 0 && length > 0 && *line != '#' &&
               strspn(line, " \t") < length) {
        keep_line(&ahead->row, line, length);
    }
}

/* The next line that begins with '#'; the end, if there is none. */
static const char *next_directive(const char *at, const char *end)
{
    for (at--; at < end; at += SCAN_BYTES) {
        uint32_t found = scan_pair(at, '\n', '#');
        if (found) {
            at += __builtin_ctz(found) + 1;
            return at < end ? at : end;
        }
    }
    return end;
}

static bool w3c_look_ahead(struct line_parser *parser, const char *text, size_t length,
                           struct buffer *carry)
{
    struct ahead *ahead = &((struct w3c *)parser)->ahead;
    const char *end = text + length, *at = text;
    bool says = false;
    if (!ahead->begun)
        at += text_mark(text, length);
    ahead->begun = true;
    while (at < end) {
        if (*at != '#' && ahead->row.length > 0) {
            at = next_directive(at + 1, end);
            if (at == end)
                break;
        }
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        says |= *at == '#';
        look_at_line(ahead, at, (size_t)((newline ? newline : end) - at));
        at = newline ? newline + 1 : end;
    }
    carry->length = 0;
    buffer_append(carry, ahead->software.bytes, ahead->software.length);
    buffer_append(carry, ahead->fields.bytes, ahead->fields.length);
    buffer_append(carry, ahead->row.bytes, ahead->row.length);
    return says;
}

static void w3c_close(struct line_parser *parser)
{
    struct w3c *self = (struct w3c *)parser;
    drop_columns(self);
    for (uint32_t place = 0; place < self->count; place++)
        buffer_release(&self->texts[place]);
    buffer_release(&self->header);
    buffer_release(&self->ahead.software);
    buffer_release(&self->ahead.fields);
    buffer_release(&self->ahead.row);
    free(self->texts);
    free(self->is_header_place);
    free(self->columns);
    free(self);
}

struct line_parser *w3c_parser(const char *const *paths, uint32_t count, enum w3c_kind kind,
                               const char *const *columns, size_t column_count)
{
    struct w3c *self = xcalloc(1, sizeof *self);
    self->parser.parse = w3c_parse;
    self->parser.read_abreast = w3c_read_abreast;
    self->parser.in_order = true;
    self->parser.look_ahead = w3c_look_ahead;
    self->parser.close = w3c_close;
    self->kind = kind;
    self->paths = paths;
    self->count = count;
    self->plus = kind == W3C_IIS ? PLUS_IS_BLANK : PLUS_UNKNOWN;
    self->date = self->time = count;
    self->texts = xcalloc(count + 1, sizeof *self->texts);
    self->is_header_place = xcalloc(count + 1, sizeof *self->is_header_place);
    for (uint32_t place = 0; place < count; place++) {
        self->is_header_place[place] = begins(paths[place], strlen(paths[place]), "cs(");
        self->date = strcmp(paths[place], "date") == 0 ? place : self->date;
        self->time = strcmp(paths[place], "time") == 0 ? place : self->time;
    }
    for (size_t i = 0; i < column_count; i++)
        add_column(self, columns[i], strlen(columns[i]));
    return &self->parser;
}
