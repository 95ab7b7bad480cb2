/* read_files.h - the files of a project. */
#ifndef FFC_READ_FILES_H
#define FFC_READ_FILES_H

#include "reader.h"

/* A definition file as it was read, at the place of its source. */
struct document {
    struct node *root; /* or NULL */
    bool complete;     /* nothing of it is missing from the root */
    bool allows_none;  /* no comment of it allows a warning; false: not known */
};

/*
 * Reads and parses every definition file below `directory` (NULL: where project_load() looks), on
 * all processors. Cost: reading and parsing; nothing else of a project waits for the disk.
 */
struct document *read_files(struct reader *reader, const char *directory);
/* Puts the canary of reader->policy, whose document is the last one, in the place of the flag's. */
void put_policy(struct reader *reader, struct document *documents, uint32_t count);
/* The same for one text, as if it were in a file of that name. */
struct document *read_text_as_file(struct reader *reader, const char *name, const char *text,
                                   size_t length);

#endif
