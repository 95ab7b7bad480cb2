/*
 * read_json.c - payloads: YAML's core schema, as compact JSON text.
 *
 * Only here does the spelling of a plain scalar determine its type. Words that are booleans in YAML
 * 1.1 but not in YAML 1.2 are refused, because a reader cannot tell which was meant.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/scalar.h"
#include "read_json.h"
#include "reader.h"

enum json_kind {
    JSON_BAD,
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_LIST,
    JSON_OBJECT
};

static bool is_any_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}
#define ANY_OF(text, ...)                                 \
    is_any_of((text), (const char *const[]){__VA_ARGS__}, \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* The core schema's [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? and 0o, 0x.
 */
static bool is_number(const char *text)
{
    const char *at = text;
    if (strncmp(at, "0x", 2) == 0)
        return at[2] && strspn(at + 2, "0123456789abcdefABCDEF") == strlen(at + 2);
    if (strncmp(at, "0o", 2) == 0)
        return at[2] && strspn(at + 2, "01234567") == strlen(at + 2);
    at += *at == '-' || *at == '+';
    size_t whole = strspn(at, "0123456789");
    at += whole;
    size_t fraction = 0;
    if (*at == '.') {
        at++;
        fraction = strspn(at, "0123456789");
        at += fraction;
    }
    if (!whole && !fraction)
        return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        size_t digits = strspn(at, "0123456789");
        at += digits;
        if (!digits)
            return false;
    }
    return !*at;
}

static enum json_kind kind_of(const struct node *node)
{
    if (node->kind == NODE_LIST)
        return JSON_LIST;
    if (node->kind == NODE_MAP)
        return JSON_OBJECT;
    if (node->kind == NODE_BROKEN)
        return JSON_BAD;
    const char *text = node->text;
    if (!node->plain)
        return JSON_STRING;
    if (ANY_OF(text, "", "~", "null", "Null", "NULL"))
        return JSON_NULL;
    if (ANY_OF(text, "true", "True", "TRUE", "false", "False", "FALSE"))
        return JSON_BOOLEAN;
    return is_number(text) ? JSON_NUMBER : JSON_STRING;
}

static void put_text(struct buffer *out, const char *text)
{
    buffer_append(out, "\"", 1);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            buffer_format(out, "\\%c", byte);
        else if (byte == '\n')
            buffer_append_text(out, "\\n");
        else if (byte == '\t')
            buffer_append_text(out, "\\t");
        else if (byte < 0x20)
            buffer_format(out, "\\u%04x", byte);
        else
            buffer_append(out, text, 1);
    }
    buffer_append(out, "\"", 1);
}

static bool is_json_number(const char *text)
{
    double ignored;
    const char *digits = text + (*text == '-');
    return parse_number(text, &ignored) &&
           !(digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9');
}

/* As written if that is valid JSON; otherwise the same number in JSON's form. */
static bool put_number(struct reader *reader, const struct node *node, struct buffer *out)
{
    const char *text = node->text + (node->text[0] == '+');
    if (is_json_number(text)) {
        buffer_append_text(out, text);
        return true;
    }
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
        char *end;
        unsigned long long value = strtoull(text + 2, &end, text[1] == 'x' ? 16 : 8);
        if (strlen(text) <= 15) {
            buffer_format(out, "%llu", value);
            return true;
        }
    } else {
        /* Leading zeros, `.5` and `5.`: moves the digits to where JSON expects them. */
        struct buffer number = {0};
        buffer_append_text(&number, *text == '-' ? "-" : "");
        text += *text == '-';
        while (*text == '0' && text[1] >= '0' && text[1] <= '9')
            text++;
        buffer_append_text(&number, *text == '.' ? "0" : "");
        size_t until_exponent = strcspn(text, "eE");
        buffer_append(&number, text, until_exponent);
        if (until_exponent && text[until_exponent - 1] == '.')
            buffer_append_text(&number, "0");
        buffer_append_text(&number, text + until_exponent);
        bool sound = is_json_number(number.bytes);
        if (sound)
            buffer_append(out, number.bytes, number.length);
        buffer_release(&number);
        if (sound)
            return true;
    }
    diagnose(reader->diagnostics, FF0138, node->span,
             "the number '%s' is out of range for JSON readers", node->text);
    diagnose_help(reader->diagnostics, "quote it to pass it as text");
    return false;
}

