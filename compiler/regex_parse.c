/*
 * regex_parse.c - the text of a pattern to a tree.
 *
 * Recursive descent, as deep as groups nest, which is bounded. The first mistake ends it: what
 * follows a mistake in a pattern is anybody's guess. What other engines have and this one cannot
 * have is named, with what to write in its place.
 */
#include "regex_steps.h"

#include <string.h>

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

static struct regex_node *parse_choice(struct parser *parser);

/* Always NULL. */
static void *fail(struct parser *parser, enum diagnostic_code code, size_t begin, size_t end,
                  const char *help, const char *format, ...) __attribute__((format(printf, 6, 7)));
static void *fail(struct parser *parser, enum diagnostic_code code, size_t begin, size_t end,
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

static bool more(const struct parser *parser)
{
    return parser->at < parser->length;
}

/* The byte so far ahead; 0 behind the end. */
static char peek(const struct parser *parser, size_t ahead)
{
    return ahead < parser->length - parser->at ? parser->pattern[parser->at + ahead] : '\0';
}

static bool follows(const struct parser *parser, const char *text)
{
    size_t length = strlen(text);
    return length <= parser->length - parser->at &&
           memcmp(parser->pattern + parser->at, text, length) == 0;
}

static bool take(struct parser *parser, const char *text)
{
    bool taken = follows(parser, text);
    if (taken)
        parser->at += strlen(text);
    return taken;
}

static size_t character_length(const struct parser *parser, size_t at)
{
    size_t end = at + 1;
    while (end < parser->length && (parser->pattern[end] & 0xC0) == 0x80)
        end++;
    return end - at;
}

static uint32_t take_character(struct parser *parser)
{
    size_t length = character_length(parser, parser->at);
    const unsigned char *bytes = (const unsigned char *)parser->pattern + parser->at;
    uint32_t character = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (bytes[i] & 0x3Fu);
    parser->at += length;
    return character;
}

/* ------------------------------------------------------------------------------------- nodes -- */

static struct regex_node *new_node(struct parser *parser, enum regex_kind kind)
{
    struct regex_node *node = ARENA_NEW(parser->arena, struct regex_node);
    node->kind = kind;
    return node;
}

static struct regex_node *new_assertion(struct parser *parser, enum assertion assertion)
{
    struct regex_node *node = new_node(parser, REGEX_ASSERT);
    node->assertion = assertion;
    return node;
}

static struct regex_node *finish_set(struct parser *parser, struct character_set set, bool negated)
{
    struct regex_node *node = new_node(parser, REGEX_SET);
    if (parser->flags.ignore_case)
        set_fold(parser->arena, &set);
    set_normalise(&set);
    if (negated)
        set_negate(parser->arena, &set);
    node->set = set;
    return node;
}

static struct regex_node *new_literal(struct parser *parser, uint32_t character)
{
    struct character_set set = {0};
    set_add(parser->arena, &set, character, character);
    return finish_set(parser, set, false);
}

static struct regex_node *new_dot(struct parser *parser)
{
    struct character_set set = {0};
    if (!parser->flags.dot_all)
        set_add(parser->arena, &set, '\n', '\n');
    set_negate(parser->arena, &set);
    struct regex_node *node = new_node(parser, REGEX_SET);
    node->set = set;
    return node;
}

/* ----------------------------------------------------------------------------------- escapes -- */

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After `\x`: two digits, or any number of them in braces. */
static bool take_hexadecimal(struct parser *parser, size_t begin, uint32_t *character)
{
    const char *help = "write \\x7F, or \\x{1F600} with any number of digits";
    bool braces = take(parser, "{");
    size_t digits = 0;
    for (*character = 0; hexadecimal(peek(parser, 0)) >= 0 && (braces || digits < 2); digits++) {
        if (*character <= LAST_CHARACTER)
            *character = *character << 4 | (uint32_t)hexadecimal(peek(parser, 0));
        parser->at++;
    }
    if (digits == 0 || (!braces && digits < 2) || (braces && !take(parser, "}")))
        return fail(parser, FF0257, begin, parser->at + 1, help,
                    "'\\x' without its hexadecimal digits");
    if (*character > LAST_CHARACTER || (*character >= 0xD800 && *character <= 0xDFFF))
        return fail(parser, FF0257, begin, parser->at,
                    "characters are U+0000 to U+10FFFF, without U+D800 to U+DFFF",
                    "there is no character '%.*s'", (int)(parser->at - begin),
                    parser->pattern + begin);
    return true;
}

static const char *escape_help(char letter)
{
    switch (letter) {
    case 'Z':
        return "the end of the text is '\\z', or '$'";
    case 'u':
    case 'U':
    case 'N':
        return "a character by its number is \\x{20AC}";
    case 'e':
        return "the escape character is \\x1B";
    case 'E':
        return "'\\E' ends what '\\Q' begins";
    case 'b':
        return "in a class '\\b' is no word boundary; a backspace is \\x08";
    case 'h':
        return "a space or tab is [ \\t]";
    case 'R':
        return "a line end is \\r?\\n";
    default:
        return "'\\' stands before punctuation that means itself; letters need none";
    }
}

static bool report_escape(struct parser *parser, size_t begin, char letter)
{
    size_t end = begin + 1 + character_length(parser, begin + 1);
    int length = (int)(end - begin);
    const char *text = parser->pattern + begin;
    if ((letter >= '1' && letter <= '9') || letter == 'k')
        return fail(parser, FF0259, begin, end,
                    "no table can hold what a group matched; write the alternatives out",
                    "back-reference '%.*s' is not supported", length, text);
    if (letter == 'p' || letter == 'P')
        return fail(parser, FF0259, begin, end,
                    "name the ranges, as [\\x{400}-\\x{4FF}]; [^\\x00-\\x7F] is all but ASCII",
                    "Unicode class '%.*s' is not supported", length, text);
    if (letter == 'C')
        return fail(parser, FF0259, begin, end, "'.' is one character, and (?s:.) any",
                    "'\\C' is not supported: it would split characters");
    return fail(parser, FF0257, begin, end, escape_help(letter), "unknown escape '%.*s'", length,
                text);
}

/* A character behind a `\`, which `at` stands on. */
static bool take_escaped(struct parser *parser, uint32_t *character)
{
    static const char letters[] = "aftnrv", meanings[] = "\a\f\t\n\r\v";
    size_t begin = parser->at++;
    if (!more(parser))
        return fail(parser, FF0257, begin, begin + 1, "a '\\' itself is written '\\\\'",
                    "a '\\' at the end, which quotes nothing");
    char letter = peek(parser, 0);
    const char *known = strchr(letters, letter);
    parser->at++;
    if (known && letter) {
        *character = (unsigned char)meanings[known - letters];
        return true;
    }
    if (letter == 'x')
        return take_hexadecimal(parser, begin, character);
    if (letter == '0') {
        *character = 0;
        for (int i = 0; i < 2 && peek(parser, 0) >= '0' && peek(parser, 0) <= '7'; i++)
            *character = *character << 3 | (uint32_t)(parser->pattern[parser->at++] - '0');
        return true;
    }
    *character = (unsigned char)letter;
    bool punctuation = letter > ' ' && letter < 0x7F && letter != '_' &&
                       !(letter >= '0' && letter <= '9') &&
                       !((letter | 32) >= 'a' && (letter | 32) <= 'z');
    return punctuation || letter == ' ' || report_escape(parser, begin, letter);
}

/* What an escape outside of a class can be beside a character. */
static struct regex_node *parse_escape(struct parser *parser)
{
    struct character_set set = {0};
    if (set_add_escape(parser->arena, &set, peek(parser, 1))) {
        parser->at += 2;
        return finish_set(parser, set, false);
    }
    if (take(parser, "\\A"))
        return new_assertion(parser, AT_TEXT_BEGIN);
    if (take(parser, "\\z"))
        return new_assertion(parser, AT_TEXT_END);
    if (take(parser, "\\b"))
        return new_assertion(parser, AT_WORD_BOUNDARY);
    if (take(parser, "\\B"))
        return new_assertion(parser, AT_NO_WORD_BOUNDARY);
    uint32_t character;
    return take_escaped(parser, &character) ? new_literal(parser, character) : NULL;
}

/* ----------------------------------------------------------------------------------- classes -- */

static bool take_class_character(struct parser *parser, uint32_t *character)
{
    if (peek(parser, 0) == '\\')
        return take_escaped(parser, character);
    *character = take_character(parser);
    return true;
}

/* `[:alpha:]`, which `at` stands on. */
static bool take_named_class(struct parser *parser, struct character_set *set, size_t length)
{
    size_t begin = parser->at;
    const char *name = parser->pattern + begin + 2;
    bool negated = *name == '^';
    struct character_set own = {0};
    parser->at += length;
    if (!set_add_named(parser->arena, &own, name + negated, length - 4 - negated))
        return fail(parser, FF0256, begin, parser->at,
                    "there are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, "
                    "punct, space, upper, word, xdigit",
                    "unknown class '%.*s'", (int)length, parser->pattern + begin);
    if (negated) {
        if (parser->flags.ignore_case)
            set_fold(parser->arena, &own);
        set_negate(parser->arena, &own);
    }
    set_add_all(parser->arena, set, &own);
    return true;
}

/* The length of `[:name:]` here; 0: it is not one. */
static size_t named_class_length(const struct parser *parser)
{
    if (!follows(parser, "[:"))
        return 0;
    for (size_t i = 2; parser->at + i + 1 < parser->length; i++)
        if (peek(parser, i) == ':' && peek(parser, i + 1) == ']')
            return i + 2;
    return 0;
}

static bool take_range(struct parser *parser, struct character_set *set)
{
    size_t begin = parser->at;
    uint32_t low, high;
    if (!take_class_character(parser, &low))
        return false;
    high = low;
    if (peek(parser, 0) == '-' && peek(parser, 1) != ']' && parser->length - parser->at > 1) {
        struct character_set ignored = {0};
        parser->at++;
        if (peek(parser, 0) == '\\' && set_add_escape(parser->arena, &ignored, peek(parser, 1)))
            return fail(parser, FF0256, begin, parser->at + 2,
                        "write a '-' that means itself first or last in the class",
                        "a range that ends in a class of characters, '\\%c'", peek(parser, 1));
        if (!take_class_character(parser, &high))
            return false;
    }
    if (high < low)
        return fail(parser, FF0256, begin, parser->at,
                    "a range goes from the lower character to the higher; a '-' that means "
                    "itself stands first or last",
                    "the range '%.*s' runs backwards", (int)(parser->at - begin),
                    parser->pattern + begin);
    set_add(parser->arena, set, low, high);
    return true;
}

static struct regex_node *parse_class(struct parser *parser)
{
    struct character_set set = {0};
    size_t begin = parser->at++;
    bool negated = take(parser, "^");
    for (bool first = true; more(parser) && (first || peek(parser, 0) != ']'); first = false) {
        size_t named = named_class_length(parser);
        bool sound;
        if (named) {
            sound = take_named_class(parser, &set, named);
        } else if (peek(parser, 0) == '\\' &&
                   set_add_escape(parser->arena, &set, peek(parser, 1))) {
            parser->at += 2;
            sound = true;
        } else {
            sound = take_range(parser, &set);
        }
        if (!sound)
            return NULL;
    }
    if (!take(parser, "]"))
        return fail(parser, FF0253, begin, begin + 1,
                    "close it, or write '\\[' for the bracket itself; a ']' that comes first in a "
                    "class means itself",
                    "'[' without its ']'");
    return finish_set(parser, set, negated);
}

/* ------------------------------------------------------------------------------------ groups -- */

/* What begins with `(?` in other engines. */
static const struct foreign_group {
    const char *opener;
    const char *what;
    const char *help;
} foreign_groups[] = {
    {"(?=", "look-ahead", "put two patterns beneath 'all:', each a test of its own"},
    {"(?!", "negative look-ahead", "put a second test beneath 'not:'"},
    {"(?<=", "look-behind", "match the text before as well: nothing is cut out of it"},
    {"(?<!", "negative look-behind", "put a second test beneath 'not:'"},
    {"(?>", "the atomic group", "write '(?:'; nothing here is ever tried twice"},
    {"(?P=", "back-reference",
     "no table can hold what a group matched; write the alternatives "
     "out"},
    {"(?P>", "recursion", "write the group out as often as it may nest"},
    {"(?&", "recursion", "write the group out as often as it may nest"},
    {"(?R", "recursion", "write the group out as often as it may nest"},
    {"(?(", "the conditional group", "write both alternatives out: (?:a…|b…)"},
    {"(?|", "the branch reset", "write '(?:'; groups have no numbers here"},
    {"(?#", "the comment", "a YAML comment stands beside the pattern"},
};

/* `i`, `s-i` and so on, up to the `)` or `:` that ends them. */
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
        else if (letter != 'U') /* which says what to prefer: it changes no answer */
            return fail(parser, FF0261, begin, parser->at + character_length(parser, parser->at),
                        "the flags are i (ignore case), m (lines), s ('.' is any character), U; "
                        "a plain group is '(?:'",
                        "'%.*s' is not a flag of '(?'", (int)character_length(parser, parser->at),
                        parser->pattern + parser->at);
    }
    return some || fail(parser, FF0261, begin, parser->at + 1, "a plain group is '(?:'",
                        "a '(?' that says nothing");
}

