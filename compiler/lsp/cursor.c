/* cursor.c - see cursor.h. */
#include "cursor.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/files/yaml_text.h"

/* A mapping's key, or an item of a list, that is open. */
struct level {
    size_t indent; /* of blocks */
    size_t key;    /* where it begins; SIZE_MAX: an item */
    size_t key_end;
    char bracket; /* of what is in brackets; 0: a block */
};

struct scan {
    const char *text;
    size_t length, offset, at;
    struct level levels[CURSOR_DEPTH];
    uint32_t depth;
    bool found;
    struct cursor *cursor;
    struct arena *arena;
};

#define ITEM SIZE_MAX

/* ------------------------------------------------------------------------------------ pieces -- */

static const char *plain(const struct scan *scan, size_t begin, size_t end)
{
    const char *text = scan->text + begin;
    size_t length = end - begin;
    if (length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0]) {
        struct buffer value = {0};
        if (text[0] == '\'' || !memchr(text, '\\', length))
            buffer_append(&value, text + 1, length - 2);
        else
            yaml_text_quoted(text, length, &value);
        const char *copy = arena_copy(scan->arena, value.bytes ? value.bytes : "", value.length);
        buffer_release(&value);
        return copy;
    }
    bool open = length && (text[0] == '"' || text[0] == '\'');
    return arena_copy(scan->arena, text + open, length - open);
}

static void find(struct scan *scan, size_t begin, size_t end, int at)
{
    struct cursor *cursor = scan->cursor;
    scan->found = true;
    cursor->depth = 0;
    for (uint32_t i = 0; i < scan->depth; i++) {
        const struct level *level = &scan->levels[i];
        if (level->bracket && level->key == 0)
            continue; /* a mapping in brackets, between two keys */
        cursor->keys[cursor->depth] = level->key;
        cursor->steps[cursor->depth++] =
            level->key == ITEM ? NULL : plain(scan, level->key, level->key_end);
    }
    cursor->at = at;
    cursor->begin = begin;
    cursor->end = end;
    cursor->text = plain(scan, begin, end);
    cursor->flow = scan->depth > 0 && scan->levels[scan->depth - 1].bracket;
}

/* Whether [begin, end] has the place, its ends among it. */
static bool covers(const struct scan *scan, size_t begin, size_t end)
{
    return !scan->found && scan->offset >= begin && scan->offset <= end;
}

static bool push(struct scan *scan, struct level level)
{
    if (scan->depth == CURSOR_DEPTH)
        return false;
    scan->levels[scan->depth++] = level;
    return true;
}

static char char_at(const struct scan *scan, size_t at)
{
    return at < scan->length ? scan->text[at] : '\0';
}

static bool is_blank(char text)
{
    return text == ' ' || text == '\t' || text == '\r';
}

static bool ends_line(const struct scan *scan, size_t at)
{
    return at >= scan->length || scan->text[at] == '\n';
}

static bool begins_comment(const struct scan *scan, size_t at)
{
    return char_at(scan, at) == '#' && (at == 0 || strchr(" \t\n", scan->text[at - 1]));
}

static size_t end_of_line(const struct scan *scan, size_t at)
{
    while (!ends_line(scan, at))
        at++;
    return at;
}

/* Behind a text in quotes, or where its line ends. */
static size_t end_of_quoted(const struct scan *scan, size_t at)
{
    char quote = scan->text[at++];
    while (!ends_line(scan, at)) {
        if (scan->text[at] == '\\' && quote == '"' && !ends_line(scan, at + 1))
            at++;
        else if (scan->text[at] == quote && !(quote == '\'' && char_at(scan, at + 1) == quote))
            return at + 1;
        else if (scan->text[at] == quote)
            at++;
        at++;
    }
    return at;
}

