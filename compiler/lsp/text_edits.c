/* text_edits.c - see text_edits.h. */
#include "text_edits.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "server.h"

#define LOOK_AHEAD 200u /* lines, for where both sides are the same again */

struct sides {
    struct text_index old, new;
};

static size_t line_end(const struct text_index *index, uint32_t line)
{
    return line + 1 < index->line_count ? index->lines[line + 1] : index->length;
}

static bool is_same(const struct sides *sides, uint32_t old, uint32_t new)
{
    size_t old_begin = sides->old.lines[old], new_begin = sides->new.lines[new];
    size_t length = line_end(&sides->old, old) - old_begin;
    return length == line_end(&sides->new, new) - new_begin &&
           memcmp(sides->old.text + old_begin, sides->new.text + new_begin, length) == 0;
}

/* Moves both to where they are the same again, or to their ends. */
static void meet(const struct sides *sides, uint32_t *old, uint32_t *new)
{
    uint32_t old_left = sides->old.line_count - *old, new_left = sides->new.line_count - *new;
    for (uint32_t away = 1; away < LOOK_AHEAD; away++)
        for (uint32_t i = 0; i <= away; i++)
            if (i < old_left && away - i < new_left && is_same(sides, *old + i, *new + away - i)) {
                *old += i;
                *new += away - i;
                return;
            }
    *old = sides->old.line_count;
    *new = sides->new.line_count;
}

static size_t begin_of(const struct text_index *index, uint32_t line)
{
    return line < index->line_count ? index->lines[line] : index->length;
}

static void put_edit(const struct sides *sides, size_t old_begin, size_t old_end, size_t new_begin,
                     size_t new_end, struct buffer *out)
{
    struct buffer text = {0};
    buffer_append(&text, sides->new.text + new_begin, new_end - new_begin);
    json_write_comma(out);
    buffer_append_text(out, "{");
    write_range(out, "range", &sides->old, old_begin, old_end);
    field_text(out, "newText", text.bytes);
    buffer_append_text(out, "}");
    buffer_release(&text);
}

void write_text_edits(const struct text_index *old, const char *new, size_t new_length,
                      struct buffer *out)
{
    struct sides sides = {.old = *old};
    uint32_t left = 0, right = 0;
    text_index_make(&sides.new, new, new_length);
    buffer_append_text(out, "[");
    while (left < sides.old.line_count || right < sides.new.line_count) {
        bool both = left < sides.old.line_count && right < sides.new.line_count;
        if (both && is_same(&sides, left, right)) {
            left++;
            right++;
            continue;
        }
        uint32_t old_line = left, new_line = right;
        meet(&sides, &left, &right);
        put_edit(&sides, begin_of(&sides.old, old_line), begin_of(&sides.old, left),
                 begin_of(&sides.new, new_line), begin_of(&sides.new, right), out);
    }
    buffer_append_text(out, "]");
    text_index_release(&sides.new);
}
