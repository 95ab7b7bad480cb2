/* gen_values.c - values, texts and comments in each language; see gen.h. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/wrap.h"
#include "gen.h"

#define COMMENT_WIDTH 98

/* ------------------------------------------------------------------------------------- texts -- */

static void put_utf16(struct buffer *out, uint32_t code)
{
    if (code < 0x10000) {
        buffer_format(out, "\\u%04x", (unsigned)code);
        return;
    }
    code -= 0x10000;
    buffer_format(out, "\\u%04x\\u%04x", (unsigned)(0xD800 + (code >> 10)),
                  (unsigned)(0xDC00 + (code & 0x3FF)));
}

static void put_octal(struct buffer *out, const char *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        buffer_format(out, "\\%03o", (unsigned)(unsigned char)bytes[i]);
}

static void put_escaped(const struct idiom *idiom, struct buffer *out, const char *at,
                        const struct character *character)
{
    /* Bytes that are no UTF-8 cannot stand in a definition. */
    uint32_t code = character->code == UINT32_MAX ? 0xFFFD : character->code;
    switch (idiom->text) {
    case TEXT_OCTAL: /* hexadecimal escapes have no end */
        put_octal(out, at, character->bytes);
        break;
    case TEXT_FIXED:
        buffer_format(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)code);
        break;
    case TEXT_BRACED:
        buffer_format(out, "\\u{%x}", (unsigned)code);
        break;
    case TEXT_JAVA: /* \u000a is a line end even within quotes */
        if (code < 0x80)
            put_octal(out, at, 1);
        else
            put_utf16(out, code);
        break;
    }
}

void put_text(const struct idiom *idiom, struct buffer *out, const char *text)
{
    const char *end = text + strlen(text);
    buffer_append_text(out, "\"");
    while (text < end) {
        const struct character character = character_at(text, end);
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || (c == '?' && idiom->text == TEXT_OCTAL)) /* no trigraph */
            buffer_format(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7F)
            buffer_append(out, text, 1);
        else
            put_escaped(idiom, out, text, &character);
        text += character.bytes;
    }
    buffer_append_text(out, "\"");
}

/* ------------------------------------------------------------------------------------ values -- */

static void put_integer(const struct idiom *idiom, struct buffer *out, int64_t integer)
{
    bool is_c = idiom == &idioms[IDIOM_C] || idiom == &idioms[IDIOM_CPP];
    if (is_c && integer == INT64_MIN)
        buffer_append_text(out, "INT64_MIN");
    else if (is_c)
        buffer_format(out, "INT64_C(%lld)", (long long)integer);
    else
        buffer_format(out, "%lld", (long long)integer);
    if (idiom == &idioms[IDIOM_JAVA])
        buffer_append_text(out, "L");
}

static void put_number(struct buffer *out, double number)
{
    size_t before = out->length;
    json_write_number(out, number);
    if (!strpbrk(out->bytes + before, ".eE"))
        buffer_append_text(out, ".0"); /* no language takes it for an integer */
}

/* A flag's value. */
static void put_value(const struct idiom *idiom, struct buffer *out, enum fflag_type type,
                      const struct variant *variant)
{
    bool capital = idiom == &idioms[IDIOM_PYTHON];
    switch (type) {
    case FFLAG_TYPE_BOOLEAN:
        buffer_append_text(out, variant->boolean ? (capital ? "True" : "true")
                                                 : (capital ? "False" : "false"));
        break;
    case FFLAG_TYPE_INTEGER:
        put_integer(idiom, out, variant->integer);
        break;
    case FFLAG_TYPE_NUMBER:
        put_number(out, variant->number);
        break;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        put_text(idiom, out, variant->string);
        break;
    }
}

bool put_fallback(const struct generation *generation, const struct flag *flag, struct buffer *out)
{
    bool same = true;
    size_t begin = out->length;
    struct buffer text = {0};
    for (uint32_t i = 0; i < generation->project->environments.count && same; i++) {
        const struct targeting *targeting = &flag->environments[i];
        uint32_t variant = targeting->default_variant;
        if (variant >= targeting->variant_count) {
            same = false;
            break;
        }
        text.length = 0;
        put_value(generation->idiom, i ? &text : out, flag->type, &targeting->variants[variant]);
        same = i == 0 || (text.length == out->length - begin &&
                          memcmp(text.bytes, out->bytes + begin, text.length) == 0);
    }
    buffer_release(&text);
    return same;
}

