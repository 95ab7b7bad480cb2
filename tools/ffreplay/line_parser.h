/*
 * line_parser.h - one log line to the values of the fields that are wanted.
 *
 * The fields are fixed before the first line, and known by their place in that list from then on. A
 * parser is a struct of functions; there is a file for each format.
 */
#ifndef FFREPLAY_LINE_PARSER_H
#define FFREPLAY_LINE_PARSER_H

#include "value.h"

#ifdef __cplusplus
extern "C" {
#endif

struct line_problem {
    size_t column; /* bytes, from 1 */
    const char *text;
};

struct line_parser {
    /*
     * Fills values[0 … count - 1]; what the line does not have is VALUE_ABSENT. At least
     * LINE_PADDING bytes behind the line are readable. False: the line is not of this format.
     */
    bool (*parse)(struct line_parser *parser, const char *line, size_t length, struct value *values,
                  struct line_problem *problem);
    void (*close)(struct line_parser *parser);
};

/*
 * One JSON object a line. A dot in a path descends, or is part of a key: `a.b` finds {"a":{"b":1}}
 * and
 * {"a.b":1}. Fields that are not wanted are skipped, not looked into. Never NULL.
 */
struct line_parser *ndjson_parser(const char *const *paths, uint32_t count);

/*
 * Apache's and nginx's `combined` and `common`. NULL when a path is none of its fields, which
 * combined_field_names lists.
 */
struct line_parser *combined_parser(const char *const *paths, uint32_t count);
extern const size_t combined_field_count;

#ifdef __cplusplus
}
#endif
#endif
