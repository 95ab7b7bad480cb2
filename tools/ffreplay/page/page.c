/* page.c - see page.h. */
#include "page.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/columns.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"

#define WIDTH       100
#define NARROWEST   60
#define WIDEST      140
#define PLAIN       "\033[0m"
#define COLUMN_GAP  2
#define TABLE_BEGIN 2

struct page page_for(FILE *stream, enum color_choice color, struct arena *arena, struct buffer *out)
{
    struct page page = {arena, out, WIDTH, use_color(color, stream)};
    size_t columns = terminal_columns(stream);
    if (columns > 0)
        page.width = columns < NARROWEST ? NARROWEST : columns > WIDEST ? WIDEST : columns;
    return page;
}

static void fill(const struct page *page, size_t spaces)
{
    buffer_format(page->out, "%*s", (int)spaces, "");
}

void page_put(const struct page *page, const char *color, const char *text, size_t width)
{
    size_t used = terminal_width(text);
    bool colored = page->color && color;
    buffer_append_text(page->out, colored ? color : "");
    terminal_append(page->out, text);
    buffer_append_text(page->out, colored ? PLAIN : "");
    if (width > used)
        fill(page, width - used);
}

const char *page_time(const struct page *page, int64_t ms)
{
    char text[32];
    format_time(ms, text, sizeof text);
    return arena_copy(page->arena, text, strlen(text));
}

void page_wrap(const struct page *page, size_t column, size_t indent, const char *text)
{
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        size_t width = terminal_width_of(word, length);
        if (word > text && column + 1 + width > page->width) {
            buffer_append_text(page->out, "\n");
            fill(page, indent);
            column = indent;
        } else if (word > text) {
            buffer_append_text(page->out, " ");
            column++;
        }
        terminal_append_bytes(page->out, word, length);
        column += width;
        word += length;
        word += strspn(word, " ");
    }
    buffer_append_text(page->out, "\n");
}

/* Continuation lines are indented further, to set off the next fact. */
void page_fact(const struct page *page, const char *heading, const char *text)
{
    fill(page, TABLE_BEGIN);
    page_put(page, NULL, heading, PAGE_FACT - TABLE_BEGIN);
    page_wrap(page, PAGE_FACT, PAGE_FACT + 2, text);
}

/* ------------------------------------------------------------------------------------- table -- */

static size_t columns_of(const struct page_table *table, size_t *widths)
{
    size_t columns = strlen(table->alignment);
    for (size_t j = 0; j < columns; j++) {
        bool filled = false;
        widths[j] = 0;
        for (size_t i = 0; i < table->count; i++) {
            const char *cell = table->rows[i].cells[j];
            size_t width = cell ? terminal_width(cell) : 0;
            filled |= i > 0 && width > 0;
            if (width > widths[j])
                widths[j] = width;
        }
        if (!filled)
            widths[j] = 0;
    }
    return columns;
}

size_t page_table_width(const struct page_table *table)
{
    size_t widths[PAGE_COLUMNS], columns = columns_of(table, widths), width = TABLE_BEGIN;
    for (size_t j = 0; j < columns; j++)
        width += widths[j] > 0 ? widths[j] + COLUMN_GAP : 0;
    return width - COLUMN_GAP;
}

static void write_row(const struct page *page, const struct page_table *table, size_t row,
                      const size_t *widths, size_t columns)
{
    const struct page_row *cells = &table->rows[row];
    size_t pending = TABLE_BEGIN;
    for (size_t j = 0; j < columns; j++) {
        if (widths[j] == 0)
            continue;
        const char *cell = cells->cells[j] ? cells->cells[j] : "";
        size_t rest = widths[j] - terminal_width(cell);
        bool right = table->alignment[j] == 'r';
        pending += right ? rest : 0;
        /* Spaces are delayed until something follows them, so that no line ends in spaces. */
        if (*cell) {
            fill(page, pending);
            page_put(page, table->alignment[j] == 'c' ? cells->color : NULL, cell, 0);
            pending = 0;
        } else {
            pending += right ? 0 : widths[j] - rest;
        }
        pending += (right ? 0 : rest) + COLUMN_GAP;
    }
    buffer_append_text(page->out, "\n");
    if (!cells->below)
        return;
    size_t indent = TABLE_BEGIN + widths[0] + COLUMN_GAP;
    fill(page, indent);
    page_wrap(page, indent, indent + 2, cells->below);
}

void page_write_table(const struct page *page, const struct page_table *table)
{
    size_t widths[PAGE_COLUMNS], columns = columns_of(table, widths);
    for (size_t i = 0; i < table->count; i++)
        write_row(page, table, i, widths, columns);
}
