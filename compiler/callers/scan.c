/* scan.c - see scan.h. */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/match.h"
#include "compiler/base/memory.h"

enum trait {
    SLASH_COMMENTS = 1,
    NESTED_COMMENTS = 2,
    HASH_COMMENTS = 4,
    SINGLE_IS_CHARACTER = 8, /* '"' is no text, and neither is Rust's lifetime 'a */
    BACKTICK_IS_RAW = 16,
    BACKTICK_IS_TEMPLATE = 32,
    TRIPLE_QUOTES = 64,
    LINES_IN_TEXT = 128,    /* "…" may have line breaks */
    PREFIXES = 256,         /* r"…" has no escapes, f"…" has code between braces */
    RAW_DELIMITED = 512,    /* R"x(…)x" */
    RAW_HASHED = 1024,      /* r#"…"# */
    PATTERNS = 2048,        /* /…/ is a regular expression where a value may begin */
    BRACE_AFTER_CALL = 4096 /* f(x) { may follow `if`: it does not say that f is defined */
};

struct language {
    const char *name, *extensions;
    unsigned traits;
};
#define LANGUAGE(name, extensions, traits) {name, extensions, traits},
static const struct language languages[] = {
#include "languages.def"
};
#undef LANGUAGE

#define ASKER(name, system) name,
static const char *const known_askers[] = {
#include "askers.def"
};
#undef ASKER

const char *const mention_kind_words[] = WORDS(MENTION_KINDS);
const char *const language_names = "C, C++, Go, Python, JavaScript, TypeScript, Rust, Java";

/* --------------------------------------------------------------------------------- languages -- */

const struct language *language_of(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name : path, '.');
    for (size_t i = 0; dot && i < sizeof languages / sizeof *languages; i++)
        if (text_has_word(languages[i].extensions, dot, strlen(dot)))
            return &languages[i];
    return NULL;
}

const char *language_name(const struct language *language)
{
    return language->name;
}

void common_spelling(const char *text, char *out)
{
    for (; *text; text++) {
        char c = ascii_lower(*text);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
            *out++ = c;
    }
    *out = '\0';
}

/* ----------------------------------------------------------------------------------- scanner -- */

#define MOST_OF_A_NAME 128
#define MOST_VALUES    32 /* texts within values within texts; deeper ones are passed over */

/* What a bracket that is open belongs to. */
struct opened {
    char bracket;       /* '(', '[', '{'; '`': a value within a template */
    bool named;         /* a text was its first one */
    bool empty;         /* nothing stands in it yet */
    const char *call;   /* that names flags; NULL: none, or not a call */
    const char *before; /* where the call's own name begins */
    uint32_t line, column;
};

enum token { TOKEN_NONE, TOKEN_WORD, TOKEN_VALUE, TOKEN_CLOSED, TOKEN_SIGN };

struct scanner {
    const struct language *language;
    const struct askers *askers;
    const char *at, *end, *line_begin;
    uint32_t line;
    struct opened *opened;
    size_t depth, capacity;
    unsigned values;  /* of texts that are being read */
    enum token token; /* the last one */
    char sign;        /* of TOKEN_SIGN */
    char sign_before; /* of the token before that; NUL: it was none */
    struct {
        const char *begin;
        size_t length;
    } word, generic;        /* the last; that before `<` */
    enum token before_word; /* and what stood before it */
    struct {
        const char *begin;
        size_t length;
    } word_before;
    struct buffer text;
    struct arena names; /* of calls */
    take_mention *take;
    void *user;
};

