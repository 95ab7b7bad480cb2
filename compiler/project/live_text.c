/* live_text.c - see live_text.h. */
#include "live_text.h"

#include <stdlib.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/files/yaml.h"

#define MOST_GROWTH 4 /* times what it took to parse the whole, before that is done again */
#define LEAST_ARENA ((size_t)256 << 10)

static void forget(struct live_text *live)
{
    arena_release(&live->arena);
    live->document = (struct document){.complete = true};
    live->diagnostics = (struct diagnostics){.arena = &live->arena};
    live->source.root = NULL;
}

void live_text_release(struct live_text *live)
{
    forget(live);
    free((char *)(uintptr_t)live->source.text);
    live->source.text = NULL;
}

static void parse_whole(struct live_text *live)
{
    forget(live);
    /* Places have the file's number, so it stands there. */
    struct sources sources = {&live->arena, xcalloc(live->file + 1u, sizeof live->source),
                              live->file + 1u};
    sources.items[live->file] = live->source;
    live->diagnostics.sources = &sources;
    if (live->source.length)
        live->document.root = yaml_read(&sources, live->file, &live->arena, &live->diagnostics,
                                        &live->document.complete);
    live->diagnostics.sources = NULL;
    free(sources.items);
    if (live->document.complete && !live->diagnostics.count)
        live->source.root = live->document.root;
    live->whole = arena_size(&live->arena);
}

static bool is_worn(const struct live_text *live)
{
    size_t size = arena_size(&live->arena);
    return size > LEAST_ARENA && size > live->whole * MOST_GROWTH;
}

void live_text_set(struct live_text *live, uint32_t file, const char *text, size_t length)
{
    struct buffer copy = {0};
    buffer_append(&copy, text, length);
    const struct source old = live->source;
    struct source new = {.path = old.path, .name = old.name, .text = copy.bytes, .length = length};
    const struct node *root = NULL;
    if (old.root && file == live->file && !is_worn(live))
        root = yaml_parse_edited(&live->arena, old.root, &old, new.text, length);
    live->source = new;
    live->file = file;
    if (root) {
        live->source.root = root;
        live->document.root = (struct node *)(uintptr_t)root;
    } else {
        parse_whole(live);
    }
    free((char *)(uintptr_t)old.text);
}
