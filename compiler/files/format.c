/*
 * format.c - writes the nodes of a file in canonical form, and the text between them.
 *
 * The text between two tokens (a gap) consists of white space, indicators and comments. Nodes are
 * visited in the order of the text, and each gap is written once: first what follows a token on its
 * line, then whole lines of comments and blank lines. So no comment is lost or written twice.
 */
#include "format.h"

#include <ctype.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/utf8.h"
#include "compiler/base/arena.h"
#include "yaml.h"

#define WIDTH 100

/* An open block: where its lines began, and where they begin now. */
struct level {
    uint32_t old_column;
    uint32_t indent;
};

struct formatter {
    const char *text;
    uint32_t done; /* everything before it has been written */
    struct buffer *out;
    size_t line; /* where the last line of `out` begins */
    struct level levels[YAML_MAX_DEPTH + 1];
    uint32_t level_count;
    struct level last_levels[YAML_MAX_DEPTH + 1]; /* as they were at the last token */
    uint32_t last_level_count;
    const char *problem;
};

static void write_block(struct formatter *formatter, const struct node *node, uint32_t indent,
                        bool inline_first);

/* ------------------------------------------------------------------------------------ output -- */

static void put(struct formatter *formatter, const char *bytes, size_t length)
{
    buffer_append(formatter->out, bytes, length);
}

static void put_spaces(struct formatter *formatter, size_t count)
{
    while (count-- > 0)
        put(formatter, " ", 1);
}

static void end_line(struct formatter *formatter)
{
    put(formatter, "\n", 1);
    formatter->line = formatter->out->length;
}

static size_t characters(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

static uint32_t column_of(const struct formatter *formatter, uint32_t offset)
{
    uint32_t begin = offset;
    while (begin > 0 && formatter->text[begin - 1] != '\n')
        begin--;
    return (uint32_t)characters(formatter->text + begin, offset - begin);
}

static void open_level(struct formatter *formatter, uint32_t old_column, uint32_t indent)
{
    formatter->levels[formatter->level_count++] = (struct level){old_column, indent};
}

/* A token has been written up to `end`; comments that follow may belong to any open block. */
static void token_done(struct formatter *formatter, uint32_t end)
{
    formatter->done = end;
    formatter->last_level_count = formatter->level_count;
    memcpy(formatter->last_levels, formatter->levels,
           formatter->level_count * sizeof *formatter->levels);
}

/* -------------------------------------------------------------------------------------- gaps -- */

/* The comment on a line of a gap, or NULL. A `#` begins one only after white space. */
static const char *find_comment(const char *line, const char *end)
{
    for (const char *at = line; at < end; at++) {
        if (*at == '#' && (at == line || isspace((unsigned char)at[-1])))
            return at;
    }
    return NULL;
}

static size_t trimmed_length(const char *begin, const char *end)
{
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    return (size_t)(end - begin);
}

/* After a token, in its old column, so that aligned comments stay aligned. */
static void write_trailing_comment(struct formatter *formatter, const char *comment,
                                   const char *end)
{
    struct buffer *out = formatter->out;
    size_t now = characters(out->bytes + formatter->line, out->length - formatter->line);
    size_t column = column_of(formatter, (uint32_t)(comment - formatter->text));
    put_spaces(formatter, column > now ? column - now : 1);
    put(formatter, comment, trimmed_length(comment, end));
}

static uint32_t comment_indent(const struct formatter *formatter, uint32_t column,
                               uint32_t next_column, uint32_t next)
{
    for (uint32_t i = formatter->last_level_count; i-- > 0 && column > next_column;) {
        const struct level *level = &formatter->last_levels[i];
        if (level->old_column <= column)
            return level->indent > next ? level->indent : next;
    }
    return next;
}

/*
 * Writes the gap between the last token and `next`: ends the line, and leaves the output at the
 * beginning of one. `indent` is the indentation of what follows.
 */
static void write_gap(struct formatter *formatter, uint32_t next, uint32_t indent)
{
    const char *at = formatter->text + formatter->done, *end = formatter->text + next;
    bool first = formatter->out->length > 0, blank = false, written = false;
    bool behind_token = first;
    uint32_t next_column = column_of(formatter, next);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end ? line_end : end;
        const char *comment = find_comment(at, stop);
        if (behind_token) {
            if (comment)
                write_trailing_comment(formatter, comment, stop);
            end_line(formatter);
            written = true;
        } else if (comment) {
            if (blank && formatter->out->length > 0)
                end_line(formatter);
            uint32_t column = column_of(formatter, (uint32_t)(comment - formatter->text));
            put_spaces(formatter, comment_indent(formatter, column, next_column, indent));
            put(formatter, comment, trimmed_length(comment, stop));
            end_line(formatter);
            blank = false;
        } else if (line_end && trimmed_length(at, stop) == 0) {
            blank = true;
        }
        behind_token = false;
        at = line_end ? line_end + 1 : end;
    }
    if (first && !written)
        end_line(formatter);
    if (blank && *end && formatter->out->length > 0)
        end_line(formatter);
    formatter->done = next;
}

