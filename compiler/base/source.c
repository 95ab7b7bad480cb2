/* source.c - see source.h. */
#include "source.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "utf8.h"

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
    struct position position = {.line = low + 1, .column = 1};
    bool last = low + 1 == source->line_count;
    position.line_text = source->text + source->line_starts[low];
    position.line_end = source->text + (last ? source->length : source->line_starts[low + 1] - 1);
    if (position.line_end > position.line_text && position.line_end[-1] == '\r')
        position.line_end--;
    /* A byte order mark takes no column. */
    if (low == 0)
        position.line_text += text_mark(source->text, source->length);

    const char *at = position.line_text;
    if (source->last_line == position.line && source->last_offset <= offset) {
        at = source->text + source->last_offset;
        position.column = source->last_column;
    }
    for (; at < source->text + offset; at++)
        position.column += ((unsigned char)*at & 0xC0) != 0x80;
    /* A byte inside a character counts as part of it. */
    bool within = position.column > 1 && ((unsigned char)source->text[offset] & 0xC0) == 0x80;
    /* Looking back, for a note, keeps the furthest place cached. */
    if (source->last_line != position.line || source->last_offset < offset) {
        source->last_offset = offset;
        source->last_line = position.line;
        source->last_column = position.column;
    }
    position.column -= within;
    return position;
}
