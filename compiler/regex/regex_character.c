/* regex_character.c - what matches one character of a text: a character, an escape, a class. */
#include "compiler/diagnostics/diagnose.h"
#include "regex_parser.h"

#define MOST_NAME 32 /* bytes of a `[:name:]` */

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

struct regex_node *parse_literal(struct parser *parser)
{
    return new_literal(parser, take_character(parser));
}

struct regex_node *parse_dot(struct parser *parser)
{
    struct character_set set = {0};
    parser->at++;
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
        return "'\\' makes punctuation literal; letters need none";
    }
}

static bool report_escape(struct parser *parser, size_t begin, char letter)
{
    size_t end = begin + 1 + character_length(parser, begin + 1);
    int length = (int)(end - begin);
    const char *text = parser->pattern + begin;
    if ((letter >= '1' && letter <= '9') || letter == 'k')
        return fail(parser, FF0259, begin, end, REGEX_NO_REFERENCE,
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

/* A character after the `\`, at which `at` points. */
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

/* Escapes outside a class that are more than a character. */
struct regex_node *parse_escape(struct parser *parser)
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

/* `[:alpha:]`, at which `at` points. */
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

/* The length of `[:name:]` here; 0 if it is not one, nor likely to be meant as one. */
static size_t named_class_length(const struct parser *parser)
{
    if (!follows(parser, "[:"))
        return 0;
    for (size_t i = 2; i < MOST_NAME && peek(parser, i) && peek(parser, i) != ']'; i++)
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
                        "write a literal '-' first or last in the class",
                        "a range that ends in a class of characters, '\\%c'", peek(parser, 1));
        if (!take_class_character(parser, &high))
            return false;
    }
    if (high < low)
        return fail(
            parser, FF0256, begin, parser->at,
            "a range goes from the lower character to the higher; a literal '-' goes first or last",
            "the range '%.*s' runs backwards", (int)(parser->at - begin), parser->pattern + begin);
    set_add(parser->arena, set, low, high);
    return true;
}

struct regex_node *parse_class(struct parser *parser)
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
                    "class is literal",
                    "'[' without its ']'");
    return finish_set(parser, set, negated);
}