static bool has_comment(const struct formatter *formatter, uint32_t from, uint32_t to)
{
    const char *at = formatter->text + from, *end = formatter->text + to;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end ? line_end : end;
        if (find_comment(at, stop))
            return true;
        at = line_end ? line_end + 1 : end;
    }
    return false;
}

/* ----------------------------------------------------------------------------------- scalars -- */

static bool is_one_line(const struct formatter *formatter, const struct node *node)
{
    return !memchr(formatter->text + node->span.begin, '\n', node->span.end - node->span.begin);
}

static bool is_block_scalar(const struct formatter *formatter, const struct node *node)
{
    char first = formatter->text[node->span.begin];
    return !node->plain && (first == '|' || first == '>');
}

/* The lines of a literal or folded scalar, moved together. */
static void write_block_scalar(struct formatter *formatter, const struct node *node,
                               uint32_t indent)
{
    const char *at = formatter->text + node->span.begin;
    const char *end = formatter->text + node->span.end;
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    const char *header_end = line_end ? line_end : end;
    put(formatter, at, trimmed_length(at, header_end));

    size_t strip = 0, indicator = 0;
    for (const char *c = at; c < header_end && *c != '#'; c++) {
        if (*c >= '1' && *c <= '9')
            indicator = (size_t)(*c - '0');
    }
    const char *body = line_end ? line_end + 1 : end;
    if (indicator) {
        strip = formatter->levels[formatter->level_count - 1].old_column + indicator;
    } else {
        const char *first = body;
        while (first < end && isspace((unsigned char)*first)) {
            if (*first++ == '\n')
                body = first;
        }
        strip = (size_t)(first - body);
        body = line_end ? line_end + 1 : end;
    }
    for (at = body; at < end; at = line_end ? line_end + 1 : end) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end ? line_end : end;
        if (stop > at && stop[-1] == '\r')
            stop--;
        size_t skipped = 0;
        while (skipped < strip && at + skipped < stop && at[skipped] == ' ')
            skipped++;
        end_line(formatter);
        if (at + skipped < stop)
            put_spaces(formatter, indent + (indicator ? indicator : 2));
        put(formatter, at + skipped, (size_t)(stop - at) - skipped);
    }
}

/* A plain or quoted scalar over several lines: their indentation means nothing. */
static void write_long_scalar(struct formatter *formatter, const struct node *node, uint32_t indent)
{
    const char *at = formatter->text + node->span.begin;
    const char *end = formatter->text + node->span.end;
    for (bool first = true; at < end; first = false) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end ? line_end : end;
        while (!first && at < stop && isspace((unsigned char)*at))
            at++;
        size_t length = line_end ? trimmed_length(at, stop) : (size_t)(stop - at);
        if (!first) {
            end_line(formatter);
            put_spaces(formatter, length ? indent + 2 : 0);
        }
        put(formatter, at, length);
        at = line_end ? line_end + 1 : end;
    }
}

static void write_scalar(struct formatter *formatter, const struct node *node, uint32_t indent)
{
    if (is_block_scalar(formatter, node))
        write_block_scalar(formatter, node, indent);
    else
        write_long_scalar(formatter, node, indent);
    token_done(formatter, node->span.end);
}

/* ------------------------------------------------------------------------------- collections -- */

