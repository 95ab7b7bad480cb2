/*
 * page.h - text for people: no wider than the page, in colour where it helps.
 *
 * Texts are escaped as escape.h has it, and widths are columns. The terminal decides only the width
 * and colour that a page starts with, so other outputs get the same bytes every time.
 */
#ifndef FFREPLAY_PAGE_H
#define FFREPLAY_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/cli/options.h"

struct arena;
struct buffer;

#define PAGE_BOLD   "\033[1m"
#define PAGE_DIM    "\033[2m"
#define PAGE_RED    "\033[31m"
#define PAGE_GREEN  "\033[32m"
#define PAGE_YELLOW "\033[33m"

struct page {
    struct arena *arena; /* for what has to be put together first */
    struct buffer *out;
    size_t width;
    bool color;
};

/* For what goes to `stream`: as wide as the terminal, within reason; 100 where there is none. */
struct page page_for(FILE *stream, enum color_choice color, struct arena *arena,
                     struct buffer *out);

/* The text in a colour, which may be NULL, filled up with spaces to `width`, which may be 0. */
void page_put(const struct page *page, const char *color, const char *text, size_t width);
/* RFC 3339. */
const char *page_time(const struct page *page, int64_t ms);

/*
 * Text broken between words, from where the line is, `column` characters in; what goes on begins
 * at `indent`. Ends the line.
 */
void page_wrap(const struct page *page, size_t column, size_t indent, const char *text);
/* "  input     8 lines: …": a heading, and what it is about beside it. */
#define PAGE_FACT 12
void page_fact(const struct page *page, const char *heading, const char *text);

/* A table: the first row has the headings. */
#define PAGE_COLUMNS 12
struct page_row {
    const char *cells[PAGE_COLUMNS]; /* NULL: nothing */
    const char *color;               /* of its coloured cell, or NULL */
    const char *below;               /* a line of its own, beneath the second column; or NULL */
};
struct page_table {
    const struct page_row *rows;
    size_t count;
    const char *alignment; /* a letter a column: l left, r right, c left and coloured */
};
/* How wide it would be, for who can say it otherwise. */
size_t page_table_width(const struct page_table *table);
/* Two spaces in. A column that has nothing below its heading is left out. */
void page_write_table(const struct page *page, const struct page_table *table);

#endif
