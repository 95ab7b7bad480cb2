/*
 * parsed.h - a project's files, parsed once and read several times: as they are, and as an edit
 * would leave them.
 *
 * Most of the time that reading a project takes is parsing. What is read from here borrows the
 * nodes, so it is freed first. For one thread.
 */
#ifndef FFC_PARSED_H
#define FFC_PARSED_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/source.h"

struct arena;
struct live_text;
struct node;
struct parsed;
struct project;

/* Reads and parses every definition file below `directory`, as project_load() does. */
struct parsed *parsed_read(const char *directory);
void parsed_free(struct parsed *parsed);
const struct sources *parsed_sources(const struct parsed *parsed);
/* The directory, as it was found. */
const char *parsed_directory(const struct parsed *parsed);
/* Whether all of all files could be read. */
bool parsed_is_complete(const struct parsed *parsed);
/* Whether a file was read whole, without an error. */
bool parsed_is_whole(const struct parsed *parsed, uint32_t file);
/* What a file has at its top; NULL: nothing that could be read. */
const struct node *parsed_root(const struct parsed *parsed, uint32_t file);

/* What a file would hold. Its text stays where it is, as it is, as long as what was read of it; one
 * that is not live, until `parsed` is freed. */
struct file_text {
    const char *name; /* below the directory */
    const char *text; /* NUL-terminated; NULL: the file is gone */
    size_t length;
    /* It is this one, parsed under the number that the file has: its place among the sources, or
     * behind them, in the order of the texts. NULL: it is parsed when it is needed. */
    const struct live_text *live;
};
/* What is read. */
struct parsed_view {
    const struct file_text *texts; /* in place of what was parsed, or besides it */
    uint32_t text_count;
    /* Only these flags, and their tests: what is reported of it means nothing then, but what the
     * flags serve is as in all of it, if all that they depend on are among them. NULL: all. */
    const char *const *flags;
    uint32_t flag_count;
    /* All flags that these depend on are among them: what is named and not there is reported, and
     * what they say is checked by itself. */
    bool closed;
    int64_t now;
};
/* What such a text has at its top, where nothing has to be reported of it; NULL: something has, or
 * the file is new. Parsed once, and as long as `parsed` there, for whoever asks. */
const struct node *parsed_text(const struct parsed *parsed, const struct file_text *text);
/* Read and checked as project_load() does it. */
struct project *parsed_project(const struct parsed *parsed, const struct parsed_view *view);
/* Whom a flag has to do with: what it depends on, and those whose answers may change with it. */
enum relatives { RELATIVES_NEEDED, RELATIVES_ALL };
/* The names of those that are named, of their relatives, and of all that these depend on; with the
 * texts in place. In the arena. */
const char **parsed_related(const struct parsed *parsed, enum relatives relatives,
                            const struct file_text *texts, uint32_t text_count,
                            const char *const *names, uint32_t name_count, struct arena *arena,
                            uint32_t *count);

#endif
