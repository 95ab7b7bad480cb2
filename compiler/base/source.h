/*
 * source.h - the text of definition files, and places in them.
 *
 * While reading, a place is a file and two byte offsets; lines and columns are computed only for
 * messages that are printed. Lines and columns count from 1, columns in Unicode code points.
 */
#ifndef FFC_SOURCE_H
#define FFC_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct node;

/* [begin, end) in bytes. A span with file NO_FILE has no place, e.g. one about a whole project. */
struct span {
    uint32_t file;
    uint32_t begin;
    uint32_t end;
};
#define NO_FILE          UINT32_MAX
#define NO_SPAN          ((struct span){NO_FILE, 0, 0})
#define WHOLE_FILE(file) ((struct span){(file), UINT32_MAX, UINT32_MAX})

struct source {
    const char *path; /* as shown in messages: the project directory as given, plus the rest */
    const char *name; /* the path below the project directory, "/" between its parts */
    const char *text; /* NUL-terminated; arena-owned */
    size_t length;
    const struct node *root; /* all of it, of which nothing was reported; NULL: not at hand */
    uint32_t *line_starts;   /* made by the first source_position() */
    uint32_t line_count;
    uint32_t last_offset, last_line, last_column; /* its last answer, to count on from */
};

struct sources {
    struct arena *arena;
    struct source *items;
    uint32_t count;
};

struct position {
    uint32_t line;
    uint32_t column;
    const char *line_text;
    const char *line_end; /* before its line break */
};

/* Where the byte is. Cost: the first time, one pass over the file; then a search and the line, or,
 * for ascending offsets, the part of the line not counted yet. */
struct position source_position(const struct sources *sources, uint32_t file, uint32_t offset);

#endif
