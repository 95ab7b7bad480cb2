/* escape.c - see escape.h. */
#include "escape.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "utf8.h"

/* -------------------------------------------------------------------------------- characters -- */

/* East Asian wide and emoji blocks, and marks without a width; the rest takes one column. */
static uint32_t width_of(uint32_t code)
{
    static const struct {
        uint32_t first, last, width;
    } blocks[] = {
        {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x064B, 0x065F, 0},
        {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},   {0x200B, 0x200D, 0},
        {0x2060, 0x2064, 0},   {0x20D0, 0x20FF, 0},   {0x231A, 0x231B, 2},   {0x23E9, 0x23EC, 2},
        {0x2614, 0x2615, 2},   {0x2648, 0x2653, 2},   {0x26A1, 0x26A1, 2},   {0x2705, 0x2705, 2},
        {0x2728, 0x2728, 2},   {0x274C, 0x274C, 2},   {0x2753, 0x2757, 2},   {0x2795, 0x2797, 2},
        {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},   {0x3400, 0x4DBF, 2},   {0x4E00, 0x9FFF, 2},
        {0xA000, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},
        {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},
        {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
        {0xE0100, 0xE01EF, 0}};
    size_t low = 0, high = sizeof blocks / sizeof *blocks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > blocks[middle].last)
            low = middle + 1;
        else if (code < blocks[middle].first)
            high = middle;
        else
            return blocks[middle].width;
    }
    return 1;
}

/* Ascending; C0 is not among them. */
static bool is_unsafe_code(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        {0x7F, 0x9F},     /* DEL and C1 */
        {0x061C, 0x061C}, /* marks and overrides of direction, as all below but the separators */
        {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && code >= blocks[i].first; i++)
        if (code <= blocks[i].last)
            return true;
    return code < 0x20;
}

bool character_is_unsafe(const struct character *character)
{
    return character->code == UINT32_MAX || is_unsafe_code(character->code);
}

#define LONGEST_ESCAPE 16
#define LONGEST_PATH   1024

static const char *escape_of(const struct character *character, const char *at, char *text)
{
    if (character->code == '\n' || character->code == '\t')
        return character->code == '\n' ? "\\n" : "\\t";
    if (character->code == UINT32_MAX)
        snprintf(text, LONGEST_ESCAPE, "<%02X>", (unsigned)(unsigned char)*at);
    else if (character->code < 0x100)
        snprintf(text, LONGEST_ESCAPE, "<%02X>", (unsigned)character->code);
    else
        snprintf(text, LONGEST_ESCAPE, "<U+%04X>", (unsigned)character->code);
    return text;
}

struct character character_at(const char *at, const char *end)
{
    struct character character = {.code = UINT32_MAX, .bytes = 1};
    uint32_t length = utf8_length(at, (size_t)(end - at));
    if (length) {
        character.bytes = length;
        character.code = (unsigned char)*at;
        if (length > 1)
            character.code &= 0x7Fu >> length;
    }
    for (uint32_t i = 1; i < length; i++)
        character.code = character.code << 6 | ((unsigned char)at[i] & 0x3Fu);
    char text[LONGEST_ESCAPE];
    character.width = character_is_unsafe(&character)
                          ? (uint32_t)strlen(escape_of(&character, at, text))
                          : width_of(character.code);
    return character;
}

/* ---------------------------------------------------------------------------------- terminal -- */

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F;
}

void terminal_append_bytes(struct buffer *out, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *run = text;
        while (text < end && is_plain(*text))
            text++;
        buffer_append(out, run, (size_t)(text - run));
        if (text == end)
            return;
        struct character character = character_at(text, end);
        char escape[LONGEST_ESCAPE];
        if (character_is_unsafe(&character))
            buffer_append_text(out, escape_of(&character, text, escape));
        else
            buffer_append(out, text, character.bytes);
        text += character.bytes;
    }
}

void terminal_append(struct buffer *out, const char *text)
{
    terminal_append_bytes(out, text, strlen(text));
}

size_t terminal_width_of(const char *text, size_t length)
{
    size_t width = 0;
    for (const char *end = text + length; text < end;) {
        struct character character = character_at(text, end);
        width += character.width;
        text += character.bytes;
    }
    return width;
}

size_t terminal_width(const char *text)
{
    return terminal_width_of(text, strlen(text));
}

static void put_spaces(struct buffer *out, size_t count)
{
    for (; count > 0; count--)
        buffer_append(out, " ", 1);
}

