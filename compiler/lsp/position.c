/* position.c - see position.h. */
#include "position.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/utf8.h"

void text_index_release(struct text_index *index)
{
    free(index->lines);
    *index = (struct text_index){.text = ""};
}

/* Behind the line that `at` is in; NULL: it is the last. */
static const char *next_line(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    if (at == end)
        return NULL;
    return at + 1 + (at[0] == '\r' && at + 1 < end && at[1] == '\n');
}

void text_index_make(struct text_index *index, const char *text, size_t length)
{
    const char *end = text + length;
    uint32_t capacity = 64;
    free(index->lines);
    *index = (struct text_index){text, length, xcalloc(capacity, sizeof *index->lines), 1};
    for (const char *at = text; (at = next_line(at, end));) {
        if (index->line_count == capacity) {
            capacity *= 2;
            index->lines = xrealloc(index->lines, capacity * sizeof *index->lines);
        }
        index->lines[index->line_count++] = (uint32_t)(at - text);
    }
}

/* Without its line's end. */
static size_t end_of_line(const struct text_index *index, uint32_t line)
{
    size_t begin = index->lines[line];
    size_t end = line + 1 < index->line_count ? index->lines[line + 1] : index->length;
    while (end > begin && (index->text[end - 1] == '\n' || index->text[end - 1] == '\r'))
        end--;
    return end;
}

/* One character from `at` on: its bytes, and how many units it is. */
static size_t step(const struct text_index *index, size_t at, size_t end, uint32_t *units)
{
    uint32_t bytes = utf8_length(index->text + at, end - at);
    *units = bytes == 4 ? 2 : 1;
    return bytes ? bytes : 1;
}

size_t text_index_offset(const struct text_index *index, struct position_utf16 position)
{
    if (!index->line_count || position.line >= index->line_count)
        return index->length;
    size_t at = index->lines[position.line], end = end_of_line(index, position.line);
    for (uint32_t units, counted = 0; at < end; counted += units) {
        size_t bytes = step(index, at, end, &units);
        if (counted + units > position.character) /* in the middle of a pair: before it */
            break;
        at += bytes;
    }
    return at;
}

struct position_utf16 text_index_position(const struct text_index *index, size_t offset)
{
    uint32_t low = 0, high = index->line_count;
    if (offset > index->length)
        offset = index->length;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (index->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    struct position_utf16 position = {.line = low};
    if (!index->line_count)
        return position;
    size_t end = end_of_line(index, low);
    if (offset < end)
        end = offset;
    for (size_t at = index->lines[low]; at < end;) {
        uint32_t units;
        size_t next = at + step(index, at, index->length, &units);
        if (next > offset) /* a byte within a character is part of it */
            break;
        position.character += units;
        at = next;
    }
    return position;
}
