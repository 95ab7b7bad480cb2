/*
 * regex_parse.c - parses the text of a pattern into a tree.
 *
 * Recursive descent, as deep as groups nest, which is limited. Parsing stops at the first mistake,
 * because what follows it would be guesswork. Features of other engines that this one cannot
 * support are named, with what to write instead.
 */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "regex_parser.h"

static struct regex_node *parse_choice(struct parser *parser);

void *fail(struct parser *parser, enum diagnostic_code code, size_t begin, size_t end,
           const char *help, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *parser->problem =
        (struct regex_problem){code, begin, end < parser->length ? end : parser->length,
                               arena_vformat(parser->messages, format, arguments), help};
    va_end(arguments);
    return NULL;
}

struct regex_node *new_node(struct parser *parser, enum regex_kind kind)
{
    struct regex_node *node = ARENA_NEW(parser->arena, struct regex_node);
    node->kind = kind;
    return node;
}

struct regex_node *new_assertion(struct parser *parser, enum assertion assertion)
{
    struct regex_node *node = new_node(parser, REGEX_ASSERT);
    node->assertion = assertion;
    return node;
}

/* ------------------------------------------------------------------------------------ groups -- */

/* Groups that begin with `(?` in other engines. */
static const struct foreign_group {
    const char *opener;
    const char *what;
    const char *help;
} foreign_groups[] = {
    {"(?=", "look-ahead", "put two patterns under 'all:', each in its own test"},
    {"(?!", "negative look-ahead", "put a second test under 'not:'"},
    {"(?<=", "look-behind", "match the text before as well: nothing is cut out of it"},
    {"(?<!", "negative look-behind", "put a second test under 'not:'"},
    {"(?>", "the atomic group", "write '(?:'; nothing here is ever tried twice"},
    {"(?P=", "back-reference", REGEX_NO_REFERENCE},
    {"(?P>", "recursion", "repeat the group as often as it may nest"},
    {"(?&", "recursion", "repeat the group as often as it may nest"},
    {"(?R", "recursion", "repeat the group as often as it may nest"},
    {"(?(", "the conditional group", "write both alternatives out: (?:a…|b…)"},
    {"(?|", "the branch reset", "write '(?:'; groups have no numbers here"},
    {"(?#", "the comment", "a YAML comment stands beside the pattern"},
};