void terminal_copy(char *out, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    for (const char *end = text + length; text < end;) {
        struct character character = character_at(text, end);
        char escape[LONGEST_ESCAPE];
        bool unsafe = character_is_unsafe(&character);
        const char *shown = unsafe ? escape_of(&character, text, escape) : text;
        size_t bytes = unsafe ? strlen(shown) : character.bytes;
        if (bytes >= size - used)
            break;
        memcpy(out + used, shown, bytes);
        used += bytes;
        text += character.bytes;
    }
    out[used] = '\0';
}

void terminal_pad(struct buffer *out, const char *text, size_t columns)
{
    size_t width = terminal_width(text);
    put_spaces(out, width < columns ? columns - width : 0);
}

/* Marks without a width count, so that no heap of them is a short name. */
static size_t room_of(const struct character *character)
{
    return character->width ? character->width : 1;
}

/* Where the first characters of [begin, end) end, that have room in `columns`. */
static const char *fitting_end(const char *begin, const char *end, size_t columns)
{
    for (struct character character; begin < end; begin += character.bytes) {
        character = character_at(begin, end);
        if (room_of(&character) > columns)
            break;
        columns -= room_of(&character);
    }
    return begin;
}

static const char *last_character(const char *begin, const char *end)
{
    const char *at = end - 1;
    while (at > begin && end - at < 4 && ((unsigned char)*at & 0xC0) == 0x80)
        at--;
    return at + character_at(at, end).bytes == end ? at : end - 1;
}

/* Where its last ones begin. */
static const char *fitting_begin(const char *begin, const char *end, size_t columns)
{
    while (begin < end) {
        const char *at = last_character(begin, end);
        struct character character = character_at(at, end);
        if (room_of(&character) > columns)
            break;
        columns -= room_of(&character);
        end = at;
    }
    return end;
}

void name_append(struct buffer *out, const char *text, size_t length)
{
    const char *end = text + length, *head = fitting_end(text, end, NAME_COLUMNS);
    if (head == end) {
        buffer_append(out, text, length);
        return;
    }
    head = fitting_end(text, end, NAME_COLUMNS / 2);
    const char *tail = fitting_begin(head, end, NAME_COLUMNS - NAME_COLUMNS / 2 - 1);
    buffer_append(out, text, (size_t)(head - text));
    buffer_append_text(out, "…");
    buffer_append(out, tail, (size_t)(end - tail));
}

/* What names a file is of no use when it is cut. */
static bool is_path(const char *text, size_t length)
{
    return length <= LONGEST_PATH && memchr(text, '/', length);
}

/* A conversion of a format: "%-12s". */
struct conversion {
    char spec[32];
    bool left;
    int width;     /* of a text; 0: none given */
    int precision; /* -1: none given */
    char length;   /* 'H' for hh, 'q' for ll, else its letter, or 0 */
    char letter;
};

static const char *read_number(const char *at, int *number)
{
    for (*number = 0; isdigit((unsigned char)*at); at++)
        *number = *number * 10 + (*at - '0');
    return at;
}

/* Behind it; `arguments` are those that a `*` takes. */
static const char *read_conversion(const char *at, struct conversion *conversion,
                                   va_list *arguments)
{
    char flags[8] = "";
    size_t count = 0;
    *conversion = (struct conversion){.precision = -1};
    for (at++; *at && strchr("-+ #0", *at) && count < sizeof flags - 1; at++)
        flags[count++] = *at;
    conversion->left = strchr(flags, '-') != NULL;
    if (*at == '*') {
        conversion->width = va_arg(*arguments, int);
        at++;
    } else {
        at = read_number(at, &conversion->width);
    }
    if (conversion->width < 0) {
        conversion->left = true;
        conversion->width = -conversion->width;
    }
    if (*at == '.' && at[1] == '*') {
        conversion->precision = va_arg(*arguments, int);
        at += 2;
    } else if (*at == '.') {
        at = read_number(at + 1, &conversion->precision);
    }
    const char *length = at;
    while (*at && strchr("hljzt", *at))
        at++;
    if (at > length)
        conversion->length = at - length < 2 ? *length : *length == 'h' ? 'H' : 'q';
    conversion->letter = *at;
    char width[16] = "", precision[16] = "";
    if (conversion->width)
        snprintf(width, sizeof width, "%s%d", conversion->left && !strchr(flags, '-') ? "-" : "",
                 conversion->width);
    if (conversion->precision >= 0)
        snprintf(precision, sizeof precision, ".%d", conversion->precision);
    snprintf(conversion->spec, sizeof conversion->spec, "%%%s%.9s%.9s%.*s", flags, width, precision,
             (int)(at - length) + 1, length);
    return *at ? at + 1 : at;
}