/* The collection in brackets on one line; if it returns false, `line` is unusable. */
static bool one_line(const struct formatter *formatter, const struct node *node,
                     struct buffer *line)
{
    if (node->kind == NODE_SCALAR) {
        buffer_append(line, formatter->text + node->span.begin, node->span.end - node->span.begin);
        return is_one_line(formatter, node);
    }
    bool map = node->kind == NODE_MAP;
    buffer_append_text(line, map ? "{" : "[");
    for (uint32_t i = 0; i < node->count; i++) {
        if (i > 0)
            buffer_append_text(line, ", ");
        if (map) {
            if (!one_line(formatter, node->entries[i].key, line))
                return false;
            buffer_append_text(line, ": ");
        }
        if (!one_line(formatter, map ? node->entries[i].value : node->items[i], line))
            return false;
        if (line->length > WIDTH)
            return false;
    }
    buffer_append_text(line, map ? "}" : "]");
    return true;
}

static bool write_one_line(struct formatter *formatter, const struct node *node)
{
    if (!node->flow || has_comment(formatter, node->span.begin, node->span.end))
        return false;
    struct buffer line = {0};
    size_t column = characters(formatter->out->bytes + formatter->line,
                               formatter->out->length - formatter->line);
    bool fits =
        one_line(formatter, node, &line) && column + characters(line.bytes, line.length) <= WIDTH;
    if (fits || node->count == 0) {
        put(formatter, line.bytes, line.length);
        token_done(formatter, node->span.end);
    }
    buffer_release(&line);
    return fits || node->count == 0;
}

/* What follows a key's colon or a list's dash. */
static void write_value(struct formatter *formatter, const struct node *node, uint32_t indent,
                        bool in_list)
{
    if (node->kind == NODE_SCALAR) {
        if (node->span.end == node->span.begin)
            return;
        put(formatter, " ", 1);
        write_scalar(formatter, node, indent);
        return;
    }
    size_t before = formatter->out->length;
    put(formatter, " ", 1);
    if (write_one_line(formatter, node))
        return;
    if (in_list) {
        write_block(formatter, node, indent + 2, true);
        return;
    }
    formatter->out->length = before;
    write_block(formatter, node, indent + 2, false);
}

static void write_entry(struct formatter *formatter, const struct entry *entry, uint32_t indent)
{
    const struct node *key = entry->key;
    put(formatter, formatter->text + key->span.begin, key->span.end - key->span.begin);
    put(formatter, ":", 1);
    uint32_t colon = key->span.end;
    while (isspace((unsigned char)formatter->text[colon]))
        colon++;
    if (formatter->text[colon] != ':')
        formatter->problem = "a key whose ':' does not follow it";
    token_done(formatter, formatter->text[colon] == ':' ? colon + 1 : key->span.end);
    write_value(formatter, entry->value, indent, false);
}

/* The original column of the dash of a list item. */
static uint32_t dash_column(const struct formatter *formatter, const struct node *item)
{
    for (uint32_t at = item->span.begin; at > formatter->done; at--) {
        if (formatter->text[at - 1] == '-')
            return column_of(formatter, at - 1);
    }
    return column_of(formatter, item->span.begin);
}

/* A map or list with one entry per line. `inline_first`: the first one follows a dash. */
static void write_block(struct formatter *formatter, const struct node *node, uint32_t indent,
                        bool inline_first)
{
    uint32_t begin = node->span.begin, old_column = UINT32_MAX;
    if (!node->flow && node->count > 0)
        old_column = node->kind == NODE_LIST ? dash_column(formatter, node->items[0])
                                             : column_of(formatter, begin);
    open_level(formatter, old_column, indent);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct node *first = node->kind == NODE_MAP ? node->entries[i].key : node->items[i];
        if (!inline_first || i > 0) {
            write_gap(formatter, first->span.begin, indent);
            put_spaces(formatter, indent);
        }
        if (node->kind == NODE_MAP) {
            write_entry(formatter, &node->entries[i], indent);
        } else {
            put(formatter, "-", 1);
            token_done(formatter, formatter->done);
            write_value(formatter, node->items[i], indent, true);
        }
    }
    formatter->level_count--;
}

/* ------------------------------------------------------------------------------------- proof -- */