/* Of a scalar: before a comment, a colon that ends a key, or, in brackets, what ends an entry. */
static size_t end_of_scalar(const struct scan *scan, size_t begin, bool flow)
{
    size_t at = begin;
    if (char_at(scan, at) == '"' || char_at(scan, at) == '\'')
        return end_of_quoted(scan, at);
    while (!ends_line(scan, at) && !begins_comment(scan, at)) {
        char next = char_at(scan, at + 1);
        if (scan->text[at] == ':' &&
            (is_blank(next) || next == '\n' || next == '\0' || (flow && strchr(",[]{}", next))))
            break;
        if (flow && strchr(",[]{}", scan->text[at]))
            break;
        at++;
    }
    while (at > begin && is_blank(scan->text[at - 1]))
        at--;
    return at;
}

static size_t skip_blanks(const struct scan *scan, size_t at)
{
    while (is_blank(char_at(scan, at)))
        at++;
    return at;
}

/* ---------------------------------------------------------------------------------- brackets -- */

static bool is_flow_key(const struct scan *scan, size_t end)
{
    return char_at(scan, skip_blanks(scan, end)) == ':';
}

/* What stands between two signs: of a mapping a key or its value, of a list an item. */
static int kind_in_flow(const struct level *level)
{
    if (level->bracket == '[')
        return CURSOR_ITEM;
    return level->key == 0 ? CURSOR_KEY : CURSOR_VALUE;
}

static void scan_flow_scalar(struct scan *scan)
{
    struct level *level = &scan->levels[scan->depth - 1];
    size_t begin = scan->at, end = end_of_scalar(scan, begin, true);
    if (end == begin)
        end = begin + 1; /* a sign by itself */
    bool key = level->bracket == '{' && level->key == 0;
    if (covers(scan, begin, end)) {
        find(scan, begin, end, kind_in_flow(level));
        scan->cursor->followed = key && is_flow_key(scan, end);
    }
    scan->at = end;
    if (key && is_flow_key(scan, end)) {
        level->key = begin;
        level->key_end = end;
        scan->at = skip_blanks(scan, end) + 1;
    }
}

static void scan_flow(struct scan *scan)
{
    uint32_t floor = scan->depth;
    do {
        size_t gap = scan->at;
        while (is_blank(char_at(scan, scan->at)) || char_at(scan, scan->at) == '\n')
            scan->at++;
        const struct level *level = scan->depth > floor ? &scan->levels[scan->depth - 1] : NULL;
        char sign = char_at(scan, scan->at);
        if (level && covers(scan, gap, scan->at) && !begins_comment(scan, scan->at) &&
            strchr(",[]{}", sign))
            find(scan, scan->offset, scan->offset, kind_in_flow(level));
        if (scan->at >= scan->length)
            return;
        if (begins_comment(scan, scan->at)) {
            size_t end = end_of_line(scan, scan->at);
            if (covers(scan, scan->at + 1, end))
                find(scan, scan->offset, scan->offset, CURSOR_NOWHERE);
            scan->at = end;
        } else if (sign == '{' || sign == '[') {
            if (!push(scan, (struct level){.bracket = sign, .key = sign == '[' ? ITEM : 0}))
                return;
            scan->at++;
        } else if (sign == '}' || sign == ']') {
            scan->depth--;
            scan->at++;
        } else if (sign == ',') {
            if (level && level->bracket == '{')
                scan->levels[scan->depth - 1].key = 0;
            scan->at++;
        } else {
            scan_flow_scalar(scan);
        }
    } while (scan->depth > floor && !scan->found);
}

/* ------------------------------------------------------------------------------------ blocks -- */

static void close_levels(struct scan *scan, size_t indent, bool item)
{
    while (scan->depth > 0) {
        const struct level *level = &scan->levels[scan->depth - 1];
        bool stays =
            level->indent < indent || (item && level->indent == indent && level->key != ITEM);
        if (stays)
            return;
        scan->depth--;
    }
}