static bool has(const struct scanner *scanner, enum trait trait)
{
    return (scanner->language->traits & trait) != 0;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static bool looks_at(const struct scanner *scanner, const char *what)
{
    size_t length = strlen(what);
    return (size_t)(scanner->end - scanner->at) >= length && memcmp(scanner->at, what, length) == 0;
}

/* Goes on by one byte, counting lines. */
static void step(struct scanner *scanner)
{
    if (*scanner->at++ == '\n') {
        scanner->line++;
        scanner->line_begin = scanner->at;
    }
}

static uint32_t column_of(const struct scanner *scanner, const char *place)
{
    return (uint32_t)(place - scanner->line_begin) + 1;
}

/* ------------------------------------------------------------------------------------- calls -- */

static bool is_asker(const struct askers *askers, char *name)
{
    for (size_t i = 0; i < askers->count; i++)
        if (strcmp(askers->more[i], name) == 0)
            return true;
    common_spelling(name, name);
    for (size_t i = 0; i < sizeof known_askers / sizeof *known_askers; i++)
        if (strcmp(known_askers[i], name) == 0)
            return true;
    return false;
}

/* The name, if it is of a function that names flags; else NULL. */
static const char *asker_of(struct scanner *scanner, const char *name, size_t length)
{
    char spelt[MOST_OF_A_NAME + 1];
    if (length == 0 || length > MOST_OF_A_NAME)
        return NULL;
    memcpy(spelt, name, length);
    spelt[length] = '\0';
    return is_asker(scanner->askers, spelt) ? arena_copy(&scanner->names, name, length) : NULL;
}

/* Words after which a value stands, so that what follows them is called and not defined. */
static const char value_words[] = "return await if else elif not and or in is case throw new yield "
                                  "go defer while assert when match typeof co_await co_return";

/* Of the call whose name was just read: whether a definition of it begins so. */
static bool is_defined(const struct scanner *scanner)
{
    return scanner->before_word == TOKEN_WORD &&
           scanner->word_before.begin >= scanner->line_begin &&
           !text_has_word(value_words, scanner->word_before.begin, scanner->word_before.length);
}

static void open_bracket(struct scanner *scanner, char bracket)
{
    if (scanner->depth == scanner->capacity) {
        scanner->capacity = scanner->capacity ? 2 * scanner->capacity : 64;
        scanner->opened = xrealloc(scanner->opened, scanner->capacity * sizeof *scanner->opened);
    }
    struct opened *opened = &scanner->opened[scanner->depth++];
    *opened = (struct opened){.bracket = bracket,
                              .empty = true,
                              .line = scanner->line,
                              .column = column_of(scanner, scanner->at)};
    if (bracket != '(')
        return;
    bool plain = scanner->token == TOKEN_WORD;
    bool generic = scanner->token == TOKEN_SIGN && scanner->sign == '>' && scanner->generic.begin;
    if (!plain && !generic)
        return;
    const char *name = plain ? scanner->word.begin : scanner->generic.begin;
    size_t length = plain ? scanner->word.length : scanner->generic.length;
    if (plain && is_defined(scanner))
        return;
    opened->call = asker_of(scanner, name, length);
    opened->before = name;
    if (name >= scanner->line_begin)
        opened->column = column_of(scanner, name);
}

static bool line_begins_with(const struct scanner *scanner, const char *place, const char *word)
{
    while (place > scanner->line_begin && place[-1] != '\n')
        place--;
    place += strspn(place, " \t");
    size_t length = strlen(word);
    return (size_t)(scanner->end - place) > length && memcmp(place, word, length) == 0 &&
           !is_word_byte(place[length]);
}

/* A call that names flags, without a text that would: what it asks for is not known. */
static void take_computed(struct scanner *scanner, const struct opened *opened)
{
    const char *next = scanner->at + 1;
    while (next < scanner->end && (*next == ' ' || *next == '\t' || *next == '\n'))
        next++;
    bool body = next < scanner->end && *next == '{' && !has(scanner, BRACE_AFTER_CALL);
    if (body || line_begins_with(scanner, opened->before, "func"))
        return;
    scanner->take(scanner->user, &(struct mention){.kind = MENTION_COMPUTED,
                                                   .call = opened->call,
                                                   .line = opened->line,
                                                   .column = opened->column});
}

static void close_bracket(struct scanner *scanner, char bracket)
{
    char opening = bracket == ')' ? '(' : bracket == ']' ? '[' : '{';
    size_t depth = scanner->depth;
    while (depth > 0 && scanner->opened[depth - 1].bracket != opening)
        depth--;
    if (depth == 0)
        return; /* one too many: what is open stays so */
    const struct opened *opened = &scanner->opened[depth - 1];
    if (opened->call && !opened->named && !opened->empty)
        take_computed(scanner, opened);
    scanner->depth = depth - 1;
}

/* ------------------------------------------------------------------------------------- texts -- */

static void take_text(struct scanner *scanner, uint32_t line, uint32_t column)
{
    struct opened *opened = scanner->depth ? &scanner->opened[scanner->depth - 1] : NULL;
    const char *call = NULL;
    if (scanner->token == TOKEN_SIGN && (scanner->sign == ':' || scanner->sign == '='))
        call =
            asker_of(scanner, scanner->word.begin ? scanner->word.begin : "", scanner->word.length);
    if (opened && opened->call && !opened->named) {
        call = opened->call;
        opened->named = true;
    }
    const char *text = scanner->text.bytes ? scanner->text.bytes : "";
    if (strlen(text) == scanner->text.length)
        scanner->take(
            scanner->user,
            &(struct mention){
                .kind = MENTION_TEXT, .text = text, .call = call, .line = line, .column = column});
}

/* Digits of an escape, after its letter: of a given number, or in braces. */
static void decode_digits(struct scanner *scanner, size_t most)
{
    uint32_t code = 0;
    bool braces = scanner->at < scanner->end && *scanner->at == '{';
    if (braces) {
        scanner->at++;
        most = 6;
    }
    for (size_t i = 0; i < most && scanner->at < scanner->end; i++) {
        char c = ascii_lower(*scanner->at);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            break;
        code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        scanner->at++;
    }
    if (braces && scanner->at < scanner->end && *scanner->at == '}')
        scanner->at++;
    buffer_append_utf8(&scanner->text, code);
}

/* After the backslash. */
static void decode_escape(struct scanner *scanner)
{
    char c = *scanner->at;
    step(scanner);
    if (c == 'n' || c == 't' || c == 'r')
        buffer_append(&scanner->text, c == 'n' ? "\n" : c == 't' ? "\t" : "\r", 1);
    else if (c == 'x')
        decode_digits(scanner, 2);
    else if (c == 'u')
        decode_digits(scanner, 4);
    else if (c == 'U')
        decode_digits(scanner, 8);
    else if (c != '\n')
        buffer_append(&scanner->text, &c, 1);
}

static void scan_until(struct scanner *scanner, size_t depth);

/* The code of a value in a text, from behind its bracket; what is read is no part of the text.. */
static void scan_value(struct scanner *scanner)
{
    struct buffer kept = scanner->text;
    scanner->text = (struct buffer){0};
    scanner->values++;
    open_bracket(scanner, '{');
    scanner->token = TOKEN_NONE;
    scan_until(scanner, scanner->depth - 1);
    scanner->values--;
    buffer_release(&scanner->text);
    scanner->text = kept;
}

/* How a text is written. */
struct quotes {
    const char *close;
    bool escapes, lines;
    const char *value; /* what begins code within it: "${", "{"; NULL: nothing does */
};

/* From behind what opens it, to behind what closes it. */
static void scan_text(struct scanner *scanner, const struct quotes *quotes, uint32_t line,
                      uint32_t column)
{
    bool whole = true;
    scanner->text.length = 0;
    while (scanner->at < scanner->end && !looks_at(scanner, quotes->close)) {
        char c = *scanner->at;
        if (c == '\n' && !quotes->lines)
            break;
        if (c == '\\' && quotes->escapes && scanner->end - scanner->at > 1) {
            scanner->at++;
            decode_escape(scanner);
        } else if (quotes->value && looks_at(scanner, "{{") && quotes->value[0] == '{') {
            buffer_append(&scanner->text, "{", 1);
            scanner->at += 2;
        } else if (quotes->value && looks_at(scanner, quotes->value) &&
                   scanner->values < MOST_VALUES) {
            scanner->at += strlen(quotes->value);
            whole = false;
            scan_value(scanner);
        } else {
            buffer_append(&scanner->text, &c, 1);
            step(scanner);
        }
    }
    if (looks_at(scanner, quotes->close))
        scanner->at += strlen(quotes->close);
    if (scanner->text.bytes == NULL)
        buffer_append(&scanner->text, "", 0);
    if (whole)
        take_text(scanner, line, column);
    scanner->token = TOKEN_VALUE;
}

/* R"x(…)x" and r#"…"#, at the quotation mark or the first '#'. */
static void scan_delimited(struct scanner *scanner, uint32_t column)
{
    char close[40];
    size_t marks = 0;
    uint32_t line = scanner->line;
    if (has(scanner, RAW_HASHED)) {
        while (scanner->at < scanner->end && *scanner->at == '#') {
            scanner->at++;
            marks++;
        }
        close[0] = '"';
        marks = marks < sizeof close - 2 ? marks : sizeof close - 2;
        memset(close + 1, '#', marks);
        close[marks + 1] = '\0';
        scanner->at++;
    } else {
        const char *begin = ++scanner->at;
        while (scanner->at < scanner->end && !strchr("( \t\n\"\\)", *scanner->at) && marks < 16) {
            scanner->at++;
            marks++;
        }
        close[0] = ')';
        memcpy(close + 1, begin, marks);
        memcpy(close + 1 + marks, "\"", 2);
        if (scanner->at < scanner->end && *scanner->at == '(')
            scanner->at++;
    }
    const struct quotes quotes = {.close = close, .lines = true};
    scan_text(scanner, &quotes, line, column);
}

/* 'x' and '\n' are passed over; Rust's 'a and C++'s 1'000 are no more than their mark. */
static void scan_character(struct scanner *scanner)
{
    const char *at = scanner->at + 1;
    if (at < scanner->end && *at == '\\')
        at++;
    const char *close = at < scanner->end && *at != '\n' ? at + 1 : at;
    while (close < scanner->end && *close != '\'' && *close != '\n' && close - at < 12)
        close++;
    bool closed = close < scanner->end && *close == '\'';
    bool single =
        closed && (scanner->at[1] == '\\' || (unsigned char)*at >= 0x80 || close - at == 1);
    scanner->at = closed && (single || !has(scanner, RAW_HASHED)) ? close + 1 : scanner->at + 1;
    scanner->token = TOKEN_VALUE;
}

/* At a quotation mark. The prefix is the word directly before it: r, b, f. */
static void scan_quoted(struct scanner *scanner, const char *prefix, size_t prefix_length)
{
    char mark = *scanner->at;
    char single[2] = {mark, '\0'}, triple[4] = {mark, mark, mark, '\0'};
    uint32_t line = scanner->line, column = column_of(scanner, scanner->at);
    struct quotes quotes = {.close = single, .escapes = true, .lines = has(scanner, LINES_IN_TEXT)};
    for (size_t i = 0; i < prefix_length && has(scanner, PREFIXES); i++) {
        char letter = ascii_lower(prefix[i]);
        quotes.escapes &= letter != 'r';
        if (letter == 'f')
            quotes.value = "{";
    }
    if (has(scanner, TRIPLE_QUOTES) && looks_at(scanner, triple)) {
        quotes.close = triple;
        quotes.lines = true;
        scanner->at += 3;
    } else {
        scanner->at++;
    }
    if (mark == '`') {
        quotes.lines = true;
        quotes.escapes = has(scanner, BACKTICK_IS_TEMPLATE);
        quotes.value = has(scanner, BACKTICK_IS_TEMPLATE) ? "${" : NULL;
    }
    scan_text(scanner, &quotes, line, column);
}

/* ---------------------------------------------------------------------------------- the rest -- */

static void skip_line(struct scanner *scanner)
{
    const char *end = memchr(scanner->at, '\n', (size_t)(scanner->end - scanner->at));
    scanner->at = end ? end : scanner->end;
}

static void skip_comment(struct scanner *scanner)
{
    unsigned depth = 1;
    scanner->at += 2;
    while (scanner->at < scanner->end && depth > 0) {
        if (looks_at(scanner, "*/")) {
            depth--;
            scanner->at += 2;
        } else if (looks_at(scanner, "/*") && has(scanner, NESTED_COMMENTS)) {
            depth++;
            scanner->at += 2;
        } else {
            step(scanner);
        }
    }
}

/* A regular expression, if it is closed on its line. */
static void skip_pattern(struct scanner *scanner)
{
    bool class = false;
    const char *at = scanner->at + 1;
    for (; at < scanner->end && *at != '\n' && (*at != '/' || class); at++) {
        class = *at == '[' || (class && *at != ']');
        if (*at == '\\' && at + 1 < scanner->end && at[1] != '\n')
            at++;
    }
    scanner->at = at < scanner->end && *at == '/' ? at + 1 : scanner->at + 1;
    scanner->token = TOKEN_VALUE;
}

/* Prefixes of a text in Python, and of one in C++ and Rust that is raw. */
static bool is_prefix(const struct scanner *scanner, const char *word, size_t length)
{
    char quote = scanner->at < scanner->end ? *scanner->at : '\0';
    if (has(scanner, PREFIXES))
        return length <= 2 && (quote == '"' || quote == '\'') && strspn(word, "rRbBfFuU") >= length;
    return false;
}

static bool opens_raw(const struct scanner *scanner, const char *word, size_t length)
{
    const char *at = scanner->at;
    if (has(scanner, RAW_DELIMITED))
        return at < scanner->end && *at == '"' && word[length - 1] == 'R' && length <= 3;
    if (!has(scanner, RAW_HASHED) || word[length - 1] != 'r' || length > 2)
        return false;
    while (at < scanner->end && *at == '#')
        at++;
    return at < scanner->end && *at == '"';
}

/* `.`, `->`, `::`, or JavaScript's `?.`, which begins no number behind a word. */
static bool is_member(const struct scanner *scanner, const char *begin)
{
    if (scanner->token != TOKEN_SIGN || begin == scanner->line_begin)
        return false;
    return scanner->sign == '.' || (scanner->sign == '>' && scanner->sign_before == '-') ||
           (scanner->sign == ':' && scanner->sign_before == ':');
}

static void scan_word(struct scanner *scanner)
{
    const char *begin = scanner->at;
    while (scanner->at < scanner->end && is_word_byte(*scanner->at))
        scanner->at++;
    size_t length = (size_t)(scanner->at - begin);
    uint32_t column = column_of(scanner, begin);
    if (is_prefix(scanner, begin, length)) {
        scan_quoted(scanner, begin, length);
        return;
    }
    if (opens_raw(scanner, begin, length)) {
        scan_delimited(scanner, column);
        return;
    }
    bool member = is_member(scanner, begin);
    scanner->before_word = scanner->token;
    scanner->word_before.begin = scanner->word.begin;
    scanner->word_before.length = scanner->word.length;
    scanner->word.begin = begin;
    scanner->word.length = length;
    scanner->token = TOKEN_WORD;
    if (*begin >= '0' && *begin <= '9') {
        scanner->token = TOKEN_VALUE;
        return;
    }
    scanner->text.length = 0;
    buffer_append(&scanner->text, begin, length);
    scanner->take(scanner->user, &(struct mention){.kind = MENTION_IDENTIFIER,
                                                   .text = scanner->text.bytes,
                                                   .line = scanner->line,
                                                   .column = column,
                                                   .member = member,
                                                   .owner = scanner->word_before.begin,
                                                   .owner_length = scanner->word_before.length});
}

/* Rust's macro!( and JavaScript's call?.( are calls of the word before. */
static bool skip_call_sign(struct scanner *scanner)
{
    const char *sign = has(scanner, RAW_HASHED) ? "!(" : has(scanner, PATTERNS) ? "?.(" : NULL;
    if (!sign || scanner->token != TOKEN_WORD || !looks_at(scanner, sign))
        return false;
    scanner->at += strlen(sign) - 1;
    return true;
}

static void scan_sign(struct scanner *scanner)
{
    char c = *scanner->at;
    if (skip_call_sign(scanner))
        return;
    if (c == '<' && scanner->token == TOKEN_WORD) {
        scanner->generic.begin = scanner->word.begin;
        scanner->generic.length = scanner->word.length;
    } else if (!strchr("<>.,[]|:&?", c)) {
        scanner->generic.begin = NULL;
    }
    scanner->sign_before = scanner->token == TOKEN_SIGN ? scanner->sign : '\0';
    scanner->token = c == ')' || c == ']' ? TOKEN_CLOSED : TOKEN_SIGN;
    scanner->sign = c;
    step(scanner);
}

static bool scan_comment(struct scanner *scanner)
{
    bool slashes = has(scanner, SLASH_COMMENTS);
    if ((slashes && looks_at(scanner, "//")) ||
        (has(scanner, HASH_COMMENTS) && *scanner->at == '#'))
        skip_line(scanner);
    else if (slashes && looks_at(scanner, "/*"))
        skip_comment(scanner);
    else
        return false;
    return true;
}

static bool is_quote(const struct scanner *scanner, char c)
{
    bool backtick = has(scanner, BACKTICK_IS_RAW) || has(scanner, BACKTICK_IS_TEMPLATE);
    return c == '"' || (c == '`' && backtick) || (c == '\'' && !has(scanner, SINGLE_IS_CHARACTER));
}

static bool may_begin_value(const struct scanner *scanner)
{
    if (scanner->token == TOKEN_WORD)
        return text_has_word(value_words, scanner->word.begin, scanner->word.length);
    return scanner->token == TOKEN_NONE || scanner->token == TOKEN_SIGN;
}

static void scan_bracket(struct scanner *scanner, char c)
{
    if (strchr("([{", c)) {
        open_bracket(scanner, c);
        scanner->token = TOKEN_SIGN;
        scanner->sign = c;
        scanner->at++;
        return;
    }
    close_bracket(scanner, c);
    scan_sign(scanner);
}

/* Up to the end, or to where so many brackets are open again. */
static void scan_until(struct scanner *scanner, size_t depth)
{
    while (scanner->at < scanner->end) {
        char c = *scanner->at;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            step(scanner);
            continue;
        }
        if (scan_comment(scanner))
            continue;
        if (scanner->depth > 0 && !strchr(")]}", c))
            scanner->opened[scanner->depth - 1].empty = false;
        if (is_quote(scanner, c))
            scan_quoted(scanner, NULL, 0);
        else if (c == '\'')
            scan_character(scanner);
        else if (is_word_byte(c))
            scan_word(scanner);
        else if (c == '/' && has(scanner, PATTERNS) && may_begin_value(scanner))
            skip_pattern(scanner);
        else if (c != '\0' && strchr("()[]{}", c))
            scan_bracket(scanner, c);
        else
            scan_sign(scanner);
        if (depth != SIZE_MAX && scanner->depth <= depth)
            return;
    }
}

void scan_code(const struct language *language, const struct askers *askers, const char *code,
               size_t length, take_mention *take, void *user)
{
    struct scanner scanner = {.language = language,
                              .askers = askers,
                              .at = code,
                              .end = code + length,
                              .line_begin = code,
                              .line = 1,
                              .take = take,
                              .user = user};
    scan_until(&scanner, SIZE_MAX);
    free(scanner.opened);
    buffer_release(&scanner.text);
    arena_release(&scanner.names);
}
