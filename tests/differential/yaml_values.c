/*
 * yaml_values.c - what the compiler's reader of YAML makes of each file: for each, a line with its
 * path and "accepted" or "refused", then the values as events of YAML's test suite have them, but
 * of the style only whether a scalar is plain (`:`) or not (`"`).
 */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/file.h"
#include "compiler/files/yaml.h"

static void print_text(const struct node *node)
{
    static const char *const escapes[256] = {
        ['\\'] = "\\\\", ['\b'] = "\\b", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    for (uint32_t i = 0; i < node->count; i++) {
        const char *escape = escapes[(unsigned char)node->text[i]];
        if (escape)
            fputs(escape, stdout);
        else
            putchar(node->text[i]);
    }
}

static void print_node(const struct node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_BROKEN:
        abort();
    case NODE_SCALAR:
        printf("=VAL %c", node->plain ? ':' : '"');
        print_text(node);
        putchar('\n');
        return;
    case NODE_LIST:
        puts("+SEQ");
        for (uint32_t i = 0; i < node->count; i++)
            print_node(node->items[i]);
        puts("-SEQ");
        return;
    case NODE_MAP:
        puts("+MAP");
        for (uint32_t i = 0; i < node->count; i++) {
            print_node(node->entries[i].key);
            print_node(node->entries[i].value);
        }
        puts("-MAP");
        return;
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct arena arena = {0};
        struct buffer text = {0}, error = {0};
        if (!read_file(argv[i], YAML_MAX_FILE, &text, &error)) {
            fprintf(stderr, "yaml_values: %s: %s\n", argv[i], error.bytes);
            return 2;
        }
        buffer_append(&text, "", 0);
        const struct node *root = yaml_parse(&arena, text.bytes, text.length);
        printf("%s %s\n", argv[i], root ? "accepted" : "refused");
        if (root)
            print_node(root);
        buffer_release(&text);
        buffer_release(&error);
        arena_release(&arena);
    }
    return 0;
}
