/*
 * parse_go_feature_flag.c - the output of GO Feature Flag's exporters, one JSON object per line.
 *
 * `default` is true if the evaluation failed and the caller's default was used; its variation is
 * then "SdkDefault". That is no variant: the line is a failure, not a sample.
 */
#include "compiler/base/memory.h"
#include "line_parser.h"

#include <stdlib.h>
#include <string.h>

enum own_field { KIND, KEY, VARIATION, DEFAULT, OWN_COUNT };
static const char *const own_names[] = {"kind", "key", "variation", "default"};

struct go_feature_flag {
    struct line_parser parser;
    struct line_parser *json;
    uint32_t count;
    uint32_t flag;           /* the place of GO_FEATURE_FLAG_FLAG; `count` if it is not needed */
    uint32_t own[OWN_COUNT]; /* places */
    const char **paths;      /* the caller's, followed by those that this parser needs */
    struct value *values;    /* likewise */
};

static bool is_text(const struct value *value, const char *text)
{
    return value->kind == VALUE_STRING && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

static bool go_feature_flag_parse(struct line_parser *parser, const char *line, size_t length,
                                  struct value *values, struct line_problem *problem)
{
    struct go_feature_flag *self = (struct go_feature_flag *)parser;
    if (!self->json->parse(self->json, line, length, self->values, problem))
        return false;
    const struct value *failed = &self->values[self->own[DEFAULT]];
    self->parser.group = RECORD_UNASSIGNED;
    if ((failed->kind == VALUE_BOOLEAN && failed->boolean) ||
        is_text(&self->values[self->own[VARIATION]], "SdkDefault"))
        self->parser.group = RECORD_FAILED;
    if (self->flag < self->count) {
        struct value *flag = &self->values[self->flag];
        *flag = self->values[self->own[KEY]];
        if (is_text(&self->values[self->own[KIND]], "tracking"))
            flag->kind = VALUE_ABSENT;
    }
    memcpy(values, self->values, self->count * sizeof *values);
    return true;
}

static void go_feature_flag_close(struct line_parser *parser)
{
    struct go_feature_flag *self = (struct go_feature_flag *)parser;
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

struct line_parser *go_feature_flag_parser(const char *const *paths, uint32_t count)
{
    struct go_feature_flag *self = xcalloc(1, sizeof *self);
    self->parser.parse = go_feature_flag_parse;
    self->parser.close = go_feature_flag_close;
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
    self->flag = place_of(paths, count, GO_FEATURE_FLAG_FLAG);
    self->json = ndjson_parser(self->paths, all);
    return &self->parser;
}
