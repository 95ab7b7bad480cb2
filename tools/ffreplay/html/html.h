/*
 * html.h - pages for a browser: one file, which fetches nothing.
 *
 * Markup is the program's own, in formats; what others wrote stands for %s in them, and is escaped
 * there. A page is well-formed as XML. Its policy names the hashes of its style and its script, so
 * a browser runs and loads nothing else; there are no style attributes.
 */
#ifndef FFREPLAY_HTML_H
#define FFREPLAY_HTML_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct buffer;

struct html {
    struct arena *arena; /* for what has to be put together first */
    struct buffer *out;
    uint32_t ids; /* those that were given out */
};

/* printf of markup: what stands for %s and %c is escaped. */
void html_format(const struct html *html, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All before the first part of the page, and all behind the last one. `title` is escaped. */
void html_begin(const struct html *html, const char *title);
void html_end(const struct html *html);

/* The style and the script of every page, as they stand in it. */
extern const char html_style[];
extern const char html_script[];

/* ------------------------------------------------------------------------------------ tables -- */

/* Rows of cells, the first row being the headings. */
struct html_table {
    const char *alignment; /* a letter a column: l left, r right */
    const char **cells;    /* NULL: nothing */
    size_t cell_count;
};
/* The next cell; it and what it points to have to last until the table is written. */
void html_cell(const struct html *html, struct html_table *table, const char *text);
/* Behind a heading, until a reader asks for it; it scrolls sideways where it is too wide. `name`
 * says what it is to those who cannot see it. */
void html_hidden_table(const struct html *html, const struct html_table *table, const char *name);

/* A word with a shape, in the colour of what it means. */
enum html_tone { TONE_GOOD, TONE_BAD, TONE_OPEN, TONE_PLAIN };
const char *html_tone_class(enum html_tone tone);
const char *html_tone_shape(enum html_tone tone);
void html_verdict(const struct html *html, enum html_tone tone, const char *word);

#endif
