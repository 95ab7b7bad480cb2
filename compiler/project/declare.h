/*
 * declare.h - the sections of a file: the names that they declare, and what is none of these.
 */
#ifndef FFC_DECLARE_H
#define FFC_DECLARE_H

#include "compiler/read/reader.h"

struct document;

/* The sections that declare nothing, of all files. In the reader's arena. */
struct found_sections {
    struct node **projects;
    uint32_t project_count;
    struct node **overrides;
    uint32_t override_count;
    struct node **tests;
    uint32_t test_count;
};

/* Declares what the sections of a file define, and finds those that define nothing. A line that is
 * missing, or indented wrongly, is reported once, and what it makes of the lines below is not. */
void declare_file(struct reader *reader, const struct document *document,
                  struct found_sections *found);

#endif