/* `<name>`, after the `?` or `?P`. */
static bool take_group_name(struct parser *parser, size_t begin)
{
    size_t start = ++parser->at;
    struct character_set word = {0};
    set_add_escape(parser->arena, &word, 'w');
    for (; more(parser); parser->at++) {
        bool in_word = false;
        for (uint32_t i = 0; i < word.count; i++)
            in_word |= (unsigned char)peek(parser, 0) >= word.ranges[i].low &&
                       (unsigned char)peek(parser, 0) <= word.ranges[i].high;
        if (!in_word)
            break;
    }
    return (parser->at > start && take(parser, ">")) ||
           fail(parser, FF0261, begin, parser->at + 1,
                "a group's name is letters, digits and '_': (?P<year>...)",
                "a group without a proper name");
}

/* After `(`. Sets *only_flags where there is no group, as in `(?i)`. */
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

/* Sets *node to NULL for `(?i)`, which holds to the end of the group it is in. */
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

/* `*`, `{2,3}` and so on; false, and nothing taken, where there is none. */
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
    const char *help = "write a '\\' before a character that means itself";
    if (place)
        help = "what stands before it is a place between characters, which is there or not";
    else if (*text == '*')
        help = "'*' repeats what stands before it; any text is '.*'. Patterns with '*' alone are "
               "'glob'";
    return fail(parser, FF0254, begin, parser->at, help, "nothing to repeat before '%.*s'", length,
                text);
}

