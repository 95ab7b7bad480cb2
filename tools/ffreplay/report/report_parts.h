/*
 * report_parts.h - what pages on canaries and on experiments have in common.
 */
#ifndef FFREPLAY_REPORT_PARTS_H
#define FFREPLAY_REPORT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "compiler/cli/options.h"
#include "tools/ffreplay/html/html.h"

struct input_digest;
struct project;
struct replay;

/* What a page is made by, and how it is made again. */
struct report_origin {
    const char *command; /* the command line, as a shell reads it */
};

/* The word of a page: what is to be done, or what was. */
struct report_words {
    const char *word;
    enum html_tone tone;
};

/* Sentences that others write, too. */
struct report_sentences {
    const char *const *items;
    uint32_t count;
};
void report_html_list(const struct html *html, const char *heading, const char *class,
                      struct report_sentences sentences);
/* A sentence: it ends in a full stop, and begins with a capital unless that is a name. */
const char *report_sentence(struct arena *arena, const char *text);

/* The definitions that these places are in, and how the page is made again. */
struct report_places {
    struct span *items;
    uint32_t count;
};
void report_html_definitions(const struct html *html, const struct project *project,
                             const struct report_places *places);
void report_html_again(const struct html *html, const struct replay *replay,
                       const struct report_origin *origin, const char *build,
                       const struct input_digest *digest);

#define REPORT_OPTION(target)                                                             \
    {                                                                                     \
        "report", 0, OPTION_TEXT, &(target), "FILE", "also write it as a page for people" \
    }

/* A command line as a person may copy it, in memory of the arena; argv[0] is the command. */
const char *report_command_line(struct arena *arena, int argc, char **argv);

/* Writes a file that has these sections, or leaves the one that is there alone. False after
 * reporting. */
bool report_write(const struct command *command, const char *path, const struct buffer *sections,
                  const char *title, struct arena *arena);

/* "1,234,567", in memory of the arena. */
const char *report_count_text(struct arena *arena, uint64_t count);

#endif
