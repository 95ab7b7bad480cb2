/*
 * read_pattern.c - regular expressions as operands, and errors at their exact place.
 *
 * A place in a pattern maps to one in the file only if the scalar is on one line: then both are
 * walked in parallel, past YAML's quotes and escapes.
 */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/regex/regex.h"
#include "compiler/base/utf8.h"
#include "read_pattern.h"
#include "reader.h"

/* The length of an escape in a double-quoted scalar. */
static size_t escape_length(const char *escape)
{
    switch (escape[1]) {
    case 'x':
        return 4;
    case 'u':
        return 6;
    case 'U':
        return 10;
    default:
        return 2;
    }
}

/* Advances over one character of a scalar, as written and as read. False: it continues on a new
 * line. */
static bool step(char quote, const char **source, const char **text)
{
    size_t written = 1, read = 1;
    if (quote == '\'' && **source == '\'') {
        written = 2;
    } else if (quote == '"' && **source == '\\') {
        written = escape_length(*source);
        read = utf8_length(*text, strlen(*text));
    } else if (**source != **text) {
        return false;
    }
    if (**source == '\n' || (written > 1 && (*source)[1] == '\n'))
        return false;
    *source += written;
    *text += read;
    return true;
}

/* The place of [begin, end) of a scalar's text in the file; false: only the whole scalar has
 * one. */
static bool find_place(const struct reader *reader, const struct node *node, size_t begin,
                       size_t end, struct span *place)
{
    const char *file = reader->project->sources.items[node->span.file].text;
    const char *source = file + node->span.begin, *text = node->text;
    char quote = node->plain ? '\0' : *source++;
    *place = node->span;
    if (!node->plain && quote != '\'' && quote != '"')
        return false;
    for (;;) {
        size_t at = (size_t)(text - node->text);
        if (at <= begin)
            place->begin = (uint32_t)(source - file);
        if (at >= end || at >= node->count) {
            place->end = (uint32_t)(source - file);
            return true;
        }
        if (!step(quote, &source, &text)) {
            *place = node->span;
            return false;
        }
    }
}

static void report_problem(struct reader *reader, const struct node *node,
                           const struct regex_problem *problem)
{
    struct span place;
    if (find_place(reader, node, problem->begin, problem->end, &place))
        diagnose(reader->diagnostics, problem->code, place, "%s", problem->message);
    else
        diagnose(reader->diagnostics, problem->code, place, "%s, at byte %zu of the pattern",
                 problem->message, problem->begin + 1);
    if (problem->help)
        diagnose_help(reader->diagnostics, "%s", problem->help);
}

static void warn_of_nothing(struct reader *reader, const struct node *node,
                            const struct automaton *automaton)
{
    if (!automaton->always && !automaton->never)
        return;
    diagnose(reader->diagnostics, FF0264, node->span, "the pattern '%s' matches %s", node->text,
             automaton->always ? "every text" : "no text");
    diagnose_help(reader->diagnostics,
                  automaton->always
                      ? "it matches the empty text, too: '^' and '$' anchor it to the whole text; "
                        "'present: true' tests whether the attribute is there"
                      : "'^' is the beginning of the text and '$' its end; '\\$' is the character");
}

/* Finding that a pattern is too large takes tenths of a second: after so many, others are left for
 * the next run. */
#define MOST_LARGE_PATTERNS 16

static bool refuse_pattern(struct reader *reader, const struct node *node,
                           const struct regex_problem *problem)
{
    report_problem(reader, node, problem);
    if (problem->code == FF0262 && ++reader->large_patterns == MOST_LARGE_PATTERNS)
        diagnose_note(reader->diagnostics, NO_SPAN,
                      "%u patterns are too large: any others are left for the next run",
                      MOST_LARGE_PATTERNS);
    return false;
}

bool read_pattern(struct reader *reader, const struct node *node, bool ignore_case,
                  struct operand *operand)
{
    const char *key = pattern_text(reader->arena, node->text, ignore_case);
    const struct automaton *automaton = table_get(&reader->patterns, key);
    struct regex_problem problem;
    if (!automaton && reader->large_patterns == MOST_LARGE_PATTERNS) {
        reader->silent++;
        return false;
    }
    if (!automaton) {
        automaton = regex_compile(reader->arena, node->text, node->count, ignore_case, &problem);
        if (!automaton)
            return refuse_pattern(reader, node, &problem);
        table_add(&reader->patterns, reader->arena, key, (void *)(uintptr_t)automaton);
    }
    warn_of_nothing(reader, node, automaton);
    operand->automaton = automaton;
    return true;
}
