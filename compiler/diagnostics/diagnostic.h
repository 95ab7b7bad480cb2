/*
 * diagnostic.h - what the compiler says about definitions.
 *
 * A diagnostic has a permanent code from diagnostics.def, a severity, a span, a message, notes with
 * other places, and help. All of a run are collected, ordered by place, and rendered at the end as
 * text, JSON, SARIF or GitHub annotations. The message states the fact, lower case and without a
 * full stop; only help says what to do. Names from the input stand in 'single quotes'.
 */
#ifndef FFC_DIAGNOSTIC_H
#define FFC_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/base/source.h"

struct arena;

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

/* One constant a code: FF0231 and so on. The number is permanent, and says nothing by itself. */
enum diagnostic_code {
#define DIAGNOSTIC(code, severity, name, title, explanation, example, fix) FF##code,
#include "diagnostics.def"
#undef DIAGNOSTIC
    DIAGNOSTIC_COUNT
};

struct diagnostic_info {
    const char *code; /* "FF0231" */
    enum severity severity;
    const char *name;        /* a short slug: "split-sum" */
    const char *title;       /* one line */
    const char *explanation; /* why it matters; paragraphs */
    const char *example;     /* definitions that trigger it */
    const char *fix;         /* the same definitions, mended; or what to do */
};
const struct diagnostic_info *diagnostic_info(enum diagnostic_code code);
/* By "FF0231" or "ff0231"; DIAGNOSTIC_COUNT when there is none. */
enum diagnostic_code diagnostic_find(const char *code);

struct diagnostic_note {
    struct span span;
    const char *text;
};

struct diagnostic {
    enum diagnostic_code code;
    enum severity severity;
    struct span span;
    const char *message;
    struct diagnostic_note *notes;
    uint32_t note_count;
    const char *help; /* or NULL */
};

struct diagnostics {
    struct arena *arena;
    const struct sources *sources;
    struct diagnostic *items;
    uint32_t count;
    uint32_t errors;
    uint32_t warnings;
    uint32_t suggestions; /* that were looked for */
};

/* Adds one, with the severity its code has. */
void diagnose(struct diagnostics *diagnostics, enum diagnostic_code code, struct span span,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* These belong to the diagnostic that was added last. */
void diagnose_note(struct diagnostics *diagnostics, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnose_help(struct diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Whether it has help already. */
bool diagnose_helped(const struct diagnostics *diagnostics);

/* Adds all of another list, whose arena must live on. */
void diagnostics_append(struct diagnostics *diagnostics, const struct diagnostics *more);
/* Raises the warnings of a code to errors: what --strict asks for. */
void diagnostics_raise(struct diagnostics *diagnostics, enum diagnostic_code code);
/* Orders by file, line and column, and drops exact repetitions from the list and the counts. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* The nearest of `count` names by edit distance, or NULL when none is near: for "did you mean". */
const char *nearest_name(const char *name, const char *const *names, size_t count);

/* "did you mean", or what there is to choose from, as help to the last diagnostic; the former only
 * for the first MOST_SUGGESTIONS of a run, as looking takes time. */
#define MOST_SUGGESTIONS 200
void suggest(struct diagnostics *diagnostics, const char *name, const char *const *known,
             size_t count);

/* ORDER of `format_names` in options.c. */
enum diagnostic_format { DIAGNOSTIC_TEXT, DIAGNOSTIC_JSON, DIAGNOSTIC_GITHUB, DIAGNOSTIC_SARIF };

/*
 * Sorts, and writes all of them and, in text, the verdict as the last line: "2 errors, 1 warning in
 * 14 files". `color` asks for terminal colours.
 */
void diagnostics_write(struct diagnostics *diagnostics, enum diagnostic_format format, bool color,
                       FILE *out);

#endif
