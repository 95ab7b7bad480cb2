/* yaml_text.c - see yaml_text.h. */
#include "yaml_text.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/utf8.h"
#include "compiler/diagnostics/diagnose.h"

#define ESCAPED 6 /* bytes of \uD83D */

/* ------------------------------------------------------------------------------ what is text -- */

static bool is_utf16(const struct source *source)
{
    const char *text = source->text;
    if (source->length < 2)
        return false;
    bool marked = memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0;
    return marked || (text[0] != '\0') != (text[1] != '\0');
}

/* UTF-8 that YAML forbids: C1 controls except NEL, a byte order mark in the middle,
 * non-characters. */
static bool is_forbidden(const unsigned char *at, uint32_t length)
{
    if (length == 1)
        return (*at < 0x20 && *at != '\t' && *at != '\n' && *at != '\r') || *at == 0x7F;
    if (length == 2)
        return at[0] == 0xC2 && at[1] < 0xA0 && at[1] != 0x85;
    if (length == 3 && at[0] == 0xEF)
        return (at[1] == 0xBB && at[2] == 0xBF) || (at[1] == 0xBF && at[2] >= 0xBE);
    return false;
}

static void refuse_forbidden(struct diagnostics *diagnostics, struct span span, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    uint32_t length = span.end - span.begin;
    unsigned code = length == 1   ? at[0]
                    : length == 2 ? at[1]
                                  : (at[0] & 0xFu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    if (code == 0)
        diagnose(diagnostics, FF0013, span, "a NUL byte in the text");
    else if (code == 0xFEFF)
        diagnose(diagnostics, FF0013, span, "a byte order mark, U+FEFF, within the text");
    else if (length == 3)
        diagnose(diagnostics, FF0013, span, "U+%04X, which is no character", code);
    else
        diagnose(diagnostics, FF0013, span, "control character U+%04X in the text", code);
    diagnose_help(diagnostics, "remove it, or write it as an escape in double quotes");
}

/* YAML ends a line at it, and editors and git show one line. */
static void refuse_return(struct diagnostics *diagnostics, struct span span)
{
    diagnose(diagnostics, FF0016, span, "a carriage return with no line feed after it");
    diagnose_help(diagnostics, "end lines with line feeds: tr '\\r' '\\n'");
}

/* A line of seven such characters, alone or before a space, where no line of YAML begins so. */
static bool is_conflict_mark(const char *line, const char *end)
{
    size_t run = 1;
    while (line + run < end && line[run] == line[0])
        run++;
    return strchr("<=>", line[0]) && run == 7 && (line + run == end || strchr(" \r\n", line[run]));
}

/* Whether git left both sides of a conflict in the file. */
static bool report_conflict_marks(const struct source *source, uint32_t file,
                                  struct diagnostics *diagnostics)
{
    const char *end = source->text + source->length;
    for (const char *line = source->text; line && line < end;) {
        if (*line && is_conflict_mark(line, end)) {
            uint32_t begin = (uint32_t)(line - source->text);
            diagnose(diagnostics, FF0039, (struct span){file, begin, begin + 7},
                     "a merge conflict that is not resolved");
            diagnose_help(diagnostics, "keep what is meant of both sides, and remove the marks: "
                                       "git diff --check finds them");
            return true;
        }
        line = memchr(line, '\n', (size_t)(end - line));
        if (line)
            line++;
    }
    return false;
}

/* Before the definitions: libyaml compares each such line with all before it. */
static bool report_tag_directive(const struct source *source, uint32_t file,
                                 struct diagnostics *diagnostics)
{
    const char *line = source->text + text_mark(source->text, source->length);
    while (*line && (*line == '%' || strchr("#\r\n", line[strspn(line, " \t")]))) {
        size_t length = strcspn(line, "\r\n");
        if (strncmp(line, "%TAG", 4) == 0) {
            uint32_t begin = (uint32_t)(line - source->text);
            diagnose(diagnostics, FF0044, (struct span){file, begin, begin + (uint32_t)length},
                     "a %%TAG directive");
            diagnose_help(diagnostics,
                          "remove the line; values have the type of what they are for");
            return true;
        }
        line += length;
        line += strspn(line, "\r\n");
    }
    return false;
}

bool yaml_text_is_sound(const struct source *source, uint32_t file, struct diagnostics *diagnostics)
{
    const char *text = source->text;
    if (is_utf16(source)) {
        diagnose(diagnostics, FF0014, WHOLE_FILE(file), "this file is UTF-16, expected UTF-8");
        diagnose_help(diagnostics, "save it as UTF-8: iconv -f UTF-16 -t UTF-8");
        return false;
    }
    size_t at = text_mark(text, source->length);
    while (at < source->length) {
        unsigned char byte = (unsigned char)text[at];
        if (byte >= 0x20 && byte < 0x7F) {
            at++;
            continue;
        }
        struct span span = {file, (uint32_t)at, (uint32_t)at + 1};
        uint32_t length = utf8_length(text + at, source->length - at);
        if (!length) {
            diagnose(diagnostics, FF0011, span, "byte 0x%02X is not UTF-8 here", byte);
            diagnose_help(diagnostics, "save the file as UTF-8; Latin-1 text is a common cause");
            return false;
        }
        if (is_forbidden((const unsigned char *)text + at, length)) {
            span.end = span.begin + length;
            refuse_forbidden(diagnostics, span, text + at);
            return false;
        }
        if (byte == '\r' && text[at + 1] != '\n') {
            refuse_return(diagnostics, span);
            return false;
        }
        at += length;
    }
    return !report_conflict_marks(source, file, diagnostics) &&
           !report_tag_directive(source, file, diagnostics);
}

/* -------------------------------------------------------------------------------- separators -- */

static uint32_t separator_length(const char *at)
{
    if (memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    return strncmp(at, "\xE2\x80\xA8", 3) == 0 || strncmp(at, "\xE2\x80\xA9", 3) == 0 ? 3 : 0;
}

uint32_t yaml_text_separator(const char *text, uint32_t begin, uint32_t end)
{
    while (begin < end && !((unsigned char)text[begin] >= 0x80 && separator_length(text + begin)))
        begin++;
    return begin;
}

void yaml_text_refuse_separator(const struct source *source, uint32_t file, uint32_t at,
                                struct diagnostics *diagnostics)
{
    uint32_t length = separator_length(source->text + at);
    unsigned char last = (unsigned char)source->text[at + length - 1];
    const char *name = last == 0x85   ? "U+0085 next line"
                       : last == 0xA8 ? "U+2028 line separator"
                                      : "U+2029 paragraph separator";
    diagnose(diagnostics, FF0016, (struct span){file, at, at + length}, "%s outside quotes", name);
    diagnose_help(diagnostics,
                  "end the line with a line feed, or quote the value that it belongs to");
}

/* ------------------------------------------------------------------------------- for libyaml -- */

static unsigned hexadecimal(const char *digits, size_t count)
{
    char copy[9];
    memcpy(copy, digits, count);
    copy[count] = '\0';
    return (unsigned)strtoul(copy, NULL, 16);
}

bool yaml_text_is_surrogate(const char *text)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    return text[0] == '\\' && text[1] == 'u' && (text[2] == 'D' || text[2] == 'd') && text[3] &&
           strchr("89abcdefABCDEF", text[3]) && strspn(text + 4, digits) >= 2;
}

static bool is_low(const char *text)
{
    return yaml_text_is_surrogate(text) && !strchr("89abAB", text[3]);
}

static bool is_pair(const char *text)
{
    return yaml_text_is_surrogate(text) && !is_low(text) && is_low(text + ESCAPED);
}

/* The next pair whose first backslash is not escaped itself; NULL: none. */
static char *next_pair(char *at)
{
    while ((at = strchr(at, '\\'))) {
        if (is_pair(at))
            return at;
        at += at[1] ? 2 : 1;
    }
    return NULL;
}

const char *yaml_text_for_libyaml(const struct source *source, struct arena *arena)
{
    uint32_t end = (uint32_t)source->length;
    uint32_t separator = yaml_text_separator(source->text, 0, end);
    if (separator == end && !strstr(source->text, "\\u"))
        return source->text;
    char *text = arena_copy(arena, source->text, source->length);
    for (uint32_t at = separator; at < end; at = yaml_text_separator(text, at, end))
        text[at + separator_length(text + at) - 1] = (char)0xAA; /* U+00AA, U+202A */
    for (char *at = text; (at = next_pair(at)); at += 2 * ESCAPED)
        at[2] = at[2 + ESCAPED] = 'E'; /* of the private use area */
    return text;
}

/* ------------------------------------------------------------------------------------ values -- */

void yaml_text_restore(const char *text, const char *given, size_t length, char *value)
{
    size_t at = text[0] == '|' || text[0] == '>' ? strcspn(text, "\r\n") : 0;
    for (; at < length; at++) {
        if (text[at] != '\\')
            continue;
        value = strchr(value, '\\'); /* folding changes white space alone */
        if (text[at + 2] != given[at + 2])
            value[2] = text[at + 2];
        value++;
    }
}

static const char *after_break(const char *at)
{
    return at + (at[0] == '\r' && at[1] == '\n' ? 2 : 1);
}

/* A line's end and what is blank after it: nothing if escaped, else a space; or the empty lines. */
static const char *fold(const char *at, bool escaped, struct buffer *out)
{
    at = after_break(at);
    at += strspn(at, " \t");
    bool empty = false;
    for (; *at == '\n' || *at == '\r'; empty = true) {
        buffer_append(out, "\n", 1);
        at = after_break(at);
        at += strspn(at, " \t");
    }
    if (!escaped && !empty)
        buffer_append(out, " ", 1);
    return at;
}

static const char *put_escape(const char *at, struct buffer *out)
{
    static const char names[] = "abtnvfre\"/\\ 0\tN_LP";
    static const unsigned codes[] = {7,   8,    '\t', '\n', 11,   12,   '\r', 27,     '"',
                                     '/', '\\', ' ',  0,    '\t', 0x85, 0xA0, 0x2028, 0x2029};
    size_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
    if (!digits) {
        buffer_append_utf8(out, codes[strchr(names, *at) - names]);
        return at + 1;
    }
    unsigned code = hexadecimal(at + 1, digits);
    at += 1 + digits;
    if (code >= 0xD800 && code < 0xDC00) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hexadecimal(at + 2, 4) - 0xDC00);
        at += ESCAPED;
    }
    buffer_append_utf8(out, code);
    return at;
}

void yaml_text_quoted(const char *text, size_t length, struct buffer *out)
{
    const char *end = text + length - 1;
    size_t solid = 0; /* blanks at the end of a line do not count */
    for (const char *at = text + 1; at < end;) {
        if (*at == ' ' || *at == '\t') {
            buffer_append(out, at++, 1);
            continue;
        }
        if (*at == '\n' || *at == '\r') {
            out->length = solid;
            at = fold(at, false, out);
        } else if (*at == '\'' && *text == '\'') {
            buffer_append(out, at, 1);
            at += 2;
        } else if (*at != '\\' || *text == '\'') {
            buffer_append(out, at++, 1);
        } else if (at[1] == '\n' || at[1] == '\r') {
            at = fold(at + 1, true, out);
        } else {
            at = put_escape(at + 1, out);
        }
        solid = out->length;
    }
    buffer_append(out, "", 0);
}