/* What follows an item and repeats it. */
static struct regex_node *parse_repetition(struct parser *parser, struct regex_node *item)
{
    uint32_t least, most, ignored;
    size_t begin = parser->at;
    if (!take_repetition(parser, &least, &most))
        return item;
    size_t end = parser->at;
    int length = (int)(end - begin);
    const char *text = parser->pattern + begin;
    if (item->kind == REGEX_ASSERT)
        return report_nothing_to_repeat(parser, begin, true);
    if (least == REGEX_NO_END)
        return fail(parser, FF0254, begin, end,
                    arena_format(parser->messages, "write {0%s, or '\\{' for the brace itself",
                                 text + 1 < parser->pattern + end
                                     ? arena_copy(parser->messages, text + 1, (size_t)length - 1)
                                     : ""),
                    "'%.*s' does not say how often at least", length, text);
    if (least > REGEX_MAX_REPEAT || (most > REGEX_MAX_REPEAT && most != REGEX_NO_END))
        return fail(parser, FF0254, begin, end,
                    "the count is written out in the table; is '+' "
                    "enough?",
                    "the repetition '%.*s' goes beyond %u times", length, text, REGEX_MAX_REPEAT);
    if (most < least)
        return fail(parser, FF0254, begin, end, "write the smaller count first",
                    "the repetition '%.*s' ends before it begins", length, text);
    take(parser, "?"); /* lazy: which match is preferred changes no answer */
    size_t second = parser->at;
    if (take_repetition(parser, &ignored, &ignored))
        return fail(parser, FF0254, begin, parser->at,
                    parser->pattern[second] == '+'
                        ? "nothing here is ever tried twice: leave the '+' away"
                        : "group what is meant: (?:a*){2}",
                    "a repetition of a repetition, '%.*s'", (int)(parser->at - begin), text);
    struct regex_node *node = new_node(parser, REGEX_REPEAT);
    *ARENA_APPEND(parser->arena, node->children, node->child_count) = item;
    node->least = least;
    node->most = most;
    return node;
}

/* -------------------------------------------------------------------------------- structure -- */

/* Sets *node to NULL where there is nothing to match. */
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
        parser->at++;
        *node = new_dot(parser);
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
    *node = new_literal(parser, take_character(parser));
    return true;
}

/* After `\Q`: one character, literally; NULL at the `\E`. */
static struct regex_node *parse_quoted(struct parser *parser)
{
    struct regex_node *node = NULL;
    if (!follows(parser, "\\E"))
        node = new_literal(parser, take_character(parser));
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
