/* definition_text.c - see definition_text.h. */
#include "definition_text.h"

#include <stdbool.h>
#include <string.h>

#include "compiler/base/arena.h"

struct line {
    const char *text, *end; /* with its line break */
    size_t indent;
    bool has_content; /* and no comment alone */
};

static struct line line_at(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    struct line line = {.text = at, .end = newline ? newline + 1 : end};
    while (at < line.end && *at == ' ')
        at++;
    line.indent = (size_t)(at - line.text);
    line.has_content = at < line.end && *at != '#' && *at != '\n' && *at != '\r';
    return line;
}

/* The key that a line begins with, as it is written; the rest of the line after its colon. */
struct key {
    const char *text;
    size_t length;
    const char *rest;
};

static bool is_key_end(const char *at, const char *end)
{
    return at < end && *at == ':' &&
           (at + 1 == end || at[1] == ' ' || at[1] == '\n' || at[1] == '\r');
}

static bool read_key(const struct line *line, struct key *key)
{
    const char *at = line->text + line->indent;
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    key->text = at += quote != '\0';
    if (!quote && strchr("-?[]{}&*!|>%@`,\t", *at))
        return false;
    while (at < line->end && (quote ? *at != quote : !is_key_end(at, line->end))) {
        if (*at == '\\' || *at == '\n' || (!quote && *at == '#'))
            return false;
        at++;
    }
    key->length = (size_t)(at - key->text);
    at += quote != '\0';
    key->rest = at + 1;
    return key->length > 0 && is_key_end(at, line->end);
}

static bool has_value(const struct line *line, const struct key *key)
{
    const char *at = key->rest;
    while (at < line->end && (*at == ' ' || *at == '\r'))
        at++;
    return at < line->end && *at != '\n' && *at != '#';
}

/* ----------------------------------------------------------------------------------- cutting -- */

struct cutter {
    struct definition_text *cut;
    struct arena *arena;
    const char *section; /* its name; NULL: before the first */
    const char *head;    /* its first line */
    const char *body;    /* what follows that */
    bool whole;          /* something stands beside its name, or left of its definitions */
};

static struct block *add_block(struct cutter *cutter, enum block_kind kind, const char *text,
                               const char *end)
{
    struct block *block = ARENA_APPEND(cutter->arena, cutter->cut->blocks, cutter->cut->count);
    *block = (struct block){.kind = kind,
                            .section = cutter->section ? cutter->section : "",
                            .name = "",
                            .text = text,
                            .length = (size_t)(end - text)};
    return block;
}

/* False: it is not laid out as usual. Then what was added goes. */
static bool cut_named(struct cutter *cutter, enum block_kind kind, const char *end)
{
    uint32_t before = cutter->cut->count;
    size_t indent = 0;
    struct block *block = NULL;
    for (const char *at = cutter->body; at < end;) {
        const struct line line = line_at(at, end);
        struct key key;
        bool begins = line.has_content && (!indent || line.indent == indent);
        if (line.has_content && ((indent && line.indent < indent) ||
                                 (begins && !read_key(&line, &key)) || line.indent == 0)) {
            cutter->cut->count = before;
            return false;
        }
        if (begins) {
            indent = line.indent;
            block = add_block(cutter, kind, line.text, line.end);
            block->name = arena_copy(cutter->arena, key.text, key.length);
        } else if (block) {
            block->length = (size_t)(line.end - block->text);
        }
        at = line.end;
    }
    return true;
}

static void end_section(struct cutter *cutter, const char *end)
{
    const char *section = cutter->section;
    if (!section || end <= cutter->head)
        return;
    if (strcmp(section, "overrides") == 0) {
        add_block(cutter, BLOCK_OVERRIDES, cutter->head, end);
        return;
    }
    if (strcmp(section, "tests") == 0) {
        add_block(cutter, BLOCK_TESTS, cutter->head, end);
        return;
    }
    enum block_kind kind = strcmp(section, "flags") == 0 ? BLOCK_FLAG : BLOCK_NAMED;
    if (strcmp(section, "project") == 0 || cutter->whole || !cut_named(cutter, kind, end))
        add_block(cutter, BLOCK_COMMON, cutter->head, end);
}

static void index_names(struct definition_text *cut, struct arena *arena)
{
    for (uint32_t i = cut->count; i-- > 0;) {
        struct block *block = &cut->blocks[i];
        struct block *other = table_add(&cut->by_name, arena, block->name, block);
        if (!other)
            continue;
        block->next = other->next;
        other->next = block;
    }
}

struct definition_text definition_text_cut(const char *text, size_t length, struct arena *arena)
{
    struct definition_text cut = {.count = 0};
    struct cutter cutter = {.cut = &cut, .arena = arena};
    const char *end = text + length, *at = text;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    if (end - at >= 4 && memcmp(at, "---\n", 4) == 0)
        at += 4;
    const char *first = at;
    while (at < end) {
        const struct line line = line_at(at, end);
        struct key key;
        bool begins = line.has_content && line.indent == 0 && read_key(&line, &key);
        if (line.has_content && !begins && !cutter.section)
            break;
        if (begins) {
            end_section(&cutter, line.text);
            cutter.section = arena_copy(arena, key.text, key.length);
            cutter.head = line.text;
            cutter.body = line.end;
            cutter.whole = has_value(&line, &key);
        } else if (line.has_content && (line.indent == 0 || *line.text == '\t')) {
            cutter.whole = true; /* a list at the left edge, or the end of brackets */
        }
        at = line.end;
    }
    if (at < end) { /* no section is above it */
        cut.count = 0;
        cutter.section = NULL;
        add_block(&cutter, BLOCK_COMMON, first, end);
    } else {
        end_section(&cutter, end);
    }
    index_names(&cut, arena);
    return cut;
}