/* `i`, `s-i` and so on, up to the closing `)` or `:`. */
static bool take_flags(struct parser *parser, size_t begin)
{
    bool on = true, some = false;
    for (; more(parser) && !strchr("):", peek(parser, 0)); parser->at++) {
        char letter = peek(parser, 0);
        some = true;
        if (letter == 'i')
            parser->flags.ignore_case = on;
        else if (letter == 'm')
            parser->flags.multi_line = on;
        else if (letter == 's')
            parser->flags.dot_all = on;
        else if (letter == '-' && on)
            on = some = false;
        else if (letter != 'U') /* U only says what to prefer: it changes no answer */
            return fail(parser, FF0261, begin, parser->at + character_length(parser, parser->at),
                        "the flags are i (ignore case), m (lines), s ('.' is any character), U; "
                        "a plain group is '(?:'",
                        "'%.*s' is not a flag of '(?'", (int)character_length(parser, parser->at),
                        parser->pattern + parser->at);
    }
    return some || fail(parser, FF0261, begin, parser->at + 1, "a plain group is '(?:'",
                        "a '(?' that says nothing");
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

/* `<name>`, after the `?` or `?P`. */
static bool take_group_name(struct parser *parser, size_t begin)
{
    size_t start = ++parser->at;
    while (is_word(peek(parser, 0)))
        parser->at++;
    return (parser->at > start && take(parser, ">")) ||
           fail(parser, FF0261, begin, parser->at + 1,
                "a group's name is letters, digits and '_': (?P<year>...)",
                "a group without a proper name");
}

/* After `(`. Sets *only_flags if there is no group, as in `(?i)`. */
static bool take_group_opener(struct parser *parser, size_t begin, bool *only_flags)
{
    if (!take(parser, "?"))
        return true;
    parser->at = begin;
    for (size_t i = 0; i < sizeof foreign_groups / sizeof *foreign_groups; i++) {
        const struct foreign_group *foreign = &foreign_groups[i];
        if (follows(parser, foreign->opener))
            return fail(parser, FF0259, begin, begin + strlen(foreign->opener), foreign->help,
                        "%s '%s' is not supported", foreign->what, foreign->opener);
    }
    parser->at += 2;
    if (follows(parser, "P<"))
        parser->at++;
    if (peek(parser, 0) == '<')
        return take_group_name(parser, begin);
    if (peek(parser, 0) != ':' && !take_flags(parser, begin))
        return false;
    *only_flags = take(parser, ")");
    if (!*only_flags)
        parser->at += more(parser);
    return true;
}

/* Sets *node to NULL for `(?i)`, which applies to the rest of its group. */
static bool parse_group(struct parser *parser, struct regex_node **node)
{
    size_t begin = parser->at++;
    struct flags outer = parser->flags;
    bool only_flags = false;
    *node = NULL;
    if (!take_group_opener(parser, begin, &only_flags))
        return false;
    if (only_flags)
        return true;
    size_t end = parser->at;
    if (++parser->depth > REGEX_MAX_DEPTH)
        return fail(parser, FF0261, begin, begin + 1, NULL, "groups nest more than %u deep",
                    REGEX_MAX_DEPTH);
    *node = parse_choice(parser);
    if (!*node)
        return false;
    if (!take(parser, ")"))
        return fail(parser, FF0253, begin, end,
                    "close it, or write '\\(' for the parenthesis itself", "'%.*s' without its ')'",
                    (int)(end - begin), parser->pattern + begin);
    parser->depth--;
    parser->flags = outer;
    return true;
}

/* ------------------------------------------------------------------------------- repetitions -- */

static bool take_count(struct parser *parser, uint32_t *count)
{
    size_t begin = parser->at;
    for (*count = 0; peek(parser, 0) >= '0' && peek(parser, 0) <= '9'; parser->at++)
        if (*count <= REGEX_MAX_REPEAT)
            *count = *count * 10 + (uint32_t)(peek(parser, 0) - '0');
    return parser->at > begin;
}

/* `*`, `{2,3}` and so on; false, consuming nothing, if there is none. */
static bool take_repetition(struct parser *parser, uint32_t *least, uint32_t *most)
{
    *least = peek(parser, 0) == '+';
    *most = peek(parser, 0) == '?' ? 1 : REGEX_NO_END;
    if (take(parser, "*") || take(parser, "+") || take(parser, "?"))
        return true;
    size_t begin = parser->at;
    bool complete = false;
    if (take(parser, "{")) {
        bool from = take_count(parser, least);
        *most = *least;
        bool comma = take(parser, ",");
        bool to = comma && take_count(parser, most);
        if (comma && !to)
            *most = REGEX_NO_END;
        if (!from)
            *least = REGEX_NO_END; /* `{,3}` */
        complete = take(parser, "}") && (from || to);
    }
    if (!complete)
        parser->at = begin;
    return complete;
}

static void *report_nothing_to_repeat(struct parser *parser, size_t begin, bool place)
{
    int length = (int)(parser->at - begin);
    const char *text = parser->pattern + begin;
    const char *help = "write a '\\' before a literal character";
    if (place)
        help = "what precedes it is a position between characters, which cannot repeat";
    else if (*text == '*')
        help = "'*' repeats what precedes it; any text is '.*'. For patterns with only '*', use "
               "'glob'";
    return fail(parser, FF0254, begin, parser->at, help, "nothing to repeat before '%.*s'", length,
                text);
}

/* Checks the counts of the repetition just read, from `begin` on. */
static bool check_counts(struct parser *parser, size_t begin, uint32_t least, uint32_t most)
{
    size_t end = parser->at;
    int length = (int)(end - begin);
    const char *text = parser->pattern + begin;
    if (least == REGEX_NO_END)
        return fail(parser, FF0254, begin, end,
                    arena_format(parser->messages, "write {0%.*s, or '\\{' for the brace itself",
                                 length - 1, text + 1),
                    "'%.*s' has no minimum", length, text);
    if (least > REGEX_MAX_REPEAT || (most > REGEX_MAX_REPEAT && most != REGEX_NO_END))
        return fail(parser, FF0254, begin, end, "counts are expanded in the table; is '+' enough?",
                    "the repetition '%.*s' goes beyond %u times", length, text, REGEX_MAX_REPEAT);
    return most >= least || fail(parser, FF0254, begin, end, "write the smaller count first",
                                 "the repetition '%.*s' ends before it begins", length, text);
}

/* Parses what repeats an item. */
static struct regex_node *parse_repetition(struct parser *parser, struct regex_node *item)
{
    uint32_t least, most, ignored;
    size_t begin = parser->at;
    if (!take_repetition(parser, &least, &most))
        return item;
    if (item->kind == REGEX_ASSERT)
        return report_nothing_to_repeat(parser, begin, true);
    if (!check_counts(parser, begin, least, most))
        return NULL;
    take(parser, "?"); /* lazy: which match is preferred changes no answer */
    size_t second = parser->at;
    if (take_repetition(parser, &ignored, &ignored))
        return fail(parser, FF0254, begin, parser->at,
                    parser->pattern[second] == '+'
                        ? "nothing here is ever tried twice: leave out the '+'"
                        : "group what is meant: (?:a*){2}",
                    "a repetition of a repetition, '%.*s'", (int)(parser->at - begin),
                    parser->pattern + begin);
    struct regex_node *node = new_node(parser, REGEX_REPEAT);
    *ARENA_APPEND(parser->arena, node->children, node->child_count) = item;
    node->least = least;
    node->most = most;
    return node;
}

/* --------------------------------------------------------------------------------- structure -- */

/* Sets *node to NULL if there is nothing to match. */
static bool parse_item(struct parser *parser, struct regex_node **node)
{
    uint32_t least, most;
    size_t begin = parser->at;
    switch (peek(parser, 0)) {
    case '^':
    case '$': {
        bool lines = parser->flags.multi_line, first = peek(parser, 0) == '^';
        parser->at++;
        *node = new_assertion(parser, first   ? lines ? AT_LINE_BEGIN : AT_TEXT_BEGIN
                                      : lines ? AT_LINE_END
                                              : AT_TEXT_END);
        return true;
    }
    case '.':
        *node = parse_dot(parser);
        return true;
    case '[':
        *node = parse_class(parser);
        return *node;
    case '(':
        return parse_group(parser, node);
    case '\\':
        *node = parse_escape(parser);
        return *node;
    case '*':
    case '+':
    case '?':
    case '{':
        if (take_repetition(parser, &least, &most))
            return report_nothing_to_repeat(parser, begin, false);
        break;
    default:
        break;
    }
    *node = parse_literal(parser);
    return true;
}

/* After `\Q`: one literal character; NULL at the `\E`. */
static struct regex_node *parse_quoted(struct parser *parser)
{
    struct regex_node *node = NULL;
    if (!follows(parser, "\\E"))
        node = parse_literal(parser);
    if (take(parser, "\\E"))
        parser->quoted = false;
    return node;
}

static bool in_sequence(const struct parser *parser)
{
    return more(parser) && (parser->quoted || (peek(parser, 0) != '|' && peek(parser, 0) != ')'));
}

static struct regex_node *parse_sequence(struct parser *parser)
{
    struct regex_node *sequence = new_node(parser, REGEX_SEQUENCE);
    while (in_sequence(parser)) {
        struct regex_node *node = NULL;
        if (!parser->quoted && take(parser, "\\Q"))
            parser->quoted = true;
        else if (parser->quoted)
            node = parse_quoted(parser);
        else if (!parse_item(parser, &node))
            return NULL;
        if (node && !parser->quoted)
            node = parse_repetition(parser, node);
        else if (!node)
            continue;
        if (!node)
            return NULL;
        *ARENA_APPEND(parser->arena, sequence->children, sequence->child_count) = node;
    }
    return sequence;
}

static struct regex_node *parse_choice(struct parser *parser)
{
    struct regex_node *choice = new_node(parser, REGEX_CHOICE);
    do {
        struct regex_node *sequence = parse_sequence(parser);
        if (!sequence)
            return NULL;
        *ARENA_APPEND(parser->arena, choice->children, choice->child_count) = sequence;
    } while (take(parser, "|"));
    return choice->child_count == 1 ? choice->children[0] : choice;
}

struct regex_node *regex_parse(struct arena *arena, struct arena *messages, const char *pattern,
                               size_t length, bool ignore_case, struct regex_problem *problem)
{
    struct parser parser = {.arena = arena,
                            .messages = messages,
                            .pattern = pattern,
                            .length = length,
                            .flags = {.ignore_case = ignore_case},
                            .problem = problem};
    struct regex_node *root = parse_choice(&parser);
    if (root && more(&parser))
        return fail(&parser, FF0253, parser.at, parser.at + 1,
                    "write '\\)' for the parenthesis itself", "')' without its '('");
    return root;
}