/* How texts are put into a format. */
enum text_form {
    TEXT_SHOWN = 1,       /* escaped */
    TEXT_NAMES_CUT = 2,   /* what stands in quotes */
    TEXT_PATHS_WHOLE = 4, /* but for paths */
    TEXT_MARKED_UP = 8    /* escaped for XML */
};

static void put_xml(struct buffer *out, const char *text, size_t length, const char *references);
#define XML_REFERENCES           "&<>\"'"
#define XML_ATTRIBUTE_REFERENCES "&<>\"'\n"

static void put_text(struct buffer *out, const struct conversion *conversion, const char *text,
                     unsigned form)
{
    size_t most = conversion->precision < 0 ? SIZE_MAX : (size_t)conversion->precision;
    text = text ? text : "";
    size_t length = strnlen(text, most);
    struct buffer cut = {0};
    if (form & TEXT_NAMES_CUT && !(form & TEXT_PATHS_WHOLE && is_path(text, length))) {
        name_append(&cut, text, length);
        text = cut.bytes ? cut.bytes : "";
        length = cut.length;
    }
    size_t width = terminal_width_of(text, length), wanted = (size_t)conversion->width;
    size_t rest = width < wanted ? wanted - width : 0;
    if (!conversion->left)
        put_spaces(out, rest);
    if (form & TEXT_MARKED_UP)
        put_xml(out, text, length, XML_ATTRIBUTE_REFERENCES);
    else if (form & TEXT_SHOWN)
        terminal_append_bytes(out, text, length);
    else
        buffer_append(out, text, length);
    if (conversion->left)
        put_spaces(out, rest);
    buffer_release(&cut);
}

/* The caller of terminal_format() had its format checked, and this is a part of it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_number(struct buffer *out, const struct conversion *conversion, va_list *arguments)
{
    const char *spec = conversion->spec;
    if (strchr("aAeEfFgG", conversion->letter))
        buffer_format(out, spec, va_arg(*arguments, double));
    else if (conversion->letter == 'p')
        buffer_format(out, spec, va_arg(*arguments, void *));
    else if (conversion->length == 'l')
        buffer_format(out, spec, va_arg(*arguments, long));
    else if (conversion->length == 'q')
        buffer_format(out, spec, va_arg(*arguments, long long));
    else if (conversion->length == 'j')
        buffer_format(out, spec, va_arg(*arguments, intmax_t));
    else if (conversion->length == 'z' || conversion->length == 't')
        buffer_format(out, spec, va_arg(*arguments, size_t));
    else
        buffer_format(out, spec, va_arg(*arguments, int));
}
#pragma GCC diagnostic pop

static void format_texts(struct buffer *out, unsigned form, const char *format, va_list arguments)
{
    va_list rest;
    va_copy(rest, arguments);
    while (*format) {
        size_t plain = strcspn(format, "%");
        bool quoted = plain > 0 && format[plain - 1] == '\'';
        buffer_append(out, format, plain);
        format += plain;
        if (!*format)
            break;
        struct conversion conversion;
        format = read_conversion(format, &conversion, &rest);
        if (conversion.letter == '%') {
            buffer_append_text(out, "%");
        } else if (conversion.letter == 's') {
            bool is_name = quoted && *format == '\'';
            put_text(out, &conversion, va_arg(rest, const char *),
                     is_name ? form : form & ~(unsigned)TEXT_NAMES_CUT);
        } else if (conversion.letter == 'c') {
            const char character[] = {(char)va_arg(rest, int), '\0'};
            put_text(out, &conversion, character, form);
        } else {
            put_number(out, &conversion, &rest);
        }
    }
    va_end(rest);
}

void terminal_format_list(struct buffer *out, const char *format, va_list arguments)
{
    format_texts(out, TEXT_SHOWN, format, arguments);
}

void terminal_format(struct buffer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(out, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------------------- of messages -- */

void message_append_list(struct buffer *out, const char *format, va_list arguments)
{
    format_texts(out, TEXT_NAMES_CUT, format, arguments);
}

