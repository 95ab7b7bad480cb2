/* edit_value.c - values as YAML text of one line. See edit.h. */
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "edit.h"
#include "yaml.h"

static bool is_null_word(const char *text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* What a text is as the value of a key, in a block and in brackets; NULL: not one value in both. */
static const struct node *value_of(struct arena *arena, const char *text)
{
    struct buffer block = {0}, flow = {0};
    buffer_format(&block, "k: %s\n", text);
    buffer_format(&flow, "{k: %s, l: [%s, m]}\n", text, text);
    const struct node *one = yaml_parse(arena, block.bytes, block.length);
    const struct node *other = yaml_parse(arena, flow.bytes, flow.length);
    bool sound = one && one->kind == NODE_MAP && one->count == 1 && other &&
                 other->kind == NODE_MAP && other->count == 2;
    const struct node *value = sound ? node_get(one, "k") : NULL;
    const struct node *in_flow = sound ? node_get(other, "k") : NULL;
    const struct node *list = sound ? node_get(other, "l") : NULL;
    bool same = value && in_flow && list && list->kind == NODE_LIST && list->count == 2 &&
                value->kind == in_flow->kind && value->count == in_flow->count &&
                value->span.end - value->span.begin == strlen(text) &&
                list->items[0]->kind == value->kind &&
                (value->kind != NODE_SCALAR || strcmp(value->text, in_flow->text) == 0);
    buffer_release(&block);
    buffer_release(&flow);
    return same ? value : NULL;
}

bool edit_is_value(const char *text)
{
    struct arena arena = {0};
    const struct node *value = strpbrk(text, "\r\n") ? NULL : value_of(&arena, text);
    bool is = value != NULL;
    arena_release(&arena);
    return is;
}

void edit_write_text(const char *text, struct buffer *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct arena arena = {0};
    bool plain = !is_null_word(text) && !strpbrk(text, "\r\n\"'") && strspn(text, letters) > 0;
    const struct node *value = plain ? value_of(&arena, text) : NULL;
    plain = value && value->kind == NODE_SCALAR && value->plain && strcmp(value->text, text) == 0;
    if (plain)
        buffer_append_text(out, text);
    else
        json_write_string(out, text);
    arena_release(&arena);
}

void edit_write_node(const struct node *node, const char *text, struct buffer *out)
{
    size_t length = node->span.end - node->span.begin;
    if (node->kind == NODE_SCALAR) {
        const char *written = text + node->span.begin;
        bool risky = node->plain && strpbrk(node->text, "[]{},");
        bool block = !node->plain && length && (*written == '|' || *written == '>');
        if (risky || block || memchr(written, '\n', length))
            json_write_string(out, node->text);
        else
            buffer_append(out, written, length);
        return;
    }
    bool map = node->kind == NODE_MAP;
    buffer_append_text(out, map ? "{" : "[");
    for (uint32_t i = 0; i < node->count; i++) {
        if (i)
            buffer_append_text(out, ", ");
        if (map) {
            edit_write_node(node->entries[i].key, text, out);
            buffer_append_text(out, ": ");
        }
        edit_write_node(map ? node->entries[i].value : node->items[i], text, out);
    }
    buffer_append_text(out, map ? "}" : "]");
}