bool has_big_values(const struct generation *generation, const struct flag *flag)
{
    const int64_t most = INT64_C(1) << 53;
    for (uint32_t i = 0;
         flag->type == FFLAG_TYPE_INTEGER && i < generation->project->environments.count; i++) {
        const struct targeting *targeting = &flag->environments[i];
        for (uint32_t j = 0; j < targeting->variant_count; j++)
            if (targeting->variants[j].integer > most || targeting->variants[j].integer < -most)
                return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- comments -- */

/* What means something in the text of a comment, but as itself. */
static const char *entity_of(const struct idiom *idiom, char c, char before)
{
    if (idiom->comment != COMMENT_JAVADOC)
        return NULL;
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '@': /* a tag, where a word begins so */
        return before == ' ' || before == '{' || before == '(' ? "&#64;" : NULL;
    default:
        return NULL;
    }
}

/* Whether the two together would be more than themselves, and are kept apart. */
static bool is_apart(char before, char c)
{
    return (before == '*' && c == '/') || (before == '/' && c == '*') ||
           (before == '?' && c == '/') || /* ??/ is a backslash */
           (before == '"' && c == '"') ||
           (before == c && (c == '\'' || c == '`')); /* gofmt makes a quotation mark of them */
}

void put_words(const struct idiom *idiom, struct buffer *out, const char *words)
{
    const char *end = words + strlen(words);
    while (words < end) {
        const struct character character = character_at(words, end);
        char before = out->length > 0 ? out->bytes[out->length - 1] : ' ';
        char c = *words == '\\' ? '/' : *words; /* Java reads \u002a, and C joins lines */
        if (c == '\n' || c == '\t')
            c = ' ';
        const char *entity = entity_of(idiom, c, before);
        if (is_apart(before, c))
            buffer_append_text(out, " ");
        if (entity)
            buffer_append_text(out, entity);
        else if (c == '/' || c == ' ')
            buffer_append(out, &c, 1);
        else if (!character_is_unsafe(&character))
            buffer_append(out, words, character.bytes);
        words += character.bytes;
    }
}

struct comment_marks {
    const char *begin, *line, *end; /* NULL: on the lines of the text */
};

static struct comment_marks marks_of(const struct idiom *idiom, bool inner)
{
    switch (idiom->comment) {
    case COMMENT_BLOCK:
        return (struct comment_marks){"/* ", "   ", " */"};
    case COMMENT_SLASHES:
        return (struct comment_marks){NULL, "//", NULL};
    case COMMENT_SLASHES_3:
        return (struct comment_marks){NULL,
                                      !inner                         ? "///"
                                      : idiom == &idioms[IDIOM_RUST] ? "//!"
                                                                     : "//",
                                      NULL};
    case COMMENT_JAVADOC:
        return (struct comment_marks){"/**", " *", " */"};
    case COMMENT_DOCSTRING:
        return (struct comment_marks){"\"\"\"", "", "\"\"\""};
    }
    abort();
}

static void put_indent(struct buffer *out, size_t column)
{
    buffer_format(out, "%*s", (int)column, "");
}

static void put_line(struct buffer *out, size_t column, const char *mark, const char *text,
                     size_t length)
{
    if (length == 0 && !*mark) {
        buffer_append_text(out, "\n");
        return;
    }
    put_indent(out, column);
    buffer_append_text(out, mark);
    if (length && *mark)
        buffer_append_text(out, " ");
    buffer_append(out, text, length);
    buffer_append_text(out, "\n");
}

/* Ends on the line of the text, as C's and Python's do. */
static void put_block(struct buffer *out, size_t column, const struct comment_marks *marks,
                      const struct buffer *wrapped)
{
    bool first = true;
    const char *at = wrapped->bytes, *end = at + wrapped->length;
    while (at < end) {
        size_t length = strcspn(at, "\n");
        if (first || length > 0) {
            put_indent(out, column);
            buffer_append_text(out, first ? marks->begin : marks->line);
            buffer_append(out, at, length);
        }
        at += length;
        first = false;
        if (at < end) {
            at++;
            buffer_append_text(out, "\n");
        }
    }
    buffer_append_text(out, marks->end);
    buffer_append_text(out, "\n");
}

void put_comment(const struct idiom *idiom, struct buffer *out, size_t column, bool inner,
                 const char *text)
{
    struct buffer wrapped = {0};
    struct comment_marks marks = marks_of(idiom, inner);
    append_wrapped(&wrapped, COMMENT_WIDTH - column - 4, 0, 0, text);
    if (idiom->comment == COMMENT_BLOCK || idiom->comment == COMMENT_DOCSTRING) {
        put_block(out, column, &marks, &wrapped);
        buffer_release(&wrapped);
        return;
    }
    if (marks.begin)
        put_line(out, column, marks.begin, "", 0);
    for (const char *at = wrapped.bytes, *end = at + wrapped.length; at < end;) {
        size_t length = strcspn(at, "\n");
        put_line(out, column, marks.line, at, length);
        at += length + 1;
    }
    if (marks.end)
        put_line(out, column, marks.end, "", 0);
    buffer_release(&wrapped);
}