void terminal_message_list(struct buffer *out, const char *format, va_list arguments)
{
    format_texts(out, TEXT_SHOWN | TEXT_NAMES_CUT | TEXT_PATHS_WHOLE, format, arguments);
}

void terminal_message(struct buffer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    terminal_message_list(out, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------------------ for programs -- */

void csv_append(struct buffer *out, const char *text)
{
    bool quoted = text[strcspn(text, ",\"\n")] != '\0';
    buffer_append_text(out, quoted ? "\"" : "");
    for (size_t length; *text; text += length) {
        length = strcspn(text, "\"\n");
        terminal_append_bytes(out, text, length);
        if (length == 0) {
            length = 1;
            buffer_append_text(out, *text == '"' ? "\"\"" : "\n");
        }
    }
    buffer_append_text(out, quoted ? "\"" : "");
}

/* A backslash begins an escape, and only three are known: that of a shown "\t" is doubled. */
void prometheus_append(struct buffer *out, const char *text)
{
    for (size_t length; *text; text += length) {
        length = strcspn(text, "\"\\\n\t");
        terminal_append_bytes(out, text, length);
        if (length == 0) {
            length = 1;
            buffer_append_text(out, *text == '\t' ? "\\\\" : "\\");
            buffer_append(out, *text == '\n' ? "n" : *text == '\t' ? "t" : text, 1);
        }
    }
}

void markdown_append(struct buffer *out, const char *text)
{
    for (size_t length; *text; text += length) {
        length = strcspn(text, "\\`*_{}[]<>#|~@\n");
        terminal_append_bytes(out, text, length);
        if (length == 0) {
            length = 1;
            buffer_append_text(out, *text == '\n' ? " " : "\\");
            buffer_append(out, text, *text != '\n');
        }
    }
}

static void put_xml(struct buffer *out, const char *text, size_t length, const char *references)
{
    const char *end = text + length;
    struct buffer shown = {0};
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((line_end ? line_end : end) - text);
        terminal_append_bytes(&shown, text, line);
        if (line_end)
            buffer_append(&shown, "\n", 1);
        text += line + (line_end ? 1 : 0);
    }
    for (size_t i = 0; i < shown.length; i++) {
        if (strchr(references, shown.bytes[i]))
            buffer_format(out, "&#%u;", (unsigned char)shown.bytes[i]);
        else
            buffer_append(out, shown.bytes + i, 1);
    }
    buffer_release(&shown);
}

void xml_append(struct buffer *out, const char *text)
{
    put_xml(out, text, strlen(text), XML_REFERENCES);
}

void xml_append_attribute(struct buffer *out, const char *text)
{
    put_xml(out, text, strlen(text), XML_ATTRIBUTE_REFERENCES);
}

void xml_format_list(struct buffer *out, const char *format, va_list arguments)
{
    format_texts(out, TEXT_MARKED_UP, format, arguments);
}

/* GitHub shows what it decodes on a page, and what it does not know as it stands. */
static void put_annotation(struct buffer *out, const char *text, const char *decoded)
{
    for (size_t length; *text; text += length) {
        length = strcspn(text, decoded);
        terminal_append_bytes(out, text, length);
        if (length == 0) {
            length = 1;
            buffer_format(out, "%%%02X", (unsigned char)*text);
        }
    }
}

void github_append(struct buffer *out, const char *text)
{
    put_annotation(out, text, "%\r\n");
}

void github_append_property(struct buffer *out, const char *text)
{
    put_annotation(out, text, "%\r\n:,");
}

static bool is_shell_word(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x80 && !isalnum((unsigned char)*at) && !strchr("_./:@%+,-", *at))
            return false;
    return *text && !strchr("-", *text);
}

void shell_append(struct buffer *out, const char *text)
{
    if (is_shell_word(text)) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_text(out, "'");
    for (size_t length; *text; text += length) {
        length = strcspn(text, "'");
        buffer_append(out, text, length);
        if (length == 0) {
            length = 1;
            buffer_append_text(out, "'\\''");
        }
    }
    buffer_append_text(out, "'");
}

void uri_append(struct buffer *out, const char *path)
{
    buffer_append_text(out, path[0] == '/' ? "file://" : "");
    for (; *path; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte < 0x80 && (isalnum(byte) || strchr("-._~/", byte)))
            buffer_append(out, path, 1);
        else
            buffer_format(out, "%%%02X", byte);
    }
}
