/*
 * context.h - an evaluation context from JSON, by the attributes' declared types.
 *
 * It may be nested: an attribute `user.plan` reads {"user": {"plan": "pro"}}; see descent.h.
 */
#ifndef FFC_COMMANDS_CONTEXT_H
#define FFC_COMMANDS_CONTEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "compiler/base/descent.h"
#include "compiler/cli/options.h"
#include "compiler/project/project.h"
#include "snapshot.h"

struct arena;
struct buffer;

#define MAX_CONTEXT (16u << 20) /* bytes of JSON */

struct context_attribute {
    const char *name;
    enum fflag_attribute_type type;
    bool loose;        /* a version of the loose scheme */
    fflag_attr handle; /* FFLAG_NO_ATTR: declared, but no rule of the snapshot reads it */
};

struct context_reader {
    struct context_attribute *attributes; /* sorted by name */
    size_t count;
    bool declared;      /* the list is complete: a project's, not only what a snapshot reads */
    const char **names; /* of the attributes, in their order */
    struct descent descent;
};

/* With a project, by its declarations; with NULL, by what the snapshot reads. */
void context_reader_init(struct context_reader *reader, const struct project *project,
                         const struct snapshot *snapshot);
void context_reader_release(struct context_reader *reader);

/*
 * Sets the attributes of an object. Strings are borrowed from `object`, which must outlive the use
 * of the context; lists of strings are kept in `arena`. False, with a sentence in `problem`, when a
 * value has the wrong type. What deserves a warning is appended to `warnings`, a line each.
 */
bool read_context(struct context_reader *reader, json_t *object, struct arena *arena,
                  fflag_context *context, struct buffer *warnings, struct buffer *problem);
/* What the last context that was read gave attributes: a new object of their names, not nested. */
json_t *flat_context(const struct context_reader *reader);

/* What stands in place of a private attribute's value. */
#define HIDDEN_VALUE "(private)"
/* A context as JSON with that in place of what is private; the same text where nothing is. */
const char *hide_private(const struct project *project, const char *json, struct arena *arena);

/* What --previous gives: variants that the unit was served before, one a flag. */
struct previous_variants {
    struct {
        const char *flag, *variant;
    } * items;
    size_t count;
};
/* From FLAG=VARIANT, in the arena. False after saying what is wrong. */
bool parse_previous(const struct command *command, const struct option_texts *given,
                    struct arena *arena, struct previous_variants *previous);
/* NULL: none. */
const char *previous_variant(const struct previous_variants *previous, const char *flag);
/* Lives in the arena. False after saying which flag the snapshot does not have. */
bool set_previous(const struct command *command, const struct snapshot *snapshot,
                  const struct previous_variants *previous, struct arena *arena,
                  fflag_context *context);

/* Writes the warnings to stderr; `where` is the place of the context. */
void write_warnings(const char *where, const struct buffer *warnings);

/* JSON as text; NULL after saying on stderr what is wrong with it. */
json_t *parse_context(const struct command *command, const char *text, size_t length,
                      const char *where);
/*
 * What was given with -c: JSON itself, or `-` for stdin. NULL after saying why; then *status is
 * what to exit with. *where names it in messages.
 */
json_t *load_context(const struct command *command, const char *given, const char **where,
                     int *status);

/*
 * The next line of a file of contexts, without what text_lines.h says is no part of it; false at
 * the end, or where it is longer than a context may be: EFBIG in errno, which is 0 at the end.
 */
bool context_line(FILE *file, struct buffer *line);

#endif