static bool same(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->count != b->count || a->plain != b->plain)
        return false;
    if (a->kind == NODE_SCALAR)
        return memcmp(a->text, b->text, a->count) == 0;
    for (uint32_t i = 0; i < a->count; i++) {
        bool equal = a->kind == NODE_MAP ? same(a->entries[i].key, b->entries[i].key) &&
                                               same(a->entries[i].value, b->entries[i].value)
                                         : same(a->items[i], b->items[i]);
        if (!equal)
            return false;
    }
    return true;
}

/* A sum over the letters of all comments, which moving them does not change. */
static uint64_t comment_letters(const struct formatter *formatter, const struct node *node,
                                uint32_t *done)
{
    uint64_t sum = 0;
    if (node->kind == NODE_SCALAR) {
        for (const char *at = formatter->text + *done; at < formatter->text + node->span.begin;) {
            const char *end = formatter->text + node->span.begin;
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            const char *stop = line_end ? line_end : end;
            const char *comment = find_comment(at, stop);
            for (size_t i = 0; comment && i < trimmed_length(comment, stop); i++)
                sum += (unsigned char)comment[i];
            at = line_end ? line_end + 1 : end;
        }
        if (node->span.end > *done)
            *done = node->span.end;
    }
    for (uint32_t i = 0; node->kind != NODE_SCALAR && i < node->count; i++) {
        if (node->kind == NODE_MAP) {
            sum += comment_letters(formatter, node->entries[i].key, done);
            sum += comment_letters(formatter, node->entries[i].value, done);
        } else {
            sum += comment_letters(formatter, node->items[i], done);
        }
    }
    return sum;
}

static uint64_t all_comment_letters(const char *text, size_t length, const struct node *root)
{
    struct formatter formatter = {.text = text};
    uint32_t done = 0;
    uint64_t sum = root ? comment_letters(&formatter, root, &done) : 0;
    struct node end = {.kind = NODE_SCALAR, .span = {0, (uint32_t)length, (uint32_t)length}};
    return sum + comment_letters(&formatter, &end, &done);
}

static bool says_the_same(const struct source *source, const struct node *root,
                          const struct buffer *out, size_t begin, struct arena *arena)
{
    struct source formatted = {.path = source->path,
                               .name = source->name,
                               .text = arena_copy(arena, out->bytes + begin, out->length - begin),
                               .length = out->length - begin};
    struct sources sources = {arena, &formatted, 1};
    struct diagnostics diagnostics = {.arena = arena, .sources = &sources};
    bool complete = true;
    const struct node *again = yaml_read(&sources, 0, arena, &diagnostics, &complete);
    if (!complete || !again || !root)
        return complete && !again == !root;
    return same(root, again) && all_comment_letters(source->text, source->length, root) ==
                                    all_comment_letters(formatted.text, formatted.length, again);
}

/* After a byte order mark and a `---`. */
static uint32_t content_begin(const struct source *source)
{
    const char *text = source->text;
    uint32_t at = text_mark(text, source->length);
    bool marker = strncmp(text + at, "---", 3) == 0 && isspace((unsigned char)text[at + 3]);
    return marker ? at + 4 : at;
}

enum format_result format_source(const struct sources *sources, uint32_t file, struct arena *arena,
                                 struct diagnostics *diagnostics, struct buffer *out,
                                 const char **problem)
{
    const struct source *source = &sources->items[file];
    uint32_t errors = diagnostics->errors;
    bool complete = true;
    const struct node *root = yaml_read(sources, file, arena, diagnostics, &complete);
    if (!complete || diagnostics->errors > errors)
        return FORMAT_BROKEN;

    size_t begin = out->length;
    struct buffer text = {0};
    struct formatter formatter = {
        .text = source->text, .done = content_begin(source), .out = &text};
    if (root && root->kind != NODE_SCALAR && root->count > 0)
        write_block(&formatter, root, 0, false);
    else if (root)
        formatter.problem = "a file that is not a mapping";
    if (!formatter.problem && source->length > 0)
        write_gap(&formatter, (uint32_t)source->length, 0);
    buffer_append(out, text.bytes, text.length);
    buffer_release(&text);
    if (!formatter.problem && !says_the_same(source, root, out, begin, arena))
        formatter.problem = "a comment or value in an unusual place";
    *problem = formatter.problem;
    return formatter.problem ? FORMAT_REFUSED : FORMAT_FINE;
}