static bool put_plain(struct reader *reader, const struct node *node, struct buffer *out)
{
    static const char *const ambiguous[] = {"yes", "no", "on", "off", "y", "n"};
    for (size_t i = 0; i < sizeof ambiguous / sizeof *ambiguous; i++) {
        if (strcasecmp(node->text, ambiguous[i]) != 0)
            continue;
        diagnose(reader->diagnostics, FF0136, node->span,
                 "a plain '%s' is a boolean to some YAML readers and text to others", node->text);
        diagnose_help(reader->diagnostics, "quote it for text, \"%s\", or write %s", node->text,
                      i % 2 ? "false" : "true");
        return false;
    }
    if (ANY_OF(node->text, ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf", "-.Inf",
               "-.INF", "+.inf", "+.Inf", "+.INF")) {
        diagnose(reader->diagnostics, FF0138, node->span, "JSON has no number '%s'", node->text);
        diagnose_help(reader->diagnostics, "use null, or quote it to pass it as text");
        return false;
    }
    put_text(out, node->text);
    return true;
}

static bool put(struct reader *reader, const struct node *node, struct buffer *out)
{
    bool sound = true;
    switch (kind_of(node)) {
    case JSON_BAD:
        return false;
    case JSON_NULL:
        buffer_append_text(out, "null");
        return true;
    case JSON_BOOLEAN:
        buffer_append_text(out, strcasecmp(node->text, "true") == 0 ? "true" : "false");
        return true;
    case JSON_NUMBER:
        return put_number(reader, node, out);
    case JSON_STRING:
        if (node->plain)
            return put_plain(reader, node, out);
        put_text(out, node->text);
        return true;
    case JSON_LIST:
        buffer_append(out, "[", 1);
        for (uint32_t i = 0; i < node->count; i++) {
            buffer_append_text(out, i ? "," : "");
            sound &= put(reader, node->items[i], out);
        }
        buffer_append(out, "]", 1);
        return sound;
    case JSON_OBJECT:
        buffer_append(out, "{", 1);
        for (uint32_t i = 0; i < node->count; i++) {
            buffer_append_text(out, i ? "," : "");
            put_text(out, node->entries[i].key->text);
            buffer_append(out, ":", 1);
            sound &= put(reader, node->entries[i].value, out);
        }
        buffer_append(out, "}", 1);
        return sound;
    }
    return false;
}

bool is_json_null(const struct node *node)
{
    return kind_of(node) == JSON_NULL;
}

const char *read_json(struct reader *reader, const struct node *node)
{
    struct buffer out = {0};
    const char *text = NULL;
    if (put(reader, node, &out))
        text = arena_copy(reader->arena, out.bytes, out.length);
    buffer_release(&out);
    return text;
}

static bool same_objects(const struct node *first, const struct node *second,
                         const struct node **where)
{
    for (uint32_t i = 0; i < second->count; i++) {
        const struct entry *entry = &second->entries[i];
        const struct node *other = node_get(first, entry->key->text);
        *where = entry->key;
        if (!other || !same_json_shape(other, entry->value, where))
            return false;
    }
    /* Every key of the second is in the first, so equal counts mean equal keys. */
    *where = second;
    return first->count == second->count;
}

bool same_json_shape(const struct node *first, const struct node *second, const struct node **where)
{
    enum json_kind kind = kind_of(first), other = kind_of(second);
    if (kind == JSON_BAD || other == JSON_BAD)
        return true;
    *where = second;
    if (kind != other)
        return false;
    if (kind == JSON_OBJECT)
        return same_objects(first, second, where);
    for (uint32_t i = 0; kind == JSON_LIST && first->count && i < second->count; i++) {
        if (!same_json_shape(first->items[0], second->items[i], where))
            return false;
    }
    return true;
}
