/*
 * parse_caddy.c - Caddy's access log, one JSON object a line.
 *
 * Caddy writes all of its logs in one form, and often to one file: a line is of the access log if
 * its logger is "http.log.access", or below that. The others are none, and not bad.
 */
#include "line_parser.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

enum own_field { LOGGER, REQUEST, LEVEL, OWN_COUNT };
static const char *const own_names[] = {"logger", "request.method", "level"};

struct caddy {
    struct line_parser parser;
    struct line_parser *json;
    uint32_t count;
    uint32_t own[OWN_COUNT]; /* places */
    const char **paths;      /* the caller's, followed by those that this parser needs */
    struct value *values;    /* likewise */
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
    if (!self->json->parse(self->json, line, length, self->values, problem))
        return false;
    bool access = is_access(&self->values[self->own[LOGGER]]);
    problem->column = 1;
    problem->text = NULL;
    if (value_is_absent(&self->values[self->own[LEVEL]]))
        problem->text = "no 'level', which Caddy's lines have";
    else if (access && value_is_absent(&self->values[self->own[REQUEST]]))
        problem->text = "an access log's line without its 'request'";
    parser->empty = !access;
    memcpy(values, self->values, self->count * sizeof *values);
    return !problem->text;
}

static void caddy_close(struct line_parser *parser)
{
    struct caddy *self = (struct caddy *)parser;
    self->json->close(self->json);
    free(self->paths);
    free(self->values);
    free(self);
}

static uint32_t place_of(const char *const *paths, uint32_t count, const char *name)
{
    uint32_t place = 0;
    while (place < count && strcmp(paths[place], name) != 0)
        place++;
    return place;
}

struct line_parser *caddy_parser(const char *const *paths, uint32_t count)
{
    struct caddy *self = xcalloc(1, sizeof *self);
    self->parser.parse = caddy_parse;
    self->parser.close = caddy_close;
    self->count = count;
    self->paths = xcalloc(count + OWN_COUNT, sizeof *self->paths);
    self->values = xcalloc(count + OWN_COUNT, sizeof *self->values);
    memcpy(self->paths, paths, count * sizeof *paths);
    uint32_t all = count;
    for (uint32_t i = 0; i < OWN_COUNT; i++) {
        self->own[i] = place_of(self->paths, all, own_names[i]);
        if (self->own[i] == all)
            self->paths[all++] = own_names[i];
    }
    self->json = ndjson_parser(self->paths, all);
    return &self->parser;
}
