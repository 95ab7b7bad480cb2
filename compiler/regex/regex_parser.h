/*
 * regex_parser.h - a pattern while it is parsed: what regex_parse.c and regex_character.c share.
 */
#ifndef FFC_REGEX_PARSER_H
#define FFC_REGEX_PARSER_H

#include <stdbool.h>
#include <string.h>

#include "regex_steps.h"

struct arena;

#define REGEX_NO_REFERENCE "no table can hold what a group matched; write the alternatives out"

struct flags {
    bool ignore_case, multi_line, dot_all;
};

struct parser {
    struct arena *arena, *messages;
    const char *pattern;
    size_t length, at;
    struct flags flags;
    bool quoted; /* between \Q and \E */
    unsigned depth;
    struct regex_problem *problem;
};

/* Says what is wrong with [begin, end), which may go beyond the end. Always NULL. */
void *fail(struct parser *parser, enum diagnostic_code code, size_t begin, size_t end,
           const char *help, const char *format, ...) __attribute__((format(printf, 6, 7)));

static inline bool more(const struct parser *parser)
{
    return parser->at < parser->length;
}

/* The byte so far ahead; 0 after the end. */
static inline char peek(const struct parser *parser, size_t ahead)
{
    return ahead < parser->length - parser->at ? parser->pattern[parser->at + ahead] : '\0';
}

static inline bool follows(const struct parser *parser, const char *text)
{
    size_t length = strlen(text);
    return length <= parser->length - parser->at &&
           memcmp(parser->pattern + parser->at, text, length) == 0;
}

static inline bool take(struct parser *parser, const char *text)
{
    bool taken = follows(parser, text);
    if (taken)
        parser->at += strlen(text);
    return taken;
}

static inline size_t character_length(const struct parser *parser, size_t at)
{
    size_t end = at + 1;
    while (end < parser->length && (parser->pattern[end] & 0xC0) == 0x80)
        end++;
    return end - at;
}

struct regex_node *new_node(struct parser *parser, enum regex_kind kind);
struct regex_node *new_assertion(struct parser *parser, enum assertion assertion);

/* What stands for one character; those that can fail return NULL then. */
struct regex_node *parse_literal(struct parser *parser);
struct regex_node *parse_dot(struct parser *parser);
struct regex_node *parse_escape(struct parser *parser); /* also the places `\A \z \b \B` */
struct regex_node *parse_class(struct parser *parser);

#endif
