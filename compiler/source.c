/* source.c - see source.h. */
#include "source.h"

#include <string.h>

static void find_lines(struct arena *arena, struct source *source)
{
    uint32_t count = 1;
    const char *end = source->text + source->length;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    source->line_starts = ARENA_ARRAY(arena, uint32_t, count);
    const char *at = source->text;
    for (uint32_t i = 1; i < count; i++) {
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        source->line_starts[i] = (uint32_t)(at - source->text);
    }
    source->line_count = count;
}

struct position source_position(const struct sources *sources, uint32_t file, uint32_t offset)
{
    struct source *source = &sources->items[file];
    if (!source->line_starts)
        find_lines(sources->arena, source);
    if (offset > source->length)
        offset = (uint32_t)source->length;

    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    struct position position = {
        .line = low + 1, .column = 1, .line_text = source->text + source->line_starts[low]};
    /* A byte order mark is no column. */
    const char *at = position.line_text;
    if (low == 0 && source->length >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        position.line_text = at += 3;
    for (; at < source->text + offset; at++)
        position.column += ((unsigned char)*at & 0xC0) != 0x80;
    /* Bytes within a character belong to it. */
    if (position.column > 1 && at > position.line_text && ((unsigned char)*at & 0xC0) == 0x80)
        position.column--;
    return position;
}
