/*
 * parse_go_feature_flag.c - the output of GO Feature Flag's exporters, one JSON object per line.
 *
 * `default` is true if the evaluation failed and the caller's default was used; its variation is
 * then "SdkDefault". That is no variant: the line is a failure, not a sample.
 */
#include "compiler/base/memory.h"
#include "own_fields.h"

#include <stdlib.h>
#include <string.h>

enum own_field { KIND, KEY, VARIATION, DEFAULT, OWN_COUNT };
static const char *const own_names[] = {"kind", "key", "variation", "default"};

struct go_feature_flag {
    struct line_parser parser;
    struct own_fields fields;
    uint32_t flag;           /* the place of GO_FEATURE_FLAG_FLAG; `count` if it is not needed */
    uint32_t own[OWN_COUNT]; /* places */
    struct spelling of_default, of_tracking;
};

static inline bool is_string(const struct value *value, const struct spelling *text)
{
    return value->kind == VALUE_STRING && value_has_spelling(value, text);
}

static inline bool has_failed(const struct go_feature_flag *self, const struct value *values)
{
    const struct value *failed = &values[self->own[DEFAULT]];
    return (failed->kind == VALUE_BOOLEAN && failed->boolean) ||
           is_string(&values[self->own[VARIATION]], &self->of_default);
}

static inline void set_flag(const struct go_feature_flag *self, struct value *values)
{
    if (self->flag == self->fields.count)
        return;
    struct value *flag = &values[self->flag];
    *flag = values[self->own[KEY]];
    if (is_string(&values[self->own[KIND]], &self->of_tracking))
        flag->kind = VALUE_ABSENT;
}

static bool go_feature_flag_parse(struct line_parser *parser, const char *line, size_t length,
                                  struct value *values, struct line_problem *problem)
{
    struct go_feature_flag *self = (struct go_feature_flag *)parser;
    if (!self->fields.json->parse(self->fields.json, line, length, values, problem))
        return false;
    parser->group = has_failed(self, values) ? RECORD_FAILED : RECORD_UNASSIGNED;
    set_flag(self, values);
    return true;
}

/* The group is the same for all: those that failed are read one by one. */
static void go_feature_flag_read_abreast(struct line_parser *parser,
                                         const char *const texts[LINES_ABREAST],
                                         struct value *const values[LINES_ABREAST],
                                         size_t lengths[LINES_ABREAST])
{
    struct go_feature_flag *self = (struct go_feature_flag *)parser;
    parser->group = RECORD_UNASSIGNED;
    self->fields.json->read_abreast(self->fields.json, texts, values, lengths);
    for (int i = 0; i < LINES_ABREAST; i++) {
        if (lengths[i] == 0)
            continue;
        if (has_failed(self, values[i]))
            lengths[i] = 0;
        else
            set_flag(self, values[i]);
    }
}

static void go_feature_flag_close(struct line_parser *parser)
{
    struct go_feature_flag *self = (struct go_feature_flag *)parser;
    own_fields_close(&self->fields);
    free(self);
}

struct line_parser *go_feature_flag_parser(const char *const *paths, uint32_t count)
{
    struct go_feature_flag *self = xcalloc(1, sizeof *self);
    self->parser.parse = go_feature_flag_parse;
    self->parser.read_abreast = go_feature_flag_read_abreast;
    self->parser.close = go_feature_flag_close;
    self->parser.spare = OWN_COUNT;
    own_fields_open(&self->fields, paths, count, own_names, OWN_COUNT, self->own);
    self->flag = path_place(paths, count, GO_FEATURE_FLAG_FLAG);
    self->of_default = spelling_of("SdkDefault");
    self->of_tracking = spelling_of("tracking");
    return &self->parser;
}
