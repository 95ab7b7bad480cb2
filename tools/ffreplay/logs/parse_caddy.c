/*
 * parse_caddy.c - Caddy's access log, one JSON object a line.
 *
 * Caddy writes all of its logs in one form, and often to one file: a line is of the access log if
 * its logger is "http.log.access", or below that. The others are none, and not bad.
 */
#include "own_fields.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

enum own_field { LOGGER, REQUEST, LEVEL, OWN_COUNT };
static const char *const own_names[] = {"logger", "request.method", "level"};

struct caddy {
    struct line_parser parser;
    struct own_fields fields;
    uint32_t own[OWN_COUNT]; /* places */
};

static bool is_access(const struct value *logger)
{
    static const char name[] = "http.log.access";
    size_t length = sizeof name - 1;
    return logger->kind == VALUE_STRING && logger->length >= length &&
           memcmp(logger->text, name, length) == 0 &&
           (logger->length == length || logger->text[length] == '.');
}

static bool caddy_parse(struct line_parser *parser, const char *line, size_t length,
                        struct value *values, struct line_problem *problem)
{
    struct caddy *self = (struct caddy *)parser;
    if (!self->fields.json->parse(self->fields.json, line, length, values, problem))
        return false;
    bool access = is_access(&values[self->own[LOGGER]]);
    problem->column = 1;
    problem->text = NULL;
    if (value_is_absent(&values[self->own[LEVEL]]))
        problem->text = "no 'level', which Caddy's lines have";
    else if (access && value_is_absent(&values[self->own[REQUEST]]))
        problem->text = "an access log's line without its 'request'";
    parser->empty = !access;
    return !problem->text;
}

static void caddy_close(struct line_parser *parser)
{
    struct caddy *self = (struct caddy *)parser;
    own_fields_close(&self->fields);
    free(self);
}

struct line_parser *caddy_parser(const char *const *paths, uint32_t count)
{
    struct caddy *self = xcalloc(1, sizeof *self);
    self->parser.parse = caddy_parse;
    self->parser.close = caddy_close;
    self->parser.spare = OWN_COUNT;
    own_fields_open(&self->fields, paths, count, own_names, OWN_COUNT, self->own);
    return &self->parser;
}
