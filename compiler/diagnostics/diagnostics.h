/*
 * diagnostics.h - what the compiler says about definitions.
 *
 * A diagnostic has a permanent code from diagnostics.def, a severity, a span, a message, notes with
 * other places, and help. A run's diagnostics are collected, sorted by place, and rendered at the
 * end as text, JSON, SARIF or GitHub annotations. The message states the fact, lower case and
 * without a full stop; only help says what to do. Names from the input stand in 'single quotes'.
 */
#ifndef FFC_DIAGNOSTICS_H
#define FFC_DIAGNOSTICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/base/source.h"
#include "compiler/base/words.h"

struct arena;

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diagnostic_note {
    struct span span;
    const char *text;
};

/* What mends it, where that is certain: this text in place of what stands there. */
struct diagnostic_fix {
    struct span span;
    const char *text; /* what it is to be read as: whoever writes it quotes it where it must be */
};

struct diagnostic {
    unsigned code; /* enum diagnostic_code */
    enum severity severity;
    struct span span;
    const char *message;
    struct diagnostic_note *notes;
    uint32_t note_count;
    const char *help;                 /* or NULL */
    const struct diagnostic_fix *fix; /* or NULL */
    bool hides;                       /* its lines are not to be shown */
};

/*
 * Memory is bounded: of a code with many, the first MOST_KEPT by place are kept when the list is
 * sorted, and the rest is only counted.
 */
struct diagnostics {
    struct arena *arena;
    const struct sources *sources;
    struct diagnostic *items;
    uint32_t count;
    struct diagnostic *off; /* turned off, see diagnostics_set_level() */
    uint32_t off_count;
    uint32_t errors; /* also those that are not kept */
    uint32_t warnings;
    uint32_t suggestions;    /* that were looked for */
    size_t columns;          /* of the terminal that is written to; 0: it is none */
    uint32_t most;           /* to write; 0: what is usual for the form */
    struct diagnostic *last; /* what notes and help belong to; NULL: it is not kept */
    struct kept_code *codes; /* by code */
};
#define MOST_KEPT  1000u
#define MOST_SHOWN 50u /* where people read them */

/* Adds all of another list, whose arena must live on. */
void diagnostics_append(struct diagnostics *diagnostics, const struct diagnostics *more);
/* Orders by file, line and column, drops exact repetitions from the list and the counts, and what
 * is beyond MOST_KEPT of a code from the list. */
void diagnostics_sort(struct diagnostics *diagnostics);

#define DIAGNOSTIC_FORMATS(X)      \
    X(DIAGNOSTIC_TEXT, "text")     \
    X(DIAGNOSTIC_JSON, "json")     \
    X(DIAGNOSTIC_GITHUB, "github") \
    X(DIAGNOSTIC_SARIF, "sarif")
enum diagnostic_format { DIAGNOSTIC_FORMATS(WORDS_MEMBER) };

/*
 * Sorts, and writes the first of them, errors before warnings where there is no room for all; then
 * how many more there are and, in text, the verdict as the last line: "2 errors, 1 warning in 14
 * files". MOST_SHOWN have room in text and GitHub's annotations, all that are kept in JSON and
 * SARIF, unless `most` says otherwise. `color` asks for terminal colours.
 */
void diagnostics_write(struct diagnostics *diagnostics, enum diagnostic_format format, bool color,
                       FILE *out);

#endif