/* The lines of a text that is indented more. */
static void skip_block_scalar(struct scan *scan, size_t indent)
{
    scan->at = end_of_line(scan, scan->at);
    while (scan->at < scan->length) {
        size_t begin = scan->at + 1, at = begin;
        while (char_at(scan, at) == ' ')
            at++;
        bool inside = ends_line(scan, skip_blanks(scan, at)) || at - begin > indent;
        if (!inside)
            return;
        size_t end = end_of_line(scan, at);
        if (at - begin > indent && covers(scan, begin, end))
            find(scan, scan->offset, scan->offset, CURSOR_NOWHERE);
        scan->at = end;
    }
}

/* From where something stands in a line: an item, a key with its value, or a value. */
static void scan_content(struct scan *scan, size_t line, int at)
{
    size_t begin = scan->at, indent = begin - line;
    char first = char_at(scan, begin);
    if (first == '-' && (is_blank(char_at(scan, begin + 1)) || ends_line(scan, begin + 1))) {
        close_levels(scan, indent, true);
        if (!push(scan, (struct level){.indent = indent, .key = ITEM}))
            return;
        scan->at = skip_blanks(scan, begin + 1);
        if (ends_line(scan, scan->at) && covers(scan, begin + 2, scan->at))
            find(scan, scan->offset, scan->offset, CURSOR_ITEM);
        else if (!ends_line(scan, scan->at))
            scan_content(scan, line, CURSOR_ITEM);
        return;
    }
    if (first == '{' || first == '[') {
        scan_flow(scan);
        return;
    }
    if (first == '|' || first == '>') {
        const struct level *level = scan->depth ? &scan->levels[scan->depth - 1] : NULL;
        skip_block_scalar(scan, level ? level->indent : 0);
        return;
    }
    size_t end = end_of_scalar(scan, begin, false);
    bool key = at != CURSOR_VALUE && char_at(scan, skip_blanks(scan, end)) == ':';
    if (at == CURSOR_KEY)
        close_levels(scan, indent, false);
    if (covers(scan, begin, end) && !begins_comment(scan, begin)) {
        find(scan, begin, end, key ? CURSOR_KEY : at);
        scan->cursor->followed = key;
    }
    scan->at = end;
    if (!key || !push(scan, (struct level){.indent = indent, .key = begin, .key_end = end}))
        return;
    size_t colon = skip_blanks(scan, end);
    scan->at = skip_blanks(scan, colon + 1);
    bool empty = ends_line(scan, scan->at) || begins_comment(scan, scan->at);
    if (covers(scan, colon + 1, scan->at) && empty && scan->offset > colon)
        find(scan, scan->offset, scan->offset, CURSOR_VALUE);
    if (!empty && !scan->found)
        scan_content(scan, line, CURSOR_VALUE);
}

/* A line with nothing but the cursor: the key of what it is indented for. */
static void find_in_empty(struct scan *scan, size_t line)
{
    close_levels(scan, scan->offset - line, false);
    find(scan, scan->offset, scan->offset, CURSOR_KEY);
}

struct cursor cursor_at(const char *text, size_t length, size_t offset, struct arena *arena)
{
    struct cursor cursor = {.at = CURSOR_NOWHERE, .begin = offset, .end = offset, .text = ""};
    struct scan scan = {
        .text = text, .length = length, .offset = offset, .cursor = &cursor, .arena = arena};
    while (scan.at <= length && scan.at <= offset && !scan.found) {
        size_t line = scan.at;
        scan.at = skip_blanks(&scan, line);
        size_t begin = scan.at;
        if (ends_line(&scan, begin)) {
            if (covers(&scan, line, begin))
                find_in_empty(&scan, line);
        } else if (begins_comment(&scan, begin)) {
            if (covers(&scan, line, begin))
                find_in_empty(&scan, line);
        } else {
            scan_content(&scan, line, CURSOR_KEY);
        }
        scan.at = end_of_line(&scan, scan.at) + 1;
    }
    return cursor;
}
